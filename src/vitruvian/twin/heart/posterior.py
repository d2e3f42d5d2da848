"""Equally probable circulations of one person: Laplace's draws, weighted by what they truly predict, else NUTS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from vitruvian.core import InputError, SolveError
from vitruvian.infer import effective_size, smooth, systematic
from vitruvian.twin.heart.fitting import ON_ORBIT, Fit, Seen, objective, orbits

PROPOSED = 384
"""Draws that are weighted."""
_DEGREES = 7.0
"""Of the Student-t that proposes them: its tails are heavier than the normal's."""
METHODS = ("auto", "laplace", "importance", "nuts")


class Sampled(NamedTuple):
    """Equally probable draws of one person."""

    u: Float[np.ndarray, "n q"]
    x: Float[np.ndarray, "n f"]
    quantity: Float[np.ndarray, "n m"]
    method: str
    pareto_k: float
    effective: float


def sample(
    seen: Seen, base: Mapping[str, float], fit: Fit, *, draws: int, method: str = "auto", seed: int = 0
) -> Sampled:
    """Draws of the first person of `seen` around its fit. Raises `SolveError` where too few of them can beat."""
    if method not in METHODS:
        raise InputError("no such way of drawing", got=method, allowed=", ".join(METHODS))
    generator = np.random.default_rng(seed)
    if method == "nuts":
        return _nuts(seen, base, fit, draws, generator)
    count = draws if method == "laplace" else max(PROPOSED, draws)
    u, log_proposal = _proposed(fit, count, generator, normal=method == "laplace")
    x, quantity, value = placed(seen, base, fit, u)
    if method == "laplace":
        kept = np.flatnonzero(np.isfinite(value))
        chosen = kept[np.arange(draws) % len(kept)]
        return Sampled(u[chosen], x[chosen], quantity[chosen], "laplace", float("nan"), float(len(kept)))
    ratio = np.where(np.isfinite(value), -value - log_proposal, -np.inf)
    floor = ratio[np.isfinite(ratio)].max() - 700.0
    log_weight, k = smooth(np.maximum(ratio, floor)[None])
    effective = float(effective_size(log_weight)[0])
    if method == "auto" and (k[0] > 0.7 or effective < 0.08 * count):
        return _nuts(seen, base, fit, draws, generator)
    chosen = systematic(np.exp(log_weight[0]), draws, generator)
    return Sampled(u[chosen], x[chosen], quantity[chosen], "importance", float(k[0]), effective)


def _proposed(
    fit: Fit, count: int, generator: np.random.Generator, *, normal: bool
) -> tuple[Float[np.ndarray, "n q"], Float[np.ndarray, " n"]]:
    """Draws of the Student-t (or normal) around the mode, and the logarithm of its density up to a constant."""
    q = fit.u.shape[1]
    factor = np.linalg.cholesky(np.linalg.inv(fit.hessian[0]))
    z = generator.standard_normal((count, q))
    if not normal:
        z /= np.sqrt(generator.chisquare(_DEGREES, (count, 1)) / _DEGREES)
    square = (z * z).sum(axis=1)
    return fit.u[0] + z @ factor.T, -0.5 * (_DEGREES + q) * np.log1p(square / _DEGREES)


def placed(
    seen: Seen, base: Mapping[str, float], fit: Fit, u: Float[np.ndarray, "n q"]
) -> tuple[Float[np.ndarray, "n f"], Float[np.ndarray, "n m"], Float[np.ndarray, " n"]]:
    """State on the orbit, prediction and objective of draws, infinite where no beat repeats itself.

    Raises `SolveError` where that is every tenth or more.
    """
    n = len(u)
    start = fit.x[0] + (u - fit.u[0]) @ fit.by_unknown[0].T
    x, found = orbits(start, u, {name: np.full(n, value) for name, value in base.items()}, limit=8)
    lost = ~(found.off < ON_ORBIT)
    if lost.mean() > 0.1:
        raise SolveError(
            "many probable circulations of this person find no beat that repeats itself", got=f"{lost.mean():.0%}"
        )
    own = Seen(*(np.broadcast_to(part[:1], (n, *part.shape[1:])) for part in seen))
    return x, found.quantity, np.where(lost, np.inf, objective(u, found.quantity, own))


def _nuts(seen: Seen, base: Mapping[str, float], fit: Fit, draws: int, generator: np.random.Generator) -> Sampled:
    from vitruvian.twin.heart.nuts import chains

    u, effective = chains(seen, base, fit, draws, int(generator.integers(2**31)))
    x, quantity, value = placed(seen, base, fit, u)
    kept = np.flatnonzero(np.isfinite(value))[np.arange(draws) % int(np.isfinite(value).sum())]
    return Sampled(u[kept], x[kept], quantity[kept], "nuts", float("nan"), effective)
