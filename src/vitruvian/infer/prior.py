"""The prior of one person's random effects: a multivariate normal with mean zero."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from vitruvian.core import DataError
from vitruvian.model import Model


class Prior(eqx.Module):
    """Normal prior N(0, Ω) of the etas, factored once on the host.

    `cholesky` is the lower factor of Ω, `precision` its inverse, `log_det` = ln|Ω|.
    """

    omega: Float[Array, "e e"]
    cholesky: Float[Array, "e e"]
    precision: Float[Array, "e e"]
    log_det: Float[Array, ""]


def prior_of(model: Model, occasions: int = 0) -> Prior:
    """Prior of `model` with `occasions` blocks of occasion etas.

    Etas without variance are not part of it (the model drops them). Raises `DataError` where Ω is not positive
    definite.
    """
    omega = model.omega(occasions)
    try:
        factor = np.linalg.cholesky(omega)
    except np.linalg.LinAlgError:
        raise DataError(
            f"the random effects of model {model.name} have no positive definite covariance",
            got=omega.tolist(),
            todo="Correct the variances or covariances of the model.",
        ) from None
    inverse = np.linalg.inv(factor)
    return Prior(
        jnp.asarray(omega),
        jnp.asarray(factor),
        jnp.asarray(inverse.T @ inverse),
        jnp.asarray(2.0 * np.log(np.diag(factor)).sum()),
    )


def merged_theta(model: Model, theta: Any) -> dict[str, Any]:
    """Fixed effects of `model` with the entries of `theta` in place of the published ones.

    Raises `DataError` for a name that the model does not have or a value that is not finite.
    """
    published: dict[str, Any] = dict(model.theta)
    given = dict(theta or {})
    unknown = sorted(set(given) - set(published))
    if unknown:
        raise DataError(f"model {model.name} has no parameter {unknown[0]!r}", allowed=", ".join(published))
    for name, value in given.items():
        if not np.isfinite(value):
            raise DataError(f"parameter {name} is not a finite number", got=value)
    return {name: float(value) for name, value in {**published, **given}.items()}
