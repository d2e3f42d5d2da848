"""A model by group: how many, how well, how well calibrated; each with its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float, Int

from vitruvian.core import DataError
from vitruvian.learn.trust.bootstrap import bootstrap
from vitruvian.learn.trust.checking import of_people, pairs
from vitruvian.learn.trust.interval import Interval, share
from vitruvian.learn.trust.reliability import expected_ratio
from vitruvian.learn.trust.several import holm

NOT_RECORDED = "not recorded"
LEAST = 10
"""Events, and people without, below which a group has counts alone: its AUROC and ratio would be luck."""


@dataclass(frozen=True)
class Group:
    """One group. `auroc` and `ratio` (expected over observed) are None for fewer than `LEAST` of either outcome.

    `called`: share at or above the threshold; `missed`: share of events below it; `false`: share of the others above.
    `p_ratio`: the chance of a ratio this far from 1 in a calibrated model, by Holm over all groups.
    """

    attribute: str
    value: str
    n: int
    events: int
    said: float
    came_true: Interval
    called: Interval
    missed: Interval
    false: Interval
    auroc: Interval | None = None
    ratio: Interval | None = None
    coverage: tuple[Interval, ...] = ()
    """How often sets held what came true, by event, where sets are given."""
    p_ratio: float = math.nan

    @property
    def miscalibrated(self) -> bool:
        """Whether more or less comes true than is said, beyond chance (adjusted p below 0.05)."""
        return self.p_ratio < 0.05


def by_group(
    p: Float[np.ndarray, " n"], y: np.ndarray, attributes: Mapping[str, Sequence[str | None]], *,
    threshold: float, sets: Bool[np.ndarray, "n k"] | None = None, people: np.ndarray | None = None,
    intersections: bool = True, draws: int = 300, seed: int = 0,
) -> tuple[Group, ...]:  # fmt: skip
    """Every value of every attribute, and of every pair of attributes, with what is not recorded as a group of its own.

    Raises DataError where attributes and rows differ.
    """
    p, y = pairs(p, y)
    person = of_people(len(p), people)
    parts = _parts(attributes, len(p), intersections)
    found = [_group(name, value, part, p, y, threshold, sets, person, draws, seed) for name, value, part in parts]
    adjusted = holm(np.array([_off(one) for one in found]))
    return tuple(replace(one, p_ratio=float(p)) for one, p in zip(found, adjusted, strict=True))


def _parts(
    attributes: Mapping[str, Sequence[str | None]], n: int, intersections: bool
) -> list[tuple[str, str, Bool[np.ndarray, " n"]]]:
    columns = {}
    for name, values in attributes.items():
        if len(values) != n:
            raise DataError(f"values of {name} and rows differ", got=len(values), allowed=n)
        columns[name] = np.array([NOT_RECORDED if one is None or one == "" else str(one) for one in values])
    found = [(name, str(v), column == v) for name, column in columns.items() for v in np.unique(column)]
    if intersections:
        for (a, one), (b, other) in combinations(columns.items(), 2):
            found += [
                (f"{a} × {b}", f"{v} × {w}", part)
                for v in np.unique(one) for w in np.unique(other) if (part := (one == v) & (other == w)).any()
            ]  # fmt: skip
    return found


def _group(
    attribute: str, value: str, part: Bool[np.ndarray, " n"], p: np.ndarray, y: np.ndarray, threshold: float,
    sets: np.ndarray | None, person: Int[np.ndarray, " n"], draws: int, seed: int,
) -> Group:  # fmt: skip
    q, z, who = p[part], y[part], person[part]
    called, events = q >= threshold, int(z.sum())
    enough = min(events, len(z) - events) >= LEAST
    held = () if sets is None else tuple(share(sets[part][z == k, int(k)], who[z == k]) for k in (False, True))
    return Group(
        attribute, value, len(q), events, float(q.mean()), share(z, who), share(called, who),
        share(~called[z], who[z]), share(called[~z], who[~z]),
        bootstrap(q, z, people=who, draws=draws, seed=seed) if enough else None,
        expected_ratio(q, z, who) if enough else None, held,
    )  # fmt: skip


def _off(group: Group) -> float:
    """p-value of an expected over observed of 1, on the log scale."""
    from scipy.special import ndtr

    if group.ratio is None:
        return math.nan
    se = math.log(group.ratio.high / group.ratio.low) / (2 * 1.959964)
    return float(2 * ndtr(-abs(math.log(group.ratio.value)) / se))
