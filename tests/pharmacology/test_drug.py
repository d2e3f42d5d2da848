"""Products, bounds, label rules: what a dose may be."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitruvian.core import DataError, Source, UnknownNameError
from vitruvian.pharmacology import Bounds, LabelRule, Limit, Product, StandardDose
from vitruvian.pharmacology.library import find

SOURCE = Source("test")
BOUNDS = Bounds(
    (
        Limit("single", "absolute", 3000, "mg", SOURCE),
        Limit("single", "absolute", 40, "mg/kg", SOURCE, low=1),
        Limit("daily", "absolute", 2000, "mg/m2", SOURCE),
    )
)


def test_tightest_limit_holds() -> None:
    assert BOUNDS.range("single", weight=50) == (50, 2000)
    assert BOUNDS.range("single", weight=100) == (100, 3000)
    assert BOUNDS.range("daily", bsa=1.5) == (0, 3000)
    assert BOUNDS.range("single", "recommended") == (0, float("inf"))


def test_limit_by_size_needs_the_size() -> None:
    with pytest.raises(DataError, match="body weight"):
        BOUNDS.range("single")
    with pytest.raises(DataError, match="body surface area"):
        BOUNDS.range("daily", weight=70)


def test_standard_dose_by_size() -> None:
    dose = StandardDose("15 mg/kg", 15, "mg/kg", 12, "iv", SOURCE)
    assert dose.amount_for(weight=80) == 1200
    assert StandardDose("100 mg/m2", 100, "mg/m2", 24, "iv", SOURCE).amount_for(bsa=1.8) == pytest.approx(180)


def test_step_of_whole_split_and_measured_products() -> None:
    assert Product("tablet", 5).step == 5
    assert Product("tablet", 5, divisible=2).step == 2.5
    assert Product("vial", 500, route="iv", increment=250).step == 250


@given(low=st.floats(0, 3000), width=st.floats(0, 3000))
@settings(max_examples=100, deadline=None)
def test_amounts_are_real_and_inside(low: float, width: float) -> None:
    drug = find("vancomycin")
    amounts = drug.amounts("iv", low, low + width)
    assert list(amounts) == sorted(set(amounts))
    for amount in amounts:
        assert low - 1e-6 <= amount <= low + width + 1e-6
        assert amount > 0
        assert amount % 250 == 0


def test_label_rule_needs_its_numbers() -> None:
    rule = LabelRule("low clearance", ("CRCL",), lambda p: p["CRCL"] < 50, "caution", "…", SOURCE)
    assert rule.check({"CRCL": 40})
    assert not rule.check({"CRCL": 60})
    with pytest.raises(DataError, match="no CRCL"):
        rule.check({"WT": 70})


def test_unknown_route_and_target() -> None:
    with pytest.raises(UnknownNameError, match="no regimen"):
        find("vancomycin").regimen("oral")
    with pytest.raises(UnknownNameError, match="auc24"):
        find("vancomycin").target("nothing")
