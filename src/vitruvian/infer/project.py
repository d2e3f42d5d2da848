"""The posterior pushed onto other records: a forecast at new times, under other doses, on later occasions."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError, SolveError
from vitruvian.infer._seed import generators
from vitruvian.infer._table import anonymous
from vitruvian.infer.posterior import Posterior
from vitruvian.infer.prior import prior_of
from vitruvian.model import EventTable, Model, predict, predict_all


def extend(posterior: Posterior, occasions: int, *, seed: int) -> Float[np.ndarray, "n s e"]:
    """Posterior draws of the etas with `occasions` occasion blocks: occasions not seen yet get draws from the prior."""
    model, eta = posterior.model, posterior.eta
    size = len(model.eta_names(occasions))
    missing = size - eta.shape[2]
    if missing <= 0:
        return eta[:, :, :size]
    factor = np.asarray(prior_of(model, occasions).cholesky)[-missing:, -missing:]
    fresh = [g.standard_normal((posterior.draws, missing)) for g in generators(posterior.ids, seed, "occasions")]
    return np.concatenate([eta, np.stack(fresh) @ factor.T], axis=2)


def predict_at(
    posterior: Posterior, table: EventTable, *, seed: int = 0, every_output: bool = False
) -> Float[np.ndarray, "n s k ..."]:
    """Predictions at every record of `table`, which holds the same people, at every posterior draw.

    With `every_output` a last axis holds all outputs of the model at every record; else each record's own. Records that
    pad the table are zero. Raises `SolveError` where a prediction is not finite.
    """
    if table.ids != posterior.ids:
        raise DataError("the table holds other people than the posterior", got=table.ids[:3], allowed=posterior.ids[:3])
    eta = extend(posterior, table.n_occasions, seed=seed)
    f = np.asarray(_predictions(posterior.model, anonymous(table), posterior.theta, eta, every_output=every_output))
    exists = np.asarray(table.observations.exists)[:, None]
    exists = exists[..., None] if every_output else exists
    if not np.isfinite(np.where(exists, f, 0.0)).all():
        raise SolveError(f"a prediction of model {posterior.model.name} is not finite")
    return np.where(exists, f, 0.0)


@partial(jax.jit, static_argnames=("model", "every_output"))
def _predictions(model: Model, table: EventTable, theta: dict[str, Any], eta: Any, *, every_output: bool) -> Any:
    solve = predict_all if every_output else predict
    return jax.lax.map(lambda x: jax.vmap(lambda e: solve(model, x[0], theta, e))(x[1]), (table, eta))
