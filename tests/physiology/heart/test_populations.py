"""Populations of cells: drawn evenly, reproducible, and inside the ranges of human cells."""

from __future__ import annotations

import numpy as np
import pytest

from vitruvian.core import InputError, UnknownNameError
from vitruvian.physiology.heart.cell import HUMAN, Population, Range, calibrated, cell, drawn, judged, pace

CELL = cell("ten_tusscher_2006")
NUMBER = 12  # of cells, as in test_variants: one compiled program


@pytest.fixture(scope="module")
def population() -> Population:
    return calibrated(CELL, drawn(CELL, NUMBER, seed=4, span=(0.5, 1.5)), beats=12, until=None)


def test_accepted_cells_lie_in_every_range(population: Population) -> None:
    assert 0 < population.size < population.tried == NUMBER
    for name, inside in judged(population.biomarkers).items():
        assert inside.all(), name
    assert population.refused.keys() == {*HUMAN, "abnormal"}
    assert sum(population.refused.values()) >= NUMBER - population.size


def test_refused_cells_lie_outside_a_range(population: Population) -> None:
    found = pace(CELL, drawn(CELL, NUMBER, seed=4, span=(0.5, 1.5)), beats=12)
    inside = judged(found.biomarkers)
    good = np.logical_and.reduce(list(inside.values())) & ~np.asarray(found.flags.any)
    assert good.sum() == population.size
    np.testing.assert_allclose(np.asarray(found.biomarkers.apd90)[good], population.biomarkers.apd90)
    np.testing.assert_allclose(np.asarray(found.y.Ki)[good], population.y.Ki)
    np.testing.assert_allclose(np.asarray(found.p["scale_IKr"])[good], population.p["scale_IKr"])


def test_draws_are_even_and_of_their_seed() -> None:
    first, again, other = (drawn(CELL, 50, seed=seed) for seed in (1, 1, 2))
    assert first.keys() == {f"scale_{name}" for name in ("INa", "Ito", "IKr", "IKs", "IK1", "INaCa", "INaK", "ICaL")}
    for name, values in first.items():
        np.testing.assert_array_equal(values, again[name])
        assert not np.array_equal(values, other[name])
        assert sorted(np.floor(values * 25.0)) == list(range(50))  # one in each fiftieth of 0 to 2
    only = drawn(CELL, 4, currents=["IKr"], span=(0.9, 1.1))
    assert only.keys() == {"scale_IKr"}
    assert np.all((only["scale_IKr"] > 0.9) & (only["scale_IKr"] < 1.1))


def test_ranges_of_no_cell_and_of_no_biomarker_are_told() -> None:
    p = drawn(CELL, NUMBER, seed=4, span=(0.5, 1.5))
    with pytest.raises(InputError, match=r"no cell lies in all ranges; got \{'apd90': 12"):
        calibrated(CELL, p, ranges={"apd90": Range(1.0, 2.0)}, beats=12, until=None)
    with pytest.raises(UnknownNameError, match="apd40"):
        judged(pace(CELL, p, beats=12).biomarkers, {"apd95": Range(0.0, 1.0)})


def test_draws_that_cannot_be_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="INaL"):
        drawn(CELL, 4, currents=["INaL"])
    with pytest.raises(InputError, match="1 or more"):
        drawn(CELL, 0)
    with pytest.raises(InputError, match="low < high"):
        drawn(CELL, 4, span=(1.0, 1.0))
