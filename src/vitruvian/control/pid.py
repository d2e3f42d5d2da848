"""PID control with insulin feedback, after the controllers of the first hybrid pumps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from vitruvian.control.policy import Delivery, Seen, Therapy, delivery, fresh
from vitruvian.core import Source


class Remembered(NamedTuple):
    """Settings, integral (U/h), last reading (mg/dL), and net insulin on its way to plasma (U/h)."""

    therapy: Therapy
    integral: Float[Array, " n"]
    last: Float[Array, " n"]
    tissue: Float[Array, " n"]
    plasma: Float[Array, " n"]


@dataclass(frozen=True)
class PID:
    """Rate = basal + (1 + feedback)·(P + I + D) − feedback·(insulin already in plasma); a share of meals as bolus.

    The gain corrects an excess within `correct_in` minutes; times in minutes, rates in U/h.
    """

    correct_in: float = 90.0
    integral_time: float = 450.0
    derivative_time: float = 90.0
    feedback: float = 0.5
    meal_share: float = 0.8
    limit: float = 4.0
    """Largest rate, as a multiple of the profile basal."""
    every: int = 5
    traceable: bool = True
    source = Source("Steil et al. 2011, J Clin Endocrinol Metab 96:1402; Ruiz et al. 2012", status="assumption")

    def initial(self, known: Therapy) -> Remembered:
        """At target, with basal insulin only."""
        none = jnp.zeros_like(known.basal)
        return Remembered(known, none, known.target, none, none)

    def decide(self, state: Remembered, observed: Seen) -> tuple[Delivery, Remembered]:
        """The rate until the next decision; profile basal where no fresh reading is there."""
        therapy, known = state.therapy, fresh(observed)
        glucose = jnp.where(known, observed.glucose, state.last)
        gain = 60.0 / self.correct_in / therapy.correction
        error = glucose - therapy.target
        step = gain * error * self.every / self.integral_time
        ceiling = self.limit * therapy.basal
        integral = jnp.clip(state.integral + jnp.where(known, step, 0.0), -therapy.basal, therapy.basal)
        slope = gain * self.derivative_time * (glucose - state.last) / self.every
        tissue, plasma = self._feedback(state, observed)
        wanted = (1 + self.feedback) * (gain * error + integral + slope) - self.feedback * plasma
        rate = jnp.where(known, jnp.clip(therapy.basal + wanted, 0.0, ceiling), therapy.basal)
        bolus = self.meal_share * observed.meal / therapy.carbohydrate_ratio
        return delivery(rate, bolus), Remembered(therapy, integral, glucose, tissue, plasma)

    def _feedback(self, state: Remembered, seen: Seen) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        """Net insulin (basal subtracted, boluses of meals left out) through tissue (70 min) to plasma (55 min), U/h."""
        net = seen.basal * 60.0 / self.every - state.therapy.basal
        tissue = state.tissue + self.every / 70.0 * (net - state.tissue)
        return tissue, state.plasma + self.every / 55.0 * (tissue - state.plasma)
