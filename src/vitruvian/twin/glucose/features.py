"""What any forecaster may look at: numbers at an edge made of what was known there."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from vitruvian.twin.glucose.evidence import BRIDGE, STEP, Evidence

_LOOKS = (15, 30, 45, 60, 90)  # min before the newest reading
_WINDOWS = (30, 60, 120, 240)  # min over which insulin and meals are added up
_INSULIN, _MEAL = 75.0, 50.0  # min: mean time of action of what is on board

NAMES = (
    "glucose",
    "age",
    *(f"change_{m}" for m in _LOOKS),
    *(f"bolus_{m}" for m in _WINDOWS),
    *(f"carbohydrates_{m}" for m in _WINDOWS),
    "insulin_on_board",
    "carbohydrates_on_board",
    "fast_carbohydrates",
    "long_acting_hours",
    "heart_rate",
    "steps",
    *(f"{f}_{k}" for k in (1, 2) for f in ("sin", "cos")),
    "mean_day",
)


def newest(glucose: Float[np.ndarray, T]) -> Int[np.ndarray, T]:
    """Edge of the newest reading at or before each edge; −1 where there was none."""
    at = np.where(np.isfinite(glucose), np.arange(len(glucose)), -1)
    return np.maximum.accumulate(at)


def features(evidence: Evidence, edges: Int[np.ndarray, K]) -> Float[np.ndarray, "k f"]:
    """One row an edge, columns NAMES; a change that cannot be told (gap) is 0. Nothing at or after the edge's step."""
    g = evidence.glucose
    last = newest(g)
    at = last[edges]
    known = at >= 0
    now = np.where(known, g[np.maximum(at, 0)], np.nan)
    columns = [now, STEP * (edges - at) * 1.0]
    columns += [now - _earlier(g, last, at, m, now) for m in _LOOKS]
    columns += [_sums(evidence.bolus, edges, m) for m in _WINDOWS]
    columns += [_sums(evidence.carbohydrates, edges, m) for m in _WINDOWS]
    columns.append(_on_board(evidence.bolus + evidence.basal, edges, _INSULIN))
    columns.append(_on_board(evidence.carbohydrates, edges, _MEAL))
    columns.append(_on_board(evidence.carbohydrates * (np.nan_to_num(evidence.speed, nan=1.0) >= 2.0), edges, 25.0))
    columns.append(_since(evidence.long_acting, edges))
    columns.append(_means(evidence.heart_rate, edges, 30))
    columns.append(_sums(np.nan_to_num(evidence.steps), edges, 60))
    angle = 2.0 * np.pi * (evidence.minute_of_day[np.maximum(edges - 1, 0)] + STEP) / 1440.0
    columns += [f(k * angle) for k in (1, 2) for f in (np.sin, np.cos)]
    columns.append(now - _day_mean(g, edges))
    return np.stack(columns, axis=1)


def _earlier(g: np.ndarray, last: np.ndarray, at: np.ndarray, minutes: int, now: np.ndarray) -> np.ndarray:
    """Glucose so long before the newest reading, on straight lines between readings; `now` where that is not told."""
    place = at - minutes // STEP
    ok = place >= 0
    place = np.maximum(place, 0)
    low = last[place]
    after = _next(g)
    high = np.minimum(after[place], at)
    ok &= (low >= 0) & (high - low <= BRIDGE // STEP)
    low, high = np.maximum(low, 0), np.maximum(high, 0)
    share = (place - low) / np.maximum(high - low, 1)
    return np.where(ok, g[low] + share * (g[high] - g[low]), now)


def _next(g: np.ndarray) -> np.ndarray:
    at = np.where(np.isfinite(g), np.arange(len(g)), len(g) - 1)
    return np.minimum.accumulate(at[::-1])[::-1]


def _sums(x: np.ndarray, edges: np.ndarray, minutes: int) -> np.ndarray:
    total = np.concatenate([[0.0], np.cumsum(x)])
    return total[edges] - total[np.maximum(edges - minutes // STEP, 0)]


def _means(x: np.ndarray, edges: np.ndarray, minutes: int) -> np.ndarray:
    there = np.isfinite(x)
    number = _sums(there.astype(float), edges, minutes)
    return np.where(number > 0, _sums(np.nan_to_num(x), edges, minutes) / np.maximum(number, 1.0), 70.0)


def _on_board(x: np.ndarray, edges: np.ndarray, minutes: float) -> np.ndarray:
    """What is left of amounts that act over two equal exponentials of mean `minutes`."""
    rate = 2.0 / minutes
    back = STEP * (np.arange(1, 97) - 0.5)
    left = (1.0 + rate * back) * np.exp(-rate * back)
    found = np.zeros(len(edges))
    for k, share in enumerate(left, 1):
        place = edges - k
        found += share * np.where(place >= 0, x[np.maximum(place, 0)], 0.0)
    return found


def _since(x: np.ndarray, edges: np.ndarray) -> np.ndarray:
    at = np.maximum.accumulate(np.where(x > 0, np.arange(len(x)), -1))
    last = at[np.maximum(edges - 1, 0)]
    return np.where(last >= 0, np.minimum((edges - last) * STEP / 60.0, 48.0), 24.0)


def _day_mean(g: np.ndarray, edges: np.ndarray) -> np.ndarray:
    total = np.concatenate([[0.0], np.cumsum(np.nan_to_num(g))])
    number = np.concatenate([[0], np.cumsum(np.isfinite(g))])
    begin = np.maximum(edges + 1 - 288, 0)
    return (total[edges + 1] - total[begin]) / np.maximum(number[edges + 1] - number[begin], 1)
