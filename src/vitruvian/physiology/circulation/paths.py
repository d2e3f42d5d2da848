"""Paths of a circulation: how blood flows from one store to the next."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax.numpy as jnp

from vitruvian.model import Parameter, Values
from vitruvian.physiology.circulation.activation import Signal

DENSITY = 1.06  # g/mL
DYN_PER_MMHG = 1333.22
_BERNOULLI = 2.0 * DENSITY / DYN_PER_MMHG
_SMOOTH = 0.05  # mmHg: over which a valve opens


class Flow(NamedTuple):
    """A path without inertia at one moment."""

    flow: Any  # mL/s
    conductance: Any  # ∂flow/∂(pressure difference), mL/s/mmHg


@dataclass(frozen=True)
class Path(ABC):
    """From `source` to `target`; flow is positive that way."""

    name: str
    source: str
    target: str

    @property
    @abstractmethod
    def parameters(self) -> tuple[Parameter, ...]:
        """What it needs to know."""

    @property
    def signals(self) -> tuple[Signal, ...]:
        """What of it depends on the phase alone."""
        return ()

    @abstractmethod
    def flow(self, difference: Any, p: Values, signals: Values) -> Flow:
        """Flow under a pressure difference along it, mmHg."""


@dataclass(frozen=True)
class Resistance(Path):
    """q = Δp/R."""

    resistance: float  # mmHg·s/mL

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its resistance."""
        return (Parameter(f"R_{self.name}", self.resistance, "mmHg.s/mL", "resistance", 0.0),)

    def flow(self, difference: Any, p: Values, signals: Values) -> Flow:
        """Linear."""
        conductance = 1.0 / p[f"R_{self.name}"]
        return Flow(difference * conductance, conductance)


@dataclass(frozen=True)
class Inertance(Path):
    """L·dq/dt = Δp − R·q: the flow is a state."""

    resistance: float  # mmHg·s/mL
    inertance: float  # mmHg·s²/mL

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Resistance and inertance."""
        return (
            Parameter(f"R_{self.name}", self.resistance, "mmHg.s/mL", "resistance", 0.0),
            Parameter(f"L_{self.name}", self.inertance, "mmHg.s2/mL", "inertance", 0.0),
        )

    def flow(self, difference: Any, p: Values, signals: Values) -> Flow:
        """In the long run: a circuit holds the flow of now as a state."""
        conductance = 1.0 / p[f"R_{self.name}"]
        return Flow(difference * conductance, conductance)


@dataclass(frozen=True)
class Inflow(Path):
    """A given flow: `mean` times a wave over the beat, whatever the pressures."""

    mean: float  # mL/s
    wave: Signal

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its mean."""
        return (Parameter(f"Q_{self.name}", self.mean, "mL/s", "mean flow if the wave's mean is 1"),)

    @property
    def signals(self) -> tuple[Signal, ...]:
        """Its wave."""
        return (self.wave,)

    def flow(self, difference: Any, p: Values, signals: Values) -> Flow:
        """As given."""
        return Flow(p[f"Q_{self.name}"] * signals[self.wave.name], 0.0)


@dataclass(frozen=True)
class Valve(Path):
    """A valve: Δp = R·q + ρ/2·(q/A)² forwards through `area`, backwards through what `leak` leaves open.

    Bernoulli term as Mynard JP et al. Int J Numer Methods Biomed Eng 2012;28:626 (doi:10.1002/cnm.1466), without the
    inertia of the leaflets; it opens smoothly within `smooth` mmHg, so that everything can be differentiated.
    """

    resistance: float  # mmHg·s/mL
    area: float  # cm²
    leak: float = 0.0  # cm²
    smooth: float = _SMOOTH  # mmHg

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Resistance, effective orifice area, effective regurgitant orifice area."""
        return (
            Parameter(f"R_{self.name}", self.resistance, "mmHg.s/mL", "resistance of the open valve", 0.0),
            Parameter(f"A_{self.name}", self.area, "cm2", "effective orifice area", 0.0),
            Parameter(f"leak_{self.name}", self.leak, "cm2", "effective regurgitant orifice area", 0.0),
        )

    def flow(self, difference: Any, p: Values, signals: Values) -> Flow:
        """The flow at which R·q + ρ/2·(q/area)² is the difference; area goes from leak to open with its sign."""
        root = jnp.sqrt(difference * difference + self.smooth * self.smooth)
        leak = p[f"leak_{self.name}"]
        area = leak + (p[f"A_{self.name}"] - leak) * (0.5 + 0.5 * difference / root)
        linear = p[f"R_{self.name}"] * area
        full = jnp.sqrt(linear * linear + _BERNOULLI * root)
        return Flow(2.0 * difference * area / (linear + full), area / full)
