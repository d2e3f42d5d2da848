"""Time to events: hazards that compete, covariates that change, and how well the chances come true."""

from vitruvian.learn.survival.cox import Cox as Cox
from vitruvian.learn.survival.cox import fit_cox as fit_cox
from vitruvian.learn.survival.hazards import DiscreteHazards as DiscreteHazards
from vitruvian.learn.survival.hazards import fit_hazards as fit_hazards
from vitruvian.learn.survival.incidence import aalen_johansen as aalen_johansen
from vitruvian.learn.survival.incidence import incidence_by_cox as incidence_by_cox
from vitruvian.learn.survival.incidence import survival_of_censoring as survival_of_censoring
from vitruvian.learn.survival.judge import Calibrated as Calibrated
from vitruvian.learn.survival.judge import brier_over_time as brier_over_time
from vitruvian.learn.survival.judge import calibration_over_time as calibration_over_time
from vitruvian.learn.survival.judge import concordance as concordance
from vitruvian.learn.survival.periods import Periods as Periods
from vitruvian.learn.survival.periods import periods as periods
from vitruvian.learn.survival.spells import Spells as Spells
from vitruvian.learn.survival.spells import spells_of as spells_of
