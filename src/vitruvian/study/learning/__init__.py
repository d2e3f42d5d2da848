"""Runs: train, search, evaluate once, score and explain; every number with where it comes from."""

from typing import TYPE_CHECKING

from vitruvian.core import late

if TYPE_CHECKING:
    from vitruvian.study.learning.evaluating import evaluate as evaluate
    from vitruvian.study.learning.evaluating import evaluate_once as evaluate_once
    from vitruvian.study.learning.evaluating import risk_model as risk_model
    from vitruvian.study.learning.examples import Examples as Examples
    from vitruvian.study.learning.examples import only as only
    from vitruvian.study.learning.fitting import Work as Work
    from vitruvian.study.learning.fitting import fit_fold as fit_fold
    from vitruvian.study.learning.folds import folds_of as folds_of
    from vitruvian.study.learning.folds import held_back as held_back
    from vitruvian.study.learning.folds import split_hash as split_hash
    from vitruvian.study.learning.frozen import read_frozen as read_frozen
    from vitruvian.study.learning.judging import Gain as Gain
    from vitruvian.study.learning.judging import Judged as Judged
    from vitruvian.study.learning.judging import judge as judge
    from vitruvian.study.learning.ledger import LEDGER as LEDGER
    from vitruvian.study.learning.ledger import Opening as Opening
    from vitruvian.study.learning.ledger import open_test as open_test
    from vitruvian.study.learning.ledger import openings as openings
    from vitruvian.study.learning.runs import FOLDS as FOLDS
    from vitruvian.study.learning.runs import plain as plain
    from vitruvian.study.learning.runs import restored as restored
    from vitruvian.study.learning.scoring import read_rows as read_rows
    from vitruvian.study.learning.scoring import score_table as score_table
    from vitruvian.study.learning.searching import Candidate as Candidate
    from vitruvian.study.learning.searching import drawn as drawn
    from vitruvian.study.learning.searching import search as search
    from vitruvian.study.learning.tasks import TASKS as TASKS
    from vitruvian.study.learning.tasks import Task as Task
    from vitruvian.study.learning.tasks import task_of as task_of
    from vitruvian.study.learning.training import Trained as Trained
    from vitruvian.study.learning.training import train as train
else:
    __getattr__ = late(__name__)
