"""Glucose sensors: reading = gain · interstitial glucose + offset, with noise that lasts, gaps, delay and limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float

from vitruvian.core import Source


class Errors(NamedTuple):
    """Of each reading of each person; (readings, n)."""

    gain: Float[Array, "r n"]
    offset: Float[Array, "r n"]
    missing: Bool[Array, "r n"]


NO_ERROR = Source("No error", status="assumption")


@dataclass(frozen=True)
class Sensor:
    """A perfect sensor; others say how they err. Times in minutes, limits in mg/dL."""

    name: str = "perfect"
    every: int = 5
    delay: int = 0
    low: float = 0.0
    high: float = 1000.0
    gap_rate: float = 0.0
    """Gaps that begin, per day."""
    gap_minutes: float = 30.0
    """Mean length of a gap."""
    source: Source = NO_ERROR

    def errors(self, key: Array, readings: int, n: int) -> Errors:
        """Errors of `readings` readings of n people, drawn from `key`."""
        noise, gaps = jax.random.split(key)
        gain, offset = self.distortion(noise, readings, n)
        return Errors(gain, offset, self._gaps(gaps, readings, n))

    def distortion(self, key: Array, readings: int, n: int) -> tuple[Float[Array, "r n"], Float[Array, "r n"]]:
        """Gain and offset of each reading."""
        return jnp.ones((readings, n)), jnp.zeros((readings, n))

    def read(
        self, interstitial: Float[Array, " n"], gain: Float[Array, " n"], offset: Float[Array, " n"]
    ) -> Float[Array, " n"]:
        """What is shown, mg/dL; at the limits where it would be beyond."""
        return jnp.clip(gain * interstitial + offset, self.low, self.high)

    def _gaps(self, key: Array, readings: int, n: int) -> Bool[Array, "r n"]:
        if self.gap_rate == 0:
            return jnp.zeros((readings, n), bool)
        begins, ends = self.gap_rate * self.every / 1440.0, min(1.0, self.every / self.gap_minutes)
        draws = jax.random.uniform(key, (readings, n))

        def step(inside: Array, draw: Array) -> tuple[Array, Array]:
            inside = jnp.where(inside, draw >= ends, draw < begins)
            return inside, inside

        return lax.scan(step, jnp.zeros(n, bool), draws)[1]


def autoregression(
    key: Array, first: ArrayLike, second: ArrayLike, sd: ArrayLike, readings: int, n: int
) -> Float[Array, "r n"]:
    """AR(2) noise x_k = first·x_{k−1} + second·x_{k−2} + N(0, sd²), after a day of running in.

    Coefficients may differ from reading to reading.
    """
    ahead = 288
    each = [jnp.broadcast_to(one, (readings, n)) for one in (first, second, sd)]
    each = [jnp.concatenate([jnp.broadcast_to(one[0], (ahead, n)), one]) for one in each]
    draws = jax.random.normal(key, (ahead + readings, n))

    def step(before: Any, now: Any) -> Any:
        one, two, sd, draw = now
        value = one * before[0] + two * before[1] + sd * draw
        return (value, before[0]), value

    none = jnp.zeros(n)
    return lax.scan(step, (none, none), (*each, draws))[1][ahead:]


PERFECT = Sensor()
