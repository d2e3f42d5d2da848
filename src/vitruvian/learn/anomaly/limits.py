"""Limits above which a sign is an alarm, from the person's own past: so seldom there, for all signs alike."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from vitruvian.core import DataError

APART_H = 2.0
"""An alarm calls once in this time at most; one that goes on calls again."""


def calls(
    at: Float[np.ndarray, " n"], alarm: Bool[np.ndarray, " n"], apart: float = APART_H
) -> Float[np.ndarray, " m"]:
    """Hours at which somebody is called for samples that are alarms."""
    there, found, i = at[alarm], [], 0
    while i < len(there):
        found.append(float(there[i]))
        i = int(np.searchsorted(there, there[i] + apart, side="left"))
    return np.array(found)


def limit_of(at: Float[np.ndarray, " n"], sign: Float[np.ndarray, " n"], per_day: float) -> float:
    """The least limit above which the past calls no more often than `per_day` (never, where that makes less than one).

    Raises DataError for less than a day.
    """
    days = float(at[-1] - at[0]) / 24.0
    if days < 1.0:
        raise DataError("days to learn a limit from", got=f"{days:.2g}", allowed="1 or more")
    allowed, levels = int(per_day * days), np.unique(sign)
    low, high = 0, len(levels) - 1
    while low < high:
        middle = (low + high) // 2
        if len(calls(at, sign > levels[middle])) <= allowed:
            high = middle
        else:
            low = middle + 1
    return float(levels[high])
