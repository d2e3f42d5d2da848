"""Does what is said come true as often as it is said? Slope, intercept, ratio and curve, each with its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from vitruvian.core import DataError, InputError
from vitruvian.learn.trust.checking import both, level_of, of_people, pairs
from vitruvian.learn.trust.interval import Interval, proportion
from vitruvian.learn.trust.logistic import logistic, logit


@dataclass(frozen=True)
class Bin:
    """Rows of like probability: how many, the mean of what was said, and the share that came true."""

    n: int
    events: int
    said: float
    came_true: Interval


@dataclass(frozen=True)
class Reliability:
    """Calibration in the large (`intercept`, 0 is best), `slope` (1 is best; below it too extreme), and the curve.

    Van Calster B et al. J Clin Epidemiol 2016;74:167. `ratio`: what was expected over what came true.
    `gap`: mean distance of the curve from the diagonal, by rows; above 0 by chance alone.
    """

    n: int
    events: int
    said: float
    came_true: float
    ratio: Interval
    intercept: Interval
    slope: Interval
    curve: tuple[Bin, ...]

    @property
    def gap(self) -> float:
        """Mean distance between what was said and what came true over the curve, weighed by rows."""
        return sum(one.n * abs(one.said - one.came_true.value) for one in self.curve) / self.n


def reliability(
    p: Float[np.ndarray, " n"], y: np.ndarray, *, people: np.ndarray | None = None, bins: int = 10, level: float = 0.95
) -> Reliability:
    """Calibration of probabilities; `people` says whose each row is, so that intervals know rows of one person.

    Raises DataError where only one outcome is there or the probabilities are all the same.
    """
    p, y = pairs(p, y)
    both(y)
    if p.min() == p.max():
        raise DataError("all probabilities are the same: there is no slope", got=f"{p[0]:g} in {len(p)} rows")
    person, x = of_people(len(p), people), logit(p)
    z = _z(level)
    large = logistic(np.ones((len(p), 1)), y.astype(float), x, person)
    both_of = logistic(np.stack([np.ones(len(p)), x], 1), y.astype(float), 0.0, person)
    return Reliability(
        len(p), int(y.sum()), float(p.mean()), float(y.mean()), expected_ratio(p, y, person, level),
        _wald(large.theta[0], large.covariance[0, 0], z, level),
        _wald(both_of.theta[1], both_of.covariance[1, 1], z, level), curve(p, y, bins, level),
    )  # fmt: skip


def curve(
    p: Float[np.ndarray, " n"], y: Bool[np.ndarray, " n"], bins: int = 10, level: float = 0.95
) -> tuple[Bin, ...]:
    """Rows in at most `bins` parts of like size by probability, rows of the same one together; Wilson's intervals."""
    if bins < 1:
        raise InputError("bins of a curve", got=bins, allowed="at least 1")
    edges = np.quantile(p, np.linspace(0, 1, bins + 1)[1:-1])
    place = np.searchsorted(np.unique(edges), p, side="left")
    parts = [place == one for one in np.unique(place)]
    return tuple(
        Bin(int(part.sum()), int(y[part].sum()), float(p[part].mean()),
            proportion(int(y[part].sum()), int(part.sum()), level))
        for part in parts
    )  # fmt: skip


def _wald(value: float, variance: float, z: float, level: float) -> Interval:
    half = z * float(np.sqrt(variance))
    return Interval(float(value), float(value) - half, float(value) + half, level)


def expected_ratio(
    p: Float[np.ndarray, " n"], y: Bool[np.ndarray, " n"], person: Int[np.ndarray, " n"], level: float = 0.95
) -> Interval:
    """Expected over observed, where something came true; interval on the log scale, by person (delta method)."""
    expected, observed = p.sum(), y.sum()
    influence = np.bincount(person, weights=p / expected - y / observed)
    half = _z(level) * float(np.sqrt((influence**2).sum()))
    value = float(expected / observed)
    return Interval(value, value * math.exp(-half), value * math.exp(half), level)


def _z(level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(0.5 + level_of(level) / 2))
