"""Child-Pugh: every boundary, both units."""

import pytest

from vitruvian.core import DataError, UnitError, UnknownNameError
from vitruvian.person import child_pugh

WELL = {
    "bilirubin": 1.0,
    "bilirubin_unit": "mg/dL",
    "albumin": 4.0,
    "albumin_unit": "g/dL",
    "inr": 1.0,
    "ascites": "none",
    "encephalopathy_grade": 0,
}


def test_extremes():
    assert (child_pugh(**WELL).score, child_pugh(**WELL).grade) == (5, "A")
    ill = WELL | {"bilirubin": 5.0, "albumin": 2.0, "inr": 3.0, "ascites": "severe", "encephalopathy_grade": 4}
    assert (child_pugh(**ill).score, child_pugh(**ill).grade) == (15, "C")


@pytest.mark.parametrize(
    ("finding", "value", "points"),
    [
        ("bilirubin", 1.99, 1),
        ("bilirubin", 2.0, 2),
        ("bilirubin", 3.0, 2),
        ("bilirubin", 3.01, 3),
        ("albumin", 3.51, 1),
        ("albumin", 3.5, 2),
        ("albumin", 2.8, 2),
        ("albumin", 2.79, 3),
        ("inr", 1.69, 1),
        ("inr", 1.7, 2),
        ("inr", 2.3, 2),
        ("inr", 2.31, 3),
        ("ascites", "mild", 2),
    ],
)
def test_boundaries(finding, value, points):
    assert child_pugh(**(WELL | {finding: value})).points[finding] == points


@pytest.mark.parametrize(("grade", "points"), [(0, 1), (1, 2), (2, 2), (3, 3), (4, 3)])
def test_encephalopathy(grade, points):
    assert child_pugh(**(WELL | {"encephalopathy_grade": grade})).points["encephalopathy"] == points


def test_classes_meet_at_seven_and_ten():
    seven = WELL | {"ascites": "mild", "encephalopathy_grade": 1}
    assert (child_pugh(**seven).score, child_pugh(**seven).grade) == (7, "B")
    ten = seven | {"albumin": 2.0, "inr": 2.0}
    assert (child_pugh(**ten).score, child_pugh(**ten).grade) == (10, "C")


def test_units_agree():
    molar = child_pugh(
        **(WELL | {"bilirubin": 51.0, "bilirubin_unit": "µmol/L", "albumin": 30.0, "albumin_unit": "g/L"})
    )
    assert molar.points["bilirubin"] == 2
    assert molar.points["albumin"] == 2


def test_cholestasis_has_its_own_bilirubin():
    assert child_pugh(**(WELL | {"bilirubin": 3.9}), cholestatic=True).points["bilirubin"] == 1
    assert child_pugh(**(WELL | {"bilirubin": 10.0}), cholestatic=True).points["bilirubin"] == 2


def test_bad_input():
    with pytest.raises(UnitError):
        child_pugh(**(WELL | {"bilirubin_unit": ""}))
    with pytest.raises(UnitError):
        child_pugh(**(WELL | {"albumin_unit": "mg/L"}))
    with pytest.raises(UnknownNameError):
        child_pugh(**(WELL | {"ascites": "tense"}))
    with pytest.raises(DataError):
        child_pugh(**(WELL | {"albumin": 40.0}))
    with pytest.raises(DataError):
        child_pugh(**(WELL | {"encephalopathy_grade": 5}))
