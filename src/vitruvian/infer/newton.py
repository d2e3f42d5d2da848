"""Damped Newton for the few etas of each of thousands of people at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from vitruvian.infer.objective import Evaluation
from vitruvian.infer.prior import Prior

_STALLED = 1e9  # damping at which no step will help any more
_LONGEST = 2.0  # prior standard deviations: longer steps leave the region where a quadratic is any guide


class Search(NamedTuple):
    """Best point so far with its evaluation, the next trial point, the damping, and whether the search has ended."""

    eta: Float[Array, " e"]
    at: Evaluation
    trial: Float[Array, " e"]
    damping: Float[Array, ""]
    steps: Int[Array, ""]
    done: Bool[Array, ""]


def minimise(
    evaluate: Callable[[Any, Any], Evaluation],
    people: Any,
    prior: Prior,
    start: Float[Array, "n e"],
    records: int,
    *,
    limit: int = 100,
) -> Search:
    """Minima of the objectives of many people from `start`; every leaf of the answer has the leading axis N.

    Damped Newton steps with the exact Hessian (damping: Marquardt, J Soc Ind Appl Math 1963;11:431,
    doi:10.1137/0111030). Where the exact Hessian is not positive definite the Gauss–Newton one, which always is, takes
    its place. A step that does not lower the objective is taken back and the damping raised. The end is reached when
    half the gradient, in prior standard deviations, is below 1e-9 (or no step helps, or after `limit` evaluations).
    """
    count, size = start.shape
    nowhere = Evaluation(
        jnp.full(count, jnp.inf),
        jnp.zeros((count, size)),
        jnp.zeros((count, size, size)),
        jnp.broadcast_to(prior.precision, (count, size, size)),
        jnp.zeros((count, records)),
    )
    nil = jnp.zeros(count)
    first = Search(start, nowhere, start, nil, nil.astype(int), nil.astype(bool))

    def advance(person: Any, s: Search) -> Search:
        new = _advance(s, evaluate(person, s.trial), prior)
        return jax.tree.map(lambda a, b: jnp.where(s.done, a, b), s, new)

    # the loop is around the batch, not mapped over it: mapping a loop traces its body several times
    return jax.lax.while_loop(
        lambda s: jnp.any(~s.done & (s.steps < limit)), lambda s: jax.vmap(advance)(people, s), first
    )


def _advance(s: Search, new: Evaluation, prior: Prior) -> Search:
    """One person's search after the evaluation at its trial point; it also decides on the step that led there."""
    lower = new.value <= s.at.value + 1e-12 * (1.0 + jnp.abs(new.value))
    lower = lower & jnp.isfinite(new.value) & jnp.all(jnp.isfinite(new.half_gradient))
    eta = jnp.where(lower, s.trial, s.eta)
    at = jax.tree.map(lambda a, b: jnp.where(lower, a, b), new, s.at)
    relaxed = jnp.where(s.damping > 1e-2, 0.1 * s.damping, 0.0)
    damping = jnp.where(lower, relaxed, jnp.maximum(10.0 * s.damping, 0.1))
    small = jnp.max(jnp.abs(prior.cholesky.T @ at.half_gradient), initial=0.0) < 1e-9
    done = (small & jnp.isfinite(at.value)) | (damping > _STALLED)
    return Search(eta, at, eta + _step(at, damping, prior), damping, s.steps + 1, done)


def _step(at: Evaluation, damping: Float[Array, ""], prior: Prior) -> Float[Array, " e"]:
    ridge = damping * jnp.diag(jnp.diag(at.gauss_newton))
    definite = jnp.all(jnp.isfinite(jnp.linalg.cholesky(at.exact + ridge)))
    step = -jnp.linalg.solve(jnp.where(definite, at.exact, at.gauss_newton) + ridge, at.half_gradient)
    length = jnp.sqrt(step @ prior.precision @ step)
    return step * jnp.minimum(1.0, _LONGEST / jnp.maximum(length, 1e-300))
