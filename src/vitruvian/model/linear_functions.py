"""Integrals and divided differences of exponentials, exact with all derivatives where exponents meet."""

from __future__ import annotations

from math import factorial
from typing import Any

import jax.numpy as jnp
import numpy as np

_NEAR = 0.3
_PHI = [1 / factorial(k + 1) for k in range(12)]
_PSI = [(k + 1) / factorial(k + 2) for k in range(20)]
_NODES, _WEIGHTS = (np.asarray(x) for x in np.polynomial.legendre.leggauss(6))


def _series(coefficients: list[float], z: Any) -> Any:
    total = coefficients[-1]
    for c in coefficients[-2::-1]:
        total = total * z + c
    return total


def integral(rate: Any, t: Any) -> Any:
    """∫₀ᵗ exp(rate·s) ds."""
    z = rate * t
    near = jnp.abs(z) < _NEAR
    safe = jnp.where(near, -1.0, z)
    return t * jnp.where(near, _series(_PHI, jnp.where(near, z, 0.0)), jnp.expm1(safe) / safe)


def difference(a: Any, b: Any, t: Any, exp_a: Any, exp_b: Any) -> Any:
    """(e^{at} − e^{bt})/(a − b), given both exponentials: what flows through rate b into mode a."""
    gap = a - b
    near = jnp.abs(gap * t) < _NEAR
    close = t * exp_b * _series(_PHI, jnp.where(near, gap * t, 0.0))
    return jnp.where(near, close, (exp_a - exp_b) / jnp.where(near, 1.0, gap))


def difference_integral(a: Any, b: Any, t: Any) -> Any:
    """∫₀ᵗ (e^{as} − e^{bs})/(a − b) ds."""
    gap = a - b
    near = jnp.abs(gap * t) < _NEAR
    # near: the mean slope of `integral` between b and a, by Gauss–Legendre (a smooth function on a short interval)
    small = jnp.where(near, gap, 0.0)
    close = sum(0.5 * w * _slope(b + small * (0.5 + 0.5 * x), t) for x, w in zip(_NODES, _WEIGHTS, strict=True))
    return jnp.where(near, close, (integral(a, t) - integral(b, t)) / jnp.where(near, 1.0, gap))


def _slope(rate: Any, t: Any) -> Any:
    """∂/∂rate of `integral`."""
    z = rate * t
    near = jnp.abs(z) < 1
    safe = jnp.where(near, -1.0, z)
    far = (jnp.exp(safe) * (safe - 1) + 1) / safe**2
    return t * t * jnp.where(near, _series(_PSI, jnp.where(near, z, 0.0)), far)
