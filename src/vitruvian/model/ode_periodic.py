"""Periodic states of nonlinear systems: Newton's method on the map over one period, differentiable implicitly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

_WARM_UP = 3
_ITERATIONS = 60
_TOLERANCE = 1e-9

Map = Callable[[Float[Array, " n"]], Float[Array, " n"]]


def periodic_state(period: Map, start: Float[Array, " n"]) -> Float[Array, " n"]:
    """The state y with period(y) = y, searched from `start`; NaN if it is not found (no steady state exists)."""

    def solve(f: Map, y: Float[Array, " n"]) -> Float[Array, " n"]:
        y = lax.fori_loop(0, _WARM_UP, lambda _, x: x + f(x), y)
        state = (y, f(y), jnp.asarray(0))
        y, miss, _ = lax.while_loop(_unfinished, lambda s: _improve(f, *s), state)
        return jnp.where(_small(y, miss, 100 * _TOLERANCE), y, jnp.nan)

    def tangent(g: Map, y: Float[Array, " n"]) -> Float[Array, " n"]:
        return jnp.linalg.solve(jax.jacfwd(g)(jnp.zeros_like(y)), y)

    return lax.custom_root(lambda y: period(y) - y, start, solve, tangent)


def _small(y: Any, miss: Any, tolerance: float) -> Any:
    return jnp.max(jnp.abs(miss)) <= tolerance * (jnp.max(jnp.abs(y)) + 1e-12)


def _unfinished(state: Any) -> Any:
    y, miss, count = state
    return ~_small(y, miss, _TOLERANCE) & (count < _ITERATIONS)


def _improve(f: Map, y: Any, miss: Any, count: Any) -> Any:
    """Newton's step if it comes nearer, else one more period."""
    newton = y - jnp.linalg.solve(jax.jacfwd(f)(y), miss)
    left = f(newton)
    nearer = jnp.all(jnp.isfinite(left)) & (jnp.max(jnp.abs(left)) < jnp.max(jnp.abs(miss)))
    plain = y + miss
    y = jnp.where(nearer, newton, plain)
    return y, jnp.where(nearer, left, f(plain)), count + 1
