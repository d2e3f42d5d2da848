"""One fold: fit on the other parts, say what the held-out part gets. Pure, so that any executor may run it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from vitruvian.learn.table import FLOORS, Mix, fit_blend
from vitruvian.scale import Executor
from vitruvian.study.learning.examples import Examples, read_examples


@dataclass(frozen=True)
class Work:
    """Fit `mix` on all parts but `part` of the examples in a file; `floors` too, or the model alone.

    `hash` is that of the examples, so that a worker never takes others of the same place for them.
    """

    examples: str
    folds: str
    hash: str
    part: int
    mix: Mix
    seed: int
    floors: bool = False


@dataclass(frozen=True)
class Held:
    """Of the rows of one part: the margin that the model gave, and the probability of each floor."""

    part: int
    margin: Float[np.ndarray, " rows"]
    floors: dict[str, Float[np.ndarray, " rows"]]


def fit_fold(work: Work) -> Held:
    """The held-out part of one fold; the same on any machine for the same seed."""
    examples, parts = _examples(work.examples, work.hash), np.load(work.folds)
    here = parts == work.part
    learn, rest = examples.taken(~here), examples.rows.values[here]
    blend = fit_blend(work.mix, learn.rows, learn.label, seed=work.seed, group=learn.people)
    floors, real = FLOORS if work.floors else {}, learn.real
    said = {name: floor(real.rows, real.label, work.seed, real.people)(rest) for name, floor in floors.items()}
    return Held(work.part, blend.margin(rest), said)


@lru_cache(maxsize=1)
def _examples(path: str, hashed: str) -> Examples:
    return read_examples(Path(path))


def held_out(work: Sequence[Work], executor: Executor, folder: Path | None = None) -> Iterator[Held]:
    """The held-out part of each fold, in order; with a folder those that are there are taken from it."""
    kept = {one: found for one in work if folder is not None and (found := _kept(folder, one.part)) is not None}
    fresh = executor.map(fit_fold, [one for one in work if one not in kept])
    for one in work:
        held = kept[one] if one in kept else next(fresh)
        if folder is not None and one not in kept:
            _keep(folder, held)
        yield held


def together(parts: Int[np.ndarray, " rows"], held: Sequence[Held]) -> Held:
    """All rows, each as it was said by the fit that had not seen it."""
    margin = np.full(len(parts), np.nan)
    floors = {name: np.full(len(parts), np.nan) for name in held[0].floors}
    for one in held:
        margin[parts == one.part] = one.margin
        for name, said in one.floors.items():
            floors[name][parts == one.part] = said
    return Held(-1, margin, floors)


def _place(folder: Path, part: int) -> Path:
    return folder / f"fold-{part}.npz"


def _kept(folder: Path, part: int) -> Held | None:
    if not _place(folder, part).is_file():
        return None
    with np.load(_place(folder, part), allow_pickle=False) as found:
        names = [str(one) for one in found["names"]]
        return Held(part, found["margin"], {name: found[f"floor-{k}"] for k, name in enumerate(names)})


def _keep(folder: Path, held: Held) -> None:
    told: dict[str, Any] = {f"floor-{k}": said for k, said in enumerate(held.floors.values())}
    told |= {"margin": held.margin, "names": np.array(list(held.floors), dtype=np.str_)}
    aside = folder / f".fold-{held.part}.{os.getpid()}.npz"
    np.savez(aside, **told)
    aside.replace(_place(folder, held.part))
