"""Long-acting insulin: a depot that dissolves slowly and then takes the way of fast-acting insulin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from vitruvian.core import Source


class Depot(NamedTuple):
    """Insulin precipitated under the skin, and dissolved; U."""

    solid: Float[Array, ...]
    dissolved: Float[Array, ...]


@dataclass(frozen=True)
class LongActing:
    """Two first-order steps of equal length; mean time to absorption is `minutes`."""

    name: str
    minutes: float
    source: Source

    def settled(self, units: Float[Array, ...]) -> Depot:
        """What lies under the skin on average where `units` are given each day."""
        each = units * self.minutes / 2 / 1440.0
        return Depot(each, each)

    def minute(self, depot: Depot, units: Float[Array, ...]) -> tuple[Float[Array, ...], Depot]:
        """U released within one minute, and the depot after it, where `units` are injected at its start."""
        share = 1.0 - jnp.exp(-2.0 / self.minutes)
        solid = depot.solid + units
        moved, released = share * solid, share * depot.dissolved
        return released, Depot(solid - moved, depot.dissolved + moved - released)


_CHOSEN = Source("Mean absorption time chosen by this project near published half-lives", status="assumption")
GLARGINE = LongActing("glargine", 20 * 60.0, _CHOSEN)
DEGLUDEC = LongActing("degludec", 36 * 60.0, _CHOSEN)
