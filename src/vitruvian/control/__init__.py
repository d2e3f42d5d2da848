"""Policies: rules from what was seen to what is done next."""

from vitruvian.control.basal_bolus import BasalBolus as BasalBolus
from vitruvian.control.closed_loop import Plan as Plan
from vitruvian.control.closed_loop import Setting as Setting
from vitruvian.control.closed_loop import Trace as Trace
from vitruvian.control.closed_loop import run as run
from vitruvian.control.closed_loop import unplanned as unplanned
from vitruvian.control.guardrails import Finding as Finding
from vitruvian.control.guardrails import check as check
from vitruvian.control.injections import Injections as Injections
from vitruvian.control.iob import ADULT as ADULT
from vitruvian.control.iob import CHILD as CHILD
from vitruvian.control.iob import FASTER as FASTER
from vitruvian.control.iob import INHALED as INHALED
from vitruvian.control.iob import Doses as Doses
from vitruvian.control.iob import InsulinCurve as InsulinCurve
from vitruvian.control.pid import PID as PID
from vitruvian.control.policy import Delivery as Delivery
from vitruvian.control.policy import GlucosePolicy as GlucosePolicy
from vitruvian.control.policy import Seen as Seen
from vitruvian.control.policy import Therapy as Therapy
from vitruvian.control.predictive import Predictive as Predictive
from vitruvian.control.reasons import Reason as Reason
from vitruvian.control.reasons import words as words
from vitruvian.control.safety import Safe as Safe
from vitruvian.control.treated_lows import TreatedLows as TreatedLows
