"""Intervals by drawing people anew: of one measure, and of the difference of two models on the same people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from jaxtyping import Bool, Float, Int

from vitruvian.core import DataError, InputError
from vitruvian.learn.trust.checking import both, level_of, of_people, pairs
from vitruvian.learn.trust.interval import Interval
from vitruvian.learn.trust.measures import MEASURES, Measure

DRAWS = 1000
_LEAST = 0.9  # of the draws must hold both outcomes, or the interval is one of luck


def bootstrap(
    p: Float[np.ndarray, " n"], y: np.ndarray, measure: str | Measure = "auroc", *, people: np.ndarray | None = None,
    draws: int = DRAWS, seed: int = 0, level: float = 0.95,
) -> Interval:  # fmt: skip
    """A measure with its percentile interval; `people` says whose each row is, and people are drawn, not rows.

    Raises DataError where only one outcome is there, or so few people have it that most draws lack it.
    """
    p, y = pairs(p, y)
    return _intervals({"": _named(measure)}, p, y, people, draws, seed, level)[""]


def measured(
    p: Float[np.ndarray, " n"], y: np.ndarray, *, people: np.ndarray | None = None, draws: int = DRAWS, seed: int = 0,
    level: float = 0.95,
) -> Mapping[str, Interval]:  # fmt: skip
    """All `MEASURES` with intervals from the same draws of people."""
    p, y = pairs(p, y)
    return _intervals(MEASURES, p, y, people, draws, seed, level)


def difference(
    new: Float[np.ndarray, " n"], old: Float[np.ndarray, " n"], y: np.ndarray, measure: str | Measure = "auroc", *,
    people: np.ndarray | None = None, draws: int = DRAWS, seed: int = 0, level: float = 0.95,
) -> Interval:  # fmt: skip
    """Measure of the new probabilities less that of the old ones, both on the same people in every draw."""
    new, y = pairs(new, y)
    old, _ = pairs(old, y)
    both(y)
    of = _named(measure)
    one, other = of(new, y), of(old, y)
    weights = np.ones(len(y))
    found = [one(w) - other(w) for w in draws_of(of_people(len(y), people), draws, seed)]
    return percentile(one(weights) - other(weights), np.array(found), level)


def _named(measure: str | Measure) -> Measure:
    if not isinstance(measure, str):
        return measure
    if measure not in MEASURES:
        raise InputError("no such measure", got=measure, allowed=", ".join(MEASURES))
    return MEASURES[measure]


def _intervals(
    measures: Mapping[str, Measure], p: Float[np.ndarray, " n"], y: Bool[np.ndarray, " n"], people: np.ndarray | None,
    draws: int, seed: int, level: float,
) -> dict[str, Interval]:  # fmt: skip
    both(y)
    prepared = {name: of(p, y) for name, of in measures.items()}
    whole = np.ones(len(p))
    found = np.array(
        [[one(w) for one in prepared.values()] for w in draws_of(of_people(len(p), people), draws, seed)]
    )  # draws, measures
    return {name: percentile(one(whole), found[:, i], level) for i, (name, one) in enumerate(prepared.items())}


def draws_of(person: Int[np.ndarray, " n"], draws: int, seed: int) -> Iterator[Float[np.ndarray, " n"]]:
    """How often each row is there in each draw of as many people as there are."""
    if draws < 2:
        raise InputError("draws of the bootstrap", got=draws, allowed="at least 2")
    rng, people = np.random.default_rng(seed), int(person.max()) + 1
    for _ in range(draws):
        yield np.bincount(rng.integers(people, size=people), minlength=people).astype(float)[person]


def percentile(value: float, found: Float[np.ndarray, " draws"], level: float) -> Interval:
    tail = (1.0 - level_of(level)) / 2.0
    there = found[np.isfinite(found)]
    if len(there) < _LEAST * len(found):
        raise DataError(
            "too few people with the event for an interval",
            got=f"{len(there)} of {len(found)} draws have both outcomes", todo="Report the counts alone.",
        )  # fmt: skip
    low, high = np.quantile(there, (tail, 1.0 - tail))
    return Interval(value, float(low), float(high), level)
