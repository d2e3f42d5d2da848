"""Damped Newton for one person's few etas; `jax.vmap` makes it a batch of thousands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from vitruvian.infer.objective import Evaluation
from vitruvian.infer.prior import Prior

_STALLED = 1e9


class Search(NamedTuple):
    """Best point so far with its evaluation, the next trial point, the damping, and whether the search has ended."""

    eta: Float[Array, " e"]
    at: Evaluation
    trial: Float[Array, " e"]
    damping: Float[Array, ""]
    steps: Int[Array, ""]
    done: Bool[Array, ""]


def minimise(
    evaluate: Callable[[Any], Evaluation], prior: Prior, start: Float[Array, " e"], records: int, *, limit: int = 50
) -> Search:
    """Minimum of the objective from `start` by Levenberg-damped Newton steps with the exact Hessian.

    Where the exact Hessian is not positive definite the Gauss–Newton one, which always is, takes its place. A step that
    does not lower the objective is taken back and the damping raised. The end is reached when half the gradient,
    in prior standard deviations, is below 1e-9 (or no step helps, or after `limit` evaluations). Each evaluation
    serves the decision on its own step, so that the model is traced only once.
    """
    size = start.shape[0]
    zero, square = jnp.zeros(size), jnp.zeros((size, size))
    nowhere = Evaluation(jnp.asarray(jnp.inf), zero, square, prior.precision, jnp.zeros(records))
    first = Search(start, nowhere, start, jnp.asarray(0.0), jnp.asarray(0), jnp.asarray(False))

    def advance(s: Search) -> Search:
        new = evaluate(s.trial)
        lower = new.value <= s.at.value + 1e-12 * (1.0 + jnp.abs(new.value))
        lower = lower & jnp.isfinite(new.value) & jnp.all(jnp.isfinite(new.half_gradient))
        eta = jnp.where(lower, s.trial, s.eta)
        at = jax.tree.map(lambda a, b: jnp.where(lower, a, b), new, s.at)
        relaxed = jnp.where(s.damping > 1e-2, 0.1 * s.damping, 0.0)
        damping = jnp.where(lower, relaxed, jnp.maximum(10.0 * s.damping, 0.1))
        step = _step(at, damping * prior.precision)
        small = jnp.max(jnp.abs(prior.cholesky.T @ at.half_gradient), initial=0.0) < 1e-9
        done = (small & jnp.isfinite(at.value)) | (damping > _STALLED)
        return Search(eta, at, eta + step, damping, s.steps + 1, done)

    return jax.lax.while_loop(lambda s: ~s.done & (s.steps < limit), advance, first)


def _step(at: Evaluation, damping: Float[Array, "e e"]) -> Float[Array, " e"]:
    definite = jnp.all(jnp.isfinite(jnp.linalg.cholesky(at.exact + damping)))
    curvature = jnp.where(definite, at.exact, at.gauss_newton) + damping
    return -jnp.linalg.solve(curvature, at.half_gradient)
