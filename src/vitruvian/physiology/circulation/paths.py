"""Paths of a circulation: how blood flows from one store to the next."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax.numpy as jnp

from vitruvian.model import Parameter, Values

DENSITY = 1.06  # g/mL
DYN_PER_MMHG = 1333.22
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


@dataclass(frozen=True)
class Resistance(Path):
    """q = Δp/R."""

    resistance: float  # mmHg·s/mL

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its resistance."""
        return (Parameter(f"R_{self.name}", self.resistance, "mmHg.s/mL", "resistance", 0.0),)

    def flow(self, difference: Any, p: Values) -> Flow:
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

    def flow(self, difference: Any, p: Values) -> Flow:
        """Forward less backward flow."""
        root = jnp.sqrt(difference * difference + self.smooth * self.smooth)
        forward, backward = (root + difference) / 2, (root - difference) / 2
        resistance = p[f"R_{self.name}"]
        ahead, ahead_slope = _orifice(forward, resistance, p[f"A_{self.name}"])
        back, back_slope = _orifice(backward, resistance, p[f"leak_{self.name}"])
        share = (1.0 + difference / root) / 2
        return Flow(ahead - back, ahead_slope * share + back_slope * (1.0 - share))


def _orifice(drop: Any, resistance: Any, area: Any) -> tuple[Any, Any]:
    """Flow q at which R·q + ρ/2·(q/A)² is `drop`, and dq/d(drop)."""
    linear = resistance * area
    root = jnp.sqrt(linear * linear + 2.0 * DENSITY / DYN_PER_MMHG * drop)
    return 2.0 * drop * area / (linear + root), area / root
