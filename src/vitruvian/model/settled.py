"""Steady states of dy/dt = f(y): implicit steps that grow until they are Newton's, differentiable implicitly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

_FIRST_STEP = 1e-2
_GROWTH = 2.0
_ITERATIONS = 100
_TOLERANCE = 1e-11

Slope = Callable[[Float[Array, " n"]], Float[Array, " n"]]


def steady_state(slope: Slope, start: Float[Array, " n"]) -> Float[Array, " n"]:
    """The state y with slope(y) = 0 that the system goes to from `start`; NaN if it is not found.

    The steps are linearly implicit Euler's with a step that doubles, so the search follows the system at first and
    ends as Newton's method (pseudo-transient continuation, Kelley & Keyes, doi:10.1137/S0036142996304796).
    """

    def solve(f: Slope, y: Float[Array, " n"]) -> Float[Array, " n"]:
        y, moved, _ = lax.while_loop(_unfinished, lambda s: _improve(f, *s), (y, jnp.full_like(y, jnp.inf), 0))
        return jnp.where(_small(y, moved, 100 * _TOLERANCE), y, jnp.nan)

    def tangent(g: Slope, y: Float[Array, " n"]) -> Float[Array, " n"]:
        return jnp.linalg.solve(jax.jacfwd(g)(jnp.zeros_like(y)), y)

    return lax.custom_root(slope, start, solve, tangent)


def _small(y: Any, moved: Any, tolerance: float) -> Any:
    return jnp.max(jnp.abs(moved)) <= tolerance * (jnp.max(jnp.abs(y)) + 1e-12)


def _unfinished(state: Any) -> Any:
    y, moved, count = state
    return ~_small(y, moved, _TOLERANCE) & (count < _ITERATIONS)


def _improve(f: Slope, y: Any, moved: Any, count: Any) -> Any:
    slope, jacobian = f(y), jax.jacfwd(f)(y)
    damping = 1 / (_FIRST_STEP * _GROWTH**count)
    y = y + jnp.linalg.solve(damping * jnp.eye(y.shape[0]) - jacobian, slope)
    # near the end the damping is gone: what is still missing is Newton's step, not the damped one
    return y, jnp.linalg.solve(jacobian, f(y)), count + 1
