"""Error grids: published corners, zones drawn as polygons, the continuous risk behind the newest, and the CVGA."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.path import Path as Polygon

from vitruvian.core import DataError, UnknownNameError
from vitruvian.physiology.glucose.cvga import cvga_place, cvga_zones, extremes
from vitruvian.physiology.glucose.error_grid import CLARKE, DTS, GRIDS, PARKES, ZONES, ErrorGrid, named_grid

# The zones as closed polygons up to 400 (Clarke) and 550 mg/dL (Parkes), as a second transcription draws them.
POLYGONS = {
    "clarke": {
        "A": [[(70, 0), (70, 56), (400, 320), (400, 400), (400 / 1.2, 400), (70, 84), (175 / 3, 70), (0, 70), (0, 0)]],
        "B": [
            [(70, 84), (400 / 1.2, 400), (290, 400), (70, 180)],
            [(130, 0), (180, 70), (240, 70), (240, 180), (400, 180), (400, 320), (70, 56), (70, 0)],
        ],
        "C": [[(70, 180), (290, 400), (70, 400)], [(180, 0), (180, 70), (130, 0)]],
        "D": [[(0, 70), (175 / 3, 70), (70, 84), (70, 180), (0, 180)], [(240, 70), (400, 70), (400, 180), (240, 180)]],
        "E": [[(70, 180), (70, 400), (0, 400), (0, 180)], [(180, 0), (400, 0), (400, 70), (180, 70)]],
    },
    "parkes": {
        "A": [[(50, 0), (50, 30), (170, 145), (385, 300), (550, 450), (550, 550), (430, 550), (280, 380), (140, 170),
               (30, 50), (0, 50), (0, 0)]],
        "B": [
            [(0, 50), (30, 50), (140, 170), (280, 380), (430, 550), (260, 550), (70, 110), (50, 80), (30, 60), (0, 60)],
            [(120, 0), (120, 30), (260, 130), (550, 250), (550, 450), (385, 300), (170, 145), (50, 30), (50, 0)],
        ],
        "C": [
            [(0, 60), (30, 60), (50, 80), (70, 110), (260, 550), (125, 550), (80, 215), (50, 125), (25, 100), (0, 100)],
            [(250, 0), (250, 40), (550, 150), (550, 250), (260, 130), (120, 30), (120, 0)],
        ],
        "D": [
            [(0, 100), (25, 100), (50, 125), (80, 215), (125, 550), (50, 550), (35, 155), (0, 150)],
            [(550, 0), (550, 150), (250, 40), (250, 0)],
        ],
        "E": [[(0, 150), (35, 155), (50, 550), (0, 550)]],
    },
}  # fmt: skip


def scattered(most: float, n: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Pairs all over the grid, none on a border (borders meet whole and simple numbers)."""
    x, y = np.random.default_rng(5).uniform(1.0, most, (2, n))
    return x, y


@pytest.mark.parametrize("name", POLYGONS)
def test_zones_are_the_drawn_polygons(name: str) -> None:
    x, y = scattered(399.0 if name == "clarke" else 549.0)
    found = named_grid(name).zones(x, y)
    points = np.column_stack([x, y])
    drawn = np.full(len(x), -1)
    for zone, outlines in POLYGONS[name].items():
        for outline in outlines:
            inside = Polygon([*outline, outline[0]], closed=True).contains_points(points)
            assert (drawn[inside] == -1).all(), "the polygons do not overlap"
            drawn[inside] = ZONES.index(zone)
    assert (drawn >= 0).mean() > 0.999
    np.testing.assert_array_equal(found[drawn >= 0], drawn[drawn >= 0])
    assert set(found) == {0, 1, 2, 3, 4}


def test_the_dts_grid_is_the_risk_that_its_paper_gives_in_closed_form() -> None:
    """Risk 2.75·ln(value/reference) above and 2.25·ln below, both at least 50 mg/dL; zones end at 0.5, 1.5, 2.5, 3.5.

    The table of corners is rounded: the two agree but for 1.5 mg/dL at the borders.
    """
    x, y = scattered(599.0)
    zone = DTS.zones(x, y)

    def risk(reference: np.ndarray, value: np.ndarray) -> np.ndarray:
        ratio = np.log(np.maximum(value, 50.0) / np.maximum(reference, 50.0))
        return np.where(ratio > 0, 2.75, 2.25) * np.abs(ratio)

    expected = np.digitize(risk(x, y), [0.5, 1.5, 2.5, 3.5])
    near = [np.digitize(risk(x, np.maximum(y + d, 0.0)), [0.5, 1.5, 2.5, 3.5]) for d in (-1.5, 1.5)]
    near += [np.digitize(risk(np.maximum(x + d, 0.0), y), [0.5, 1.5, 2.5, 3.5]) for d in (-1.5, 1.5)]
    assert (zone == expected).mean() > 0.98
    assert all(z in {e, *(n[k] for n in near)} for k, (z, e) in enumerate(zip(zone, expected, strict=True)))


@pytest.mark.parametrize("grid", [PARKES, DTS], ids=lambda g: g.name)
def test_a_step_across_each_corner_is_a_step_of_one_zone(grid: ErrorGrid) -> None:
    for k, border in enumerate(grid.borders):
        upper = border[0][0] == 0
        worse = k + 1 if upper else k + 1 - sum(line[0][0] == 0 for line in grid.borders)
        for x, y in border[1:-1]:
            outside = grid.zones(np.array([x - 0.5 if upper else x + 0.5]), np.array([y + 1.0 if upper else y - 1.0]))
            inside = grid.zones(np.array([x + 0.5 if upper else x - 0.5]), np.array([y - 1.0 if upper else y + 1.0]))
            assert outside[0] == worse
            assert inside[0] == worse - 1


@pytest.mark.parametrize(
    ("reference", "value", "zone"),
    [
        (100, 120, "A"), (100, 80, "A"), (100, 121, "B"), (60, 69, "A"), (69, 40, "A"), (60, 73, "D"), (69, 83, "D"),
        (70, 84, "A"), (70, 179, "B"), (69, 180, "E"), (70, 180, "E"), (71, 182, "C"), (180, 70, "E"), (179, 68, "C"),
        (240, 179, "B"), (241, 179, "D"), (250, 200, "A"), (300, 181, "B"), (400, 30, "E"), (130, 0, "B"),
    ],
)  # fmt: skip
def test_clarke_at_its_borders(reference: float, value: float, zone: str) -> None:
    assert ZONES[int(CLARKE.zones(np.array([reference, 150.0]), np.array([value, 150.0]))[0])] == zone


@pytest.mark.parametrize("grid", GRIDS.values(), ids=lambda g: g.name)
def test_the_diagonal_is_accurate_and_missing_pairs_are_left_out(grid: ErrorGrid) -> None:
    g = np.linspace(20, 600, 117)
    assert (grid.zones(g, g) == 0).all()
    assert grid.shares(g, g) == {"A": 100.0, "B": 0.0, "C": 0.0, "D": 0.0, "E": 0.0}
    found = grid.zones(np.array([[100.0, np.nan], [300.0, 100.0]]), np.array([[100.0, 90.0], [40.0, np.nan]]))
    assert found.shape == (2, 2)
    assert found[0, 0] == 0
    assert found[0, 1] == found[1, 1] == -1
    assert sum(grid.shares(g, np.roll(g, 40)).values()) == pytest.approx(100.0)
    assert all(np.isnan(v) for v in grid.shares(np.array([np.nan]), np.array([1.0])).values())


@pytest.mark.parametrize("grid", GRIDS.values(), ids=lambda g: g.name)
def test_other_units_are_refused(grid: ErrorGrid) -> None:
    mmol = np.array([5.5, 8.0, 10.1])
    with pytest.raises(DataError, match="mg/dL"):
        grid.zones(mmol, mmol)
    with pytest.raises(DataError, match="mg/dL"):
        grid.zones(np.array([100.0]), np.array([-1.0]))
    with pytest.raises(UnknownNameError, match="clarke, parkes, dts"):
        named_grid("clark")


def test_nine_zones_of_the_control_variability_grid() -> None:
    low = np.array([100, 80, 60, 100, 80, 60, 100, 80, 60, np.nan])
    high = np.array([150, 150, 150, 250, 250, 250, 350, 350, 350, 100])
    names = ["A", "lower B", "lower C", "upper B", "B", "lower D", "upper C", "upper D", "E", ""]
    assert cvga_zones(low, high) == names
    x, y = cvga_place(np.array([110.0, 90, 70, 50, 20, 130]), np.array([110.0, 180, 300, 400, 500, 90]))
    np.testing.assert_allclose(x, [0, 20, 40, 60, 60, 0])
    np.testing.assert_allclose(y, [0, 20, 40, 60, 60, 0])


def test_extremes_leave_out_two_and_a_half_percent_and_what_is_missing() -> None:
    trace = np.column_stack([np.arange(1001.0), np.arange(1001.0), np.full(1001, np.nan)])
    trace[501:, 1] = np.nan
    low, high = extremes(trace)
    np.testing.assert_allclose(low, [25.0, 12.5, np.nan])
    np.testing.assert_allclose(high, [975.0, 487.5, np.nan])
