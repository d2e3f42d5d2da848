"""Measured numbers over time become the covariates that models ask for."""

import pytest

from vitruvian.core import DataError
from vitruvian.person import cockcroft_gault
from vitruvian.twin.covariates import Series, courses

ADULT = {
    "WT": Series((0.0,), (94.0,)),
    "HT": Series((0.0,), (178.0,)),
    "SCR": Series((0.0, 48.0, 72.0), (1.0, 2.0, 2.0)),
}


def test_a_rise_of_creatinine_is_a_step_of_clearance():
    found = courses(ADULT, age_y=60.0, female=False, start=0.0, now=100.0)
    times, values = found["CRCL"]
    assert times == (0.0, 48.0)
    expected = [cockcroft_gault(age_y=60, weight_kg=94, creatinine_mg_dl=s, female=False) for s in (1.0, 2.0)]
    assert values == pytest.approx(expected)
    assert found["WT"] == 94.0
    assert set(found) >= {"BMI", "BSA", "FFM", "EGFR", "EGFR_INDEXED", "AGE", "FEMALE"}


def test_nothing_after_now_is_seen():
    assert courses(ADULT, age_y=60.0, female=False, start=0.0, now=40.0)["SCR"] == 1.0


def test_a_measurement_before_the_course_holds_until_the_next():
    early = {**ADULT, "SCR": Series((-500.0,), (1.4,))}
    assert courses(early, age_y=60.0, female=True, start=0.0, now=10.0)["SCR"] == 1.4


def test_what_is_not_known_is_absent_not_guessed():
    found = courses({"WT": Series((0.0,), (70.0,))}, age_y=50.0, female=None, start=0.0, now=1.0)
    assert {"CRCL", "EGFR", "BSA", "FFM", "FEMALE"}.isdisjoint(found)


def test_a_child_has_schwartz_and_no_cockcroft_gault():
    child = {"WT": Series((0.0,), (20.0,)), "HT": Series((0.0,), (110.0,)), "SCR": Series((0.0,), (0.4,))}
    found = courses(child, age_y=6.0, female=True, start=0.0, now=1.0)
    assert "CRCL" not in found
    assert found["EGFR_INDEXED"] == pytest.approx(0.413 * 110 / 0.4)


@pytest.mark.parametrize("bad", [{"WT": Series((0.0,), (float("nan"),))}, {**ADULT, "HT": Series((0.0,), (1.78,))}])
def test_impossible_numbers_are_refused(bad):
    with pytest.raises(DataError):
        courses(bad, age_y=60.0, female=False, start=0.0, now=1.0)
