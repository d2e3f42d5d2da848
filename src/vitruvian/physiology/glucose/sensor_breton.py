"""The sensor of Breton and Kovatchev 2008: noise that lasts, bent into a skewed distribution."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from vitruvian.core import Source
from vitruvian.physiology.glucose.sensor import Sensor

EVERY = 15


@dataclass(frozen=True)
class BretonSensor(Sensor):
    """Offset ξ + λ·sinh((e − γ)/δ), e_k = 0.7·(e_{k−1} + N(0, 1)) every 15 min, a straight line between."""

    low: float = 39.0
    high: float = 600.0
    xi: float = -5.47
    lam: float = 15.9574
    gamma: float = -0.5444
    delta: float = 1.6898

    def distortion(self, key: Array, readings: int, n: int) -> tuple[Float[Array, "r n"], Float[Array, "r n"]]:
        """The offset is the noise; the gain is 1."""
        count = readings * self.every // EVERY + 2
        start, rest = jax.random.split(key)
        spread = 0.7 / jnp.sqrt(1 - 0.7**2)

        def step(e: Array, draw: Array) -> tuple[Array, Array]:
            e = 0.7 * (e + draw)
            return e, e

        e = lax.scan(step, spread * jax.random.normal(start, (n,)), jax.random.normal(rest, (count, n)))[1]
        noise = self.xi + self.lam * jnp.sinh((e - self.gamma) / self.delta)
        minute = jnp.arange(readings) * self.every
        k, share = minute // EVERY, (minute % EVERY / EVERY)[:, None]
        return jnp.ones((readings, n)), noise[k] * (1 - share) + noise[k + 1] * share


BRETON_2008 = BretonSensor(
    "breton_2008", every=3,
    source=Source("Breton M, Kovatchev B. Analysis, modeling, and simulation of the accuracy of continuous glucose "
                  "sensors. J Diabetes Sci Technol 2008;2:853", doi="10.1177/193229680800200517",
                  status="one transcription"),
)  # fmt: skip
