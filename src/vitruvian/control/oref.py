"""A controller like oref0: eventual glucose by insulin, carbohydrates and deviation → basal rate; no microboluses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from vitruvian.control.basal_bolus import calculated
from vitruvian.control.iob import ADULT, Doses, InsulinCurve, no_doses
from vitruvian.control.policy import Delivery, Seen, Therapy, delivery, fresh
from vitruvian.core import Source

LEAST_IMPACT = 8.0  # mg/dL per 5 minutes that a meal is taken to raise glucose by at least


class Remembered(NamedTuple):
    """What was seen and done in the last hours; people are the last axis."""

    therapy: Therapy
    doses: Doses
    """Net of profile basal, U."""
    carbohydrates: Float[Array, " n"]
    """On board, g."""
    readings: Float[Array, "4 n"]
    """Newest first, mg/dL; NaN where there is none."""
    deviation: Float[Array, " n"]
    """Mean unexplained change outside of meals over about a day, mg/dL per 5 minutes."""


@dataclass(frozen=True)
class Oref:
    """Rate = basal + 2·(eventual glucose − target)/sensitivity, zero where a low lies ahead; meal boluses by hand.

    Sensitivity is adjusted by what a day's deviations show, within `least` and `most` of the settings. Rates are
    multiples of profile basal; `largest_on_board` is a share of a day's insulin.
    """

    threshold: float = 75.0
    largest_rate: float = 4.0
    largest_on_board: float = 0.12
    least: float = 0.7
    most: float = 1.2
    curve: InsulinCurve = ADULT
    every: int = 5
    traceable: bool = True
    source = Source("openaps/oref0, documentation of determine-basal and autosens", status="assumption")

    def initial(self, known: Therapy) -> Remembered:
        """Nothing seen, nothing done."""
        n = len(known.basal)
        none = jnp.zeros(n)
        return Remembered(known, no_doses(n, self.curve, self.every), none, jnp.full((4, n), jnp.nan), none)

    def decide(self, state: Remembered, observed: Seen) -> tuple[Delivery, Remembered]:
        """Temporary basal, the calculator's bolus with a meal; profile basal without a fresh reading."""
        state, deviation = self._perceived(state, observed)
        therapy, known = state.therapy, fresh(observed)
        ratio = self._ratio(state)
        sensitivity, basal = therapy.correction / ratio, therapy.basal * ratio
        board = state.doses.on_board(self.curve, self.every)
        naive = observed.glucose - board * sensitivity
        per_gram = therapy.correction / therapy.carbohydrate_ratio
        eventual = naive + 6.0 * deviation + per_gram * state.carbohydrates
        lowest = jnp.minimum(eventual, observed.glucose + 3.0 * jnp.minimum(self._delta(state), 0.0))
        required = (jnp.minimum(lowest, eventual) - therapy.target) / sensitivity
        room = jnp.maximum(self.largest_on_board * therapy.total_daily - board, 0.0)
        wanted = jnp.where(required > 0, jnp.minimum(required, room), required)
        rate = jnp.clip(basal + 2.0 * wanted, 0.0, self.largest_rate * therapy.basal)
        rate = jnp.where(lowest < self.threshold, 0.0, rate)
        bolus = jnp.where(observed.meal > 0, calculated(observed, therapy, jnp.maximum(board, 0.0), 150.0), 0.0)
        return delivery(jnp.where(known, rate, therapy.basal), bolus), state

    def _perceived(self, state: Remembered, seen: Seen) -> tuple[Remembered, Float[Array, " n"]]:
        """With the last step's insulin and reading; and the deviation, mg/dL per 5 minutes."""
        therapy = state.therapy
        doses = state.doses.then(seen.basal + seen.bolus - therapy.basal * self.every / 60.0)
        reading = jnp.where(fresh(seen) & (seen.age < self.every), seen.glucose, jnp.nan)
        readings = jnp.concatenate([reading[None], state.readings[:-1]])
        after = state._replace(doses=doses, readings=readings)
        impact = -doses.activity(self.curve, self.every) * therapy.correction * 5.0
        change = self._delta(after)
        deviation = jnp.where(jnp.isfinite(reading), change - impact, 0.0)
        eats = state.carbohydrates > 0
        per_gram = therapy.correction / therapy.carbohydrate_ratio
        absorbed = jnp.where(eats, jnp.maximum(deviation, LEAST_IMPACT) / per_gram, 0.0)
        carbohydrates = jnp.maximum(state.carbohydrates - absorbed, 0.0) + seen.meal
        quiet = jnp.where(eats | ~jnp.isfinite(reading), 0.0, 1.0 / 288.0)
        usual = state.deviation + quiet * (deviation - state.deviation)
        return after._replace(carbohydrates=carbohydrates, deviation=usual), deviation

    def _delta(self, state: Remembered) -> Float[Array, " n"]:
        """Change per 5 minutes over the last quarter of an hour; 0 where a reading is missing."""
        mean = (state.readings[0] - state.readings[-1]) / 3.0 * 5.0 / self.every
        return jnp.where(jnp.isfinite(mean), mean, 0.0)

    def _ratio(self, state: Remembered) -> Float[Array, " n"]:
        """How much more insulin than the settings say a day's deviations ask for."""
        therapy = state.therapy
        missing = state.deviation * 12.0 / therapy.correction
        return jnp.clip(1.0 + missing / therapy.basal, self.least, self.most)
