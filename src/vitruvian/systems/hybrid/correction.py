"""A learned correction of a pharmacokinetic prior: the published model, believed of a person a little otherwise."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from vitruvian.core import Source, UnsupportedError
from vitruvian.learn import Feature, Kept, Manifest, Target
from vitruvian.model import Covariate, Model, Output
from vitruvian.systems.hybrid.domain import Domain

FLATTENED = Source(
    "Hughes JH, Keizer RJ. A hybrid machine learning/pharmacokinetic approach outperforms maximum a posteriori "
    "Bayesian estimation by selectively flattening model priors. CPT Pharmacometrics Syst Pharmacol 2021;10:1150-1160",
    "10.1002/psp4.12684",
    status="unverified",
)
TARGET = Target("prior", "Shift and width of the prior of the individual parameters", kind="number")
REACH = 3.0
"""Standard deviations of the published prior by which an eta can be shifted at most."""


@dataclass(frozen=True, eq=False)
class Correction(Kept):
    """Of every eta of the model `base`, the mean and the width of its prior, from features of the person.

    η = shift(x) + width(x)·ε with ε as published: shift within `REACH` published standard deviations, width within
    1/`widest` to `widest`. The residual error of the first output is the published one times `error`. Outside the
    domain all are as published: 0, 1 and 1.
    """

    name: str
    title: str
    version: str
    features: tuple[Feature, ...]
    sources: tuple[Source, ...]
    manifest: Manifest
    base: str
    """Name of the published model."""
    etas: tuple[str, ...]
    sd: Float[np.ndarray, " e"]
    """Published standard deviations of the etas."""
    widest: float
    error: float
    domain: Domain
    network: eqx.nn.MLP
    target: Target = TARGET

    def __call__(self, x: Any) -> tuple[Float[Array, " e"], Float[Array, " e"]]:
        """Shift and width of every eta for features `x` (f,) of one person, whether inside the domain or not."""
        return shift_and_width(self.network, self.domain.standard(x), self.sd, self.widest)

    @cached_property
    def digest(self) -> str:
        """Eight hexadecimal digits of what decides on the correction's numbers."""
        parts = [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(eqx.filter(self.network, eqx.is_array))]
        d = self.domain
        parts += [np.asarray(a).tobytes() for a in (d.mean, d.sd, d.precision, d.low, d.high, self.sd)]
        parts.append(f"{self.base} {self.etas} {d.names} {d.logarithm} {d.radius} {self.widest} {self.error}".encode())
        return hashlib.sha256(b"\0".join(parts)).hexdigest()[:8]


def shift_and_width(
    network: Any, z: Float[Array, " f"], sd: Any, widest: float
) -> tuple[Float[Array, " e"], Float[Array, " e"]]:
    """Shift and width of every eta for standardised features: a network of zeros gives 0 and 1."""
    shift, width = jnp.split(network(z), 2)
    return sd * REACH * jnp.tanh(shift / REACH), jnp.exp(jnp.log(widest) * jnp.tanh(width))


def error_factor(learned: Any, widest: float) -> Any:
    """Factor on the residual error, within 1/`widest` to `widest`; 1 for a learned number of zero."""
    return jnp.exp(jnp.log(widest) * jnp.tanh(learned))


def corrected(base: Model, correction: Correction) -> Model:
    """`base` with the learned prior: a model like any other, that names its own domain.

    Whoever lies outside it gets `base` itself from `for_person`; where the covariates of one person change, the
    published prior holds for as long as they are outside. Raises `UnsupportedError` for another model than the one
    learned for, or one that is made of others.
    """
    if base.name != correction.base or base.eta_names() != correction.etas:
        raise UnsupportedError("this correction belongs to another model", got=base.name, allowed=correction.base)
    if set(vars(base)) - {"parameters"}:
        raise UnsupportedError("only a model with a class of its own can be corrected", got=base.name)
    return _made(base, correction.digest, _Held(correction))


@dataclass(frozen=True)
class _Held:
    """A correction as an argument of a cache that tells corrections apart by their digest."""

    correction: Correction

    def __hash__(self) -> int:
        return hash(self.correction.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and other.correction.digest == self.correction.digest


@lru_cache(maxsize=64)
def _made(base: Model, digest: str, held: _Held) -> Model:
    kind, correction, count = type(base), held.correction, len(held.correction.etas)
    names = correction.domain.names

    def individual(self: Any, theta: Any, eta: Float[Array, " e"], c: Mapping[str, Any], occasion: Any = 0) -> Any:
        x = jnp.stack([jnp.asarray(c[name], float) for name in names])
        shift, width = correction(x)
        own = jnp.where(correction.domain.inside(x), shift + width * eta[:count], eta[:count])
        return kind.individual(self, theta, jnp.concatenate([own, eta[count:]]), c, occasion)

    def for_person(self: Any, known: Mapping[str, float]) -> tuple[Model, str]:
        why = correction.domain.why_outside(known)
        return (base, f"The learned correction of “{base.title}” is not used: {why}.") if why else (self, "")

    fields = {
        "individual": individual,
        "for_person": for_person,
        "__doc__": kind.__doc__,
        "name": f"{base.name}+learned-{digest}",
        "title": f"{base.title}, prior corrected by {correction.title}",
        "covariates": _covariates(base, correction),
        "outputs": (_scaled(base.outputs[0], correction.error), *base.outputs[1:]),
    }
    return type(kind.__name__ + "Corrected", (kind,), fields)()


def _scaled(output: Output, factor: float) -> Output:
    e = output.error
    return replace(output, error=replace(e, additive=e.additive * factor, proportional=e.proportional * factor))


def _covariates(base: Model, correction: Correction) -> tuple[Covariate, ...]:
    known = {c.name for c in base.covariates}
    d = correction.domain
    bounds = {name: (float(low), float(high)) for name, low, high in zip(d.names, d.low, d.high, strict=True)}
    added = (
        Covariate(f.name, f.unit, f"{f.title}; for the learned correction", soft=bounds[f.name])
        for f in correction.features
        if f.name not in known
    )
    return (*base.covariates, *added)
