"""Counts, histograms, means and quantiles of people, released with noise; every answer says what it cost.

Nothing here adds a floating-point number to a secret one. Counts are whole; values are clamped to bounds that are told
(never looked up in the data) and placed on a grid of whole numbers between them; sums are exact. Noise is discrete and
drawn exactly (`discrete.py`), except that of a mean with `delta`: a Gaussian of 53 secret bits, rounded to the grid.
A person counts once: who has several values must be one value before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError, InputError
from vitruvian.learn.private.accounting import Kind, Mechanism, noise_for
from vitruvian.learn.private.discrete import discrete_gaussian, discrete_laplace, permute_and_flip
from vitruvian.learn.private.randomness import Coins, Randomness

Noise = Literal["laplace", "gaussian"]
_CELLS = 2**16  # of the grid between the bounds of a mean


@dataclass(frozen=True)
class Released:
    """A noisy answer: `value` in the unit of the data, half the width of its 95 % interval by noise alone, its cost.

    `margin` is None where it depends on the data, and so is a secret.
    """

    value: float
    margin: float | None
    spent: tuple[Mechanism, ...]
    seeded: bool


@dataclass(frozen=True)
class ReleasedCounts:
    """Noisy counts of each category, half the width of each one's 95 % interval, and what all of them cost together."""

    counts: Mapping[str, int]
    margin: float
    spent: tuple[Mechanism, ...]
    seeded: bool


def private_count(people: int, epsilon: float, *, delta: float = 0.0, randomness: Randomness | None = None) -> Released:
    """How many people there are: discrete Laplace noise; with `delta` > 0 discrete Gaussian. May be below zero."""
    told = randomness or Randomness.secret()
    draw = _Whole.of(epsilon, delta, told.coins("count"))
    return Released(float(people + draw()), draw.margin, (draw.mechanism,), told.seeded)


def private_histogram(
    values: Sequence[str],
    categories: Sequence[str],
    epsilon: float,
    *,
    delta: float = 0.0,
    randomness: Randomness | None = None,
) -> ReleasedCounts:
    """How many people have each of `categories`, which are told: which ones occur is a secret too. One value a person.

    Raises `DataError` with the number of values that are none of them.
    """
    known = dict.fromkeys(categories, 0)
    if len(known) != len(categories) or not known:
        raise InputError("categories must be there once each", got=list(categories))
    others = sum(one not in known for one in values)
    if others:
        raise DataError("values that are no category", got=f"{others} of {len(values)}", todo="Add one for the rest.")
    for one in values:
        known[one] += 1
    told = randomness or Randomness.secret()
    draw = _Whole.of(epsilon, delta, told.coins("histogram"))
    noisy = {name: count + draw() for name, count in known.items()}
    return ReleasedCounts(noisy, draw.margin, (draw.mechanism,), told.seeded)


def private_mean(
    values: Float[np.ndarray, " people"],
    low: float,
    high: float,
    epsilon: float,
    *,
    delta: float = 0.0,
    randomness: Randomness | None = None,
) -> Released:
    """The mean of one value a person, clamped to `low` … `high`; half of the budget goes to how many people there are.

    The answer stays within the bounds. Raises `DataError` for values that are not finite.
    """
    units = _on_grid(values, low, high, _CELLS)
    told = randomness or Randomness.secret()
    coins = told.coins("mean")
    count, total = _Whole.of(epsilon / 2, delta / 2, coins), _Whole.of(epsilon / 2, delta / 2, coins, reach=_CELLS // 2)
    people = max(1, len(units) + count())
    centred = int(units.sum()) - len(units) * (_CELLS // 2) + total()
    middle, cell = (low + high) / 2, (high - low) / _CELLS
    margin = math.hypot(total.margin, count.margin * min(abs(centred) / people, _CELLS / 2)) * cell / people
    value = min(max(middle + cell * centred / people, low), high)
    return Released(value, margin, (count.mechanism, total.mechanism), told.seeded)


def private_quantile(
    values: Float[np.ndarray, " people"],
    q: float,
    low: float,
    high: float,
    epsilon: float,
    *,
    cells: int = 1000,
    randomness: Randomness | None = None,
) -> Released:
    """A quantile of one value a person, as the upper edge of one of `cells` cells between the bounds that are told.

    By permute and flip over the edges; the loss of an edge is how many people too many or too few lie below it.
    """
    if not 0 <= q <= 1 or not epsilon > 0 or not 1 <= cells <= 100_000:
        raise InputError("a private quantile", got=(q, epsilon, cells), allowed="0 ≤ q ≤ 1, epsilon > 0, ≤ 100,000")
    counts = np.bincount(np.minimum(_on_grid(values, low, high, cells), cells - 1), minlength=cells)
    below, share = np.cumsum(counts), Fraction(q).limit_denominator(10_000)
    losses = [abs(int(b) * share.denominator - len(values) * share.numerator) for b in below]
    reach = max(share.numerator, share.denominator - share.numerator)
    told = randomness or Randomness.secret()
    scale = Fraction(2 * reach) / Fraction(epsilon).limit_denominator(10**6)
    at = permute_and_flip(losses, scale, told.coins("quantile"))
    edge = low + (at + 1) * (high - low) / cells
    return Released(edge, None, (Mechanism("pure", 1 / epsilon),), told.seeded)


@dataclass(frozen=True)
class _Whole:
    """Noise for whole numbers of which one person changes `reach`."""

    mechanism: Mechanism
    reach: int
    coins: Coins

    @classmethod
    def of(cls, epsilon: float, delta: float, coins: Coins, reach: int = 1) -> _Whole:
        if not epsilon > 0 or not 0 <= delta < 1:
            raise InputError("a privacy budget", got=(epsilon, delta), allowed="epsilon > 0, 0 ≤ delta < 1")
        kind: Kind = "discrete_laplace" if not delta else "discrete_gaussian" if reach == 1 else "gaussian"
        noise = noise_for(epsilon, delta, kind=kind) if delta else 1 / epsilon
        return cls(Mechanism(kind, noise), reach, coins)

    def __call__(self) -> int:
        """One draw."""
        exactly = Fraction(self.mechanism.noise) * self.reach
        match self.mechanism.kind:
            case "discrete_laplace":
                return discrete_laplace(exactly, self.coins)
            case "discrete_gaussian":
                return discrete_gaussian(exactly, self.coins)
        return round(float(exactly) * float(self.coins.normal(1)[0]))

    @property
    def margin(self) -> float:
        """Within this many of zero lie 95 % of the draws."""
        laplace = self.mechanism.kind == "discrete_laplace"
        return self.reach * self.mechanism.noise * (math.log(20) if laplace else 1.96)


def _on_grid(values: Float[np.ndarray, " people"], low: float, high: float, cells: int) -> np.ndarray:
    """Whole numbers 0 … cells, of values clamped to the bounds."""
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InputError("bounds of values", got=(low, high), todo="Tell them from what is known, not from the data.")
    found = np.asarray(values, float)
    bad = int((~np.isfinite(found)).sum())
    if bad or found.ndim != 1:
        raise DataError("values must be finite, one a person", got=f"{bad} of {found.size} are not")
    return np.round((np.clip(found, low, high) - low) / (high - low) * cells).astype(np.int64)
