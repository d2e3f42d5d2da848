"""From models and levels to a person's parameters, with honest uncertainty."""

from vitruvian.infer.average import average as average
from vitruvian.infer.design import NextLevel as NextLevel
from vitruvian.infer.design import next_level as next_level
from vitruvian.infer.explain import Explanation as Explanation
from vitruvian.infer.explain import explain as explain
from vitruvian.infer.importance import importance as importance
from vitruvian.infer.importance import predictions as predictions
from vitruvian.infer.influence import LevelCheck as LevelCheck
from vitruvian.infer.influence import check_levels as check_levels
from vitruvian.infer.influence import overall_check as overall_check
from vitruvian.infer.learned import Learned as Learned
from vitruvian.infer.learned import learned as learned
from vitruvian.infer.likelihood import variance as variance
from vitruvian.infer.map import MapEstimate as MapEstimate
from vitruvian.infer.map import map_estimate as map_estimate
from vitruvian.infer.mixture import Mixture as Mixture
from vitruvian.infer.mixture import mixture as mixture
from vitruvian.infer.observation import draw_level as draw_level
from vitruvian.infer.posterior import Posterior as Posterior
from vitruvian.infer.posterior import weighted_quantile as weighted_quantile
from vitruvian.infer.prior import Prior as Prior
from vitruvian.infer.prior import prior_of as prior_of
from vitruvian.infer.project import extend as extend
from vitruvian.infer.project import predict_at as predict_at
from vitruvian.infer.sample import posterior as posterior
