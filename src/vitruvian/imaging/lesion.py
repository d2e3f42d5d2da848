"""Diameters of a lesion, and all features of its shape.

Distances are between points half-way from the last voxel inside to the first outside, as on a mesh at level ½.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from vitruvian.imaging.feature import Feature, check_mask, cropped
from vitruvian.imaging.surface import sphericity, surface_area, volume


def lesion_features(mask: Bool[np.ndarray, "Z Y X"], spacing: Sequence[float]) -> tuple[Feature, ...]:
    """Volume, surface, sphericity, greatest diameter, and the axes in the plane of the slices (axis 0)."""
    size, area = volume(mask, spacing), surface_area(mask, spacing)
    long, short, _ = axes_in_plane(mask, spacing)
    return (
        Feature("volume", size, "mL"),
        Feature("surface_area", area, "mm2"),
        Feature("sphericity", sphericity(size, area), "1"),
        Feature("maximum_diameter", maximum_diameter(mask, spacing), "mm"),
        Feature("long_axis", long, "mm"),
        Feature("short_axis", short, "mm"),
    )


def maximum_diameter(mask: Bool[np.ndarray, "Z Y X"], spacing: Sequence[float]) -> float:
    """The greatest distance between two points of the surface, in mm."""
    mask, steps = check_mask(mask, spacing)
    return _longest(_surface(cropped(mask), steps, (0, 1, 2)))[0]


def axes_in_plane(mask: Bool[np.ndarray, "Z Y X"], spacing: Sequence[float]) -> tuple[float, float, int]:
    """(long axis, short axis, slice): the greatest diameter in any slice and the greatest width across it, in mm.

    As lesions are measured by RECIST 1.1 (Eisenhauer 2009, doi:10.1016/j.ejca.2008.10.026): long axis of a lesion,
    short axis of a lymph node.
    """
    mask, steps = check_mask(mask, spacing)
    best = (0.0, 0.0, -1)
    for k in np.flatnonzero(mask.any(axis=(1, 2))):
        points = _surface(cropped(mask[k : k + 1]), steps, (1, 2))[:, 1:]
        length, direction = _longest(points)
        if length > best[0]:
            across = points @ np.array([-direction[1], direction[0]])
            best = (length, float(np.ptp(across)), int(k))
    return best


def _surface(
    mask: Bool[np.ndarray, "z y x"], spacing: tuple[float, float, float], axes: tuple[int, ...]
) -> Float[np.ndarray, "P 3"]:
    """Points in mm half-way between a voxel inside and its neighbour outside along each of `axes`."""
    found = []
    for axis in axes:
        for way in (-1, 1):
            inside = np.argwhere(mask & ~np.roll(mask, -way, axis=axis)).astype(float)
            inside[:, axis] += 0.5 * way
            found.append(inside)
    return np.concatenate(found) * np.asarray(spacing)


def _longest(points: Float[np.ndarray, "P D"]) -> tuple[float, Float[np.ndarray, D]]:
    """The greatest distance between two of the points, and its direction."""
    from scipy.spatial import ConvexHull
    from scipy.spatial.distance import cdist

    corners = points[ConvexHull(points).vertices]
    apart = cdist(corners, corners)
    a, b = np.unravel_index(int(apart.argmax()), apart.shape)
    return float(apart[a, b]), (corners[b] - corners[a]) / apart[a, b]
