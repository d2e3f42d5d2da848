"""Multiple daily injections: long-acting insulin once a day, meal and correction doses by pen in half units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from vitruvian.control.basal_bolus import calculated
from vitruvian.control.iob import ADULT, Doses, InsulinCurve, no_doses
from vitruvian.control.policy import Delivery, Seen, Therapy, delivery


class Remembered(NamedTuple):
    """Settings, and the meal doses of the last hours."""

    therapy: Therapy
    doses: Doses


@dataclass(frozen=True)
class Injections:
    """Long-acting insulin for a day at `hour`, meal doses in steps of `unit` U; no pump."""

    hour: float = 22.0
    unit: float = 0.5
    correct_above: float = 150.0
    curve: InsulinCurve = ADULT
    every: int = 5
    traceable: bool = True

    def initial(self, known: Therapy) -> Remembered:
        """No injection yet."""
        return Remembered(known, no_doses(len(known.basal), self.curve, self.every))

    def decide(self, state: Remembered, observed: Seen) -> tuple[Delivery, Remembered]:
        """Doses of this moment, rounded as the pen can give them."""
        therapy, doses = state.therapy, state.doses.then(observed.bolus)
        since = jnp.mod(observed.minute_of_day - self.hour * 60.0, 1440.0)
        long_acting = jnp.where(since < self.every, self._round(24.0 * therapy.basal), 0.0)
        dose = calculated(observed, therapy, doses.on_board(self.curve, self.every), self.correct_above)
        bolus = jnp.where(observed.meal > 0, self._round(dose), 0.0)
        given = delivery(jnp.zeros_like(bolus), bolus)._replace(long_acting=long_acting)
        return given, Remembered(therapy, doses)

    def _round(self, units: Float[Array, " n"]) -> Float[Array, " n"]:
        return jnp.round(units / self.unit) * self.unit
