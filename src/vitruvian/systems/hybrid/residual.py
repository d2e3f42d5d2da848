"""A learned residual in the equations of a misspecified model: drug moves where it may, and never from nothing.

A universal differential equation (Rackauckas C, et al. arXiv:2001.04385; not traced to the text) that is bound by what
is known: every learned flow is a rate times the amount it leaves, so that amounts stay above zero and no drug is no
flow; what leaves for the hidden compartment comes back or stays there; elimination is never below zero.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from vitruvian.core import Source, UnsupportedError, convert
from vitruvian.learn import Feature, Kept, Manifest, Target
from vitruvian.model import FixedStep, Model
from vitruvian.systems.hybrid.domain import Domain

TARGET = Target("rates", "Learned rates beside those of the published model", kind="number")
REACH = 1.0
"""Largest logarithm of the factor on clearance."""
FASTEST = 0.5
"""Largest rate of exchange with the hidden compartment, per hour."""
HIDDEN = "hidden"
STEP = 0.5
"""Longest step of the solver, hours."""
_GIVES_BACK = -2.2  # before learning: a tenth of the fastest rate


@dataclass(frozen=True, eq=False)
class Residual(Kept):
    """Rates that depend on the level: a factor on the clearance `key`, and exchange with a hidden compartment.

    `shift` (e,) is the middle of the etas' prior beside them: a volume that counted a second compartment in is smaller
    beside one of its own. `scale` is a usual level (unit of the first output), `most` the highest learned from: above
    it, and of people outside the domain, the published rates hold.
    """

    name: str
    title: str
    version: str
    features: tuple[Feature, ...]
    sources: tuple[Source, ...]
    manifest: Manifest
    base: str
    key: str
    scale: float
    most: float
    domain: Domain
    network: eqx.nn.MLP
    shift: Float[np.ndarray, " e"]
    target: Target = TARGET

    def __call__(self, level: Any) -> Float[Array, " three"]:
        """Logarithm of the factor on clearance, rates (1/h) to and from the hidden compartment, at a level."""
        return rates(self.network, level / self.scale)

    @cached_property
    def digest(self) -> str:
        """Eight hexadecimal digits of what decides on the residual's numbers."""
        parts = [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(eqx.filter(self.network, eqx.is_array))]
        d = self.domain
        parts += [np.asarray(a).tobytes() for a in (d.mean, d.sd, d.precision, d.low, d.high, self.shift)]
        parts.append(f"{self.base} {self.key} {self.scale} {self.most} {d.names} {d.logarithm} {d.radius}".encode())
        return hashlib.sha256(b"\0".join(parts)).hexdigest()[:8]


def rates(network: Any, level: Any) -> Float[Array, " three"]:
    """Log factor on clearance, rates to and from the hidden compartment; a network of zeros gives 0 and no rate to."""
    factor, away, back = network(jnp.log1p(jnp.maximum(level, 0.0))[None])
    away = FASTEST * jnp.tanh(away) ** 2
    return jnp.stack([REACH * jnp.tanh(factor), away, FASTEST * jax.nn.sigmoid(back + _GIVES_BACK)])


def with_residual(base: Model, residual: Residual) -> Model:
    """`base` with the learned rates: a model like any other, an ODE, that gives way to `base` outside its domain.

    Raises `UnsupportedError` for another model than the one learned for, or one that is made of others.
    """
    if base.name != residual.base:
        raise UnsupportedError("this residual belongs to another model", got=base.name, allowed=residual.base)
    check_base(base, residual.key)
    return _kept(base, residual.digest, _Held(residual))


def check_base(base: Model, key: str) -> None:
    """Raises `UnsupportedError` for a model that no residual can be learned for."""
    if set(vars(base)) - {"parameters"} or "central" not in base.compartments or key not in base.clearance_keys:
        raise UnsupportedError(
            "a residual needs a model with a class of its own, a central compartment and this clearance",
            got=f"{base.name}, {key}",
            allowed=", ".join(base.clearance_keys),
        )


@dataclass(frozen=True)
class _Held:
    """A residual as an argument of a cache that tells residuals apart by their digest."""

    residual: Residual

    def __hash__(self) -> int:
        return hash(self.residual.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and other.residual.digest == self.residual.digest


@lru_cache(maxsize=64)
def _kept(base: Model, digest: str, held: _Held) -> Model:
    residual = held.residual

    def for_person(self: Any, known: Mapping[str, float]) -> tuple[Model, str]:
        why = residual.domain.why_outside(known)
        return (base, f"The learned residual of “{base.title}” is not used: {why}.") if why else (self, "")

    def individual(self: Any, theta: Any, eta: Float[Array, " e"], c: Mapping[str, Any], occasion: Any = 0) -> Any:
        count = len(residual.shift)
        moved = jnp.concatenate([eta[:count] + residual.shift, eta[count:]])
        return type(base).individual(self, theta, moved, c, occasion)

    named = {
        "individual": individual,
        "for_person": for_person,
        "name": f"{base.name}+residual-{digest}",
        "title": f"{base.title}, with a residual learned from {residual.title}",
    }
    return made(base, residual.network, residual.key, residual.scale, residual.most, named)


def made(
    base: Model, network: Any, key: str, scale: float, most: float, named: Mapping[str, Any] | None = None
) -> Model:
    """The model with the rates of `network`, which may be traced; not kept."""
    kind, central = type(base), base.compartments.index("central")
    first, hour = base.outputs[0].name, convert(1.0, "h", base.time_unit)

    def rhs(self: Any, t: Any, y: Float[Array, " n"], p: Mapping[str, Any]) -> Float[Array, " n"]:
        own, hidden = y[:-1], y[-1]
        level = base.observe(t, own, p)[first]
        factor, away, back = jnp.where(level <= most, 1.0, jnp.array([0.0, 0.0, 1.0])) * rates(network, level / scale)
        flow = (away * own[central] - back * hidden) / hour
        slope = base.rhs(t, own, {**p, key: p[key] * jnp.exp(factor)})
        return jnp.concatenate([slope.at[central].add(-flow), flow[None]])

    def initial(self: Any, p: Mapping[str, Any]) -> Float[Array, " n"]:
        return jnp.concatenate([base.initial(p), jnp.zeros(1)])

    fields = {
        "linear": False,
        "mammillary": None,
        "solver": FixedStep(STEP * hour),
        "compartments": (*base.compartments, HIDDEN),
        "rhs": rhs,
        "initial": initial,
        "observe": lambda self, t, y, p: base.observe(t, y[:-1], p),
        "__doc__": kind.__doc__,
        **(named or {}),
    }
    found: Model = type(kind.__name__ + "WithResidual", (kind,), fields)()
    return found
