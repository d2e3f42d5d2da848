"""A change of level that lasts: a two-sided CUSUM of deviations from the person's own baseline."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

SLACK = 0.5
"""Deviations below this, in robust SDs, add nothing (k)."""
LEAST = 5.0
"""The least decision limit, in robust SDs (h)."""
CLIPPED = 3.0
"""One deviation counts for no more than this, so that an outlier is no change of level."""


class Cusum(NamedTuple):
    """Sums above and below, and since when each has grown (ms; 0: it is nil)."""

    up: float = 0.0
    down: float = 0.0
    up_since: int = 0
    down_since: int = 0

    @property
    def size(self) -> float:
        """The greater one."""
        return max(self.up, self.down)

    @property
    def since(self) -> int:
        """When the change began."""
        return self.up_since if self.up >= self.down else self.down_since


def added(sums: Cusum, z: float, at: int, limit: float) -> Cusum:
    """The sums after one more deviation; they grow to no more than twice the limit, so that they fall again in time."""
    clipped = min(max(z, -CLIPPED), CLIPPED)
    up = min(max(sums.up + clipped - SLACK, 0.0), 2.0 * limit)
    down = min(max(sums.down - clipped - SLACK, 0.0), 2.0 * limit)
    return Cusum(up, down, (sums.up_since or at) if up else 0, (sums.down_since or at) if down else 0)


def peaks(z: Float[np.ndarray, N]) -> Float[np.ndarray, M]:
    """The greatest sum of each excursion of the one or the other side, greatest first: which alarms a limit gives."""
    found: list[float] = []
    for sign in (1.0, -1.0):
        total = peak = 0.0
        for step in np.clip(sign * z, -CLIPPED, CLIPPED) - SLACK:
            total = max(total + float(step), 0.0)
            peak = max(peak, total)
            if total == 0.0 and peak > 0.0:
                found.append(peak)
                peak = 0.0
        if peak > 0.0:
            found.append(peak)
    return np.sort(np.array(found))[::-1]
