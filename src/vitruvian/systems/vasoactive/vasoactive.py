"""A vasoactive drug: published kinetics with an effect site, and what it does to the circulation through its ports."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from vitruvian.core import Source
from vitruvian.model import Covariate, Model, Output, ResidualError, Values, Wire
from vitruvian.physiology.circulation import PORTS

_UNITS = {port.name: port.unit for port in PORTS}
_NONE = ResidualError("none")


@dataclass(frozen=True)
class Action:
    """At effect-site concentration C the port gets its default + `most`·Cʰ/(`half`ʰ + Cʰ)."""

    port: str
    most: float
    half: float  # in the concentration's unit
    hill: float = 1.0
    source: Source | None = None


class Vasoactive(Model):
    """Up to three compartments (CL, V1, and Q2, V2, Q3, V3 where there are more) and an effect site (KE0).

    Quantities per minute and litre, amounts in mg; concentrations in mg/L. Subclasses give parameters and `actions`.
    """

    time_unit = "min"
    actions: ClassVar[tuple[Action, ...]]
    compartments = ("central", "second", "third", "effect")
    covariates = (Covariate("WT", "kg", "body weight", soft=(40.0, 120.0), hard=(20.0, 250.0)),)
    routes = MappingProxyType({"iv": "central"})

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        effects = (Output(one.port, _UNITS[one.port], _NONE, "effect on the circulation") for one in cls.actions)
        cls.outputs = (Output("concentration", "mg/L", _NONE), *effects)

    @property
    def wires(self) -> tuple[Wire, ...]:
        """From its effects to the circulation's ports."""
        return tuple(Wire(one.port, one.port, _UNITS[one.port]) for one in self.actions)

    def matrix(self, p: Values) -> Float[Array, "n n"]:
        """Rates of the four compartments; the last holds a concentration."""
        rows = [[0.0] * 4 for _ in range(4)]
        rows[0][0] = -p["CL"] / p["V1"]
        for k in (2, 3):
            if f"Q{k}" in p:
                rows[0][0] = rows[0][0] - p[f"Q{k}"] / p["V1"]
                rows[k - 1][0] = p[f"Q{k}"] / p["V1"]
                rows[0][k - 1] = p[f"Q{k}"] / p[f"V{k}"]
                rows[k - 1][k - 1] = -p[f"Q{k}"] / p[f"V{k}"]
            else:
                rows[k - 1][k - 1] = -1.0  # empty: any rate does
        rows[3][0] = p["KE0"] / p["V1"]
        rows[3][3] = -p["KE0"]
        return jnp.stack([jnp.stack([jnp.asarray(x, dtype=float) for x in row]) for row in rows])

    def observe(self, t: Any, y: Float[Array, " n"], p: Values) -> dict[str, Any]:
        """Concentration in plasma, and each effect."""
        site = jnp.maximum(y[3], 1e-12)
        found = {"concentration": y[0] / p["V1"]}
        for one in self.actions:
            default = next(port.default for port in PORTS if port.name == one.port)
            found[one.port] = (default or 0.0) + one.most / (1.0 + (one.half / site) ** one.hill)
        return found
