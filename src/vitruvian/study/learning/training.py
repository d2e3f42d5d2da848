"""Training: cross-validation by people, calibration and sets from held-out rows, then the model on all rows."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from jaxtyping import Float
from scipy.special import expit

from vitruvian.core import InputError
from vitruvian.learn import Manifest, save
from vitruvian.learn.risk import RiskModel
from vitruvian.learn.table import Mix, fit_blend, trainable
from vitruvian.learn.trust import Platt, class_conditional, outcomes, platt, plausible
from vitruvian.scale import Executor, InProcess
from vitruvian.study.learning.examples import EMPTY, Examples
from vitruvian.study.learning.fitting import held_out, together
from vitruvian.study.learning.folds import folds_of, split_hash
from vitruvian.study.learning.judging import DRAWS, Judged, best_threshold, judge
from vitruvian.study.learning.runs import FOLDS, Run, plain, versions
from vitruvian.study.learning.tasks import Task

LEVEL = 0.9


@dataclass(frozen=True)
class Trained:
    """A model, what cross-validation said of it, and remarks on the rows."""

    model: RiskModel
    judged: Judged
    remarks: tuple[str, ...]


def train(
    task: Task, examples: Examples, out: Path, *, mix: Mix | None = None, seed: int = 1,
    executor: Executor | None = None, folds: int = FOLDS, draws: int = DRAWS,
    advance: Callable[[int], None] = lambda n: None,
) -> Trained:  # fmt: skip
    """Train a task's model into the folder `out`; an interrupted run goes on from its finished folds.

    They lie in `out` with ".run" at its end until the model is whole. Raises DataError for rows from which nothing can
    be learned, InputError where `out` is there.
    """
    if out.exists():
        raise InputError("a model is not written over", got=out.name, todo="Give a folder that does not exist.")
    mix = mix or task.mix
    remarks = trainable(examples.real.rows, examples.real.label)
    if empty := examples.notes.get(EMPTY):
        remarks += (f"{empty} columns have no value in {len(examples.real):,} rows and are left out.",)
    parts = folds_of(examples.people, examples.label, folds, seed)
    run = Run.begin(out.with_name(f"{out.name}.run"), examples, mix, parts, seed)
    held = []
    for one in held_out(run.work(floors=True), executor or InProcess(), run.folder):
        held.append(one)
        advance(1)
    said = together(parts, held)
    judged = _judged(task, examples, said.margin, said.floors, parts, draws)
    model = _fitted(task, examples, mix, seed, said.margin, parts, judged)
    advance(1)
    save(model, out)
    shutil.rmtree(run.folder)
    return Trained(model, judged, remarks)


def _judged(
    task: Task, examples: Examples, margin: np.ndarray, floors: dict[str, np.ndarray], parts: np.ndarray, draws: int
) -> Judged:
    """Cross-validated: each part is calibrated, and given sets, by the other parts alone."""
    p = crossed(margin, examples.label, parts)
    sets = np.empty((len(p), 2), bool)
    for part in range(int(parts.max()) + 1):
        here = parts == part
        rest = class_conditional(outcomes(p[~here]), examples.label[~here], LEVEL)
        sets[here] = rest.sets(outcomes(p[here]))
    judged = np.ones(len(p), bool) if examples.made is None else ~examples.made
    real, p, sets = examples.real, p[judged], sets[judged]
    return judge(
        f"{int(parts.max()) + 1}-fold cross-validation by person", p, real.label, real.people, sets,
        level=LEVEL, threshold=best_threshold(p, real.label), groups=task.group_values(real.rows), draws=draws,
        floors={name: said[judged] for name, said in floors.items()},
    )  # fmt: skip


def crossed(margin: Float[np.ndarray, " n"], label: np.ndarray, parts: np.ndarray) -> Float[np.ndarray, " n"]:
    """Probabilities of each part by a calibration of the other parts."""
    found = np.empty(len(margin))
    for part in range(int(parts.max()) + 1):
        here = parts == part
        found[here] = platt(expit(margin[~here]), label[~here])(expit(margin[here]))
    return found


def _fitted(
    task: Task, examples: Examples, mix: Mix, seed: int, margin: np.ndarray, parts: np.ndarray, judged: Judged
) -> RiskModel:
    blend = fit_blend(mix, examples.rows, examples.label, seed=seed, group=examples.people)
    line: Platt = platt(expit(margin), examples.label)
    p = line(expit(margin))
    told = {"task": task.name, "about": task.about, "mix": asdict(mix), "threshold": judged.threshold}
    told |= {"left_out": dict(examples.left_out), "notes": dict(examples.notes), "validation": plain(judged)}
    if usual := plausible(examples.rows).to_dict():
        told |= {"plausible": usual}
    told |= {"plausible": plausible(examples.rows).to_dict()}
    manifest = Manifest(
        dict(examples.data), split_hash(examples.rows.ids, parts), seed, len(examples.real), versions(),
        datetime.now(UTC).isoformat(timespec="seconds"), told,
    )  # fmt: skip
    return RiskModel(
        task.name, task.title, task.version, examples.rows.features, task.target, task.sources, manifest, blend, line,
        class_conditional(outcomes(p), examples.label, LEVEL),
    )  # fmt: skip
