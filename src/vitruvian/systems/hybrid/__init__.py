"""Learned corrections of pharmacokinetic models: of the prior of one person, of the equations; each with its domain."""

from vitruvian.systems.hybrid.correction import Correction as Correction
from vitruvian.systems.hybrid.correction import corrected as corrected
from vitruvian.systems.hybrid.domain import Domain as Domain
from vitruvian.systems.hybrid.domain import domain_of as domain_of
from vitruvian.systems.hybrid.foretold import Foretold as Foretold
from vitruvian.systems.hybrid.foretold import before_levels as before_levels
from vitruvian.systems.hybrid.foretold import next_levels as next_levels
from vitruvian.systems.hybrid.residual import Residual as Residual
from vitruvian.systems.hybrid.residual import with_residual as with_residual
from vitruvian.systems.hybrid.residual_training import ResidualSettings as ResidualSettings
from vitruvian.systems.hybrid.residual_training import learn_residual as learn_residual
from vitruvian.systems.hybrid.training import Settings as Settings
from vitruvian.systems.hybrid.training import learn_correction as learn_correction
from vitruvian.systems.hybrid.virtual import adults as adults
from vitruvian.systems.hybrid.virtual import levels as levels
from vitruvian.systems.hybrid.virtual import seen_by as seen_by
