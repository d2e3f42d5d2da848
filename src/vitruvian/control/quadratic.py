"""Small convex programs for many people at once by ADMM (fixed iterations, factored once); for one person by OSQP."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from vitruvian.core import VitruvianError


class Program(NamedTuple):
    """Minimise ½x'Hx + g'x + Σ penalties(Rx) with lower ≤ x ≤ upper and Rx ≤ limit; people are the last axis.

    A row's penalty is low_weight·(low − z)₊² + lower_weight·(lower − z)₊² + high_weight·(z − high)₊², with
    lowest ≤ low: soft and asymmetric. `limit` is hard, infinite where a row has none.
    """

    hessian: Float[Array, "v v n"]
    gradient: Float[Array, "v n"]
    lower: Float[Array, "v n"]
    upper: Float[Array, "v n"]
    rows: Float[Array, "r v n"]
    limit: Float[Array, "r n"]
    low: Float[Array, "r n"]
    low_weight: Float[Array, "r n"]
    lowest: Float[Array, "r n"]
    lowest_weight: Float[Array, "r n"]
    high: Float[Array, "r n"]
    high_weight: Float[Array, "r n"]


def solve(program: Program, start: Float[Array, "v n"], iterations: int = 60, step: float = 0.1) -> Float[Array, "v n"]:
    """The minimiser, from a first guess; bounds of x hold exactly.

    `step` is ADMM's ρ of the rows; that of the bounds follows each variable's curvature, so that variables of very
    different weight converge alike.
    """
    rows, several = program.rows, jnp.arange(len(program.gradient))
    ease = 0.1 * program.hessian[several, several]
    inverse = inverted((program.hessian + step * _gram(rows)).at[several, several].add(ease))
    held = jnp.clip(start, program.lower, program.upper)
    first = (held, _times(rows, held), jnp.zeros_like(held), jnp.zeros_like(program.limit))

    def once(_: Any, now: tuple[Any, ...]) -> tuple[Any, ...]:
        box, soft, u, w = now
        right = ease * (box - u) + step * _transposed(rows, soft - w) - program.gradient
        x = _times(inverse, right)
        z = _times(rows, x)
        box = jnp.clip(x + u, program.lower, program.upper)
        soft = _nearest(program, z + w, step)
        return box, soft, u + x - box, w + z - soft

    return lax.fori_loop(0, iterations, once, first)[0]


def solve_one(program: Program, person: int = 0, tolerance: float = 1e-6) -> Float[np.ndarray, " v"]:
    """The minimiser for one person by OSQP; soft rows become slack variables. Raises where it does not converge."""
    import osqp
    from scipy import sparse

    p: Any = Program(*(np.asarray(part, float)[..., person] for part in program))  # type: ignore[arg-type]
    groups = [(-p.rows, -p.low, p.low_weight), (-p.rows, -p.lowest, p.lowest_weight), (p.rows, p.high, p.high_weight)]
    kept = [(rows[w > 0], edge[w > 0], w[w > 0]) for rows, edge, w in groups]
    slack, count = sum(len(w) for _, _, w in kept), len(p.gradient)
    weights = np.concatenate([w for *_, w in kept])
    hessian = sparse.block_diag([sparse.csc_matrix(p.hessian), sparse.diags_array(2 * weights)], format="csc")
    edges = np.concatenate([edge for _, edge, _ in kept])
    bounded = np.isfinite(p.limit)
    soft = sparse.hstack([sparse.csc_matrix(np.vstack([rows for rows, *_ in kept])), -sparse.eye_array(slack)])
    hard = sparse.csc_matrix(np.vstack([np.eye(count), p.rows[bounded]]))
    hard = sparse.hstack([hard, sparse.csc_matrix((hard.shape[0], slack))])
    none = np.full(slack + bounded.sum(), -np.inf)
    solver = osqp.OSQP()
    solver.setup(
        sparse.csc_matrix(sparse.triu(hessian)),
        np.concatenate([p.gradient, np.zeros(slack)]),
        sparse.csc_matrix(sparse.vstack([hard, soft])),
        np.concatenate([p.lower, none]),
        np.concatenate([p.upper, p.limit[bounded], edges]),
        verbose=False, eps_abs=tolerance, eps_rel=tolerance, max_iter=20_000, polishing=False,
    )  # fmt: skip
    answer = solver.solve(raise_error=False)
    if answer.info.status_val not in (1, 2):
        raise VitruvianError(f"OSQP: {answer.info.status}")
    return np.clip(answer.x[:count], p.lower, p.upper)


def inverted(system: Float[Array, "v v n"]) -> Float[Array, "v v n"]:
    """Inverse of a symmetric positive definite matrix per person, by sweeping each pivot once."""

    def sweep(k: Any, m: Float[Array, "v v n"]) -> Float[Array, "v v n"]:
        pivot, row = m[k, k], m[k]
        scaled = row / pivot
        m = m - row[:, None] * scaled[None]
        m = m.at[k].set(scaled).at[:, k].set(scaled)
        return m.at[k, k].set(-1.0 / pivot)

    return -lax.fori_loop(0, len(system), sweep, system)


def _nearest(p: Program, v: Float[Array, "r n"], step: float) -> Float[Array, "r n"]:
    """argmin over z of step/2·(z − v)² + penalty(z), z ≤ limit: closed form in each piece."""
    over = (step * v + 2 * p.high_weight * p.high) / (step + 2 * p.high_weight)
    under = (step * v + 2 * p.low_weight * p.low) / (step + 2 * p.low_weight)
    both = step + 2 * p.low_weight + 2 * p.lowest_weight
    far = (step * v + 2 * p.low_weight * p.low + 2 * p.lowest_weight * p.lowest) / both
    below = jnp.where(under < p.lowest, far, under)
    return jnp.minimum(jnp.where(v > p.high, over, jnp.where(v < p.low, below, v)), p.limit)


def _gram(rows: Float[Array, "r v n"]) -> Float[Array, "v v n"]:
    """R'R, one row at a time so that nothing larger than the result is held."""

    def add(total: Any, row: Any) -> tuple[Any, None]:
        return total + row[:, None] * row[None], None

    return lax.scan(add, jnp.zeros((rows.shape[1], *rows.shape[1:])), rows)[0]


def _times(matrix: Float[Array, "a b n"], vector: Float[Array, "b n"]) -> Float[Array, "a n"]:
    return jnp.sum(matrix * vector[None], axis=1)


def _transposed(matrix: Float[Array, "a b n"], vector: Float[Array, "a n"]) -> Float[Array, "b n"]:
    return jnp.sum(matrix * vector[:, None], axis=0)
