"""The safety layer: stands between any policy and the pump, knows nothing of how the policy decides, and bounds it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from vitruvian.control.guardrails import LARGEST_BOLUS, LARGEST_RATE, allowed
from vitruvian.control.iob import ADULT, Doses, InsulinCurve, no_doses
from vitruvian.control.plausible import Watched, unwatched, watched
from vitruvian.control.policy import Delivery, GlucosePolicy, Seen, Therapy
from vitruvian.control.reasons import Reason

LARGEST_MEAL = 250.0  # g; more than that is a slip of the keys
TWICE_WITHIN = 30.0  # min
BAND = 1.645 * 10.0  # mg/dL below the forecast at half an hour: its lower 5 % band
FADES = 150.0  # min, in which announced carbohydrates stop counting
RISES = 0.15  # share of a meal's whole effect that is sure to come within half an hour


class Guarded(NamedTuple):
    """What the layer remembers beside the policy's own state."""

    policy: Any
    therapy: Therapy
    watched: Watched
    doses: Doses
    """Net of profile basal, U."""
    meal: Float[Array, " n"]
    """Last announced meal, g."""
    fed: Float[Array, " n"]
    """Minutes since then."""
    covered: Float[Array, " n"]
    """Announced carbohydrates that may still need insulin, g."""
    minute: Float[Array, ""]
    minute_of_day: Float[Array, ""]


@dataclass(frozen=True)
class Safe:
    """`policy` within bounds: each delivery carries the sum of the `Reason`s for which it was changed, or 0.

    Limits of bolus and insulin on board are shares of the total daily dose, that of the rate a multiple of profile
    basal, each also under the pump guardrails; `suspend_below` in mg/dL, `fastest_fall` in mg/dL/min.
    """

    policy: GlucosePolicy
    largest_bolus: float = 0.4
    """Where a meal was announced within half an hour."""
    largest_correction: float = 0.1
    """Without a meal."""
    largest_on_board: float = 0.2
    """Beside what announced carbohydrates need."""
    largest_rate: float = 8.0
    suspend_below: float = 70.0
    fastest_fall: float = 2.0
    curve: InsulinCurve = ADULT

    @property
    def every(self) -> int:
        """Minutes between decisions, the policy's."""
        return self.policy.every

    @property
    def traceable(self) -> bool:
        """Whether the policy is pure JAX; the layer is."""
        return self.policy.traceable

    def initial(self, known: Therapy) -> Guarded:
        """No reading, no dose, no meal."""
        n = len(known.basal)
        none = jnp.zeros(n)
        inner = self.policy.initial(known)
        unset = jnp.asarray(jnp.nan)
        return Guarded(
            inner, known, unwatched(n), no_doses(n, self.curve, self.every), none, none + 1e6, none, unset, unset
        )

    def decide(self, state: Guarded, observed: Seen) -> tuple[Delivery, Guarded]:
        """What the policy asks for, as far as it is safe."""
        therapy = state.therapy
        seeing, distrust = watched(state.watched, observed, self.every)
        distrust = distrust | self._clock(state, observed)
        meal, meal_reason = self._meal(state, observed)
        again = meal > 0
        fed = jnp.where(again, 0.0, state.fed + self.every)
        last = jnp.where(again, meal, state.meal)
        covered = state.covered * math.exp(-self.every / FADES) + meal
        net = _number(observed.basal) + _number(observed.bolus) - therapy.basal * self.every / 60.0
        doses = state.doses.then(net)
        shown = observed._replace(
            glucose=jnp.where(distrust == 0, observed.glucose, jnp.nan),
            age=jnp.where(distrust == 0, observed.age, 1e6),
            meal=meal,
        )
        asked, inner = self.policy.decide(state.policy, shown)
        asked = Delivery(*(jnp.broadcast_to(jnp.asarray(part), net.shape) for part in asked))
        low = seeing.level + 24.0 * seeing.slope - BAND
        low += jnp.where(fed <= 30.0, RISES * last * therapy.correction / therapy.carbohydrate_ratio, 0.0)
        room = self._room(therapy, covered) - doses.on_board(self.curve, self.every)
        recently = fed <= TWICE_WITHIN
        given = self._bounded(asked, therapy, meal, recently, seeing.slope, low, room, distrust | meal_reason)
        return given, Guarded(
            inner, therapy, seeing, doses, last, fed, covered, observed.minute, observed.minute_of_day
        )

    def _bounded(
        self, asked: Delivery, therapy: Therapy, meal: Float[Array, " n"], recently: Bool[Array, " n"],
        slope: Float[Array, " n"], low: Float[Array, " n"], room: Float[Array, " n"], reason: Int[Array, " n"],
    ) -> Delivery:  # fmt: skip
        """Rule after rule, the last the strongest; each notes where it changed something."""
        profile = jnp.clip(_number(therapy.basal), 0.0, LARGEST_RATE)
        dose = jnp.isfinite(asked.basal) & jnp.isfinite(asked.bolus) & (asked.basal >= 0) & (asked.bolus >= 0)
        reason = reason | jnp.where(dose, 0, Reason.NOT_A_NUMBER)
        basal, bolus = jnp.where(dose, asked.basal, profile), jnp.where(dose, asked.bolus, 0.0)

        blind = (reason & _BLIND) != 0
        meal_dose = meal / jnp.maximum(_number(therapy.carbohydrate_ratio), 1.0)
        basal, bolus = jnp.where(blind, profile, basal), jnp.where(blind, jnp.minimum(bolus, meal_dose), bolus)

        share = jnp.where(recently, self.largest_bolus, self.largest_correction)
        largest = jnp.minimum(share * _number(therapy.total_daily), LARGEST_BOLUS)
        reason, bolus = _cut(reason, bolus, largest, Reason.BOLUS_LIMIT)
        rate = jnp.minimum(self.largest_rate * profile, LARGEST_RATE)
        reason, basal = _cut(reason, basal, rate, Reason.RATE_LIMIT)
        reason, bolus = _cut(reason, bolus, jnp.maximum(room, 0.0), Reason.ON_BOARD_LIMIT)
        full = profile + jnp.maximum(room - bolus, 0.0) * 60.0 / self.every
        reason, basal = _cut(reason, basal, full, Reason.ON_BOARD_LIMIT)

        falling = ~blind & (slope < -self.fastest_fall)
        reason, bolus = _cut(reason, bolus, jnp.where(falling, 0.0, jnp.inf), Reason.FALLING)
        stop = jnp.where(~blind & (low < self.suspend_below), 0.0, jnp.inf)
        reason, bolus = _cut(reason, bolus, stop, Reason.PREDICTED_LOW)
        reason, basal = _cut(reason, basal, stop, Reason.PREDICTED_LOW)

        bad = ~allowed(therapy)
        reason = reason | jnp.where(bad, Reason.SETTINGS, 0)
        long_acting = jnp.clip(_number(asked.long_acting), 0.0, _number(therapy.total_daily))
        return Delivery(
            jnp.where(bad, profile, basal), jnp.where(bad, 0.0, bolus), long_acting,
            jnp.clip(_number(asked.rescue), 0.0, 50.0), reason,
        )  # fmt: skip

    def _room(self, therapy: Therapy, covered: Float[Array, " n"]) -> Float[Array, " n"]:
        """Insulin that may be on board above the profile's, U."""
        needed = 1.2 * covered / jnp.maximum(_number(therapy.carbohydrate_ratio), 1.0)
        return self.largest_on_board * _number(therapy.total_daily) + needed

    def _meal(self, state: Guarded, seen: Seen) -> tuple[Float[Array, " n"], Int[Array, " n"]]:
        """The announced meal unless it cannot be one, or is the last one again."""
        meal = _number(seen.meal)
        huge = (meal > LARGEST_MEAL) | (meal < 0)
        twice = (meal > 0) & (jnp.abs(meal - state.meal) < 0.5) & (state.fed + self.every <= TWICE_WITHIN)
        reason = jnp.where(huge, Reason.MEAL_LIMIT, 0) | jnp.where(twice, Reason.MEAL_TWICE, 0)
        return jnp.where(huge | twice, 0.0, meal), reason

    def _clock(self, state: Guarded, seen: Seen) -> Int[Array, ""]:
        """Whether the time since the last decision is what it must be, by both clocks."""
        ran = seen.minute - state.minute
        day = jnp.mod(seen.minute_of_day - state.minute_of_day, 1440.0)
        even = (jnp.abs(ran - self.every) <= 1.0) & (jnp.abs(day - self.every) <= 1.0)
        return jnp.where(even | jnp.isnan(state.minute), 0, Reason.CLOCK)


_BLIND = int(Reason.STALE | Reason.IMPLAUSIBLE | Reason.JUMPED | Reason.FLAT | Reason.CLOCK)


def _number(value: Float[Array, " n"]) -> Float[Array, " n"]:
    """What is not a number is nothing."""
    return jnp.where(jnp.isfinite(value), value, 0.0)


def _cut(
    reason: Int[Array, " n"], value: Float[Array, " n"], limit: Float[Array, " n"], why: Reason
) -> tuple[Int[Array, " n"], Float[Array, " n"]]:
    """The value at its limit, and the reason where that changes it."""
    return reason | jnp.where(value > limit + 1e-9, int(why), 0), jnp.minimum(value, limit)
