"""Whether chains of draws have mixed, and how many independent draws they are worth."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def split_rhat(chains: Float[np.ndarray, "c l e"]) -> Float[np.ndarray, " e"]:
    """Split R̂ of each eta (Gelman et al., Bayesian Data Analysis, 3rd ed., section 11.4)."""
    half = chains.shape[1] // 2
    parts = np.concatenate([chains[:, :half], chains[:, half : 2 * half]])
    within = parts.var(axis=1, ddof=1).mean(axis=0)
    between = half * parts.mean(axis=1).var(axis=0, ddof=1)
    return np.sqrt((half - 1) / half + between / (half * within))


def chain_size(chains: Float[np.ndarray, "c l e"]) -> Float[np.ndarray, " e"]:
    """Effective sample size of each eta from the chains' autocorrelation, summed while pairs stay positive.

    Geyer's initial positive sequence, Stat Sci 1992;7:473, doi:10.1214/ss/1177011137.
    """
    count, length, _ = chains.shape
    centred = chains - chains.mean(axis=1, keepdims=True)
    spectrum = np.fft.rfft(centred, 2 * length, axis=1)
    covariance = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :length].mean(axis=0) / length
    correlation = covariance / covariance[:1]
    pairs = correlation[: length // 2 * 2].reshape(-1, 2, correlation.shape[1]).sum(axis=1)
    positive = np.cumprod(pairs > 0, axis=0)
    return count * length / np.maximum((2.0 * (pairs * positive).sum(axis=0) - 1.0), 1e-3)
