"""A trained model on rows that it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vitruvian.core import DataError
from vitruvian.learn import Learned, fingerprint
from vitruvian.learn.risk import RiskModel
from vitruvian.learn.table import FLOORS
from vitruvian.study.learning.examples import Examples, only
from vitruvian.study.learning.judging import DRAWS, Judged, judge
from vitruvian.study.learning.ledger import open_test
from vitruvian.study.learning.tasks import Task


def evaluate(
    model: RiskModel, task: Task, examples: Examples, *, part: str, learned_from: Examples | None = None,
    draws: int = DRAWS,
) -> Judged:  # fmt: skip
    """Judge a model on rows. With the rows it was learned from, floors are fitted on them and gains are told.

    Raises DataError where people of the examples are among those learned from.
    """
    rows = only(examples.rows, model.features)
    floors: dict[str, np.ndarray] = {}
    if learned_from is not None:
        _apart(learned_from.people, examples.people)
        real = learned_from.real
        known = only(real.rows, model.features)
        for name, floor in FLOORS.items():
            fitted = floor(known, real.label, model.manifest.seed, real.people)
            floors[name] = fitted(rows.values)
    scores = model.predict(rows)
    threshold = float(model.manifest.settings["threshold"])
    return judge(
        part, scores.probability[:, 1], examples.label, examples.people, scores.sets, level=scores.level,
        threshold=threshold, floors=floors, groups=task.group_values(rows), draws=draws,
    )  # fmt: skip


def evaluate_once(
    folder: Path, model: RiskModel, task: Task, where: Path, ledger: Path, *, again: str = "", draws: int = DRAWS
) -> Judged:
    """Open the task's test rows for a kept model, once; the opening is written down before anything is computed."""
    test = task.read(where, "test")
    open_test(ledger, task.name, task.version, test.data, fingerprint(folder), again)
    return evaluate(model, task, test, part=task.test, learned_from=task.read(where, "train"), draws=draws)


def risk_model(model: Learned) -> RiskModel:
    """Raises DataError for a model of another kind."""
    if not isinstance(model, RiskModel) or "task" not in model.manifest.settings:
        raise DataError("this model foretells no risk from a table", got=type(model).__name__, allowed="RiskModel")
    return model


def _apart(one: Sequence[str], other: Sequence[str]) -> None:
    if both := set(one) & set(other):
        raise DataError("people are in the training and the test rows", got=f"{len(both):,} people")
