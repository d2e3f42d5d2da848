"""Where a forecast is evaluated: quadrature nodes between the kinks that doses make."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

# After each dose curves change fast, then slowly: subintervals (h) grow, each with a few Gauss–Legendre nodes.
_SUBINTERVALS = (0.5, 1.5, 4.0, 10.0, 24.0, 48.0, 120.0, 300.0)
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(6)


@dataclass(frozen=True)
class Window:
    """Times (h) in (start, end] with quadrature weights (h); the last time is just before `end` and has weight 0."""

    start: float
    end: float
    time: Float[np.ndarray, " k"]
    weight: Float[np.ndarray, " k"]

    @property
    def length(self) -> float:
        """Length in hours."""
        return self.end - self.start


def window(start: float, end: float, kinks: Iterable[float]) -> Window:
    """Nodes for integrals over [start, end] h of curves that are smooth between `kinks` (dose starts and ends)."""
    inside = sorted({start, *(k for k in kinks if start < k < end)})
    edges = [start]
    for begin, stop in zip(inside, [*inside[1:], end], strict=True):
        edges += [begin + d for d in _SUBINTERVALS if begin + d < stop - 1e-9] + [stop]
    low, high = np.array(edges[:-1]), np.array(edges[1:])
    half = (high - low)[:, None] / 2
    time = (low + high)[:, None] / 2 + half * _NODES
    weight = half * _WEIGHTS
    just_before = end - 1e-6 * (end - start)
    return Window(start, end, np.append(time.ravel(), just_before), np.append(weight.ravel(), 0.0))
