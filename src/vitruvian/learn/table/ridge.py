"""Logistic regression of many columns with a penalty on squared coefficients."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

_STEPS = 200


def ridge_logistic(
    x: Float[np.ndarray, "rows terms"], y: Float[np.ndarray, " rows"], ridge: float, weight: Float[np.ndarray, " rows"]
) -> tuple[float, Float[np.ndarray, " terms"]]:
    """Intercept (not penalised) and coefficients of a logistic regression, by L-BFGS."""
    from scipy.optimize import minimize
    from scipy.special import expit

    def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
        margin = theta[0] + x @ theta[1:]
        slope = weight * (expit(margin) - y)
        value = weight @ (np.logaddexp(0.0, margin) - y * margin) + 0.5 * ridge * theta[1:] @ theta[1:]
        return float(value), np.concatenate([[slope.sum()], x.T @ slope + ridge * theta[1:]])

    start = np.zeros(1 + x.shape[1])
    rate = float(weight @ y / weight.sum())
    start[0] = np.log(rate / (1.0 - rate))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS, "ftol": 1e-9, "maxcor": 20})
    return float(found.x[0]), found.x[1:]
