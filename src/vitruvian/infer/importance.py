"""Importance sampling of the etas with a Student-t proposal at the mode.

A fifth of the draws come from the prior: weights under the mixture density are then bounded by the likelihood, also
where a skewed posterior reaches beyond the t (defensive mixture: Hesterberg, Technometrics 1995;37:185,
doi:10.1080/00401706.1995.10484303).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import jax
import numpy as np
from jaxtyping import Float

from vitruvian.core import InputError, SolveError, program
from vitruvian.infer._seed import generators
from vitruvian.infer._table import anonymous
from vitruvian.infer.map import MapEstimate
from vitruvian.infer.objective import objective
from vitruvian.infer.posterior import Posterior
from vitruvian.infer.prior import Prior
from vitruvian.infer.psis import effective_size, smooth
from vitruvian.model import EventTable, Model

_FREEDOM = 5.0  # degrees of freedom: tails heavier than the posterior's normal prior
_DEFENSIVE = 0.2  # share of the draws that come from the prior
_KEEP = 4_000_000  # numbers; predictions of a larger batch are recomputed when asked for


def importance(model: Model, table: EventTable, estimate: MapEstimate, *, draws: int = 1000, seed: int) -> Posterior:
    """Weighted posterior draws from a t proposal (5 degrees of freedom) with mode and exact-Hessian covariance of
    `estimate` (Gauss–Newton where that Hessian is not positive definite), mixed with the prior.

    People without observations get exact draws from the prior with equal weights. Raises `SolveError` where no draw
    has a finite weight.
    """
    if draws < 1:
        raise InputError("number of posterior draws", got=draws, allowed="1 or more")
    return _sample(model, table, estimate, estimate.eta, estimate.exact, draws, seed, "importance")


def adapt(first: Posterior, *, seed: int, rounds: int = 2) -> Posterior:
    """`first`, with people whose draws are not reliable sampled again from a proposal that has the mean and
    covariance of their weighted draws; the better of old and new is kept per person."""
    best = first
    for turn in range(rounds):
        if best.reliable.all():
            break
        centre = best.mean(best.eta)
        apart = best.eta - centre[:, None]
        spread = np.einsum("ns,nsi,nsj->nij", best.weight, apart, apart)
        # few effective draws underestimate the spread: never narrower than a fifth of the curvature at the mode
        spread = spread + 0.2 * best.estimate.exact
        new = _sample(
            best.model, best.table, best.estimate, centre, spread, best.draws, seed + 1 + turn, "adapted importance"
        )
        best = _merge(best, new, (new.ess > best.ess) & (new.pareto_k < best.pareto_k) & ~best.reliable)
    return best


def predictions(posterior: Posterior) -> Float[np.ndarray, "n s k"]:
    """What the model predicts at every record of everybody, at every posterior draw."""
    if posterior.predictions is not None:
        return posterior.predictions
    _, f = _evaluate(
        posterior.model, anonymous(posterior.table), posterior.theta, posterior.prior, posterior.eta, keep=True
    )
    return np.asarray(f)


def _sample(
    model: Model,
    table: EventTable,
    estimate: MapEstimate,
    centre: Float[np.ndarray, "n e"],
    covariance: Float[np.ndarray, "n e e"],
    draws: int,
    seed: int,
    name: str,
) -> Posterior:
    untaught = np.asarray(~np.asarray(table.observations.mask).any(axis=1))
    eta, log_density = _propose(estimate, centre, covariance, untaught, draws, seed)
    keep = eta.shape[0] * draws * table.observations.time.shape[-1] <= _KEEP
    value, f = jax.device_get(_evaluate(model, anonymous(table), estimate.theta, estimate.prior, eta, keep=keep))
    log_ratio = np.where(np.isfinite(value), -0.5 * value - log_density, -np.inf)
    log_ratio[untaught] = 0.0
    lost = ~np.isfinite(log_ratio).any(axis=1)
    if lost.any():
        raise SolveError("no posterior draw has a finite likelihood", got=f"person {table.ids[int(np.argmax(lost))]}")
    log_weight, k = smooth(log_ratio)
    return Posterior(
        model,
        table,
        estimate,
        eta,
        log_weight,
        effective_size(log_weight),
        k,
        log_marginal=np.where(untaught, 0.0, _log_mean(log_ratio) + _constant(model, table, estimate.prior)),
        method=tuple("prior" if u else name for u in untaught),
        predictions=f,
    )


def _propose(
    estimate: MapEstimate, centre: np.ndarray, covariance: np.ndarray, untaught: np.ndarray, draws: int, seed: int
) -> tuple[Float[np.ndarray, "n s e"], Float[np.ndarray, "n s"]]:
    """Draws from the mixture of Student t about `centre` and prior, and their log density under the mixture.

    People without data get prior draws only (and a density that is not used).
    """
    people, size = centre.shape
    z, stretch = np.empty((people, draws, size)), np.ones((people, draws))
    local = draws - int(_DEFENSIVE * draws)
    for k, generator in enumerate(generators(estimate.ids, seed, "importance")):
        z[k] = generator.standard_normal((draws, size))
        stretch[k, :local] = np.sqrt(_FREEDOM / generator.chisquare(_FREEDOM, local))
    omega = np.asarray(estimate.prior.omega)
    factor, wide = np.linalg.cholesky(covariance), np.linalg.cholesky(omega)
    eta = z @ wide.T
    near = centre[:, None] + stretch[:, :local, None] * np.einsum("nij,nsj->nsi", factor, z[:, :local])
    eta[:, :local] = np.where(untaught[:, None, None], eta[:, :local], near)
    scaled = np.einsum("nij,nsj->nsi", np.linalg.inv(factor), eta - centre[:, None])
    half = 0.5 * (_FREEDOM + size)
    log_t = math.lgamma(half) - math.lgamma(0.5 * _FREEDOM) - 0.5 * size * math.log(_FREEDOM * math.pi)
    log_t = log_t - _half_log_det(factor)[:, None] - half * np.log1p((scaled**2).sum(axis=2) / _FREEDOM)
    log_prior = -0.5 * ((eta @ np.linalg.inv(wide).T) ** 2).sum(axis=2) - 0.5 * size * math.log(2 * math.pi)
    log_prior = log_prior - _half_log_det(wide)
    share = local / draws
    log_share = math.log(1.0 - share) if share < 1.0 else -math.inf
    return eta, np.logaddexp(math.log(share) + log_t, log_share + log_prior)


def _half_log_det(factor: np.ndarray) -> np.ndarray:
    return np.log(np.diagonal(factor, axis1=-2, axis2=-1)).sum(axis=-1)


@program("keep")
def _evaluate(
    model: Model, table: EventTable, theta: dict[str, Any], prior: Prior, eta: Any, *, keep: bool
) -> tuple[Any, Any]:
    def person(args: tuple[EventTable, Any]) -> tuple[Any, Any]:
        row, draws = args
        value, f = jax.vmap(lambda e: objective(model, row, theta, prior, e))(draws)
        return value, f if keep else None

    # one person at a time: the draws of one fill the vector units and stay in the cache
    return jax.lax.map(person, (table, eta))


def _constant(model: Model, table: EventTable, prior: Prior) -> Float[np.ndarray, " n"]:
    """What turns the mean weight into ln p(data): normal constants, ln|Ω|, and the Jacobian of logarithmic outputs."""
    o = table.observations
    exact = np.asarray(o.mask) & ~np.asarray(o.censored)
    size = prior.omega.shape[0]
    constant = -0.5 * math.log(2 * math.pi) * (exact.sum(axis=1) + size) - 0.5 * float(prior.log_det)
    for index, output in enumerate(model.outputs):
        if output.error.form == "log":
            here = exact & (np.asarray(o.output) == index)
            constant = constant - np.log(np.where(here, np.asarray(o.dv), 1.0)).sum(axis=1)
    return constant


def _log_mean(x: Float[np.ndarray, "n s"]) -> Float[np.ndarray, " n"]:
    top = x.max(axis=1, keepdims=True)
    return top[:, 0] + np.log(np.exp(x - top).mean(axis=1))


def _merge(old: Posterior, new: Posterior, take: np.ndarray) -> Posterior:
    def pick(a: Any, b: Any) -> Any:
        return None if a is None or b is None else np.where(take.reshape(-1, *(1,) * (np.ndim(a) - 1)), b, a)

    names = ("eta", "log_weight", "ess", "pareto_k", "log_marginal", "predictions")
    fields = {name: pick(getattr(old, name), getattr(new, name)) for name in names}
    method = tuple(b if t else a for a, b, t in zip(old.method, new.method, take, strict=True))
    return replace(old, **fields, method=method)
