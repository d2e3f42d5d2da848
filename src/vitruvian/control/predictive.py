"""Model predictive control of glucose: the best doses of the next hours by the controller's own model, every 5 minutes.

At each decision an observer corrects the state from the reading, the model is linearised around the plan so far, and
a quadratic program finds the doses: tracking and the bounds 70, 80 and 180 mg/dL are soft and asymmetric; bolus, rate
and insulin on board are hard.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from vitruvian.control.internal_model import Body, Gains, acting, forecast, gains, left, response, rested, stepped
from vitruvian.control.learning import Learnt, after_day, applied, noted, part, unlearnt
from vitruvian.control.observer import corrected, spread
from vitruvian.control.policy import Delivery, Seen, Therapy, delivery, fresh
from vitruvian.control.quadratic import Program, solve, solve_one

MOVES = (1, 1, 1, 1, 2, 3, 3, 6, 6, 12, 24)
"""Steps for which each move holds: five hours."""
OWED = 3.0
"""g of announced carbohydrates that allow a bolus."""


class Remembered(NamedTuple):
    """What the controller knows between decisions; people are the last axis."""

    therapy: Therapy
    body: Body
    learnt: Learnt
    plan: Float[Array, "v n"]
    """Net doses in mg/dL of action, one per move."""
    active: Float[Array, " n"]
    """Minutes of announced activity that are left."""
    tail: Float[Array, " n"]
    """How much of its effect lasts, 1 to 0."""
    owed: Float[Array, " n"]
    """Announced carbohydrates without a bolus yet, g; a bolus may follow later if it could not be given at once."""
    begun: Bool[Array, " n"]
    """Whether there was a reading yet."""


@dataclass(frozen=True)
class Predictive:
    """Weights are per step of 5 minutes and (mg/dL)²; rates are multiples of profile basal, doses shares of a day's."""

    tracking: float = 0.01
    effort: float = 1.0
    high_weight: float = 0.05
    low_weight: float = 0.5
    lowest_weight: float = 2.0
    caution: float = 1.2
    """Standard deviations of the forecast that the low bounds are raised by."""
    largest_rate: float = 4.0
    largest_bolus: float = 0.3
    largest_on_board: float = 0.08
    """Beside what announced carbohydrates that are not absorbed yet need."""
    lead: float = 45.0
    """Minutes by which activity may begin after it is announced."""
    moving: float = 1.2
    """By how much activity is taken to strengthen insulin, that of the profile basal too."""
    raised: float = 60.0
    """mg/dL by which activity raises the target."""
    learns: bool = True
    iterations: int = 40
    solver: str = "admm"
    """`osqp` solves for one person at a time, outside JAX."""
    every: int = 5

    @property
    def traceable(self) -> bool:
        """Whether `decide` is pure JAX."""
        return self.solver == "admm"

    def initial(self, known: Therapy) -> Remembered:
        """At target under profile basal, nothing learnt."""
        n = len(known.basal)
        none = jnp.zeros(n)
        return Remembered(known, rested(known), unlearnt(n), jnp.zeros((len(MOVES), n)), none, none, none, none > 0)

    def decide(self, state: Remembered, observed: Seen) -> tuple[Delivery, Remembered]:
        """The first dose of the best plan; profile basal where no reading is fresh."""
        if self.traceable:
            state = self._perceived(state, observed)
            plan = solve(self.program(state, observed), state.plan, self.iterations)
            return self._delivered(state, observed, plan)
        state = _PERCEIVE(self, state, observed)
        program = _PROGRAM(self, state, observed)
        plans = [solve_one(program, person) for person in range(len(state.active))]
        return _DELIVER(self, state, observed, np.stack(plans, axis=1))

    def _perceived(self, state: Remembered, seen: Seen) -> Remembered:
        """What the last step's insulin did, what the reading says, and what is announced."""
        therapy, learnt = state.therapy, state.learnt
        before = applied(learnt, gains(therapy))
        basal = therapy.basal * learnt.basal[part(seen.minute_of_day)]
        body, acted, appeared = stepped(state.body, seen.basal + seen.bolus - basal * self.every / 60.0, before)
        known = fresh(seen) & (seen.age < self.every)
        first = known & ~state.begun
        body = body._replace(
            glucose=jnp.where(first, seen.glucose, body.glucose),
            interstitial=jnp.where(first, seen.glucose, body.interstitial),
        )
        body = corrected(body, seen.glucose, known)
        told = jnp.where(seen.exercise > 0, seen.exercise + self.lead, 0.0)
        active = jnp.maximum(state.active - self.every, told)
        tail = jnp.where(active > 0, 1.0, state.tail * np.exp(-self.every / 120.0))
        if self.learns:
            usable = (known & state.begun & (tail < 0.1)).astype(float)
            flux = before.insulin * acted / self.every, before.carbohydrate * appeared / self.every
            learnt = noted(learnt, seen.minute_of_day, body.drift, *flux, usable)
            ended = (seen.minute_of_day < self.every) & (seen.minute >= 720)
            taught = after_day(learnt, gains(therapy), therapy.basal)
            learnt = jax.tree.map(lambda new, old: jnp.where(ended, new, old), taught, learnt)
        body = body._replace(carbohydrates=body.carbohydrates.at[0].add(seen.meal))
        covered = state.owed - seen.bolus * before.insulin / before.carbohydrate
        owed = jnp.maximum(covered, 0.0) * np.exp(-self.every / 30.0) + seen.meal
        plan = state.plan.at[0].add(before.carbohydrate * seen.meal)
        return Remembered(therapy, body, learnt, plan, active, tail, owed, state.begun | known)

    def program(self, state: Remembered, seen: Seen) -> Program:
        """The quadratic program of this moment, linearised around the plan so far."""
        of, basal = self._now(state, seen)
        rows, free = self._predicted(state, of, basal)
        therapy = state.therapy
        target = therapy.target + self.raised * state.tail
        curvature = 2 * self.tracking * jnp.einsum("rvn,rwn->vwn", rows, rows)
        lengths = jnp.asarray(MOVES, float)[:, None]
        effort = 2 * self.effort * lengths
        meant = jnp.zeros_like(state.plan).at[0].set(of.carbohydrate * state.owed)
        step = self.every / 60.0
        rate = (self.largest_rate * therapy.basal - basal) * step * of.insulin
        bolus = jnp.where(state.owed >= OWED, self.largest_bolus * therapy.total_daily * of.insulin, 0.0)
        upper = jnp.broadcast_to(rate, state.plan.shape).at[0].add(bolus)
        lower = jnp.broadcast_to(-basal * step * of.insulin, state.plan.shape)
        board, limit = self._board(state, of, lower)
        raised = self.caution * (spread(sum(MOVES)) - spread(1))[_AT][:, None]
        none = jnp.zeros_like(free)
        soft = [
            jnp.concatenate([values, jnp.zeros_like(limit)])
            for values in (
                80.0 + raised - free, none + self.low_weight, 70.0 + raised - free, none + self.lowest_weight,
                180.0 - free, none + self.high_weight,
            )
        ]  # fmt: skip
        return Program(
            curvature + effort[:, :, None] * jnp.eye(len(MOVES))[:, :, None],
            2 * self.tracking * jnp.einsum("rvn,rn->vn", rows, free - target) - effort * meant,
            lower,
            upper,
            jnp.concatenate([rows, board]),
            jnp.concatenate([jnp.full_like(free, jnp.inf), limit]),
            *soft,
        )

    def _predicted(
        self, state: Remembered, of: Gains, basal: Float[Array, " n"]
    ) -> tuple[Float[Array, "r v n"], Float[Array, "r n"]]:
        """Change of glucose per move, and glucose without any: the model linearised around the plan."""
        moves = jnp.arange(sum(MOVES))[:, None] * self.every < state.active
        push = -self.moving * of.insulin * basal * self.every / 60.0 * moves
        doses = jnp.repeat(state.plan, np.array(MOVES), axis=0, total_repeat_length=sum(MOVES)) / of.insulin
        glucose, slope, strong = forecast(state.body, doses, push, of)
        rows = response(slope, strong, _ACTS)[_AT]
        return rows, glucose[_AT] - jnp.sum(rows * state.plan[None], axis=1)

    def _board(self, state: Remembered, of: Gains, lower: Float[Array, "v n"]) -> tuple[Array, Array]:
        """Rows and limits of insulin on board, in mg/dL of action; never below what no insulin at all leaves."""
        held = state.body.insulin.sum(0)
        fed = state.body.carbohydrates.sum(0) * of.carbohydrate
        allowed = self.largest_on_board * state.therapy.total_daily * of.insulin + fed
        rows = jnp.broadcast_to(_LEFT[:, :, None], (*_LEFT.shape, len(held)))
        free = of.insulin * held * _KEPT[:, None]
        least = jnp.sum(rows * lower[None], axis=1)
        return rows, jnp.maximum(allowed - free, least)

    def _now(self, state: Remembered, seen: Seen) -> tuple[Gains, Float[Array, " n"]]:
        """Gains and basal as learnt, insulin stronger during and after activity."""
        of = applied(state.learnt, gains(state.therapy))
        basal = state.therapy.basal * state.learnt.basal[part(seen.minute_of_day)]
        return of._replace(insulin=of.insulin * (1 + 0.5 * self.moving * state.tail)), basal

    def _delivered(self, state: Remembered, seen: Seen, plan: Float[Array, "v n"]) -> tuple[Delivery, Remembered]:
        """The first move as a rate, and as a bolus what the rate may not carry."""
        of, basal = self._now(state, seen)
        dose = jnp.maximum(plan[0] / of.insulin + basal * self.every / 60.0, 0.0)
        rate = jnp.minimum(dose * 60.0 / self.every, self.largest_rate * state.therapy.basal)
        bolus = jnp.where(state.owed >= OWED, jnp.maximum(dose - rate * self.every / 60.0, 0.0), 0.0)
        seeing = fresh(seen) & state.begun
        rate = jnp.where(seeing, rate, state.therapy.basal)
        bolus = jnp.where(seeing, bolus, seen.meal / state.therapy.carbohydrate_ratio)
        return delivery(rate, bolus), state._replace(plan=_later(plan))


def _later(plan: Float[Array, "v n"]) -> Float[Array, "v n"]:
    """The plan as the next decision's first guess: each move takes in a step of the one after."""
    lengths = jnp.asarray(MOVES, float)[:, None]
    after = jnp.concatenate([plan[1:], jnp.zeros_like(plan[:1])])
    return plan + (after - plan) / lengths


def _moved(per_step: np.ndarray) -> np.ndarray:
    """Columns of steps added up to moves."""
    return np.add.reduceat(per_step, np.cumsum([0, *MOVES[:-1]]), axis=1)


_AT = np.arange(1, sum(MOVES), 2)
_ACTS = _moved(acting(sum(MOVES)))
_WHEN = np.array([0, 2, 5, 11])
_LEFT = _moved(left(sum(MOVES)))[_WHEN]
_KEPT = left(sum(MOVES))[_WHEN, 0]
_PERCEIVE = jax.jit(Predictive._perceived, static_argnums=0)
_PROGRAM = jax.jit(Predictive.program, static_argnums=0)
_DELIVER = jax.jit(Predictive._delivered, static_argnums=0)
