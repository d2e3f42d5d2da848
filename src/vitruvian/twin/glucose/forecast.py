"""Forecasts from a followed person: what glucose will be if nothing new begins, or under a plan, with bands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int

from vitruvian.core import random_key
from vitruvian.twin.glucose.evidence import STEP
from vitruvian.twin.glucose.filter import Member, Tracked, Wander, moved
from vitruvian.twin.glucose.online import Drive, Rest
from vitruvian.twin.glucose.unknowns import PERSON, person_of

HORIZONS = (30, 60, 120)
"""Minutes."""
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class Forecast:
    """Sensor glucose after each step from K edges: the members' mean, quantiles (LEVELS) and spread, mg/dL."""

    edges: Int[np.ndarray, K]
    mean: Float[np.ndarray, "k h"]
    quantiles: Float[np.ndarray, "k h 5"]
    spread: Float[np.ndarray, "k h"]

    def at(self, minutes: int) -> Float[np.ndarray, K]:
        """The mean so many minutes ahead."""
        return self.mean[:, minutes // STEP - 1]


def forecast(
    tracked: Tracked, edges: Int[np.ndarray, K], *, steps: int = 24, wander: Wander | None = None, seed: int = 0
) -> Forecast:
    """From each edge (first..last) with what was known there; an edge without readings before it has wide bands."""
    wander = Wander() if wander is None else wander
    edges = np.asarray(edges)
    person = person_of(jnp.asarray(tracked.twin.z[:, : len(PERSON)]))
    drives = tracked.known.ahead(edges, steps)
    key = random_key(seed, "forecast")
    members = ahead(tracked.at(edges), person, tracked.known.rest, drives, key, wander)
    summary = _summary(members)
    return Forecast(edges, *(np.asarray(x) for x in summary))


@jax.jit
def ahead(
    start: Member, person: dict[str, Any], usual: Rest, drives: Drive, key: Any, wander: Wander
) -> Float[Array, "h k s"]:
    """Sensor glucose of each member, readings' own noise included, after each step.

    A member meets the same chance from every edge and under every plan, so that plans differ by what they do alone.
    """

    def one(m: Member, given: Any) -> tuple[Member, Any]:
        u, key = given
        noise = jax.random.normal(key, (4, m.eaten.shape[-1]))
        m = moved(m, u, person, usual, wander, noise[:3])
        return m, m.body.between + wander.reading * noise[3]

    keys = jax.random.split(key, drives.fast.shape[0])
    return lax.scan(one, start, (drives, keys))[1]


@jax.jit
def _summary(members: Float[Array, "h k s"]) -> tuple[Any, Any, Any]:
    whole = jnp.swapaxes(members, 0, 1)
    quantiles = jnp.moveaxis(jnp.quantile(whole, jnp.asarray(LEVELS), axis=-1), 0, -1)
    return whole.mean(-1), quantiles, whole.std(-1)
