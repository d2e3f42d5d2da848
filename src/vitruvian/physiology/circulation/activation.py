"""When a chamber contracts: activation between 0 and 1 over the phase of a beat."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp

from vitruvian.model import Parameter, Values

# sin(πx/2)/x on [0, 1] in powers of x², highest first: least largest error, 2e-16
_SINE = (
    -6.449471237809134e-10,
    5.688318064017795e-08,
    -3.5988107063136794e-06,
    0.0001604411695631063,
    -0.004681754131447062,
    0.07969262624568337,
    -0.6459640975062232,
    1.5707963267948963,
)


@dataclass(frozen=True)
class Signal(ABC):
    """What depends on the phase of the beat alone."""

    name: str
    """Those who share a name share its parameters."""

    @property
    @abstractmethod
    def parameters(self) -> tuple[Parameter, ...]:
        """What it needs to know."""

    @abstractmethod
    def __call__(self, phase: Any, p: Values) -> Any:
        """Its value at `phase` (of any shape that people's parameters broadcast with)."""


@dataclass(frozen=True)
class Activation(Signal):
    """Rise and fall by half cosines, lengths growing with the square root of the period.

    Korakianitis T, Shi Y. J Biomech 2006;39:1964 (doi:10.1016/j.jbiomech.2005.06.016). Starts `lead` s before the beat.
    """

    rise: float  # s at a period of 1 s
    fall: float  # s at a period of 1 s
    lead: float = 0.0  # s

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Times."""
        return (
            Parameter(f"rise_{self.name}", self.rise, "s", "start to full activation at 60 beats/min", 0.0),
            Parameter(f"fall_{self.name}", self.fall, "s", "full activation to rest at 60 beats/min", 0.0),
            Parameter(f"lead_{self.name}", self.lead, "s", "by how much it precedes the ventricles", 0.0),
        )

    def __call__(self, phase: Any, p: Values) -> Any:
        """Activation at `phase` of people with `p`."""
        period = p["period"]
        root = jnp.sqrt(period)
        rise, fall = root / p[f"rise_{self.name}"], root / p[f"fall_{self.name}"]  # inverse, in units of the period
        t = phase + p[f"lead_{self.name}"] / period
        t = t - jnp.floor(t)
        turn = jnp.clip(t * rise, 0.0, 1.0) - jnp.clip(t * fall - fall / rise, 0.0, 1.0)
        return _sine_squared(turn)


def _sine_squared(x: Any) -> Any:
    """sin²(πx/2) for x from 0 to 1 by a polynomial, many times faster than a library's cosine."""
    square = x * x
    sine: Any = _SINE[0]
    for coefficient in _SINE[1:]:
        sine = sine * square + coefficient
    sine = x * sine
    return sine * sine
