"""No-U-Turn sampling of the etas, for people whose importance weights cannot be trusted.

Hoffman and Gelman, J Mach Learn Res 2014;15:1593–1623, as implemented by numpyro.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpyro.infer.hmc import hmc

from vitruvian.core import SolveError
from vitruvian.infer._table import anonymous
from vitruvian.infer.chains import chain_size, split_rhat
from vitruvian.infer.importance import importance
from vitruvian.infer.map import map_estimate
from vitruvian.infer.objective import objective
from vitruvian.infer.posterior import Posterior
from vitruvian.infer.prior import Prior
from vitruvian.model import EventTable, Model

_CHAINS = 4
_WARM_UP = 300


def nuts(model: Model, table: EventTable, *, draws: int = 1000, seed: int) -> Posterior:
    """Posterior of everybody in `table` by NUTS: four chains, equal weights; people without data get prior draws."""
    estimate = map_estimate(model, table, covariance="exact", seed=seed)
    first = importance(model, table, estimate, draws=draws, seed=seed)
    return refine(first, seed=seed, who=np.asarray([m != "prior" for m in first.method]))


def refine(first: Posterior, *, seed: int, who: np.ndarray) -> Posterior:
    """`first` with the draws of the people in the mask `who` replaced by NUTS draws of equal weight.

    For them `ess` is the smallest effective sample size of any eta over the chains, and `pareto_k` is 0 as there are
    no weights; `log_marginal` stays the importance estimate. Raises `SolveError` where the chains did not mix
    (split R̂ > 1.05).
    """
    eta, log_weight, ess, k = (np.array(x) for x in (first.eta, first.log_weight, first.ess, first.pareto_k))
    method = list(first.method)
    table = anonymous(first.table)
    for person in np.flatnonzero(who):
        row = jax.tree.map(lambda x, p=person: x[p], table)
        factor = np.linalg.cholesky(first.estimate.exact[person])
        chains = np.asarray(
            _chains(
                first.model,
                row,
                first.theta,
                first.prior,
                jnp.asarray(first.estimate.eta[person]),
                jnp.asarray(factor),
                jax.random.key(np.uint32(seed + 7919 * person)),
                -(-first.draws // _CHAINS),
            )
        )
        if not np.isfinite(chains).all() or split_rhat(chains).max() > 1.05:
            raise SolveError("the posterior chains did not mix", got=f"person {first.ids[person]}")
        eta[person] = chains.reshape(-1, eta.shape[2])[: first.draws]
        log_weight[person] = -np.log(first.draws)
        ess[person] = min(chain_size(chains).min(), first.draws)
        k[person], method[person] = 0.0, "nuts"
    return replace(first, eta=eta, log_weight=log_weight, ess=ess, pareto_k=k, method=tuple(method), predictions=None)


@partial(jax.jit, static_argnames=("model", "length"))
def _chains(
    model: Model,
    row: EventTable,
    theta: dict[str, Any],
    prior: Prior,
    mode: Float[Array, " e"],
    factor: Float[Array, "e e"],
    key: Any,
    length: int,
) -> Float[Array, "c l e"]:
    """Draws of four chains. They run in coordinates in which the curvature at the mode is the unit matrix."""

    def potential(u: Any) -> Any:
        return 0.5 * objective(model, row, theta, prior, mode + factor @ u)[0]

    start, step = hmc(potential, algo="NUTS")

    def chain(key: Any) -> Any:
        place, run = jax.random.split(key)
        state = start(
            jax.random.normal(place, mode.shape),
            num_warmup=_WARM_UP,
            step_size=0.5,
            dense_mass=True,
            target_accept_prob=0.9,
            max_tree_depth=8,
            forward_mode_differentiation=True,
            rng_key=run,
        )

        def advance(state: Any, _: Any) -> Any:
            state = step(state)
            return state, state.z

        return jax.lax.scan(advance, state, None, length=_WARM_UP + length)[1][_WARM_UP:]

    return jax.vmap(lambda key: mode + chain(key) @ factor.T)(jax.random.split(key, _CHAINS))
