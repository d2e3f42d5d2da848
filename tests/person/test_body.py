"""Body size against hand-computed and published values."""

import pytest

from vitruvian.core import DataError, UnknownNameError
from vitruvian.person import (
    adjusted_body_weight,
    body_mass_index,
    body_surface_area,
    dosing_weight,
    fat_free_mass,
    ideal_body_weight,
)


@pytest.mark.parametrize(
    ("weight", "height", "formula", "expected", "tolerance"),
    [
        (70.0, 170.0, "du_bois", 1.810, 5e-4),  # Du Bois nomogram
        (70.0, 170.0, "mosteller", 1.818, 5e-4),
        (60.0, 216.0, "mosteller", 36.0**0.5 * 0.1**0.5, 1e-12),  # √(12960/3600) = √3.6
        (3.5, 50.0, "mosteller", 0.2205, 5e-5),
    ],
)
def test_surface_area(weight, height, formula, expected, tolerance):
    assert body_surface_area(weight, height, formula) == pytest.approx(expected, abs=tolerance)


def test_devine_in_inches():
    assert ideal_body_weight(70 * 2.54, female=False) == pytest.approx(73.0)
    assert ideal_body_weight(64 * 2.54, female=True) == pytest.approx(54.7)
    assert ideal_body_weight(60 * 2.54, female=True) == pytest.approx(45.5)


def test_adjusted_weight_of_obese_and_of_light():
    assert adjusted_body_weight(123.0, 70 * 2.54, female=False) == pytest.approx(73.0 + 0.4 * 50.0)
    assert adjusted_body_weight(60.0, 70 * 2.54, female=False) == 60.0


def test_fat_free_mass():
    # Janmahasatian: 100 kg at BMI 25 (200 cm): 927000/(6680 + 5400) and 927000/(8780 + 6100)
    assert fat_free_mass(100.0, 200.0, female=False) == pytest.approx(76.738, abs=1e-3)
    assert fat_free_mass(100.0, 200.0, female=True) == pytest.approx(62.298, abs=1e-3)
    # Al-Sallami: a boy of 13.4 years is halfway from 0.88 to 1, a girl of 7.1 years halfway from 1 to 1.11
    assert fat_free_mass(100.0, 200.0, female=False, age_y=13.4) == pytest.approx(0.94 * 76.738, abs=1e-3)
    assert fat_free_mass(100.0, 200.0, female=True, age_y=7.1) == pytest.approx(1.055 * 62.298, abs=1e-3)


def test_body_mass_index():
    assert body_mass_index(100.0, 200.0) == 25.0


def test_dosing_weight_says_what_it_used():
    height = 70 * 2.54  # ideal 73 kg
    assert dosing_weight("by_size", 60.0, height, female=False) == (60.0, "actual")
    assert dosing_weight("by_size", 75.0, height, female=False) == (pytest.approx(73.0), "ideal")
    assert dosing_weight("by_size", 123.0, height, female=False) == (pytest.approx(93.0), "adjusted")
    assert dosing_weight("actual", 123.0, height, female=False) == (123.0, "actual")
    with pytest.raises(UnknownNameError, match="by_size"):
        dosing_weight("lean", 70.0, 170.0, female=False)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("weight", "height"), [(70.0, 1.7), (70_000.0, 170.0), (-3.0, 170.0), (float("nan"), 170.0), (200.0, 100.0)]
)
def test_impossible_bodies_are_refused(weight, height):
    with pytest.raises(DataError, match=r"got .*allowed"):
        body_surface_area(weight, height)


def test_adult_formula_refuses_a_child():
    with pytest.raises(DataError, match="adults only"):
        ideal_body_weight(140.0, female=True, age_y=9.0)
    with pytest.raises(DataError, match="maturation"):
        fat_free_mass(10.0, 75.0, female=True, age_y=1.0)
