"""Logistic regression of a few columns by Newton's method, with an offset, weights and standard errors by person."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from vitruvian.core import DataError

_SMALLEST = 1e-12
_STEPS = 100


def sigmoid(x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """1/(1+e⁻ˣ)."""
    from scipy.special import expit

    return np.asarray(expit(x))


def logit(p: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """log(p/(1−p)), with 0 and 1 taken as 1e-12 away from themselves."""
    p = np.clip(np.asarray(p, float), _SMALLEST, 1.0 - _SMALLEST)
    return np.log(p) - np.log1p(-p)


class Fit(NamedTuple):
    """Coefficients, and their covariance by the sandwich (by person where rows have people)."""

    theta: Float[np.ndarray, " k"]
    covariance: Float[np.ndarray, "k k"]


def logistic(
    x: Float[np.ndarray, "n k"],
    y: Float[np.ndarray, " n"],
    offset: Float[np.ndarray, " n"] | float = 0.0,
    person: Int[np.ndarray, " n"] | None = None,
) -> Fit:
    """The most likely coefficients of targets 0–1. Raises DataError where there are none (outcomes told apart wholly).

    The covariance is robust to rows of one person being alike (Liang KY, Zeger SL. Biometrika 1986;73:13).
    """
    theta, loss = np.zeros(x.shape[1]), np.inf
    for _ in range(_STEPS):
        mean = sigmoid(x @ theta + offset)
        hessian = (x * (mean * (1.0 - mean))[:, None]).T @ x
        try:
            step = np.linalg.solve(hessian, x.T @ (y - mean))
        except np.linalg.LinAlgError:
            break
        if not np.isfinite(step).all() or np.abs(theta).max() > 1e4:
            break
        size, loss = 1.0, _loss(x, y, theta, offset)
        while size > 1e-6 and _loss(x, y, theta + size * step, offset) > loss + 1e-12 * abs(loss):
            size /= 2.0
        theta = theta + size * step
        if np.abs(step).max() < 1e-10 * (1.0 + np.abs(theta).max()):
            return Fit(theta, _sandwich(x, y - mean, hessian, person))
    raise DataError(
        "no coefficients fit best: the outcomes are told apart wholly, or a column is constant",
        got=f"{len(y)} rows, {float(np.sum(y)):.0f} events",
        todo="Take more rows, or fewer columns.",
    )


def _loss(x: np.ndarray, y: np.ndarray, theta: np.ndarray, offset: np.ndarray | float) -> float:
    margin = x @ theta + offset
    return float((np.logaddexp(0.0, margin) - y * margin).sum())


def _sandwich(x: np.ndarray, residual: np.ndarray, hessian: np.ndarray, person: np.ndarray | None) -> np.ndarray:
    score = x * residual[:, None]
    if person is not None:
        score = np.stack([np.bincount(person, weights=column) for column in score.T], 1)
    bread = np.linalg.inv(hessian)
    return np.asarray(bread @ (score.T @ score) @ bread)
