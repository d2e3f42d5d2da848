"""Draws from the posterior of many people at once, by the cheapest method that can be trusted.

First importance sampling: Student-t draws around the mode, weighed and Pareto-smoothed. With dozens of meals the
weights degenerate; then each Gaussian draw starts a Metropolis chain whose proposals keep the Gaussian at the mode
(preconditioned Crank–Nicolson: Cotter et al., Stat Sci 2013;28:424, doi:10.1214/13-STS421), so that the chains have
only to learn what is not Gaussian.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from vitruvian.core import derive_seed
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
    mode = np.asarray(fit.z)
    factor = np.swapaxes(np.linalg.inv(np.linalg.cholesky(np.asarray(fit.hessian))), -1, -2)
    chance = np.random.default_rng(derive_seed(seed, "draws"))
    unit = chance.standard_normal((n, draws, p))
    heavy = unit / np.sqrt(chance.chisquare(_TAILS, (n, draws, 1)) / _TAILS)
    proposed = mode[:, None] + np.einsum("npq,nsq->nsp", factor, heavy)
    log_proposal = -0.5 * (_TAILS + p) * np.log1p((heavy**2).sum(-1) / _TAILS)
    ratio = -many.objective(proposed) - log_proposal
    log_weight, k = smooth(np.where(np.isfinite(ratio), ratio, -1e300))
    size = effective_size(log_weight)
    chosen = [systematic(np.exp(log_weight[i]), draws, chance) for i in range(n)]
    z = np.stack([proposed[i][chosen[i]] for i in range(n)])
    bad = (k > _GOOD_K) | (size < 0.2 * draws)
    if bad.any():
        chains, taken = _chains(mode, factor, unit, many, chance)
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

    def objective(self, z: Float[np.ndarray, "n s p"]) -> Float[np.ndarray, "n s"]:
        flat = jnp.asarray(z.reshape(-1, z.shape[-1]))
        return np.asarray(values(flat, self.course, self.seen, self.noise)).reshape(z.shape[:2])


def _chains(
    mode: Float[np.ndarray, "n p"],
    factor: Float[np.ndarray, "n p p"],
    unit: Float[np.ndarray, "n s p"],
    many: _Many,
    chance: np.random.Generator,
) -> tuple[Float[np.ndarray, "n s p"], Float[np.ndarray, " n"]]:
    """Last states of the chains, in place of the draws, and the share of proposals that each person's chains took."""

    def place(u: np.ndarray) -> np.ndarray:
        return mode[:, None] + np.einsum("npq,nsq->nsp", factor, u)

    def against_gaussian(u: np.ndarray) -> np.ndarray:
        return -many.objective(place(u)) + 0.5 * (u**2).sum(-1)

    u, taken = unit, np.zeros(len(unit))
    log_ratio = against_gaussian(u)
    for _ in range(_MOVES):
        other = np.sqrt(1.0 - _STRIDE**2) * u + _STRIDE * chance.standard_normal(u.shape)
        moved = against_gaussian(other)
        yes = np.log(chance.random(log_ratio.shape)) < moved - log_ratio
        u = np.where(yes[..., None], other, u)
        log_ratio = np.where(yes, moved, log_ratio)
        taken += yes.mean(-1) / _MOVES
    return place(u), taken
