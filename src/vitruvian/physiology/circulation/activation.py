"""When a chamber contracts: activation between 0 and 1 over the phase of a beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp

from vitruvian.model import Parameter, Values


@dataclass(frozen=True)
class Activation:
    """Rise and fall by half cosines, lengths growing with the square root of the period.

    Korakianitis T, Shi Y. J Biomech 2006;39:1964 (doi:10.1016/j.jbiomech.2005.06.016). Starts `lead` s before the beat.
    """

    name: str
    """Chambers that share a name share its times."""
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
        rise, fall = p[f"rise_{self.name}"] * root, p[f"fall_{self.name}"] * root
        t = jnp.mod(phase + p[f"lead_{self.name}"] / period, 1.0) * period
        turn = jnp.clip(t / rise, 0.0, 1.0) + jnp.clip((t - rise) / fall, 0.0, 1.0)
        return 0.5 - 0.5 * jnp.cos(jnp.pi * turn)
