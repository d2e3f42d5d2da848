"""How far glucose swings within a day and between days."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

_LONGEST_GAP = 30.0  # minutes: a swing is not followed across more
_DAY = 1440.0


def mage(glucose: Float[np.ndarray, " t *n"], spread: Float[np.ndarray, "*n"], step: float) -> Float[np.ndarray, "*n"]:
    """Mean amplitude of glycaemic excursions, mg/dL.

    Definition used here (several are in use): walking along the readings, a peak or nadir counts once glucose has
    come back from it by more than `spread` (1 SD of the person's readings); MAGE is the mean of the absolute
    differences between successive such peaks and nadirs, up and down alike, the last unfinished swing included. A
    swing ends at a gap of more than 30 minutes. NaN where no swing exceeds 1 SD. After Service FJ, et al. Diabetes
    1970;19:644, who took one direction only.
    """
    shape = glucose.shape[1:]
    high, low, turn = np.full(shape, -np.inf), np.full(shape, np.inf), np.full(shape, np.nan)
    way = np.zeros(shape)  # +1 rising since a nadir, −1 falling since a peak, 0 not known yet
    total, count, missing = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    longest = max(np.floor(_LONGEST_GAP / step), 1.0)
    for now in glucose:
        there = np.isfinite(now)
        missing = np.where(there, 0.0, missing + 1.0)
        broken = missing == longest
        if broken.any():
            total, count = _closed(total, count, way, high, low, turn, broken)
            way = np.where(broken, 0.0, way)
            high, low = np.where(broken, -np.inf, high), np.where(broken, np.inf, low)
        high = np.where(there, np.maximum(high, now), high)
        low = np.where(there, np.minimum(low, now), low)
        up = there & (way <= 0) & (now - low > spread)
        down = there & (way >= 0) & (high - now > spread)
        done = (up & (way < 0)) | (down & (way > 0))
        total = total + np.where(done, np.abs(np.where(up, low, high) - turn), 0.0)
        count = count + done
        turn = np.where(up, low, np.where(down, high, turn))
        high, low = np.where(up, now, high), np.where(down, now, low)
        way = np.where(up, 1.0, np.where(down, -1.0, way))
    total, count = _closed(total, count, way, high, low, turn, np.ones(shape, bool))
    return np.where(count > 0, total / np.maximum(count, 1.0), np.nan)


def modd(glucose: Float[np.ndarray, " t *n"], step: float) -> Float[np.ndarray, "*n"]:
    """Mean of daily differences: absolute difference to 24 h later, mg/dL, where both readings are there."""
    day = round(_DAY / step)
    if glucose.shape[0] <= day:
        return np.full(glucose.shape[1:], np.nan)
    change = np.abs(glucose[day:] - glucose[:-day])
    there = np.isfinite(change)
    count = there.sum(0)
    return np.where(count > 0, np.where(there, change, 0.0).sum(0) / np.maximum(count, 1), np.nan)


def _closed(
    total: np.ndarray, count: np.ndarray, way: np.ndarray, high: np.ndarray, low: np.ndarray, turn: np.ndarray,
    where: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """The sums with the swing that is under way."""
    ends = where & (way != 0)
    return total + np.where(ends, np.abs(np.where(way > 0, high, low) - turn), 0.0), count + ends
