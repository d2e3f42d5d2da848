"""What a controller learns from one day to the next: basal by part of day, and how strong insulin and meals are."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from vitruvian.control.internal_model import EVERY, Gains

PARTS = 4  # of a day, from midnight
RATE = 0.4  # of what a day shows, taken over at its end
SMALLEST, LARGEST = 0.6, 1.6  # of each factor
ENOUGH = 12.0  # steps without a meal in a part of the day, below which nothing is learnt of basal


class Learnt(NamedTuple):
    """Factors of the settings, and the sums of the day so far; people are the last axis."""

    basal: Float[Array, "parts n"]
    insulin: Float[Array, " n"]
    carbohydrate: Float[Array, " n"]
    drift: Float[Array, "parts n"]
    steps: Float[Array, "parts n"]
    normal: Float[Array, "3 n"]
    right: Float[Array, "2 n"]


def unlearnt(people: int) -> Learnt:
    """The settings as they are."""
    one, none = jnp.ones(people), jnp.zeros(people)
    parts = jnp.zeros((PARTS, people))
    return Learnt(parts + 1, one, one, parts, parts, jnp.stack([none] * 3), jnp.stack([none] * 2))


def part(minute_of_day: Float[Array, ""]) -> Array:
    """Number of the part of the day."""
    return jnp.clip(minute_of_day // (1440 / PARTS), 0, PARTS - 1).astype(int)


def noted(
    learnt: Learnt,
    minute_of_day: Float[Array, ""],
    drift: Float[Array, " n"],
    acted: Float[Array, " n"],
    appeared: Float[Array, " n"],
    usable: Float[Array, " n"],
) -> Learnt:
    """One step more of the day: unexplained flux beside the fluxes of insulin and carbohydrates, all in mg/dL/min."""
    quiet = usable * (appeared < 0.1)
    here, (nn, nc, cc) = part(minute_of_day), learnt.normal
    on, fed, unexplained = usable * acted, usable * appeared, usable * drift
    return learnt._replace(
        drift=learnt.drift.at[here].add(quiet * drift),
        steps=learnt.steps.at[here].add(quiet),
        normal=jnp.stack([nn + on * acted, nc + on * appeared, cc + fed * appeared]),
        right=learnt.right + jnp.stack([unexplained * acted, unexplained * appeared]),
    )


def after_day(learnt: Learnt, gains: Gains, basal: Float[Array, " n"]) -> Learnt:
    """The factors after a day, by ridge regression of the unexplained flux; sums begin anew.

    `basal` is the profile's, U/h; `gains` those of the settings as they were before learning.
    """
    mean = jnp.where(learnt.steps >= ENOUGH, learnt.drift / jnp.maximum(learnt.steps, 1.0), 0.0)
    missing = 60.0 * mean / (gains.insulin * learnt.insulin) / basal
    (nn, nc, cc), (rn, rc) = learnt.normal, learnt.right
    ridge = 0.3 * cc + 20.0 / EVERY
    determinant = (nn + ridge) * (cc + ridge) - nc**2
    weaker = ((cc + ridge) * rn - nc * rc) / determinant
    richer = ((nn + ridge) * rc - nc * rn) / determinant
    return unlearnt(len(basal))._replace(
        basal=jnp.clip(learnt.basal + RATE * missing, SMALLEST, LARGEST),
        insulin=jnp.clip(learnt.insulin * (1 + RATE * jnp.clip(-weaker, -0.4, 0.4)), SMALLEST, LARGEST),
        carbohydrate=jnp.clip(learnt.carbohydrate * (1 + RATE * jnp.clip(richer, -0.4, 0.4)), SMALLEST, LARGEST),
    )


def applied(learnt: Learnt, gains: Gains) -> Gains:
    """The gains as learnt."""
    return gains._replace(insulin=gains.insulin * learnt.insulin, carbohydrate=gains.carbohydrate * learnt.carbohydrate)
