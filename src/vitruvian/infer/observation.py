"""The residual error of one output as a distribution of levels, on the host (NumPy)."""

from __future__ import annotations

import math

import numpy as np

from vitruvian.core import DataError
from vitruvian.infer.likelihood import variance
from vitruvian.model import ResidualError


def _scaled(error: ResidualError, f: np.ndarray, level: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Standardised residual of `level` at prediction `f`, and its standard deviation."""
    if error.form == "none":
        raise DataError("an output without residual error has no distribution of levels")
    sd = np.sqrt(variance(error, f))
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.log(level) - np.log(f) if error.form == "log" else level - f
        return apart / sd, sd


def log_density(error: ResidualError, f: np.ndarray, level: np.ndarray) -> np.ndarray:
    """ln density of a level at predictions `f` (arrays broadcast); −inf where the model cannot give that level."""
    z, sd = _scaled(error, f, level)
    with np.errstate(divide="ignore"):
        value = -0.5 * z**2 - np.log(sd) - 0.5 * math.log(2 * math.pi)
        value = value - np.log(level) if error.form == "log" else value
    return np.where(np.isfinite(value), value, -np.inf)


def cumulative(error: ResidualError, f: np.ndarray, level: np.ndarray) -> np.ndarray:
    """P(a level is below `level`) at predictions `f`."""
    z = _scaled(error, f, level)[0]
    return np.vectorize(math.erfc, otypes=[float])(-z / math.sqrt(2.0)) / 2.0


def log_cumulative(error: ResidualError, f: np.ndarray, level: np.ndarray) -> np.ndarray:
    """ln P(a level is below `level`) at predictions `f`, accurate far in the tail."""
    from scipy.special import log_ndtr  # half a second to load; few levels are censored

    return log_ndtr(_scaled(error, f, level)[0])


def draw_level(error: ResidualError, f: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Levels at predictions `f` with standard normal `noise`."""
    sd = np.sqrt(variance(error, f))
    return f * np.exp(sd * noise) if error.form == "log" else f + sd * noise
