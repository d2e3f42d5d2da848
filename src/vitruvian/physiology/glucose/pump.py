"""Insulin pumps: what they can deliver."""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp
from jaxtyping import Array, Float

from vitruvian.core import DataError


@dataclass(frozen=True)
class Pump:
    """Steps and limits of a pump; a step of 0 means any amount. Rates in U/h, boluses in U (never U/min)."""

    name: str
    basal_step: float = 0.0
    bolus_step: float = 0.0
    max_basal: float = 35.0
    max_bolus: float = 30.0

    def __post_init__(self) -> None:
        if not (self.basal_step >= 0 and self.bolus_step >= 0 and self.max_basal > 0 and self.max_bolus > 0):
            raise DataError("a pump needs limits above 0 and steps from 0", got=str(self))

    def rate(self, basal: Float[Array, ...]) -> Float[Array, ...]:
        """U/h that is delivered where `basal` is asked for."""
        return _steps(jnp.clip(jnp.nan_to_num(basal), 0.0, self.max_basal), self.basal_step)

    def bolus(self, units: Float[Array, ...]) -> Float[Array, ...]:
        """U that is delivered where `units` are asked for; never more than that."""
        return _steps(jnp.clip(jnp.nan_to_num(units), 0.0, self.max_bolus), self.bolus_step, down=True)


def _steps(amount: Float[Array, ...], step: float, down: bool = False) -> Float[Array, ...]:
    if step == 0:
        return amount
    return (jnp.floor(amount / step + 1e-9) if down else jnp.round(amount / step)) * step


IDEAL = Pump("ideal")
INSULET = Pump("insulet", 0.05, 0.05)
TANDEM = Pump("tandem", 0.001, 0.01, 15.0, 25.0)
PUMPS = {one.name: one for one in (IDEAL, INSULET, TANDEM)}
