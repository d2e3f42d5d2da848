"""Kidney function against published examples and closed values."""

import pytest

from vitruvian.core import DataError, UnitError, UnknownNameError
from vitruvian.person import (
    ckd_epi_2021,
    cockcroft_gault,
    creatinine_clearance,
    creatinine_mg_dl,
    deindexed,
    filtration_maturation,
    filtration_rate,
    indexed,
    kidney_stage,
    mdrd,
    postmenstrual_weeks,
    schwartz_bedside,
)


def test_reference_rows():
    man = {"age_y": 50.0, "creatinine_mg_dl": 1.0, "female": False}
    assert ckd_epi_2021(**man) == pytest.approx(91.69, abs=5e-3)
    assert mdrd(**man) == pytest.approx(79.09, abs=5e-3)
    assert cockcroft_gault(weight_kg=80.0, **man) == pytest.approx(100.0, abs=1e-9)
    assert cockcroft_gault(age_y=50.0, weight_kg=80.0, creatinine_mg_dl=1.0, female=True) == pytest.approx(85.0)


def test_ckd_epi_is_continuous_at_its_knot():
    for female, knot in ((True, 0.7), (False, 0.9)):
        below, above = (ckd_epi_2021(age_y=60.0, creatinine_mg_dl=knot + d, female=female) for d in (-1e-9, 1e-9))
        assert below == pytest.approx(above, rel=1e-7)
    assert ckd_epi_2021(age_y=60.0, creatinine_mg_dl=0.7, female=True) == pytest.approx(142 * 0.9938**60 * 1.012)


def test_deindexing_round_trip_and_size():
    assert deindexed(42.0, weight_kg=94.0, height_cm=178.0) == pytest.approx(42.0 * 2.1213 / 1.73, rel=1e-3)
    value = deindexed(60.0, weight_kg=50.0, height_cm=150.0)
    assert indexed(value, weight_kg=50.0, height_cm=150.0) == pytest.approx(60.0)


def test_schwartz():
    assert schwartz_bedside(age_y=5.0, height_cm=110.0, creatinine_mg_dl=0.413) == pytest.approx(110.0)


@pytest.mark.parametrize("unit", ["umol/L", "µmol/L", "μmol/l"])
def test_creatinine_units(unit):
    assert creatinine_mg_dl(88.42, unit) == pytest.approx(1.0)
    assert creatinine_mg_dl(1.2, "mg/dL") == 1.2


def test_creatinine_assay():
    # MDRD with 175 and IDMS equals MDRD with 186 and the old assay
    old = 1.4
    new = creatinine_mg_dl(old, "mg/dL", assay="jaffe")
    assert 175.0 * new**-1.154 == pytest.approx(186.0 * old**-1.154)
    assert creatinine_mg_dl(old, "mg/dL", assay="jaffe_idms") == old
    with pytest.raises(UnknownNameError):
        creatinine_mg_dl(1.0, "mg/dL", assay="guess")  # type: ignore[arg-type]


def test_bad_creatinine():
    with pytest.raises(UnitError, match="no unit"):
        creatinine_mg_dl(88.0, "")
    with pytest.raises(DataError, match="umol/L"):
        creatinine_mg_dl(88.0, "mg/dL")  # a micromolar value labelled mg/dL
    with pytest.raises(DataError):
        creatinine_mg_dl(float("nan"), "mg/dL")


def test_the_weight_is_named():
    result = creatinine_clearance(
        age_y=60.0, weight_kg=123.0, height_cm=70 * 2.54, creatinine_mg_dl=1.0, female=False, weight="by_size"
    )
    assert (result.weight_kind, result.weight_kg) == ("adjusted", pytest.approx(93.0))
    assert result.value == pytest.approx(80.0 * 93.0 / 72.0)


@pytest.mark.parametrize("equation", [ckd_epi_2021, mdrd])
def test_adult_equations_refuse_children(equation):
    assert equation(age_y=18.0, creatinine_mg_dl=0.8, female=True) > 60.0
    with pytest.raises(DataError, match="schwartz_bedside"):
        equation(age_y=17.9, creatinine_mg_dl=0.5, female=True)
    with pytest.raises(DataError, match="schwartz_bedside"):
        cockcroft_gault(age_y=8.0, weight_kg=25.0, creatinine_mg_dl=0.5, female=True)


@pytest.mark.parametrize("age", [0.3, 18.0, 60.0])
def test_schwartz_refuses_adults_and_infants(age):
    with pytest.raises(DataError, match="ckd_epi_2021"):
        schwartz_bedside(age_y=age, height_cm=120.0, creatinine_mg_dl=0.5)


@pytest.mark.parametrize(
    ("rate", "stage"), [(90, "G1"), (89.9, "G2"), (59.9, "G3a"), (42, "G3b"), (29, "G4"), (14.9, "G5")]
)
def test_stage(rate, stage):
    assert kidney_stage(rate) == stage


def test_maturation():
    assert postmenstrual_weeks(gestation_weeks=40.0, postnatal_days=53.9) == pytest.approx(47.7)
    assert filtration_maturation(47.7) == pytest.approx(0.5)
    assert filtration_rate(pma_weeks=2000.0, weight_kg=70.0) == pytest.approx(121.2, rel=1e-4)
