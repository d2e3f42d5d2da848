"""Pareto-smoothed importance weights and the shape k that tells whether they can be trusted.

Vehtari, Simpson, Gelman, Yao, Gabry, J Mach Learn Res 2024;25(72):1–58; generalised Pareto fit of Zhang and Stephens,
Technometrics 2009;51:316–325, doi:10.1198/tech.2009.08017.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def fit_pareto(excess: Float[np.ndarray, "n m"]) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Shape k and scale σ of a generalised Pareto distribution for each row of ascending positive excesses.

    Posterior mean under Zhang and Stephens' empirical prior; the shape is pulled towards ½ with the weight of ten
    observations, as Vehtari et al. do.
    """
    m = excess.shape[1]
    grid = 30 + int(np.sqrt(m))
    quartile = excess[:, int(m / 4 + 0.5) - 1][:, None]
    j = np.arange(1, grid + 1) - 0.5
    theta = 1.0 / excess[:, -1:] + (1.0 - np.sqrt(grid / j)) / (3.0 * quartile)
    shape = np.log1p(-theta[:, :, None] * excess[:, None, :]).mean(axis=2)
    log_likelihood = m * (np.log(-theta / shape) - shape - 1.0)
    weight = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True))
    mean = (weight * theta).sum(axis=1) / weight.sum(axis=1)
    k = np.log1p(-mean[:, None] * excess).mean(axis=1)
    return (m * k + 5.0) / (m + 10.0), -k / mean


def smooth(log_ratio: Float[np.ndarray, "n s"]) -> tuple[Float[np.ndarray, "n s"], Float[np.ndarray, " n"]]:
    """Normalised log weights with a Pareto-smoothed upper tail, and Pareto k, for each row of log importance ratios.

    k ≤ 0.7 means that the weights can be trusted; a row whose ratios are all equal has k = 0. Fewer than 25 draws
    have no tail to fit: k is then infinite unless the ratios are equal.
    """
    log_ratio = log_ratio - log_ratio.max(axis=1, keepdims=True)
    draws = log_ratio.shape[1]
    tail = int(np.ceil(min(0.2 * draws, 3.0 * np.sqrt(draws))))
    k = np.full(len(log_ratio), np.inf)
    flat = np.ptp(log_ratio, axis=1) < 1e-12
    k[flat] = 0.0
    if tail >= 5:
        order = np.argsort(log_ratio, axis=1)[:, -tail - 1 :]
        rows = np.arange(len(log_ratio))[:, None]
        ranked = np.exp(log_ratio[rows, order])
        excess = ranked[:, 1:] - ranked[:, :1]
        usable = (excess[:, int(tail / 4 + 0.5) - 1] > 0) & ~flat
        if usable.any():
            # ties with the threshold would put ln 0 into the fit
            safe = np.maximum(excess[usable], 1e-300)
            shape, scale = fit_pareto(safe)
            p = (np.arange(1, tail + 1) - 0.5) / tail
            quantile = scale[:, None] * np.expm1(-shape[:, None] * np.log1p(-p)) / shape[:, None]
            new = np.minimum(np.log(ranked[usable, :1] + quantile), 0.0)
            log_ratio = log_ratio.copy()
            log_ratio[np.flatnonzero(usable)[:, None], order[usable, 1:]] = new
            k[usable] = shape
    return log_ratio - _log_sum(log_ratio), k


def effective_size(log_weight: Float[np.ndarray, "n s"]) -> Float[np.ndarray, " n"]:
    """Kish's effective sample size 1 / Σ w² of normalised log weights."""
    return 1.0 / np.exp(2.0 * log_weight).sum(axis=1)


def _log_sum(x: Float[np.ndarray, "n s"]) -> Float[np.ndarray, "n 1"]:
    top = x.max(axis=1, keepdims=True)
    return top + np.log(np.exp(x - top).sum(axis=1, keepdims=True))
