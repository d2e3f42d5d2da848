"""Features on shapes whose volume, surface and diameters are known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from vitruvian.core import DataError
from vitruvian.imaging import (
    LeftVentricle,
    axes_in_plane,
    biplane_volume,
    lesion_features,
    maximum_diameter,
    sphericity,
    surface_area,
    ventricle_from_masks,
    volume,
)

SPACINGS = [(1.0, 1.0, 1.0), (3.0, 0.8, 0.8), (0.7, 1.1, 1.6), (5.0, 1.5, 1.5)]


def ellipsoid(axes: tuple[float, float, float], spacing: tuple[float, float, float]) -> np.ndarray:
    """Mask of an ellipsoid with semi-axes in mm along (slice, row, column)."""
    grids = [np.arange(-np.ceil(a / s) - 1, np.ceil(a / s) + 2) * s / a for a, s in zip(axes, spacing, strict=True)]
    z, y, x = np.meshgrid(*grids, indexing="ij")
    return z**2 + y**2 + x**2 <= 1.0


def knud_thomsen(a: float, b: float, c: float) -> float:
    """Surface of an ellipsoid, relative error at most 1.061 % (K. Thomsen, p = 1.6075)."""
    p = 1.6075
    return float(4 * np.pi * (((a * b) ** p + (a * c) ** p + (b * c) ** p) / 3) ** (1 / p))


@pytest.mark.parametrize("spacing", SPACINGS)
def test_sphere(spacing: tuple[float, float, float]) -> None:
    r = 30.0
    mask = ellipsoid((r, r, r), spacing)
    assert volume(mask, spacing) == pytest.approx(4 / 3 * np.pi * r**3 / 1000, rel=0.01)
    assert surface_area(mask, spacing) == pytest.approx(4 * np.pi * r**2, rel=0.03)
    assert maximum_diameter(mask, spacing) == pytest.approx(2 * r, abs=max(spacing))
    long, short, at = axes_in_plane(mask, spacing)
    assert long == pytest.approx(2 * r, abs=2 * spacing[2])
    assert short == pytest.approx(2 * r, abs=2 * spacing[2])
    assert abs(at - mask.shape[0] // 2) * spacing[0] <= 0.1 * r


@pytest.mark.parametrize("spacing", SPACINGS[:3])
def test_ellipsoid(spacing: tuple[float, float, float]) -> None:
    a, b, c = 40.0, 24.0, 15.0
    mask = ellipsoid((a, b, c), spacing)
    found = {one.name: (one.value, one.unit) for one in lesion_features(mask, spacing)}
    assert found["volume"] == (pytest.approx(4 / 3 * np.pi * a * b * c / 1000, rel=0.01), "mL")
    assert found["surface_area"] == (pytest.approx(knud_thomsen(a, b, c), rel=0.03), "mm2")
    assert found["maximum_diameter"] == (pytest.approx(2 * a, abs=spacing[0]), "mm")
    assert found["long_axis"] == (pytest.approx(2 * b, abs=2 * spacing[1]), "mm")
    assert found["short_axis"] == (pytest.approx(2 * c, abs=2 * spacing[2]), "mm")
    exact = np.pi ** (1 / 3) * (6 * 4 / 3 * np.pi * a * b * c) ** (2 / 3) / knud_thomsen(a, b, c)
    assert found["sphericity"] == (pytest.approx(exact, rel=0.03), "1")


def test_box_has_exact_extents() -> None:
    mask = np.zeros((24, 36, 44), bool)
    mask[2:22, 3:33, 2:42] = True
    assert volume(mask, (2.5, 0.5, 0.75)) == pytest.approx(50 * 15 * 30 / 1000)
    assert maximum_diameter(mask, (0.1, 1.0, 0.1)) == pytest.approx(np.hypot(30, 3.9), abs=0.2)
    assert surface_area(mask, (1, 1, 1)) == pytest.approx(2 * (20 * 30 + 30 * 40 + 20 * 40), rel=0.1)
    assert sphericity(4 / 3 * np.pi / 1000, 4 * np.pi) == pytest.approx(1.0)


def test_one_voxel_and_rotation() -> None:
    one = np.zeros((3, 3, 3), bool)
    one[1, 1, 1] = True
    assert maximum_diameter(one, (4.0, 1.0, 1.0)) == pytest.approx(4.0)
    assert axes_in_plane(one, (4.0, 1.0, 1.0))[:2] == (pytest.approx(1.0), pytest.approx(1.0))
    mask = ellipsoid((20.0, 14.0, 9.0), (1.0, 1.0, 1.0))
    turned = np.transpose(mask, (2, 0, 1))
    assert maximum_diameter(turned, (1, 1, 1)) == pytest.approx(maximum_diameter(mask, (1, 1, 1)))
    assert surface_area(turned, (1, 1, 1)) == pytest.approx(surface_area(mask, (1, 1, 1)), rel=1e-3)


@pytest.mark.parametrize(
    ("mask", "spacing"),
    [
        (np.zeros((3, 3, 3), bool), (1, 1, 1)),
        (np.ones((3, 3), bool), (1, 1, 1)),
        (np.ones((3, 3, 3)), (1, 1, 1)),
        (np.ones((3, 3, 3), bool), (1, 1, 0)),
        (np.ones((3, 3, 3), bool), (1, 1, np.nan)),
    ],
)
def test_what_is_no_mask_is_refused(mask: np.ndarray, spacing: tuple[float, ...]) -> None:
    with pytest.raises(DataError):
        volume(mask, spacing)


def test_ejection_fraction_of_two_half_ellipsoids() -> None:
    spacing = (8.0, 1.4, 1.4)
    diastole, systole = ellipsoid((48.0, 24.0, 24.0), spacing), ellipsoid((48.0, 17.0, 17.0), spacing)
    heart = ventricle_from_masks(diastole, systole, spacing)
    assert heart.end_diastolic == pytest.approx(4 / 3 * np.pi * 48 * 24**2 / 1000, rel=0.02)
    assert heart.ejection_fraction == pytest.approx(100 * (1 - (17 / 24) ** 2), abs=1.0)
    assert [one.unit for one in heart.features()] == ["mL", "mL", "mL", "%"]
    with pytest.raises(DataError, match="end of diastole"):
        LeftVentricle(60.0, 120.0)


def half_ellipse(length: float, width: float, angle: float = 0.3) -> np.ndarray:
    """Contour from hinge to hinge of a half ellipse, turned in its plane."""
    turn = np.linspace(0, np.pi, 401)
    points = np.stack([width * np.cos(turn), length * np.sin(turn)], axis=1)
    c, s = np.cos(angle), np.sin(angle)
    return points @ np.array([[c, s], [-s, c]]) + 7.0


def test_biplane_simpson_of_a_half_ellipsoid() -> None:
    length, a, b = 90.0, 25.0, 22.0
    exact = 2 / 3 * np.pi * length * a * b / 1000
    assert biplane_volume(half_ellipse(length, a), half_ellipse(length, b, -1.0)) == pytest.approx(exact, rel=0.01)


def test_a_foreshortened_view_is_refused() -> None:
    with pytest.raises(DataError, match="foreshortened"):
        biplane_volume(half_ellipse(90, 25), half_ellipse(60, 25))
    with pytest.raises(DataError, match="five points"):
        biplane_volume(np.zeros((3, 2)), half_ellipse(60, 25))
