"""Volume, surface area and sphericity of a mask with any spacing.

Surface by the Crofton formula on the 13 directions of the lattice: the mean over directions u of the number of times
that parallel lines cross the surface is ∫|n·u|dS, whose mean over the sphere is S/2 (Lehmann and Legland 2012,
Insight Journal, hdl:10380/3342). Weights are the share of the sphere that is nearest to each direction, so that
voxels need not be cubes; slices much thicker than their pixels are interpolated first (by signed distance: Raya and
Udupa 1990, doi:10.1109/42.52980).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import product

import numpy as np
from jaxtyping import Bool

from vitruvian.imaging.feature import check_mask, cropped

Step = tuple[int, int, int]
Steps = tuple[float, float, float]
MOST_VOXELS = 2e7
_POINTS = 20_000


def volume(mask: Bool[np.ndarray, "Z Y X"], spacing: Sequence[float]) -> float:
    """Volume in mL: voxels × their volume."""
    mask, steps = check_mask(mask, spacing)
    return float(mask.sum()) * float(np.prod(steps)) / 1000.0


def surface_area(mask: Bool[np.ndarray, "Z Y X"], spacing: Sequence[float]) -> float:
    """Surface area in mm²: within 3 % on smooth shapes of radius ≥ 8 voxels, 9 % low on flat faces along the axes."""
    mask, steps = check_mask(mask, spacing)
    inner, steps = _even(cropped(mask), steps)
    cell, total = float(np.prod(steps)), 0.0
    for step, weight in _weights(steps):
        length = float(np.linalg.norm(np.multiply(step, steps)))
        total += weight * _crossings(inner, step) * cell / length
    return 2.0 * total


def sphericity(volume_ml: float, area_mm2: float) -> float:
    """π^(1/3) (6V)^(2/3) / A: 1 for a sphere, less for anything else (Wadell 1935, doi:10.1086/624298)."""
    return float(np.pi ** (1 / 3) * (6.0 * volume_ml * 1000.0) ** (2 / 3) / area_mm2)


def _even(mask: Bool[np.ndarray, "z y x"], spacing: Steps) -> tuple[Bool[np.ndarray, "z y x"], Steps]:
    """The mask on nearly cubic voxels: its signed distance, interpolated along the axes of larger spacing, at zero."""
    from scipy.ndimage import distance_transform_edt, zoom

    fine = max(min(spacing), (mask.size * float(np.prod(spacing)) / MOST_VOXELS) ** (1 / 3))
    if max(spacing) <= 1.3 * fine:
        return mask, spacing
    inside = distance_transform_edt(mask, sampling=spacing) - distance_transform_edt(~mask, sampling=spacing)
    half = np.where(mask, -0.5, 0.5) * fine  # the surface lies between voxels, not on the last one
    signed = np.clip(inside + half, -max(spacing) / 2, max(spacing) / 2)  # both sides alike, also of a thin shape
    counts = [round((n - 1) * step / fine) + 1 for n, step in zip(mask.shape, spacing, strict=True)]
    factors = [count / n for count, n in zip(counts, mask.shape, strict=True)]
    even = zoom(signed, factors, order=1, mode="nearest") > 0
    own = [(n - 1) * step / (k - 1) for n, step, k in zip(mask.shape, spacing, even.shape, strict=True)]
    return even, (own[0], own[1], own[2])


def _crossings(mask: Bool[np.ndarray, "z y x"], step: Step) -> int:
    """How often lines along `step` enter or leave the mask; its border is empty."""
    there = tuple(slice(max(k, 0), n + min(k, 0)) for k, n in zip(step, mask.shape, strict=True))
    here = tuple(slice(max(-k, 0), n + min(-k, 0)) for k, n in zip(step, mask.shape, strict=True))
    return int((mask[there] != mask[here]).sum())


@lru_cache(maxsize=64)
def _weights(spacing: Steps) -> tuple[tuple[Step, float], ...]:
    """The 13 directions, each with its share of the sphere."""
    steps = [one for one in product((-1, 0, 1), repeat=3) if one > (0, 0, 0)]
    rays = np.multiply(steps, spacing)
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    nearest = np.abs(_sphere(_POINTS) @ rays.T).argmax(axis=1)
    share = np.bincount(nearest, minlength=len(steps)) / _POINTS
    return tuple(((a, b, c), float(part)) for (a, b, c), part in zip(steps, share, strict=True))


def _sphere(count: int) -> np.ndarray:
    """Points spread evenly over the unit sphere (Fibonacci lattice), count × 3."""
    k = np.arange(count) + 0.5
    height, turn = 1.0 - 2.0 * k / count, np.pi * (1.0 + 5.0**0.5) * k
    radius = np.sqrt(1.0 - height**2)
    return np.stack([radius * np.cos(turn), radius * np.sin(turn), height], axis=1)
