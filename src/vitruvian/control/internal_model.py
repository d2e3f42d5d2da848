"""The controller's own model of a person: what their therapy settings say, with the kinetics of the population.

One step is 5 minutes. Insulin counts from the profile basal, which holds glucose at target; insulin and carbohydrates
pass chains of compartments whose discretisation is exact and the same for everybody, so that a person is two gains.
Insulin acts half on the liver and half on uptake, which grows with glucose: the one nonlinearity.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from vitruvian.control.policy import Therapy
from vitruvian.core import Source

EVERY = 5
SOURCE = Source(
    "Chain of compartments after Hovorka et al. 2004; mean times near the average response of virtual people to one "
    "unit of fast insulin and to a mixed meal",
    status="assumption",
)
INSULIN_MINUTES = (50.0, 60.0, 30.0)
CARBOHYDRATE_MINUTES = (45.0, 35.0)
EFFECTIVENESS = 0.0035  # 1/min, return of glucose to rest without insulin
SENSOR_MINUTES = 8.0
USUAL = 140.0  # mg/dL, where insulin acts as the correction factor says
FADES = float(np.exp(-EVERY / 90.0))  # of an unexplained flux, per step
RETURN = 1.0 - float(np.exp(-EVERY * EFFECTIVENESS))
SENSOR = 1.0 - float(np.exp(-EVERY / SENSOR_MINUTES))


class Body(NamedTuple):
    """Amounts on their way, and glucose as the observer sees it; people are the last axis."""

    insulin: Float[Array, "3 n"]
    """U above profile basal, in each compartment."""
    carbohydrates: Float[Array, "2 n"]
    """g."""
    glucose: Float[Array, " n"]
    """Plasma, mg/dL."""
    interstitial: Float[Array, " n"]
    """Where the sensor lies, mg/dL."""
    drift: Float[Array, " n"]
    """Flux that nothing explains, mg/dL/min."""


class Gains(NamedTuple):
    """What a person's settings, as learnt, say; each (n,)."""

    insulin: Float[Array, " n"]
    """mg/dL that one unit takes away at usual glucose."""
    carbohydrate: Float[Array, " n"]
    """mg/dL that one gram adds."""
    rest: Float[Array, " n"]
    """mg/dL to which glucose returns."""


def gains(therapy: Therapy) -> Gains:
    """A unit lowers glucose by the correction factor at most, and covers as many grams as the ratio says."""
    insulin = therapy.correction * _PER_FACTOR
    return Gains(insulin, insulin / therapy.carbohydrate_ratio, therapy.target)


def rested(therapy: Therapy) -> Body:
    """At target under profile basal."""
    none = jnp.zeros_like(therapy.basal)
    return Body(jnp.stack([none] * 3), jnp.stack([none] * 2), therapy.target, therapy.target, none)


def stepped(body: Body, dose: Float[Array, " n"], of: Gains) -> tuple[Body, Float[Array, " n"], Float[Array, " n"]]:
    """The body a step later under a net dose (U), and the insulin (U) and carbohydrates (g) that acted meanwhile."""
    insulin, acted = _passed(body.insulin.at[0].add(dose), _INSULIN)
    carbohydrates, appeared = _passed(body.carbohydrates, _CARBOHYDRATES)
    rate = RETURN * (of.rest - body.glucose) + of.carbohydrate * appeared + EVERY * body.drift
    glucose = body.glucose + rate - of.insulin * strength(body.glucose) * acted
    interstitial = body.interstitial + SENSOR * ((body.glucose + glucose) / 2 - body.interstitial)
    return Body(insulin, carbohydrates, glucose, interstitial, FADES * body.drift), acted, appeared


def strength(glucose: Float[Array, " n"]) -> Float[Array, " n"]:
    """How strongly insulin acts at this glucose, 1 at the usual one."""
    return 0.5 + 0.5 * jnp.clip(glucose, 40.0, 300.0) / USUAL


def forecast(
    body: Body, doses: Float[Array, "steps n"], push: Float[Array, "steps n"], of: Gains
) -> tuple[Any, Any, Any]:
    """Glucose after each step, its derivative to the one before, and the insulin strength in each; (steps, n).

    `push` is what else is expected to move glucose in each step, mg/dL.
    """

    def one(body: Body, now: tuple[Any, Any]) -> tuple[Body, tuple[Any, Any, Any]]:
        dose, pushed = now
        after, acted, _ = stepped(body, dose, of)
        after = after._replace(glucose=after.glucose + pushed)
        inside = (body.glucose > 40.0) & (body.glucose < 300.0)
        slope = 1.0 - RETURN - jnp.where(inside, of.insulin * acted * 0.5 / USUAL, 0.0)
        return after, (after.glucose, slope, strength(body.glucose))

    return lax.scan(one, body, (doses, push))[1]


def response(
    slope: Float[Array, "steps n"], strong: Float[Array, "steps n"], acts: Float[np.ndarray, "steps v"]
) -> Any:
    """Change of glucose after each step per mg/dL of insulin in each of v moves; (steps, v, n).

    `acts` says how much of a unit in each move acts in each step.
    """

    def one(s: Any, now: tuple[Any, Any, Any]) -> tuple[Any, Any]:
        a, strength, acts = now
        s = a * s - strength * acts[:, None]
        return s, s

    return lax.scan(one, jnp.zeros((acts.shape[1], slope.shape[1])), (slope, strong, acts))[1]


def acting(steps: int) -> np.ndarray:
    """Share of a unit given at the start of step j that acts in step k; (steps, steps)."""
    first = _unit(steps)[1]
    ages = np.arange(steps)[:, None] - np.arange(steps)
    return np.where(ages >= 0, first[np.maximum(ages, 0)], 0.0)


def left(steps: int) -> np.ndarray:
    """Share of a unit given at the start of step j that has not acted at the end of step k; (steps, steps)."""
    rest = _unit(steps)[0]
    ages = np.arange(steps)[:, None] - np.arange(steps)
    return np.where(ages >= 0, rest[np.maximum(ages, 0)], 0.0)


def _passed(amounts: Float[Array, "c n"], matrix: np.ndarray) -> tuple[Float[Array, "c n"], Float[Array, " n"]]:
    after = jnp.tensordot(matrix, amounts, 1)
    return after, amounts.sum(0) - after.sum(0)


def _chain(minutes: tuple[float, ...]) -> np.ndarray:
    """One step of a chain of compartments with these mean times, exactly."""
    from scipy.linalg import expm

    rates = np.diag(-1.0 / np.array(minutes)) + np.diag(1.0 / np.array(minutes[:-1]), -1)
    return expm(EVERY * rates)


def _unit(steps: int) -> tuple[np.ndarray, np.ndarray]:
    """What is left of one unit after each step, and what acted in it."""
    amounts, rest = np.array([1.0, 0.0, 0.0]), []
    for _ in range(steps):
        amounts = _INSULIN @ amounts
        rest.append(amounts.sum())
    return np.array(rest), -np.diff([1.0, *rest])


def _per_factor() -> float:
    """mg/dL of action per mg/dL of lowest glucose after a unit: part of the drop is made good meanwhile."""
    glucose, lowest = 0.0, 0.0
    for acted in _unit(120)[1]:
        glucose = (1 - RETURN) * glucose - acted
        lowest = min(lowest, glucose)
    return -1.0 / lowest


_INSULIN, _CARBOHYDRATES = _chain(INSULIN_MINUTES), _chain(CARBOHYDRATE_MINUTES)
_PER_FACTOR = _per_factor()
