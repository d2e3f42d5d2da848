"""From models and levels to a person's parameters, with honest uncertainty."""

from vitruvian.infer.importance import importance as importance
from vitruvian.infer.importance import predictions as predictions
from vitruvian.infer.map import MapEstimate as MapEstimate
from vitruvian.infer.map import map_estimate as map_estimate
from vitruvian.infer.posterior import Posterior as Posterior
from vitruvian.infer.prior import Prior as Prior
from vitruvian.infer.prior import prior_of as prior_of
from vitruvian.infer.sample import posterior as posterior
