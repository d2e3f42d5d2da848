"""Maximum a posteriori etas (NONMEM: post hoc) of many people at once, with covariance and diagnostics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int

from vitruvian.core import SolveError, program
from vitruvian.infer._seed import generators
from vitruvian.infer._table import anonymous, check_observations
from vitruvian.infer.newton import Search, minimise
from vitruvian.infer.objective import evaluate
from vitruvian.infer.prior import Prior, merged_theta, prior_of
from vitruvian.model import EventTable, Model

Covariance = Literal["gauss_newton", "exact"]

# half the gradient, in prior standard deviations, below which a mode counts as found
_CONVERGED = 1e-5


@dataclass(frozen=True)
class MapEstimate:
    """Modes of the etas of N people with E etas and K records each.

    `objective` is the minimised one; `ofv` adds ln|Ω| + ln|H| with the Gauss–Newton H, as NONMEM's FOCE with
    interaction prints it per person. `covariance` is of the kind named by `kind`; `gauss_newton` and `exact` are both
    kept, and `exact_definite` is false where the exact Hessian is not positive definite and Gauss–Newton stands in.
    `gradient_norm` is half the gradient in prior standard deviations. `ipred` and `eta` are at the mode.
    """

    names: tuple[str, ...]
    ids: tuple[str, ...]
    eta: Float[np.ndarray, "n e"]
    objective: Float[np.ndarray, " n"]
    ofv: Float[np.ndarray, " n"]
    gauss_newton: Float[np.ndarray, "n e e"]
    exact: Float[np.ndarray, "n e e"]
    exact_definite: Bool[np.ndarray, " n"]
    kind: Covariance
    gradient_norm: Float[np.ndarray, " n"]
    converged: Bool[np.ndarray, " n"]
    steps: Int[np.ndarray, " n"]
    ipred: Float[np.ndarray, "n k"]
    theta: dict[str, float]
    prior: Prior

    @property
    def covariance(self) -> Float[np.ndarray, "n e e"]:
        """Covariance of the etas given the data, of the kind asked for."""
        return self.exact if self.kind == "exact" else self.gauss_newton

    @property
    def standard_error(self) -> Float[np.ndarray, "n e"]:
        """Standard errors of the etas."""
        return np.sqrt(np.diagonal(self.covariance, axis1=1, axis2=2))

    @property
    def shrinkage(self) -> Float[np.ndarray, "n e"]:
        """Share of the prior variance of each eta that the data left (1: they taught nothing, 0: everything)."""
        return np.diagonal(self.covariance, axis1=1, axis2=2) / np.diag(np.asarray(self.prior.omega))

    def require_converged(self) -> MapEstimate:
        """This estimate; raises `SolveError` naming the people whose search did not converge."""
        if not self.converged.all():
            bad = [self.ids[k] for k in np.flatnonzero(~self.converged)[:5]]
            raise SolveError(
                "the individual estimate did not converge",
                got=f"{int((~self.converged).sum())} of {len(self.ids)} people, first: {', '.join(bad)}",
                todo="Check doses, times and units of these people, or use more starts.",
            )
        return self


def map_estimate(
    model: Model,
    table: EventTable,
    *,
    theta: Mapping[str, float] | None = None,
    prior: Prior | None = None,
    starts: int = 1,
    covariance: Covariance = "gauss_newton",
    seed: int = 0,
) -> MapEstimate:
    """MAP etas of everybody in `table`; the first start is eta = 0, the others are draws from the prior.

    People who did not converge are flagged in `converged`. Raises `DataError` for observations that the model cannot
    have, and `SolveError` where the objective is not finite anywhere that was tried.
    """
    check_observations(model, table)
    values = merged_theta(model, theta)
    prior = prior or prior_of(model, table.n_occasions)
    start = _starts(table, prior, starts, seed)
    found: Any = jax.device_get(_search(model, anonymous(table), values, prior, start))
    best = np.argmin(np.where(np.isfinite(found.at.value), found.at.value, np.inf), axis=1)
    found = jax.tree.map(lambda x: x[np.arange(len(best)), best], found)
    return _estimate(model, table, values, prior, found, covariance)


def _starts(table: EventTable, prior: Prior, starts: int, seed: int) -> Float[np.ndarray, "n s e"]:
    size = prior.omega.shape[0]
    start = np.zeros((len(table.ids), starts, size))
    if starts > 1:
        factor = np.asarray(prior.cholesky)
        for k, generator in enumerate(generators(table.ids, seed, "starts")):
            start[k, 1:] = generator.standard_normal((starts - 1, size)) @ factor.T
    return start


@program()
def _search(model: Model, table: EventTable, theta: dict[str, Any], prior: Prior, start: Any) -> Search:
    records = table.observations.time.shape[-1]
    people, starts, size = start.shape
    if starts > 1:
        table = jax.tree.map(lambda x: jnp.repeat(x, starts, axis=0), table)
    found = minimise(
        lambda row, eta: evaluate(model, row, theta, prior, eta), table, prior, start.reshape(-1, size), records
    )
    return jax.tree.map(lambda x: x.reshape(people, starts, *x.shape[1:]), found)


def _estimate(
    model: Model, table: EventTable, theta: dict[str, float], prior: Prior, found: Any, kind: Covariance
) -> MapEstimate:
    value = np.asarray(found.at.value)
    if not np.isfinite(value).all():
        bad = [table.ids[k] for k in np.flatnonzero(~np.isfinite(value))[:5]]
        raise SolveError(
            f"the likelihood of model {model.name} is not finite",
            got=f"people {', '.join(bad)}",
            todo="Usual causes: a level before the first dose, where the model predicts zero, or a wrong unit.",
        )
    norm = np.abs(found.at.half_gradient @ np.asarray(prior.cholesky)).max(axis=1, initial=0.0)
    exact, definite = _inverse(found.at.exact, found.at.gauss_newton)
    _, log_det = np.linalg.slogdet(found.at.gauss_newton)
    return MapEstimate(
        names=model.eta_names(table.n_occasions),
        ids=table.ids,
        eta=found.eta,
        objective=value,
        ofv=value + float(prior.log_det) + log_det,
        gauss_newton=np.linalg.inv(found.at.gauss_newton),
        exact=exact,
        exact_definite=definite,
        kind=kind,
        gradient_norm=norm,
        converged=norm < _CONVERGED,
        steps=found.steps,
        ipred=found.at.prediction,
        theta=theta,
        prior=prior,
    )


def _inverse(exact: np.ndarray, fallback: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    definite = np.linalg.eigvalsh(exact).min(axis=1, initial=np.inf) > 0
    return np.linalg.inv(np.where(definite[:, None, None], exact, fallback)), definite
