"""A controller like Loop: insulin, carbohydrates, momentum and retrospective correction → temporary basal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from vitruvian.control.carbohydrates import (
    PIECEWISE,
    Absorption,
    Meals,
    announced,
    no_meals,
    observed,
    on_board,
    outlook,
)
from vitruvian.control.iob import ADULT, Doses, InsulinCurve, no_doses
from vitruvian.control.policy import Delivery, Seen, Therapy, delivery, fresh
from vitruvian.core import Source

HELD = 4  # readings kept: the last quarter of an hour
LOOKED_BACK = 6  # steps of retrospective correction: half an hour


class Remembered(NamedTuple):
    """What was seen and done in the last hours; people are the last axis."""

    therapy: Therapy
    doses: Doses
    """Net of profile basal, U."""
    meals: Meals
    readings: Float[Array, "held n"]
    """Newest first, mg/dL; NaN where there is none."""
    unexplained: Float[Array, "back n"]
    """Rise per step that neither insulin nor carbohydrates explain, newest first, mg/dL."""


@dataclass(frozen=True)
class LoopAlgorithm:
    """Forecasts six hours as Loop does and gives the temporary basal rate that brings the forecast to target.

    Meals are dosed when they are announced, as a user accepts the recommended bolus. Rates are multiples of profile
    basal; below `suspend_below` (mg/dL) anywhere in the forecast, nothing is given.
    """

    suspend_below: float = 80.0
    largest_rate: float = 4.0
    largest_bolus: float = 0.3
    """Share of a day's insulin."""
    momentum_minutes: float = 20.0
    correction_minutes: float = 60.0
    """For which an unexplained change goes on, fading."""
    curve: InsulinCurve = ADULT
    absorption: Absorption = PIECEWISE
    every: int = 5
    traceable: bool = True
    source = Source("Loop and Tidepool LoopAlgorithm (2024), as documented and by its fixtures", status="assumption")

    def initial(self, known: Therapy) -> Remembered:
        """Nothing seen, nothing done."""
        n = len(known.basal)
        nan = jnp.full((HELD, n), jnp.nan)
        none = jnp.zeros((LOOKED_BACK, n))
        return Remembered(known, no_doses(n, self.curve, self.every), no_meals(n), nan, none)

    def decide(self, state: Remembered, observed: Seen) -> tuple[Delivery, Remembered]:
        """Temporary basal, and the recommended bolus with a meal; profile basal without a fresh reading."""
        state = self._perceived(state, observed)
        therapy, known = state.therapy, fresh(observed)
        path = self.forecast(state)
        wanted = self._units(path, therapy)
        meal = observed.meal > 0
        bolus = jnp.clip(wanted, 0.0, self.largest_bolus * therapy.total_daily)
        bolus = jnp.where(meal & known, bolus, observed.meal / therapy.carbohydrate_ratio)
        rate = jnp.clip(therapy.basal + 2.0 * wanted, 0.0, self.largest_rate * therapy.basal)
        rate = jnp.where(path.min(0) < self.suspend_below, 0.0, jnp.where(meal, therapy.basal, rate))
        return delivery(jnp.where(known, rate, therapy.basal), bolus), state

    def forecast(self, state: Remembered) -> Float[Array, "steps n"]:
        """Glucose after each step of the insulin's whole action, mg/dL."""
        therapy, steps = state.therapy, len(state.doses.units)
        later = self.every * np.arange(1.0, steps + 1)
        now = jnp.where(jnp.isnan(state.readings[0]), therapy.target, state.readings[0])
        insulin = -therapy.correction * state.doses.ahead(self.curve, self.every, steps)
        seen = outlook(state.meals, self.absorption)
        course = (seen.at + later[:, None, None]) / jnp.maximum(seen.whole, 1e-9)
        to_come = (state.meals.grams * self.absorption.share(course) - seen.absorbed).sum(1)
        carbohydrates = therapy.correction / therapy.carbohydrate_ratio * to_come
        velocity = state.unexplained.mean(0) / self.every
        fading = later - later**2 / (2 * self.correction_minutes)
        retrospective = (
            velocity * jnp.where(later < self.correction_minutes, fading, self.correction_minutes / 2)[:, None]
        )
        effect = insulin + carbohydrates + retrospective
        return now + self._blended(effect, state.readings, later)

    def _blended(
        self, effect: Float[Array, "s n"], readings: Float[Array, "h n"], later: np.ndarray
    ) -> Float[Array, "s n"]:
        """The effects, at first outweighed by the trend of the readings, which fades out."""
        times = -self.every * np.arange(HELD) + self.every * (HELD - 1) / 2.0
        complete = jnp.isfinite(readings).all(0)
        slope = jnp.where(complete, (times[:, None] * readings).sum(0) / (times**2).sum(), 0.0)
        fades = np.clip(1.0 - (later - self.every) / self.momentum_minutes, 0.0, 1.0)[:, None]
        weight = jnp.where(complete, fades, 0.0)
        steps = jnp.diff(effect, axis=0, prepend=0.0)
        return jnp.cumsum(weight * slope * self.every + (1 - weight) * steps, axis=0)

    def _perceived(self, state: Remembered, seen: Seen) -> Remembered:
        """With the last step's insulin, the reading, and what the reading says of meals and of neither."""
        therapy = state.therapy
        acted = state.doses.activity(self.curve, self.every) * self.every
        doses = state.doses.then(seen.basal + seen.bolus - therapy.basal * self.every / 60.0)
        reading = jnp.where(fresh(seen) & (seen.age < self.every), seen.glucose, jnp.nan)
        change = reading - state.readings[0]
        counteraction = jnp.where(jnp.isnan(change), 0.0, change + therapy.correction * acted)
        per_gram = therapy.correction / therapy.carbohydrate_ratio
        before = on_board(state.meals, self.absorption)
        meals = observed(state.meals, counteraction / per_gram, self.every, self.absorption)
        eaten = jnp.maximum(before - on_board(meals, self.absorption), 0.0)
        rest = counteraction - per_gram * eaten
        return Remembered(
            therapy, doses, announced(meals, seen.meal),
            jnp.concatenate([reading[None], state.readings[:-1]]),
            jnp.concatenate([rest[None], state.unexplained[:-1]]),
        )  # fmt: skip

    def _units(self, path: Float[Array, "s n"], therapy: Therapy) -> Float[Array, " n"]:
        """Insulin that brings the forecast to target without taking any of it below; negative where it ends below."""
        later = self.every * jnp.arange(1.0, len(path) + 1)
        acted = (1.0 - self.curve.remaining(later))[:, None]
        rises = jnp.clip(2.0 * later / self.curve.end - 1.0, 0.0, 1.0)[:, None]
        aim = self.suspend_below + rises * (therapy.target - self.suspend_below)
        each = (path - aim) / (therapy.correction * jnp.maximum(acted, 1e-3))
        least = jnp.where(acted > 0.02, each, jnp.inf).min(0)
        ends = (path[-1] - therapy.target) / therapy.correction
        return jnp.where(ends < 0, ends, jnp.maximum(jnp.minimum(least, ends), 0.0))
