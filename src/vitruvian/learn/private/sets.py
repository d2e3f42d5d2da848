"""Prediction sets by class with differential privacy: the thresholds come from a noisy histogram of scores.

Split conformal by class; where noise leaves doubt, less is left out, so coverage errs on the wide side (the idea of
Angelopoulos, Bates, Zrnic and Jordan 2022, Private prediction sets).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from vitruvian.learn.private.randomness import Coins
from vitruvian.learn.private.vectors import noised

_EDGES = np.linspace(-6.0, 6.0, 37)  # of the log-odds
_SURE = 1.64  # standard deviations of noise


@dataclass(frozen=True)
class PrivateSets:
    """ "no" is in the set up to log-odds of `no_up_to`, "yes" from `yes_from` on; each true one is in it at `level`."""

    no_up_to: float
    yes_from: float
    level: float

    def of(self, margin: Float[np.ndarray, " rows"]) -> Bool[np.ndarray, "rows 2"]:
        """Which events each row's set holds."""
        return np.stack([margin <= self.no_up_to, margin >= self.yes_from], 1)


def private_sets(
    margin: Float[np.ndarray, " rows"],
    label: Bool[np.ndarray, " rows"],
    weight: Float[np.ndarray, " rows"],
    noise: float,
    level: float,
    coins: Coins,
) -> PrivateSets:
    """Thresholds from people who did not train; the weights of one person sum to one, so one histogram is one look."""
    cells = len(_EDGES) - 1
    cell = np.clip(np.searchsorted(_EDGES, margin) - 1, 0, cells - 1)
    counts = noised(np.bincount(cell + cells * label, weight, 2 * cells), 1.0, noise, coins)
    yes, no = counts[cells:], counts[:cells]
    low, high = _left_out(yes, level, noise), cells - _left_out(no[::-1], level, noise)
    return PrivateSets(float(_EDGES[high]) if high < cells else np.inf, float(_EDGES[low]) if low else -np.inf, level)


def _left_out(counts: Float[np.ndarray, " cells"], level: float, noise: float) -> int:
    """How many cells from the first on may be left out."""
    below = np.cumsum(counts) + _SURE * noise * np.sqrt(np.arange(1, len(counts) + 1))
    return int(np.argmax(below > (1 - level) * max(float(counts.sum()), 0.0)))
