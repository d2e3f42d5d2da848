"""Left-ventricular volumes and ejection fraction, from masks or from two long-axis contours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from vitruvian.core import DataError
from vitruvian.imaging.feature import Feature
from vitruvian.imaging.surface import volume

DISCS = 20


@dataclass(frozen=True)
class LeftVentricle:
    """End-diastolic and end-systolic volume of the cavity, in mL."""

    end_diastolic: float
    end_systolic: float

    def __post_init__(self) -> None:
        if not 0 < self.end_systolic <= self.end_diastolic:
            raise DataError(
                "a ventricle is largest at the end of diastole",
                got=f"ED {self.end_diastolic:.1f} mL, ES {self.end_systolic:.1f} mL",
                todo="Exchange the phases if they were confused.",
            )

    @property
    def stroke_volume(self) -> float:
        """ED − ES, in mL."""
        return self.end_diastolic - self.end_systolic

    @property
    def ejection_fraction(self) -> float:
        """Stroke volume over ED volume, in %."""
        return 100.0 * self.stroke_volume / self.end_diastolic

    def features(self) -> tuple[Feature, ...]:
        """All four numbers."""
        return (
            Feature("end_diastolic_volume", self.end_diastolic, "mL"),
            Feature("end_systolic_volume", self.end_systolic, "mL"),
            Feature("stroke_volume", self.stroke_volume, "mL"),
            Feature("ejection_fraction", self.ejection_fraction, "%"),
        )


def ventricle_from_masks(
    diastole: Bool[np.ndarray, "Z Y X"], systole: Bool[np.ndarray, "Z Y X"], spacing: Sequence[float]
) -> LeftVentricle:
    """From masks of the cavity at both phases (slice summation), spacing in mm; raises `DataError`."""
    return LeftVentricle(volume(diastole, spacing), volume(systole, spacing))


def biplane_volume(four_chamber: Float[np.ndarray, "P 2"], two_chamber: Float[np.ndarray, "Q 2"]) -> float:
    """Volume in mL by the biplane method of discs (modified Simpson): π/4 · Σ aᵢ bᵢ · L/20.

    Lang 2015, doi:10.1016/j.echo.2014.10.003. Each contour (mm) runs along the endocardium from one hinge of the
    mitral annulus to the other; its long axis goes from the middle of the annulus to the farthest point, and L is the
    longer of both. Raises `DataError` for contours that enclose nothing, or whose lengths differ by more than 20 %.
    """
    first, long = _widths(four_chamber)
    second, other = _widths(two_chamber)
    if abs(long - other) > 0.2 * max(long, other):
        raise DataError(
            "the long axes of the two views differ too much: one is foreshortened",
            got=f"{long:.1f} and {other:.1f} mm",
            allowed="a difference of 20 %",
        )
    return float(np.pi / 4 * np.sum(first * second) * max(long, other) / DISCS) / 1000.0


def _widths(contour: Float[np.ndarray, "P 2"]) -> tuple[Float[np.ndarray, D], float]:
    """Width of the cavity in the middle of each disc, and the length of its long axis, in mm."""
    points = np.asarray(contour, float)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 5 or not np.isfinite(points).all():
        raise DataError("a contour is at least five points in the plane, in mm", got=points.shape)
    base = (points[0] + points[-1]) / 2
    apex = points[np.linalg.norm(points - base, axis=1).argmax()]
    length = float(np.linalg.norm(apex - base))
    if length == 0:
        raise DataError("the contour encloses nothing", got="a single point")
    along = (apex - base) / length
    level, across = (points - base) @ along, (points - base) @ np.array([-along[1], along[0]])
    widths = [_width(level, across, length * (k + 0.5) / DISCS) for k in range(DISCS)]
    return np.array(widths), length


def _width(level: Float[np.ndarray, P], across: Float[np.ndarray, P], at: float) -> float:
    """Distance between the outermost crossings of the closed contour with a line across it."""
    begin, end = level, np.roll(level, -1)
    crosses = (begin <= at) != (end <= at)
    share = (at - begin[crosses]) / (end[crosses] - begin[crosses])
    where = across[crosses] + share * (np.roll(across, -1)[crosses] - across[crosses])
    return float(np.ptp(where)) if where.size else 0.0
