"""Whether a sensor's reading can be glucose: range, jumps, flat lines, and the trend of those that can."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from vitruvian.control.policy import Seen, fresh
from vitruvian.control.reasons import Reason

LOWEST, HIGHEST = 20.0, 600.0  # mg/dL
STEP, SLOPE = 40.0, 3.0  # mg/dL and mg/dL/min: two readings may differ by this and noise
AGREEING = 3  # readings after a jump
REPEATED = 8  # equal readings
LOW = 70.0  # mg/dL; below it a repeated value may be the sensor's limit, and is believed
LEVEL, TREND = 0.6, 0.25  # weights of a new reading


class Watched(NamedTuple):
    """The last readings, summed up; each (n,)."""

    last: Float[Array, " n"]
    """Newest reading in range, plausible or not, mg/dL."""
    since: Float[Array, " n"]
    """Minutes since it."""
    level: Float[Array, " n"]
    """Smoothed glucose, mg/dL."""
    slope: Float[Array, " n"]
    """mg/dL/min."""
    doubts: Int[Array, " n"]
    """Readings that must agree before they are trusted again."""
    equal: Int[Array, " n"]
    """How often the last reading came without a change."""


def unwatched(people: int) -> Watched:
    """No reading yet."""
    none, zero = jnp.zeros(people), jnp.zeros(people, int)
    return Watched(none + jnp.nan, none + 1e6, none + jnp.nan, none, zero, zero)


def watched(state: Watched, seen: Seen, every: float) -> tuple[Watched, Int[Array, " n"]]:
    """The readings up to now, and the reasons not to trust the newest (0: trusted)."""
    since = state.since + every
    inside = (seen.glucose >= LOWEST) & (seen.glucose <= HIGHEST)
    new = inside & (seen.age >= 0) & (seen.age < every)
    jumped = new & (jnp.abs(seen.glucose - state.last) > STEP + SLOPE * since) & (since < 60.0)
    same = new & (jnp.abs(seen.glucose - state.last) < 1e-6)
    # one value again and again does not bear out the jump that led to it
    agrees = new & ~same
    doubts = jnp.where(jumped, AGREEING, jnp.where(agrees, jnp.maximum(state.doubts - 1, 0), state.doubts))
    equal = jnp.where(same, state.equal + 1, jnp.where(new, 0, state.equal))
    reason = (
        jnp.where(fresh(seen) & (seen.age >= 0), 0, Reason.STALE)
        | jnp.where(jnp.isfinite(seen.glucose) & ~inside, Reason.IMPLAUSIBLE, 0)
        | jnp.where(doubts > 0, Reason.JUMPED, 0)
        | jnp.where((equal >= REPEATED - 1) & (seen.glucose >= LOW), Reason.FLAT, 0)
    )
    level, slope = _trend(state, seen, new & (doubts == 0), since)
    return (
        Watched(jnp.where(new, seen.glucose, state.last), jnp.where(new, seen.age, since), level, slope, doubts, equal),
        reason,
    )


def _trend(
    state: Watched, seen: Seen, trusted: Bool[Array, " n"], since: Float[Array, " n"]
) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """Level and slope by double smoothing; begun anew after half an hour without a reading or a jump."""
    anew = trusted & (jnp.isnan(state.level) | (since > 30.0) | (state.doubts > 0))
    gap = jnp.minimum(since, 30.0)
    ahead = state.level + gap * state.slope
    surprise = jnp.where(trusted, seen.glucose - ahead, 0.0)
    level = jnp.where(anew, seen.glucose, jnp.where(trusted, ahead + LEVEL * surprise, state.level))
    slope = jnp.where(anew, 0.0, jnp.where(trusted, state.slope + TREND * surprise / gap, state.slope))
    return level, slope
