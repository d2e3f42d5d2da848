"""What acts on a person's glucose during one minute."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float


class Inputs(NamedTuple):
    """Each a scalar, (n,) for n people, or (minutes, n) over time."""

    carbohydrates: Float[Array, ...]
    """Eaten, g/min."""
    insulin: Float[Array, ...]
    """Fast-acting insulin delivered under the skin, U/min."""
    long_acting: Float[Array, ...]
    """Long-acting insulin injected, U/min (a dose given within one minute)."""
    glucagon: Float[Array, ...]
    """Delivered under the skin, mg/min."""
    heart_rate: Float[Array, ...]
    """Above rest, 1/min."""
    sensitivity: Float[Array, ...]
    """Factor of insulin sensitivity: time of day, illness, after exercise; 1 is the person's usual one."""
    absorption: Float[Array, ...]
    """Factor of the rates at which a meal leaves stomach and gut; 1 is the person's usual one."""


def nothing(*shape: int) -> Inputs:
    """Nothing eaten, nothing delivered, at rest."""
    none = jnp.zeros(shape)
    return Inputs(none, none, none, none, none, jnp.ones(shape), jnp.ones(shape))
