"""Insulin on board: how much of what was injected is still to act, and when."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from vitruvian.core import Source

SOURCE = Source("LoopKit/Loop issue 388 (D. Maksimovic): exponential insulin curves", status="assumption")


@dataclass(frozen=True)
class InsulinCurve:
    """Exponential activity: nothing until `delay`, most at `peak` after that, all done at `duration`; in minutes."""

    duration: float = 360.0
    peak: float = 75.0
    delay: float = 10.0

    def remaining(self, minutes: Float[Array, ...]) -> Float[Array, ...]:
        """Share of a dose still to act this long after it was given."""
        tau, a, s = self._terms()
        t = jnp.clip(jnp.asarray(minutes) - self.delay, 0.0, self.duration)
        acted = s * (1 - a) * ((t**2 / (tau * self.duration * (1 - a)) - t / tau - 1) * jnp.exp(-t / tau) + 1)
        return jnp.where(t >= self.duration, 0.0, 1.0 - acted)

    def activity(self, minutes: Float[Array, ...]) -> Float[Array, ...]:
        """Share of a dose that acts per minute this long after it was given."""
        tau, _, s = self._terms()
        t = jnp.clip(jnp.asarray(minutes) - self.delay, 0.0, self.duration)
        return s / tau**2 * t * (1 - t / self.duration) * jnp.exp(-t / tau)

    @property
    def end(self) -> float:
        """Minutes after which nothing of a dose is left."""
        return self.duration + self.delay

    def _terms(self) -> tuple[float, float, float]:
        tau = self.peak * (1 - self.peak / self.duration) / (1 - 2 * self.peak / self.duration)
        a = 2 * tau / self.duration
        return tau, a, 1 / (1 - a + (1 + a) * math.exp(-self.duration / tau))


ADULT = InsulinCurve()
CHILD = InsulinCurve(peak=65.0)
FASTER = InsulinCurve(peak=55.0)
INHALED = InsulinCurve(duration=300.0, peak=29.0)


class Doses(NamedTuple):
    """Insulin of the last hours in slots of equal length; (slots, n), newest first, U."""

    units: Float[Array, "slots n"]

    def then(self, units: Float[Array, " n"]) -> Doses:
        """With one slot more; the oldest falls off."""
        return Doses(jnp.concatenate([units[None], self.units[:-1]]))

    def on_board(self, curve: InsulinCurve, every: float) -> Float[Array, " n"]:
        """Insulin still to act, U; slots are `every` minutes long and the newest has just ended."""
        return jnp.tensordot(curve.remaining(_ages(len(self.units), every)), self.units, 1)

    def activity(self, curve: InsulinCurve, every: float) -> Float[Array, " n"]:
        """Insulin acting now, U/min."""
        return jnp.tensordot(curve.activity(_ages(len(self.units), every)), self.units, 1)

    def ahead(self, curve: InsulinCurve, every: float, steps: int) -> Float[Array, "steps n"]:
        """Insulin that will have acted by the end of each of the next steps if nothing more is given, U."""
        ages = _ages(len(self.units), every)
        later = ages[None] + every * jnp.arange(1, steps + 1)[:, None]
        return (curve.remaining(ages)[None] - curve.remaining(later)) @ self.units


def no_doses(people: int, curve: InsulinCurve, every: float) -> Doses:
    """Nothing was injected for as long as the curve lasts."""
    return Doses(jnp.zeros((math.ceil(curve.end / every), people)))


def _ages(slots: int, every: float) -> Float[Array, " slots"]:
    return every * (jnp.arange(slots) + 0.5)
