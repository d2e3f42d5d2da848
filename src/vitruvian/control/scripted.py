"""Insulin as it was written down beforehand: a basal profile by time of day, and boluses at given minutes."""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp

from vitruvian.control.policy import Delivery, Seen, Therapy, delivery


@dataclass(frozen=True)
class Scripted:
    """`profile`: (minute of the day, U/h), ascending from minute 0; empty: each person's own basal rate.

    `boluses`: (minute of the run, U). The state is the person's treatment.
    """

    profile: tuple[tuple[int, float], ...] = ()
    boluses: tuple[tuple[int, float], ...] = ()
    every: int = 1
    traceable: bool = True

    def initial(self, known: Therapy) -> Therapy:
        """The treatment."""
        return known

    def decide(self, state: Therapy, observed: Seen) -> tuple[Delivery, Therapy]:
        """What was written down for now."""
        rate = state.basal
        if self.profile:
            starts, rates = (jnp.array(column) for column in zip(*self.profile, strict=True))
            rate = jnp.full_like(rate, rates[jnp.searchsorted(starts, observed.minute_of_day, side="right") - 1])
        units = jnp.zeros_like(rate)
        if self.boluses:
            at, doses = (jnp.array(column) for column in zip(*self.boluses, strict=True))
            now = (at >= observed.minute) & (at < observed.minute + self.every)
            units = units + jnp.where(now, doses, 0.0).sum()
        return delivery(rate, units), state
