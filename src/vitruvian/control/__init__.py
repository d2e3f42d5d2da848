"""Policies: rules from what was seen to what is done next."""

from vitruvian.control.policy import Delivery as Delivery
from vitruvian.control.policy import GlucosePolicy as GlucosePolicy
from vitruvian.control.policy import Seen as Seen
from vitruvian.control.policy import Therapy as Therapy
