"""Cohorts declared in files: who is asked about, at which moments, what is to be foretold, what competes with it."""

from vitruvian.study.cohorts.checks import UnitDoubt as UnitDoubt
from vitruvian.study.cohorts.checks import check_units as check_units
from vitruvian.study.cohorts.cohort import Clause as Clause
from vitruvian.study.cohorts.cohort import Cohort as Cohort
from vitruvian.study.cohorts.cohort import Condition as Condition
from vitruvian.study.cohorts.cohort import Contradiction as Contradiction
from vitruvian.study.cohorts.cohort import Outcome as Outcome
from vitruvian.study.cohorts.labelling import Labelled as Labelled
from vitruvian.study.cohorts.labelling import label_events as label_events
from vitruvian.study.cohorts.reading import cohort_names as cohort_names
from vitruvian.study.cohorts.reading import read_cohort as read_cohort
