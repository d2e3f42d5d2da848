"""A quantity over samples: its median and the ends that hold 90 % of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SHARE = 0.9
"""Share of samples within a band."""
DEVIATIONS = 1.6448536269514722
"""Standard deviations of a normal distribution from its middle to an end of a band."""


@dataclass(frozen=True)
class Band:
    """Median and the ends that hold 90 % of the samples."""

    median: float
    low: float
    high: float


def band(values: np.ndarray) -> Band:
    """Of one value or more."""
    low, median, high = np.quantile(values, [0.5 - SHARE / 2, 0.5, 0.5 + SHARE / 2])
    return Band(float(median), float(low), float(high))
