"""A number with its interval, and the interval of a proportion."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int


@dataclass(frozen=True)
class Interval:
    """An estimate and its interval at `level` (95 % unless said)."""

    value: float
    low: float
    high: float
    level: float = 0.95

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"

    @property
    def excludes_zero(self) -> bool:
        """Whether nought lies outside."""
        return self.low > 0.0 or self.high < 0.0


def proportion(hits: int, n: int, level: float = 0.95) -> Interval:
    """A proportion with Wilson's interval (Wilson EB. J Am Stat Assoc 1927;22:209); NaN over 0–1 where n is 0."""
    from scipy.special import ndtri

    if n == 0:
        return Interval(math.nan, 0.0, 1.0, level)
    return _wilson(hits / n, n, float(ndtri(0.5 + level / 2)), level)


def share(hits: Bool[np.ndarray, " n"], person: Int[np.ndarray, " n"] | None = None, level: float = 0.95) -> Interval:
    """A share of rows, some of one person: Wilson's interval for as many rows as they are worth (design effect)."""
    from scipy.special import ndtri

    n = len(hits)
    if person is None or n == 0:
        return proportion(int(hits.sum()), n, level)
    p = float(hits.mean())
    variance = float((np.bincount(person, weights=hits - p) ** 2).sum()) / n**2
    worth = min(n, p * (1 - p) / variance) if variance > 0 else len(np.unique(person))
    return _wilson(p, worth, float(ndtri(0.5 + level / 2)), level)


def _wilson(p: float, n: float, z: float, level: float) -> Interval:
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    # rounding must not leave the estimate outside at 0 and 1
    return Interval(p, min(max(middle - half, 0.0), p), max(min(middle + half, 1.0), p), level)
