"""What is odd about each sample of one person's signal, told from what came before it alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from vitruvian.learn.anomaly.cusum import Cusum, added
from vitruvian.learn.anomaly.rhythm import Rhythm, learned_rhythm

NAMES = ("surprise", "lasting", "still", "silent")
_NEVER = 1e9


@dataclass(frozen=True)
class Usual:
    """A person's rhythm, the robust SD of what departs from it, and how often samples come (hours)."""

    rhythm: Rhythm
    spread: float
    every: float


def learned_usual(at: Float[np.ndarray, " n"], value: Float[np.ndarray, " n"], grain: float = 0.0) -> Usual:
    """Learn from a person's own past; raises what `learned_rhythm` raises."""
    rhythm = learned_rhythm(at, value, grain)
    away = value - rhythm.level - np.array([rhythm.of_day(one) for one in at.tolist()])
    spread = max(1.4826 * float(np.median(np.abs(away - np.median(away)))), grain, 1e-9)
    return Usual(rhythm, spread, float(np.median(np.diff(at))))


def signs(usual: Usual, at: Float[np.ndarray, " n"], value: Float[np.ndarray, " n"]) -> Float[np.ndarray, "n 4"]:
    """For each sample, in the order of `NAMES`.

    `surprise`: SDs from what the state space expected; `lasting`: CUSUM of departures from level and rhythm; `still`:
    hours for which the value has been the very same; `silent`: hours since the sample before.
    """
    rhythm, state, sums = usual.rhythm, usual.rhythm.start(float(at[0])), Cusum()
    found, since, last = np.zeros((len(at), len(NAMES))), float(at[0]), math.nan
    before = float(at[0])
    for i, (moment, one) in enumerate(zip(at.tolist(), value.tolist(), strict=True)):
        if one != last:
            since, last = moment, one
        state, surprise = rhythm.after(state, moment, one)
        z = (one - rhythm.level - rhythm.of_day(moment)) / usual.spread
        sums = added(sums, z, i + 1, _NEVER)
        found[i] = abs(surprise), sums.size, round(moment - since, 4), round(moment - before, 4)
        before = moment
    return found
