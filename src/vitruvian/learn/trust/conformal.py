"""Sets of events that hold what comes true as often as promised: over all people, in each class, in each group.

Split conformal prediction: Vovk V et al. Algorithmic Learning in a Random World, 2005; by class: the label-conditional
Mondrian form there, ch. 4.5. Groups may overlap: a row takes the most cautious limit of its groups, so each group keeps
the promise (Foygel Barber R et al. Inf Inference 2021;10:455). The promise is for people exchangeable with those of
calibration, one row each, whom the model was not fitted on; drift ends it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from vitruvian.core import DataError, InputError
from vitruvian.learn.trust.checking import classes, known, level_of
from vitruvian.learn.trust.interval import Interval, proportion

EVERYBODY = "everybody"


@dataclass(frozen=True)
class Conformal:
    """Limits of 1 − probability up to which an event is in the set: groups by events; frozen.

    `counts`: rows each limit rests on. Where they are too few for the level the limit is infinite, so the event is in
    every set. `groups[0]` is everybody.
    """

    level: float
    limits: Float[np.ndarray, "groups events"]
    counts: Int[np.ndarray, "groups events"]
    groups: tuple[str, ...] = (EVERYBODY,)

    def sets(
        self, probability: Float[np.ndarray, "n k"], member: Bool[np.ndarray, "n more"] | None = None
    ) -> Bool[np.ndarray, "n k"]:
        """Which events are in each row's set; `member` says which of `groups[1:]` each row is in.

        Raises DataError for shapes that are not those of the calibration.
        """
        known(probability)
        if probability.shape[1] != self.limits.shape[1]:
            raise DataError("events differ from those of calibration", got=probability.shape[1],
                            allowed=self.limits.shape[1])  # fmt: skip
        inside = _members(len(probability), member, len(self.groups) - 1)
        limit = np.where(inside[:, :, None], self.limits[None], -np.inf).max(1)
        return 1.0 - probability <= limit

    @property
    def thin(self) -> tuple[tuple[str, int], ...]:
        """(group, event) pairs with too few rows for the level, whose sets therefore always hold the event."""
        return tuple((self.groups[g], int(k)) for g, k in np.argwhere(np.isinf(self.limits)))

    def to_dict(self) -> dict[str, Any]:
        """Plain data, read by `conformal_of`; an infinite limit is null."""
        limits = [[one if math.isfinite(one) else None for one in row] for row in self.limits.tolist()]
        return {"level": self.level, "limits": limits, "counts": self.counts.tolist(), "groups": list(self.groups)}


def conformal_of(data: Mapping[str, Any]) -> Conformal:
    """What `to_dict` wrote. Raises DataError for anything else."""
    try:
        limits = np.array([[math.inf if one is None else float(one) for one in row] for row in data["limits"]])
        counts = np.array(data["counts"], int)
        groups, level = tuple(map(str, data["groups"])), float(data["level"])
    except (KeyError, TypeError, ValueError) as error:
        raise DataError("not the limits of prediction sets", got=str(data)[:80]) from error
    if limits.ndim != 2 or limits.shape != counts.shape or len(groups) != len(limits) or not 0 < level < 1:
        raise DataError("not the limits of prediction sets", got=f"{limits.shape}, {counts.shape}, level {level}")
    return Conformal(level, limits, counts, groups)


def split_conformal(probability: Float[np.ndarray, "n k"], y: np.ndarray, level: float = 0.9) -> Conformal:
    """One limit for all: `level` of people have what comes true in their set, but of a rare class far fewer may."""
    y = classes(probability, y)
    score = 1.0 - probability[np.arange(len(y)), y]
    k = probability.shape[1]
    limit = finite_quantile(score, level)
    return Conformal(level, np.full((1, k), limit), np.full((1, k), len(y)))


def class_conditional(
    probability: Float[np.ndarray, "n k"], y: np.ndarray, level: float = 0.9, *,
    groups: Mapping[str, Bool[np.ndarray, " n"]] | None = None,
) -> Conformal:  # fmt: skip
    """A limit for each class, and each class in each of `groups` (which may overlap): rare classes are promised too.

    Raises DataError for rows that do not fit, InputError for a level that is none.
    """
    y = classes(probability, y)
    names = tuple(groups or ())
    if EVERYBODY in names:
        raise InputError("the name of a group", got=EVERYBODY, allowed="any other; everybody is always there")
    member = np.stack([np.asarray(groups[name]) for name in names], 1) if groups else None
    inside = _members(len(y), member, len(names))
    score = 1.0 - probability
    rows = [[score[(y == k) & inside[:, g], k] for k in range(probability.shape[1])] for g in range(len(names) + 1)]
    limits = np.array([[finite_quantile(one, level) for one in row] for row in rows])
    return Conformal(level, limits, np.array([[len(one) for one in row] for row in rows]), (EVERYBODY, *names))


def finite_quantile(score: Float[np.ndarray, " n"], level: float) -> float:
    """The ⌈(n+1)·level⌉-th smallest of n scores, which a new one stays below with at least that chance; else infinite.

    With continuous scores the chance is at most level + 1/(n+1).
    """
    n = len(score)
    k = math.ceil((n + 1) * level_of(level) - 1e-9)
    return float(np.partition(score, k - 1)[k - 1]) if k <= n else math.inf


@dataclass(frozen=True)
class Coverage:
    """How often sets held what came true: in all, by event, and how large they are."""

    level: float
    overall: Interval
    by_event: tuple[Interval, ...]
    counts: tuple[int, ...]
    size: float
    single: float
    """Share of rows with exactly one event in the set."""
    empty: float


def coverage(sets: Bool[np.ndarray, "n k"], y: np.ndarray, level: float = 0.9) -> Coverage:
    """Coverage with Wilson's 95 % intervals. Raises DataError where sets and outcomes differ."""
    y = np.asarray(y).astype(int)
    if sets.ndim != 2 or len(sets) != len(y) or not len(y) or y.min() < 0 or y.max() >= sets.shape[1]:
        raise DataError("sets and outcomes differ", got=f"{sets.shape} and {y.shape}", allowed="a set for each row")
    hit, size = sets[np.arange(len(y)), y], sets.sum(1)
    parts = [y == k for k in range(sets.shape[1])]
    return Coverage(
        level, proportion(int(hit.sum()), len(y)), tuple(proportion(int(hit[p].sum()), int(p.sum())) for p in parts),
        tuple(int(p.sum()) for p in parts), float(size.mean()), float((size == 1).mean()), float((size == 0).mean()),
    )  # fmt: skip


def _members(n: int, member: np.ndarray | None, more: int) -> Bool[np.ndarray, "n groups"]:
    """Membership with everybody first. Raises DataError for another shape."""
    rest = np.zeros((n, 0), bool) if member is None and not more else member
    if rest is None or rest.shape != (n, more):
        raise DataError("rows and groups differ", got=None if rest is None else rest.shape, allowed=(n, more),
                        todo="Say for each row which of the groups it is in.")  # fmt: skip
    return np.concatenate([np.ones((n, 1), bool), rest.astype(bool)], 1)
