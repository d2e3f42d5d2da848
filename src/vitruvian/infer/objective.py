"""The objective of one person and its exact derivatives in the etas.

With prediction f, residual variance v and prior covariance Ω the objective is NONMEM's conditional one,
Σ (ln v + (y − f)²/v) + ηᵀ Ω⁻¹ η, with −2 ln Φ terms for censored values.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from vitruvian.infer.likelihood import record_deviance, record_terms
from vitruvian.infer.prior import Prior
from vitruvian.model import EventTable, Model, predict


class Evaluation(NamedTuple):
    """Objective at one eta, half its gradient, and half its Hessian two ways.

    `exact` is the exact half-Hessian; `gauss_newton` leaves out the curvature of the prediction and takes the expected
    weight JᵀJ/v + ½ccᵀ + Ω⁻¹ (c = d ln v), the "interaction" information that NONMEM inverts.
    """

    value: Float[Array, ""]
    half_gradient: Float[Array, " e"]
    exact: Float[Array, "e e"]
    gauss_newton: Float[Array, "e e"]
    prediction: Float[Array, " k"]


def evaluate(model: Model, row: EventTable, theta: dict[str, Any], prior: Prior, eta: Float[Array, " e"]) -> Evaluation:
    """Objective of one person with all derivatives, by forward mode: few etas, and every solver supports it."""

    def sensitivity(e: Any) -> Any:
        def both(x: Any) -> Any:
            f = predict(model, row, theta, x)
            return f, f

        jacobian, f = jax.jacfwd(both, has_aux=True)(e)
        return jacobian, (jacobian, f)

    second, (jacobian, f) = jax.jacfwd(sensitivity, has_aux=True)(eta)
    terms = record_terms(model.outputs, row.observations, f)
    # records that are not measured may have any sensitivity, also a not finite one
    used = row.observations.mask
    jacobian = jnp.where(used[:, None], jacobian, 0.0)
    second = jnp.where(used[:, None, None], second, 0.0)
    weighted = prior.precision @ eta
    curvature = jnp.einsum("k,ki,kj->ij", terms.curvature, jacobian, jacobian)
    return Evaluation(
        value=terms.value.sum() + eta @ weighted,
        half_gradient=0.5 * terms.slope @ jacobian + weighted,
        exact=0.5 * (curvature + jnp.einsum("k,kij->ij", terms.slope, second)) + prior.precision,
        gauss_newton=jnp.einsum("k,ki,kj->ij", terms.weight, jacobian, jacobian) + prior.precision,
        prediction=f,
    )


def objective(
    model: Model, row: EventTable, theta: dict[str, Any], prior: Prior, eta: Float[Array, " e"]
) -> tuple[Float[Array, ""], Float[Array, " k"]]:
    """Objective of one person at `eta`, and the predictions behind it."""
    f = predict(model, row, theta, eta)
    return record_deviance(model.outputs, row.observations, f).sum() + eta @ (prior.precision @ eta), f
