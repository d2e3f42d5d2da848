"""How well probabilities did: measures with intervals, calibration, coverage of sets, groups, and gains over floors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from vitruvian.learn.trust import (
    Coverage,
    Group,
    Interval,
    Reliability,
    at_threshold,
    by_group,
    coverage,
    difference,
    measured,
    reliability,
)

DRAWS = 1000


@dataclass(frozen=True)
class Gain:
    """Over a floor: its own AUROC and Brier score, and the differences on the same people (paired bootstrap)."""

    floor: str
    auroc: float
    brier: float
    auroc_gain: Interval
    brier_gain: Interval


@dataclass(frozen=True)
class Judged:
    """What was measured on n rows of so many people; `score` is the smaller of sensitivity and PPV at `threshold`."""

    part: str
    n: int
    people: int
    events: int
    measures: Mapping[str, Interval]
    threshold: float
    score: float
    calibration: Reliability
    coverage: Coverage
    gains: tuple[Gain, ...]
    groups: tuple[Group, ...]


def judge(
    part: str, p: Float[np.ndarray, " n"], label: Bool[np.ndarray, " n"], people: Sequence[str],
    sets: Bool[np.ndarray, "n 2"], *, level: float, threshold: float,
    floors: Mapping[str, Float[np.ndarray, " n"]] | None = None,
    groups: Mapping[str, Sequence[str | None]] | None = None, draws: int = DRAWS, seed: int = 0,
) -> Judged:  # fmt: skip
    """Judge calibrated probabilities. `threshold` was set on training rows; people are drawn, not rows."""
    who = np.asarray(people)
    gains = tuple(_gain(name, p, q, label, who, draws, seed) for name, q in (floors or {}).items())
    return Judged(
        part, len(p), len(set(people)), int(label.sum()),
        measured(p, label, people=who, draws=draws, seed=seed), threshold, at_threshold(p, label, threshold).worse,
        reliability(p, label, people=who), coverage(sets, label, level), gains,
        by_group(p, label, groups or {}, threshold=threshold, sets=sets, people=who, intersections=False,
                 draws=max(draws // 4, 100), seed=seed),
    )  # fmt: skip


def _gain(
    name: str, p: np.ndarray, floor: np.ndarray, label: np.ndarray, who: np.ndarray, draws: int, seed: int
) -> Gain:
    found = [difference(p, floor, label, one, people=who, draws=draws, seed=seed) for one in ("auroc", "brier")]
    ours = measured(floor, label, people=who, draws=2, seed=seed)
    return Gain(name, ours["auroc"].value, ours["brier"].value, *found)


def best_threshold(p: Float[np.ndarray, " n"], label: Bool[np.ndarray, " n"]) -> float:
    """Where sensitivity and positive predictive value meet: as many rows are called as have the event."""
    return float(np.sort(p)[::-1][max(int(label.sum()) - 1, 0)])
