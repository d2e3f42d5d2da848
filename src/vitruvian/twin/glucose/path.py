"""Glucose of the reduced model over the steps of an evidence: closed-form meals, then six states in one scan.

The equations of `physiology.glucose.REDUCED` in another form, for speed: each meal's own absorption is solved in closed
form, so that six states are left for steps of 5 minutes. Beside them: sensitivity and basal glucose by part of the day,
activity, long-acting insulin. Everything is elementwise over the leading axes (people, starts, draws).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int

from vitruvian.physiology.glucose import REDUCED, low_gain
from vitruvian.twin.glucose.unknowns import PERSON, meals_of, person_of

_FIXED = ("VG", "f", "VI", "ke", "alpha", "r1", "r2")
VG, F, VI, KE, LAG, R1, R2 = (REDUCED.typical[name] for name in _FIXED)
STEP = 5.0
LONGEST_MEAL = 720.0
"""Minutes after which a meal is taken as absorbed (at 0.012/min, 0.02 % of it are left)."""
_EARLY = 8
_WINDOW = _EARLY + int(LONGEST_MEAL / STEP) + 8


class Course(NamedTuple):
    """What acted on n people over T steps, time first for what is scanned; see `course.py` for how it is made."""

    fast: Float[Array | np.ndarray, "t n"]
    """Fast-acting insulin that reaches the tissue, mU/kg/min."""
    slow: Float[Array | np.ndarray, "t n"]
    """Long-acting insulin that appears in plasma, mU/kg/min."""
    told: Float[Array | np.ndarray, " n"]
    """Sensitivity that the daily dose tells, L/mU/min."""
    basal: Float[Array | np.ndarray, " n"]
    """Usual insulin, mU/kg/min, at which glucose rests at its basal value."""
    activity: Float[Array | np.ndarray, "t n"]
    """0 at rest to 1, smoothed."""
    recent: Float[Array | np.ndarray, "t n"]
    """Activity of the last hours."""
    part: Float[Array | np.ndarray, "t n 4"]
    """Weight of each part of the day."""
    moving: Float[Array | np.ndarray, "t n"]
    """0 before the window of readings begins (insulin runs in, glucose rests), then 1."""
    first: Float[Array | np.ndarray, " n"]
    """First reading, mg/dL."""
    meal_at: Float[Array | np.ndarray, "n m"]
    """Minutes from the begin of the course."""
    meal_grams: Float[Array | np.ndarray, "n m"]
    """Counted, g/kg; 0 where there is no meal."""
    meal_speed: Float[Array | np.ndarray, "n m"]
    """Steps of speed from medium."""


class State(NamedTuple):
    """Insulin under the skin (mU/kg), in plasma (mU/L), its action (1/min); glucose in plasma and tissue (mg/dL)."""

    depot: Any
    diffused: Any
    insulin: Any
    action: Any
    glucose: Any
    between: Any


def split(z: Float[Array, "... p"]) -> tuple[Any, Any]:
    """The person's part of all unknowns, and the meals' part as (…, m, 3)."""
    own = len(PERSON)
    return z[..., :own], z[..., own:].reshape(*z.shape[:-1], -1, 3)


def appearance(person: dict[str, Any], z_meals: Any, course: Course) -> Float[Array, "n m w"]:
    """Rate of glucose appearance of each meal over the steps of its window, mg/kg/min.

    Two compartments of the stomach and one of the gut, in closed form; see `window` for the steps.
    """
    meal = {name: one[..., None] for name, one in meals_of(z_meals).items()}
    own = {name: person[name][..., None, None] for name in ("kabs", "kempt", "count", "speed")}
    kabs = own["kabs"] * meal["absorption"] * jnp.exp(own["speed"] * course.meal_speed[..., None])
    kempt = own["kempt"]
    grams = 1000.0 * course.meal_grams[..., None] * own["count"] * meal["carbohydrates"]
    minutes = STEP * (window(course) + 0.5)
    since = jnp.clip(minutes - course.meal_at[..., None] - meal["delay"], 0.0, LONGEST_MEAL)
    since = jnp.where(since < LONGEST_MEAL, since, 0.0)
    low, high = jnp.minimum(kabs, kempt), jnp.maximum(kabs, kempt)
    x = (high - low) * since
    # where the stomach is the slow one, its pair of equal rates is the slow pair
    shape = jnp.where(kempt >= kabs, _late(x), _early(x))
    return F * grams * kabs * kempt**2 * since**2 * jnp.exp(-low * since) * shape


def window(course: Course) -> Int[Array, "n m w"]:
    """Steps in which a meal may appear: from 40 minutes before its entry until it is absorbed."""
    start = jnp.floor(course.meal_at / STEP).astype(int) - _EARLY
    return start[..., None] + jnp.arange(_WINDOW)


def placed(rates: Float[Array, "n m w"], course: Course) -> Float[Array, "t n"]:
    """The sum over meals on the steps of the course; what lies outside it is lost."""
    steps = course.fast.shape[0]
    at = window(course)
    at = jnp.where((at >= 0) & (at < steps), at, steps)
    person = jnp.arange(rates.shape[0])[:, None, None]
    return jnp.zeros((steps + 1, rates.shape[0])).at[at, person].add(rates)[:steps]


def _late(x: Any) -> Any:
    """(1 − e⁻ˣ (1 + x)) / x²."""
    small = x < 1e-2
    safe = jnp.where(small, 1.0, x)
    return jnp.where(small, 0.5 - x / 3.0 + x * x / 8.0, (1.0 - jnp.exp(-safe) * (1.0 + safe)) / safe**2)


def _early(x: Any) -> Any:
    """(x − 1 + e⁻ˣ) / x²."""
    small = x < 1e-2
    safe = jnp.where(small, 1.0, x)
    return jnp.where(small, 0.5 - x / 6.0 + x * x / 24.0, (safe - 1.0 + jnp.exp(-safe)) / safe**2)


def absorbed(z: Float[Array, "n p"], course: Course) -> Float[Array, "t n"]:
    """Rate of appearance of all meals at the middle of each step, mg/kg/min."""
    own, meals = split(z)
    return placed(appearance(person_of(own), meals, course), course)


def begin(person: dict[str, Any], course: Course) -> State:
    """At rest on the usual insulin."""
    basal = course.basal
    one = jnp.ones_like(person["SI"])
    glucose = course.first + person["start"]
    depot = one * basal / person["kd"]
    return State(depot, basal / person["ka2"] * one, basal / (VI * KE) * one, 0.0 * one, glucose, glucose)


def slope(y: State, u: Any, person: dict[str, Any], basal: Any) -> State:
    """Rates of change; `u` is (fast, slow, Ra, activity, recent, SI, Gb, moving) of the step."""
    fast, slow, ra, activity, recent, si, gb, moving = u
    si = si * (1.0 + person["after"] * recent)
    risk = low_gain(y.glucose, gb, person["risk"] * R1, R2)
    leaving = person["SG"] + person["uptake"] * activity + risk * y.action
    glucose = moving * (-leaving * y.glucose + person["SG"] * gb + ra / VG)
    return State(
        fast - person["kd"] * y.depot,
        person["kd"] * y.depot - person["ka2"] * y.diffused,
        (person["ka2"] * y.diffused + slow) / VI - KE * y.insulin,
        -person["p2"] * (y.action - si * (y.insulin - basal / (VI * KE))),
        glucose,
        (y.glucose - y.between) / LAG,
    )


def advance(y: State, u: Any, person: dict[str, Any], basal: Any) -> State:
    """The state one step later, Runge–Kutta of order 4."""
    h = STEP

    def moved(step: float, dy: State) -> State:
        return jax.tree.map(lambda a, b: a + step * b, y, dy)

    k1 = slope(y, u, person, basal)
    k2 = slope(moved(h / 2, k1), u, person, basal)
    k3 = slope(moved(h / 2, k2), u, person, basal)
    k4 = slope(moved(h, k3), u, person, basal)
    return jax.tree.map(lambda x, a, b, c, d: x + h / 6 * (a + 2 * b + 2 * c + d), y, k1, k2, k3, k4)


def sensitivity(person: dict[str, Any], told: Any, part: Float[Array, "... 4"]) -> tuple[Any, Any]:
    """Insulin sensitivity and basal glucose at a time of day."""
    si = jnp.stack([person[f"SI_{name}"] for name in ("night", "morning", "afternoon", "evening")], -1)
    gb = jnp.stack([person[f"Gb_{name}"] for name in ("night", "morning", "afternoon", "evening")], -1)
    return told * person["SI"] * (part * si).sum(-1), person["Gb"] + (part * gb).sum(-1)


def glucose_path(z_own: Any, ra: Float[Array, "t n"], course: Course) -> Float[Array, "t n"]:
    """Sensor glucose (between cells) at the edge after each step."""
    person = person_of(z_own)

    def one(y: State, u: Any) -> tuple[State, Any]:
        fast, slow, ra, activity, recent, part, moving = u
        si, gb = sensitivity(person, course.told, part)
        y = advance(y, (fast, slow, ra, activity, recent, si, gb, moving), person, course.basal)
        return y, y.between

    inputs = (course.fast, course.slow, ra, course.activity, course.recent, course.part, course.moving)
    return lax.scan(one, begin(person, course), inputs)[1]
