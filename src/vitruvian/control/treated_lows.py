"""What people do against a low by themselves, whatever controls their insulin: eat, wait, look again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from vitruvian.control.policy import Delivery, GlucosePolicy, Seen, Therapy, fresh


class Remembered(NamedTuple):
    """State of the policy within, body weight, and minutes since something was eaten against a low."""

    inner: Any
    grams: Float[Array, " n"]
    since: Float[Array, " n"]


@dataclass(frozen=True)
class TreatedLows:
    """A policy whose wearer eats 0.2 g/kg (15 g at most) below `below` mg/dL, and again after `wait` minutes."""

    inner: GlucosePolicy
    below: float = 65.0
    wait: float = 20.0

    @property
    def every(self) -> int:
        """As the policy within."""
        return self.inner.every

    @property
    def traceable(self) -> bool:
        """As the policy within."""
        return self.inner.traceable

    def initial(self, known: Therapy) -> Remembered:
        """Nothing eaten lately."""
        grams = jnp.minimum(0.2 * jnp.asarray(known.weight, float), 15.0)
        return Remembered(self.inner.initial(known), grams, jnp.full(len(known.weight), 1e6))

    def decide(self, state: Remembered, observed: Seen) -> tuple[Delivery, Remembered]:
        """As the policy within, and carbohydrates where glucose is low."""
        given, inner = self.inner.decide(state.inner, observed)
        eats = fresh(observed) & (observed.glucose < self.below) & (state.since >= self.wait)
        since = jnp.where(eats, 0.0, state.since) + self.every
        rescue = given.rescue + jnp.where(eats, state.grams, 0.0)
        return given._replace(rescue=rescue), Remembered(inner, state.grams, since)
