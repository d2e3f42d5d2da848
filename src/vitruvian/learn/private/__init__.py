"""Learning and counting with differential privacy: what is released hardly depends on any one person."""

from vitruvian.learn.private.accounting import Mechanism as Mechanism
from vitruvian.learn.private.accounting import epsilon_of as epsilon_of
from vitruvian.learn.private.accounting import noise_for as noise_for
from vitruvian.learn.private.audit import Audit as Audit
from vitruvian.learn.private.audit import audit_canaries as audit_canaries
from vitruvian.learn.private.audit import audit_membership as audit_membership
from vitruvian.learn.private.canaries import audit_training as audit_training
from vitruvian.learn.private.randomness import Randomness as Randomness
from vitruvian.learn.private.sets import PrivateSets as PrivateSets
from vitruvian.learn.private.sgd import PrivateRun as PrivateRun
from vitruvian.learn.private.sgd import Setting as Setting
from vitruvian.learn.private.sgd import train_private as train_private
from vitruvian.learn.private.statistics import Released as Released
from vitruvian.learn.private.statistics import ReleasedCounts as ReleasedCounts
from vitruvian.learn.private.statistics import private_count as private_count
from vitruvian.learn.private.statistics import private_histogram as private_histogram
from vitruvian.learn.private.statistics import private_mean as private_mean
from vitruvian.learn.private.statistics import private_quantile as private_quantile
from vitruvian.learn.private.trees import Boosting as Boosting
from vitruvian.learn.private.trees import PrivateTrees as PrivateTrees
from vitruvian.learn.private.trees import fit_private_trees as fit_private_trees
