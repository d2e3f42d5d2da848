"""Stores of a circulation: what holds blood, and the pressure that its volume makes.

Pressures in mmHg, volumes in mL, flows in mL/s, times in s, phase of the beat from 0 to 1. Every quantity is a number
or an array with people as its axis; each store names its own parameters `<symbol>_<store>`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax.numpy as jnp

from vitruvian.model import Parameter, Values
from vitruvian.physiology.circulation.activation import Activation, Signal


class Filled(NamedTuple):
    """A store at one moment."""

    pressure: Any  # mmHg
    elastance: Any  # ∂pressure/∂volume, mmHg/mL
    across: Any  # mmHg: pressure less what lies around


@dataclass(frozen=True)
class Store(ABC):
    """What holds blood."""

    name: str

    @property
    @abstractmethod
    def parameters(self) -> tuple[Parameter, ...]:
        """What it needs to know."""

    @property
    def signals(self) -> tuple[Signal, ...]:
        """What of it depends on the phase alone."""
        return ()

    @abstractmethod
    def filled(self, volume: Any, p: Values, signals: Values, around: Any) -> Filled:
        """Pressure at `volume`, under the pressure `around` it; `signals`: what depends on the phase alone."""

    @abstractmethod
    def resting_volume(self, pressure: Any, p: Values) -> Any:
        """Volume that a resting store has at `pressure` (none around it), mL."""


@dataclass(frozen=True)
class Vessel(Store):
    """A bed of vessels: pressure = (V − V0)/C + what lies around it."""

    compliance: float  # mL/mmHg
    unstressed: float = 0.0  # mL
    squeezed_by: str | None = None
    """A chamber whose pressure, times `squeeze_<name>`, lies around the vessels (intramyocardial pressure)."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Compliance and unstressed volume."""
        squeeze = (Parameter(f"squeeze_{self.name}", 0.75, "1", "share of the chamber's pressure felt", 0.0, 1.5),)
        return (
            Parameter(f"C_{self.name}", self.compliance, "mL/mmHg", "compliance", 0.0),
            Parameter(f"V0_{self.name}", self.unstressed, "mL", "unstressed volume", 0.0),
            *(squeeze if self.squeezed_by else ()),
        )

    def filled(self, volume: Any, p: Values, signals: Values, around: Any) -> Filled:
        """Linear."""
        elastance = 1.0 / p[f"C_{self.name}"]
        across = (volume - p[f"V0_{self.name}"]) * elastance
        return Filled(across + around, elastance, across)

    def resting_volume(self, pressure: Any, p: Values) -> Any:
        """V0 + C·pressure."""
        return p[f"V0_{self.name}"] + p[f"C_{self.name}"] * pressure


@dataclass(frozen=True)
class Reservoir(Store):
    """A place of given pressure that takes and gives blood without end: where an open circuit begins or ends."""

    pressure: float  # mmHg

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its pressure."""
        return (Parameter(f"P_{self.name}", self.pressure, "mmHg", "pressure"),)

    def filled(self, volume: Any, p: Values, signals: Values, around: Any) -> Filled:
        """As given."""
        pressure = p[f"P_{self.name}"]
        return Filled(pressure + around, 0.0, pressure)

    def resting_volume(self, pressure: Any, p: Values) -> Any:
        """None: it is not counted."""
        return 0.0


@dataclass(frozen=True)
class Elastance(Store):
    """A chamber of time-varying elastance: (a·Emax)(V − V0) + (1 − a)·passive, passive = Emin·(e^{k(V − V0)} − 1)/k.

    Suga H, Sagawa K. Circ Res 1974;35:117 (doi:10.1161/01.RES.35.1.117); exponential filling curve as Ursino M. Am J
    Physiol 1998;275:H1733. `a` is the activation between 0 and 1.
    """

    activation: Activation
    emax: float  # mmHg/mL
    emin: float  # mmHg/mL
    v0: float  # mL
    k: float  # 1/mL

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Elastances, unstressed volume, stiffening."""
        return (
            Parameter(f"Emax_{self.name}", self.emax, "mmHg/mL", "elastance at full activation", 0.0),
            Parameter(f"Emin_{self.name}", self.emin, "mmHg/mL", "elastance at rest and no stretch", 0.0),
            Parameter(f"V0_{self.name}", self.v0, "mL", "volume without pressure"),
            Parameter(f"k_{self.name}", self.k, "1/mL", "stiffening with filling", 0.0),
        )

    @property
    def signals(self) -> tuple[Signal, ...]:
        """Its activation."""
        return (self.activation,)

    def filled(self, volume: Any, p: Values, signals: Values, around: Any) -> Filled:
        """Active and passive part by activation."""
        a = signals[self.activation.name]
        stretch = volume - p[f"V0_{self.name}"]
        k, emin = p[f"k_{self.name}"], p[f"Emin_{self.name}"]
        contracted, relaxed = a * p[f"Emax_{self.name}"], (1.0 - a) * emin
        growth = jnp.expm1(k * stretch)
        across = contracted * stretch + relaxed / k * growth
        return Filled(across + around, contracted + relaxed * (growth + 1.0), across)

    def resting_volume(self, pressure: Any, p: Values) -> Any:
        """Of the relaxed chamber."""
        k = p[f"k_{self.name}"]
        return p[f"V0_{self.name}"] + jnp.log1p(jnp.maximum(pressure, 0.0) * k / p[f"Emin_{self.name}"]) / k
