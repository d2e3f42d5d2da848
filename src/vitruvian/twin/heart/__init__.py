"""The heart twin: a person's blood pressure, echocardiogram and ECG → their circulation, and what would change it."""

from vitruvian.twin.heart.calibrate import HeartTwin as HeartTwin
from vitruvian.twin.heart.calibrate import Learned as Learned
from vitruvian.twin.heart.calibrate import calibrate as calibrate
from vitruvian.twin.heart.current import current as current
from vitruvian.twin.heart.evidence import Curve as Curve
from vitruvian.twin.heart.evidence import Evidence as Evidence
from vitruvian.twin.heart.evidence import checked_curves as checked_curves
from vitruvian.twin.heart.evidence import evidence_of as evidence_of
from vitruvian.twin.heart.interventions import INTERVENTIONS as INTERVENTIONS
from vitruvian.twin.heart.interventions import Intervention as Intervention
from vitruvian.twin.heart.interventions import intervention as intervention
from vitruvian.twin.heart.interventions import limits_of as limits_of
from vitruvian.twin.heart.quantities import MEASURES as MEASURES
from vitruvian.twin.heart.quantities import Measure as Measure
from vitruvian.twin.heart.reading import read_evidence as read_evidence
from vitruvian.twin.heart.store import keep as keep
from vitruvian.twin.heart.store import kept as kept
from vitruvian.twin.heart.table import read_curve as read_curve
from vitruvian.twin.heart.table import read_table as read_table
from vitruvian.twin.heart.what_if import UNITS as UNITS
from vitruvian.twin.heart.what_if import Beat as Beat
from vitruvian.twin.heart.what_if import WhatIf as WhatIf
from vitruvian.twin.heart.what_if import resting as resting
from vitruvian.twin.heart.what_if import title_of as title_of
from vitruvian.twin.heart.what_if import typical_draw as typical_draw
from vitruvian.twin.heart.what_if import what_if as what_if
