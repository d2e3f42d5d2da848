"""Basal–bolus therapy as people do it by hand: a profile rate, and a calculated bolus at meals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from vitruvian.control.iob import ADULT, Doses, InsulinCurve, no_doses
from vitruvian.control.policy import Delivery, Seen, Therapy, delivery, fresh


class Remembered(NamedTuple):
    """Settings, and the boluses of the last hours."""

    therapy: Therapy
    doses: Doses


@dataclass(frozen=True)
class BasalBolus:
    """Bolus = carbohydrates / ratio + correction above `correct_above`, less insulin on board if `subtract`.

    Insulin on board is taken from the correction alone, as bolus calculators of pumps do. Without subtraction this is
    the controller that simglucose calls basal–bolus.
    """

    subtract: bool = True
    correct_above: float = 150.0
    curve: InsulinCurve = ADULT
    every: int = 5
    traceable: bool = True

    def initial(self, known: Therapy) -> Remembered:
        """No bolus yet."""
        return Remembered(known, no_doses(len(known.basal), self.curve, self.every))

    def decide(self, state: Remembered, observed: Seen) -> tuple[Delivery, Remembered]:
        """Profile basal, and a bolus where a meal is announced."""
        therapy, doses = state.therapy, state.doses.then(observed.bolus)
        board = doses.on_board(self.curve, self.every) if self.subtract else jnp.zeros_like(therapy.basal)
        bolus = jnp.where(observed.meal > 0, calculated(observed, therapy, board, self.correct_above), 0.0)
        return delivery(therapy.basal, bolus), Remembered(therapy, doses)


def calculated(seen: Seen, therapy: Therapy, board: Float[Array, " n"], above: float) -> Float[Array, " n"]:
    """The bolus calculator: meal dose and correction, U; never negative. Without a fresh reading, the meal dose."""
    excess = jnp.where(fresh(seen) & (seen.glucose > above), seen.glucose - therapy.target, 0.0)
    correction = jnp.maximum(excess / therapy.correction - board, 0.0)
    return jnp.maximum(seen.meal / therapy.carbohydrate_ratio + correction, 0.0)
