"""What if: plans of a bolus, a meal, activity from one edge on, for all members of a followed person at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from vitruvian.core import random_key
from vitruvian.twin.glucose.course import FADE_IN, FADE_OUT, RUN_IN, shifted_shares
from vitruvian.twin.glucose.evidence import STEP
from vitruvian.twin.glucose.filter import Tracked, Wander
from vitruvian.twin.glucose.forecast import ahead
from vitruvian.twin.glucose.online import Drive, fresh, meal_rates
from vitruvian.twin.glucose.unknowns import PERSON, person_of

_TOGETHER = 48


@dataclass(frozen=True)
class Plan:
    """Begun at the edge: units of fast insulin, carbohydrates (and their speed from medium), activity."""

    bolus: float = 0.0
    """U, now."""
    carbohydrates: float = 0.0
    """g, now."""
    speed: float = 0.0
    activity: float = 0.0
    """0 to 1: as hard as can be."""
    activity_in: float = 0.0
    """Minutes until it begins."""
    activity_minutes: float = 0.0
    basal_share: float = 1.0
    """Of a pump's basal rate from now until the activity ends."""


def outcomes(
    tracked: Tracked, edge: int, plans: Sequence[Plan], *, steps: int = 48, wander: Wander | None = None, seed: int = 0
) -> Float[np.ndarray, "o h s"]:
    """Sensor glucose of each plan, step and member; the same chance for every plan."""
    # always as many plans: one program serves every question
    padded = [*plans, *[Plan()] * (-len(plans) % _TOGETHER)]
    drives = _drives(tracked, edge, padded, steps)
    start = jax.tree.map(lambda x: np.broadcast_to(x, (len(padded), x.shape[-1])), tracked.at(np.array([edge])))
    person = person_of(jnp.asarray(tracked.twin.z[:, : len(PERSON)]))
    key = random_key(seed, "plan")
    members = ahead(start, person, tracked.known.rest, drives, key, Wander() if wander is None else wander)
    return np.swapaxes(np.asarray(members), 0, 1)[: len(plans)]


def _drives(tracked: Tracked, edge: int, plans: Sequence[Plan], steps: int) -> Drive:
    known = tracked.known
    base = known.ahead(np.array([edge]), steps)
    per_minute = 1000.0 / known.usual.weight / STEP
    fast = np.repeat(np.asarray(base.fast), len(plans), axis=1)
    rate = float(known.evidence.basal[edge - 1])
    active, recent = (np.repeat(np.asarray(x), len(plans), axis=1) for x in (base.activity, base.recent))
    for k, plan in enumerate(plans):
        for j, share in enumerate(shifted_shares()):
            fast[j, k] += share * plan.bolus * per_minute
        until = min(int((plan.activity_in + plan.activity_minutes) / STEP), steps)
        fast[1:until, k] -= (1.0 - plan.basal_share) * rate * per_minute
        more, later = _exercise(plan, steps)
        active[:, k, 0], recent[:, k, 0] = np.minimum(active[:, k, 0] + more, 1.0), recent[:, k, 0] + later
    ra = np.asarray(base.ra) + _meals(tracked, edge, plans, steps)
    arrays: list[Any] = [np.maximum(fast, 0.0), base.slow, ra, active, recent, base.part, base.moving]
    return Drive(*(jnp.asarray(x) for x in arrays))


def _meals(tracked: Tracked, edge: int, plans: Sequence[Plan], steps: int) -> Float[np.ndarray, "h o s"]:
    """Appearance of the planned meals: the same meal for every plan but for its size and speed."""
    twin, known = tracked.twin, tracked.known
    kinds = sorted({plan.speed for plan in plans})
    n = len(kinds)
    at = np.full((1, n), STEP * (edge - known.begin + RUN_IN))
    one_gram = np.full((1, n), 1.0 / known.usual.weight)
    course = known.course._replace(meal_at=at, meal_grams=one_gram, meal_speed=np.array([kinds]))
    z = np.tile(fresh(twin, "planned"), (1, n))
    first = edge - known.begin + RUN_IN
    rates = meal_rates(twin, z, course, first + steps)[:, first:]
    return np.stack([plan.carbohydrates * rates[kinds.index(plan.speed)] for plan in plans], axis=1)


def _exercise(plan: Plan, steps: int) -> tuple[Float[np.ndarray, H], Float[np.ndarray, H]]:
    """Activity that a plan adds, and what stays of it."""
    t = STEP * (np.arange(steps) + 1.0)
    on = plan.activity * ((t > plan.activity_in) & (t <= plan.activity_in + plan.activity_minutes))
    now, stays = np.zeros(steps), np.zeros(steps)
    quick, slow = np.exp(-STEP / FADE_IN), np.exp(-STEP / FADE_OUT)
    for k in range(steps):
        now[k] = (1.0 - quick) * on[k] + (quick * now[k - 1] if k else 0.0)
        stays[k] = (1.0 - slow) * now[k] + (slow * stays[k - 1] if k else 0.0)
    return now, stays
