"""A number with its interval, and the interval of a proportion."""

from __future__ import annotations

import math
from dataclasses import dataclass


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
    z, p = float(ndtri(0.5 + level / 2)), hits / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    # rounding must not leave the estimate outside at 0 and 1
    return Interval(p, min(max(middle - half, 0.0), p), max(min(middle + half, 1.0), p), level)
