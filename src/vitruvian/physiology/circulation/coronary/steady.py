"""Steady flows of a tree with resistances at its ends, by Newton; differentiable in everything."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

_ITERATIONS = 25


def steady_flows(
    a: Float[Array, " segments"],
    b: Float[Array, " segments"],
    feeds: Float[Array, "segments outlets"],
    resistance: Float[Array, " outlets"],
    driving: Float[Array, ""],
) -> Float[Array, " outlets"]:
    """Flow through each outlet, mL/s, of the pressure `driving` (mmHg) over losses a q + b q|q| and end resistances.

    The residual is the gradient of a convex function: there is one solution. The last step carries the derivatives
    (implicit function theorem). Not finite where the iteration did not end.
    """

    def residual(q: Array) -> Array:
        s = feeds @ q
        return resistance * q + feeds.T @ (a * s + b * s * jnp.abs(s)) - driving

    def slope(q: Array) -> Array:
        s = feeds @ q
        return jnp.diag(resistance) + feeds.T @ ((a + 2.0 * b * jnp.abs(s))[:, None] * feeds)

    def step(_: int, q: Array) -> Array:
        return q - jnp.linalg.solve(slope(q), residual(q))

    found = jax.lax.stop_gradient(jax.lax.fori_loop(0, _ITERATIONS, step, driving / resistance))
    last = found - jnp.linalg.solve(jax.lax.stop_gradient(slope(found)), residual(found))
    ended = jnp.max(jnp.abs(last - found)) <= 1e-9 * jnp.max(jnp.abs(found))
    return jnp.where(ended, last, jnp.nan)
