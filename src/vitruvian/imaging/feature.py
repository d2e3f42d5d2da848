"""A number measured on an image, and what a mask must be for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from vitruvian.core import DataError


@dataclass(frozen=True)
class Feature:
    """A named number with its UCUM unit."""

    name: str
    value: float
    unit: str


def check_mask(
    mask: Bool[np.ndarray, "Z Y X"], spacing: Sequence[float]
) -> tuple[Bool[np.ndarray, "Z Y X"], tuple[float, float, float]]:
    """Mask (slice, row, column) and spacing in mm along the same axes; raises `DataError` for an empty mask, another
    shape, or a spacing that is not positive."""
    mask = np.asarray(mask)
    steps = tuple(float(one) for one in spacing)
    if mask.ndim != 3 or mask.dtype != np.bool_:
        raise DataError("a mask has three axes and holds true or false", got=f"{mask.shape} {mask.dtype}")
    if len(steps) != 3 or not all(np.isfinite(steps)) or min(steps) <= 0:
        raise DataError("spacing is three positive numbers in mm", got=list(spacing))
    if not mask.any():
        raise DataError("the mask is empty", got=f"no voxel of {mask.size}")
    return mask, (steps[0], steps[1], steps[2])


def cropped(mask: Bool[np.ndarray, "Z Y X"]) -> Bool[np.ndarray, "z y x"]:
    """The mask cut to what it shows, with one empty voxel all around."""
    where = [np.flatnonzero(mask.any(axis=tuple(k for k in range(3) if k != axis))) for axis in range(3)]
    return np.pad(mask[tuple(slice(one[0], one[-1] + 1) for one in where)], 1)
