"""The people a correction was learned from, and whether somebody is like them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, isfinite
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from vitruvian.core import DataError

LEVEL = 0.99
"""Share of people like those learned from who are found to be so."""
_WIDE = 3.0  # a feature that spans more than this factor is taken as its logarithm
_LEAST = 20  # people for a covariance and a distance


@dataclass(frozen=True)
class Domain:
    """A box and a distance: within both, somebody is like those learned from.

    Features are standardised (`logarithm` says which are taken as logarithms first). The distance is Mahalanobis'
    (Mahalanobis PC. Proc Natl Inst Sci India 1936;2:49), its bound `radius` the conformal quantile at `LEVEL` of the
    distances of people kept apart.
    """

    names: tuple[str, ...]
    logarithm: tuple[bool, ...]
    mean: Float[np.ndarray, " f"]
    sd: Float[np.ndarray, " f"]
    precision: Float[np.ndarray, "f f"]
    low: Float[np.ndarray, " f"]
    high: Float[np.ndarray, " f"]
    radius: float

    def standard(self, x: Any) -> Float[Array, "*n f"]:
        """Features (…, f) in their own units as standard scores; never infinite."""
        safe = jnp.clip(x, self.low, self.high)
        taken = jnp.where(np.array(self.logarithm), jnp.log(jnp.where(np.array(self.logarithm), safe, 1.0)), safe)
        return jnp.asarray((taken - self.mean) / self.sd)

    def distance(self, x: Any) -> Any:
        """Mahalanobis distance of features (…, f) from the middle of the people learned from."""
        z = self.standard(x)
        return jnp.sqrt(jnp.einsum("...i,ij,...j->...", z, self.precision, z))

    def inside(self, x: Any) -> Any:
        """Whether features (…, f) lie in the box and within the radius; not a number lies outside."""
        box = jnp.all((x >= self.low) & (x <= self.high), axis=-1)
        return box & (self.distance(x) <= self.radius)

    def why_outside(self, known: Mapping[str, float]) -> str:
        """In words why a person is outside; "" for one inside."""
        missing = [name for name in self.names if not isfinite(known.get(name, float("nan")))]
        if missing:
            return f"{', '.join(missing)} is not known"
        x = np.array([known[name] for name in self.names])
        for name, value, low, high in zip(self.names, x, self.low, self.high, strict=True):
            if not low <= value <= high:
                return f"{name} {value:g} is outside {low:g} to {high:g}, the people it was learned from"
        distance = float(self.distance(x))
        if distance > self.radius:
            return f"the combination of {', '.join(self.names)} is unlike the people it was learned from"
        return ""


def domain_of(names: tuple[str, ...], values: Float[np.ndarray, "n f"], apart: Float[np.ndarray, "m f"]) -> Domain:
    """The domain of people with these features; those kept `apart` set the radius.

    Raises `DataError` for too few people or a value that is not finite.
    """
    everybody = np.concatenate([values, apart])
    if min(len(values), len(apart)) < _LEAST or not np.isfinite(everybody).all():
        raise DataError(
            "a domain is made of people with known features",
            got=f"{len(values)} and {len(apart)} people, {int((~np.isfinite(everybody)).sum())} values not finite",
            allowed=f"{_LEAST} or more of each",
        )
    low, high = everybody.min(axis=0), everybody.max(axis=0)
    logarithm = (low > 0) & (high > _WIDE * low)
    taken = np.where(logarithm, np.log(np.where(logarithm, values, 1.0)), values)
    mean, sd = taken.mean(axis=0), taken.std(axis=0)
    sd = np.where(sd > 0, sd, 1.0)
    z = (taken - mean) / sd
    # a feature that hardly varies on its own must not make the distance infinite
    precision = np.linalg.inv(np.cov(z.T).reshape(len(names), len(names)) + 1e-3 * np.eye(len(names)))
    domain = Domain(names, tuple(bool(x) for x in logarithm), mean, sd, precision, low, high, float("inf"))
    distances = np.sort(np.asarray(domain.distance(apart)))
    rank = min(ceil((len(apart) + 1) * LEVEL), len(apart))
    return Domain(names, domain.logarithm, mean, sd, precision, low, high, float(distances[rank - 1]))
