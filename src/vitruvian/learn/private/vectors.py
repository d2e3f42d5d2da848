"""Gaussian noise on a vector of sums, on one grid, so that the last bits of floating-point numbers tell nothing.

The sums are rounded to a grid and so is the noise (53 secret bits each): neighbouring sums can give the same outputs.
What rounding and float32 may add to the reach of a person is in the noise.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from vitruvian.learn.private.randomness import Coins

_GRID = 2.0**-20  # of the standard deviation of the noise
_ROUNDED = 1e-5  # relative error of a norm in float32, with room


def noised(sums: Float[np.ndarray, " n"], reach: float, noise: float, coins: Coins) -> Float[np.ndarray, " n"]:
    """Sums of which one person changes at most `reach` (norm), with Gaussian noise of `noise` · `reach`."""
    grid = _GRID * noise * reach
    whole = reach * (1 + _ROUNDED) + grid * np.sqrt(sums.size)
    drawn = noise * whole * coins.normal(*sums.shape)
    return (np.round(np.asarray(sums, np.float64) / grid) + np.round(drawn / grid)) * grid
