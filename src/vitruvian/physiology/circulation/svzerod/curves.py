"""Curves over the cardiac cycle: straight between their points, repeated with their own period."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Places(NamedTuple):
    """Where times lie on a curve: the points before and after (T,), and how far between them, 0 to 1."""

    before: npt.NDArray[np.int64]
    after: npt.NDArray[np.int64]
    share: Floats


def places(points: Floats, t: Floats) -> Places:
    """Places of the times `t`, s, on a curve with these points, s; before its first point the first line goes on."""
    if len(points) == 1:
        none = np.zeros(len(t), np.int64)
        return Places(none, none, np.zeros(len(t)))
    within = np.fmod(t, points[-1] - points[0])
    after = np.clip(np.searchsorted(points, within, side="left"), 1, len(points) - 1)
    before = after - 1
    return Places(before, after, (within - points[before]) / (points[after] - points[before]))
