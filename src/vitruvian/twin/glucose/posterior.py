"""Draws from the posterior of many people at once, by the cheapest method that can be trusted.

First importance sampling: Student-t draws around the mode, weighed and Pareto-smoothed. With dozens of meals the
weights degenerate; then each Gaussian draw starts a Metropolis chain whose proposals keep the Gaussian at the mode
(preconditioned Crank–Nicolson: Cotter et al., Stat Sci 2013;28:424, doi:10.1214/13-STS421), so that the chains have
only to learn what is not Gaussian.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from vitruvian.core import derive_seed, random_key
from vitruvian.infer import effective_size, smooth, systematic
from vitruvian.twin.glucose.course import repeated
from vitruvian.twin.glucose.fitting import Fit, Noise, Readings, values
from vitruvian.twin.glucose.path import Course

_TAILS = 7.0  # degrees of freedom of the proposal
_STRIDE = 0.25  # β of the chains
_MOVES = 60
_GOOD_K = 0.7


@dataclass(frozen=True)
class Draws:
    """Equally weighted draws of n people, and how they were made."""

    z: Float[np.ndarray, "n s p"]
    method: tuple[str, ...]
    pareto_k: Float[np.ndarray, " n"]
    effective: Float[np.ndarray, " n"]
    """Effective number of draws of the importance weights; of chains, the share of proposals taken times draws."""


def draw(fit: Fit, course: Course, seen: Readings, noise: Noise, *, draws: int, seed: int) -> Draws:
    """Draws around the modes of `fit`."""
    n, p = fit.z.shape
    many = _Many.of(course, seen, noise, draws)
    factor = jnp.swapaxes(jnp.linalg.inv(jnp.linalg.cholesky(fit.hessian)), -1, -2)
    one, two, three = jax.random.split(random_key(seed, "draws"), 3)
    unit = jax.random.normal(one, (n, draws, p))
    length = jax.random.chisquare(two, _TAILS, (n, draws, 1)) / _TAILS
    heavy = unit / jnp.sqrt(length)
    proposed = fit.z[:, None] + jnp.einsum("npq,nsq->nsp", factor, heavy)
    log_proposal = -0.5 * (_TAILS + p) * jnp.log1p((heavy**2).sum(-1) / _TAILS)
    ratio = np.asarray(-many.objective(proposed) - log_proposal)
    log_weight, k = smooth(np.where(np.isfinite(ratio), ratio, -1e300))
    size = effective_size(log_weight)
    chance = np.random.default_rng(derive_seed(seed, "chosen"))
    chosen = [systematic(np.exp(log_weight[i]), draws, chance) for i in range(n)]
    z = np.stack([np.asarray(proposed[i])[chosen[i]] for i in range(n)])
    bad = (k > _GOOD_K) | (size < 0.2 * draws)
    if bad.any():
        chains, taken = _chains(fit, factor, unit, many, three)
        z = np.where(bad[:, None, None], chains, z)
        size = np.where(bad, draws * taken, size)
    method = tuple("chains" if one else "importance" for one in bad)
    return Draws(z, method, np.asarray(k), np.asarray(size))


@dataclass(frozen=True)
class _Many:
    """The target density for `draws` draws of each person."""

    course: Course
    seen: Readings
    noise: Noise

    @classmethod
    def of(cls, course: Course, seen: Readings, noise: Noise, draws: int) -> _Many:
        many = jax.tree.map(lambda x: jnp.repeat(x, draws, axis=0), (seen, noise))
        return cls(jax.tree.map(jnp.asarray, repeated(course, draws)), *many)

    def objective(self, z: Float[Array, "n s p"]) -> Float[Array, "n s"]:
        flat = z.reshape(-1, z.shape[-1])
        return values(flat, self.course, self.seen, self.noise).reshape(z.shape[:2])


def _chains(fit: Fit, factor: Any, unit: Any, many: _Many, key: Any) -> tuple[np.ndarray, np.ndarray]:
    """Last states of the chains, in place of the draws, and the share of proposals that each person's chains took."""
    u = unit
    at = fit.z[:, None] + jnp.einsum("npq,nsq->nsp", factor, u)
    # density of the target relative to the Gaussian at the mode
    log_ratio = -many.objective(at) + 0.5 * (u**2).sum(-1)
    taken = jnp.zeros(u.shape[0])
    for _ in range(_MOVES):
        key, step, coin = jax.random.split(key, 3)
        other = jnp.sqrt(1.0 - _STRIDE**2) * u + _STRIDE * jax.random.normal(step, u.shape)
        moved = -many.objective(fit.z[:, None] + jnp.einsum("npq,nsq->nsp", factor, other)) + 0.5 * (other**2).sum(-1)
        yes = jnp.log(jax.random.uniform(coin, log_ratio.shape)) < moved - log_ratio
        u = jnp.where(yes[..., None], other, u)
        log_ratio = jnp.where(yes, moved, log_ratio)
        taken = taken + yes.mean(-1) / _MOVES
    z = fit.z[:, None] + jnp.einsum("npq,nsq->nsp", factor, u)
    return np.asarray(z), np.asarray(taken)
