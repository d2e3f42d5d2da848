"""Search of settings: every candidate on every fold, through one executor; the same result whichever runs it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from vitruvian.learn.table import Mix
from vitruvian.learn.trust import auroc, brier
from vitruvian.scale import Executor, InProcess
from vitruvian.study.learning.examples import Examples, write_examples
from vitruvian.study.learning.fitting import Held, Work, fit_fold, together
from vitruvian.study.learning.folds import folds_of
from vitruvian.study.learning.training import crossed


@dataclass(frozen=True)
class Candidate:
    """Settings and what cross-validation said: mean AUROC over folds, Brier score of calibrated probabilities."""

    mix: Mix
    auroc: float
    brier: float


def search(
    examples: Examples, mixes: Sequence[Mix], folder: Path, *, folds: int, seed: int, executor: Executor | None = None,
    advance: Callable[[int], None] = lambda n: None,
) -> tuple[Candidate, ...]:  # fmt: skip
    """Candidates, best AUROC first. `folder` holds the rows while workers read them, and is deleted.

    The best of many is a little lucky: judge it on rows that were not searched with.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        parts = folds_of(examples.people, examples.label, folds, seed)
        write_examples(examples, folder / "examples.npz")
        np.save(folder / "parts.npy", parts)
        files = (str(folder / "examples.npz"), str(folder / "parts.npy"))
        work = [Work(*files, examples.hash, k, mix, seed) for mix in mixes for k in range(folds)]
        held = []
        for one in (executor or InProcess()).map(fit_fold, work):
            held.append(one)
            advance(1)
    finally:
        shutil.rmtree(folder)
    found = [_judged(mix, examples, parts, held[k * folds : (k + 1) * folds]) for k, mix in enumerate(mixes)]
    return tuple(sorted(found, key=lambda one: -one.auroc))


def _judged(mix: Mix, examples: Examples, parts: np.ndarray, held: Sequence[Held]) -> Candidate:
    margin = together(parts, held).margin
    p, real = crossed(margin, examples.label, parts), np.ones(len(parts), bool)
    if examples.made is not None:
        real = ~examples.made
    each = [auroc(p[real & (parts == k)], examples.label[real & (parts == k)]) for k in range(len(held))]
    return Candidate(mix, float(np.mean(each)), brier(p[real], examples.label[real]))


def drawn(mix: Mix, count: int, seed: int) -> tuple[Mix, ...]:
    """The mix itself, and others drawn around it, the same for the same seed."""
    draw = np.random.default_rng(seed)
    found = [mix]
    for _ in range(count - 1):
        growth = replace(
            mix.growth,
            learning_rate=round(mix.growth.learning_rate * float(np.exp(draw.normal(0, 0.35))), 4),
            feature_fraction=round(min(1.0, mix.growth.feature_fraction * float(np.exp(draw.normal(0, 0.6)))), 3),
            min_data_in_leaf=max(5, int(mix.growth.min_data_in_leaf * np.exp(draw.normal(0, 0.5)))),
            lambda_l2=round(mix.growth.lambda_l2 * float(np.exp(draw.normal(0, 0.8))), 2),
            extra_trees=bool(draw.random() < 0.7) if mix.growth.extra_trees else bool(draw.random() < 0.3),
        )
        share = float(np.clip(mix.share + draw.normal(0, 0.1), 0.0, 0.6))
        found.append(replace(mix, growth=growth, share=round(share, 2)))
    return tuple(found)
