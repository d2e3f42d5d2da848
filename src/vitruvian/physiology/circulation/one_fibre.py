"""A chamber whose wall is one kind of fibre: pressure from wall volume, stretch and contraction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp

from vitruvian.model import Parameter, Values
from vitruvian.physiology.circulation.activation import Activation, Signal
from vitruvian.physiology.circulation.stores import Filled, Store

_NONE = 1.0  # mL: no chamber is emptier


@dataclass(frozen=True)
class OneFibre(Store):
    """Fibre stress σ makes the pressure σ·ln(1 + Vw/V)/3 in a cavity V with wall Vw, whatever the wall's shape.

    Arts T, Bovendeerd PH, Prinzen FW, Reneman RS. Biophys J 1991;59:93-102. Fibre stretch λ =
    ((1 + 3V/Vw)/(1 + 3V0/Vw))^⅓; active stress grows with the sarcomere from its `slack` length on and with the
    activation; passive stress is S·(e^{c(λ − 1)} − 1). Stress does not depend on the speed of shortening.
    """

    activation: Activation
    wall: float  # mL
    v0: float  # mL, cavity at which the relaxed fibre bears no stress
    active: float  # mmHg for each µm beyond slack
    passive: float  # mmHg
    stiffening: float = 9.0
    rest: float = 1.9  # µm, sarcomere at V0
    slack: float = 1.5  # µm, sarcomere without active stress

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Wall, lengths and stresses."""
        return (
            Parameter(f"Vw_{self.name}", self.wall, "mL", "volume of the wall", 0.0),
            Parameter(f"V0_{self.name}", self.v0, "mL", "cavity at which the relaxed fibre bears no stress", 0.0),
            Parameter(f"T_{self.name}", self.active, "mmHg/um", "active stress by length beyond slack", 0.0),
            Parameter(f"S_{self.name}", self.passive, "mmHg", "passive stress", 0.0),
            Parameter(f"c_{self.name}", self.stiffening, "1", "stiffening with stretch", 0.0),
            Parameter(f"rest_{self.name}", self.rest, "um", "sarcomere at V0", 0.0),
            Parameter(f"slack_{self.name}", self.slack, "um", "sarcomere without active stress", 0.0),
        )

    @property
    def signals(self) -> tuple[Signal, ...]:
        """Its activation."""
        return (self.activation,)

    def filled(self, volume: Any, p: Values, signals: Values, around: Any) -> Filled:
        """Stress of the fibre times ln(1 + Vw/V)/3."""
        pressure, elastance = self._across(volume, p, signals[self.activation.name])
        return Filled(pressure + around, elastance, pressure)

    def _across(self, volume: Any, p: Values, activation: Any) -> tuple[Any, Any]:
        wall, of = p[f"Vw_{self.name}"], self.name
        cavity = jnp.maximum(volume, _NONE)
        stretch = jnp.cbrt((wall + 3.0 * cavity) / (wall + 3.0 * p[f"V0_{of}"]))
        contracting = activation * p[f"T_{of}"]
        longer = p[f"rest_{of}"] * stretch - p[f"slack_{of}"]
        growth = p[f"S_{of}"] * jnp.exp(p[f"c_{of}"] * (stretch - 1.0))
        stress = contracting * jnp.maximum(longer, 0.0) + growth - p[f"S_{of}"]
        slope = jnp.where(longer > 0.0, contracting * p[f"rest_{of}"], 0.0) + p[f"c_{of}"] * growth
        share = jnp.log1p(wall / cavity) / 3.0
        elastance = slope * stretch / (wall + 3.0 * cavity) * share - stress * wall / (3.0 * cavity * (cavity + wall))
        return stress * share, jnp.maximum(elastance, 0.0)

    def resting_volume(self, pressure: Any, p: Values) -> Any:
        """By Newton's method from V0."""
        volume = p[f"V0_{self.name}"] + jnp.zeros_like(pressure)
        for _ in range(20):
            found, elastance = self._across(volume, p, 0.0)
            volume = volume + (jnp.maximum(pressure, 0.0) - found) / jnp.maximum(elastance, 1e-3)
        return volume
