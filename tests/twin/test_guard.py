"""Each refusal of the guard, one test each, and the property that no dose leaves the bounds."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitruvian.core import DataError, Source
from vitruvian.pharmacology import LabelRule, find
from vitruvian.twin.bounds import within_absolute
from vitruvian.twin.candidates import Candidate, candidates, standard
from vitruvian.twin.guard import (
    check_age_of_data,
    check_alive,
    check_allergy,
    check_convergence,
    check_domain,
    check_dose,
    check_duplicates,
    check_effect,
    check_label,
    check_missing,
    check_predictive,
    is_real,
    option_faults,
    refused,
)

SOURCE = Source("test", status="assumption")
APIXABAN, VANCOMYCIN, WARFARIN = find("apixaban"), find("vancomycin"), find("warfarin")
ADULT = {"WT": 80.0, "BSA": 1.9, "AGE": 60.0, "SCR": 1.0, "CRCL": 90.0, "DIALYSIS": 0.0, "FEMALE": 0.0}


def test_missing_data_refuse():
    assert refused(check_missing(["WT", "SCR"], {"WT": 80.0}, "The model"))
    assert refused(check_missing(["WT"], {"WT": math.nan}, "The model"))
    (said,) = check_missing(["CRCL"], {}, "A dose", {"WT": 80.0})
    assert said.text == "A dose needs creatinine clearance, which the record does not hold."
    assert said.todo == "Record creatinine, with unit and time."
    assert not check_missing(["WT"], {"WT": 80.0}, "The model")


def test_after_death_everything_is_refused():
    assert refused(check_alive("on 2021-02-21"))
    assert "2021-02-21" in check_alive("on 2021-02-21")[0].text
    assert not check_alive(None)


def test_a_drug_dosed_by_the_inr_warns_where_nobody_knows_it():
    (unknown,) = check_effect(WARFARIN, True, False)
    assert (unknown.severity, unknown.code) == ("warning", "no-inr")
    assert "since warfarin began" in unknown.text
    assert not check_effect(WARFARIN, True, True)
    assert not check_effect(VANCOMYCIN, True, False)


def test_a_covariate_outside_the_hard_range_refuses_and_outside_the_soft_range_warns():
    model = VANCOMYCIN.default_model
    crcl = next(c for c in model.covariates if c.name == "CRCL")
    beyond = check_domain(model, {"CRCL": crcl.hard[1] * 1.01 if math.isfinite(crcl.hard[1]) else -1.0})
    assert refused(beyond)
    assert beyond[0].text.startswith("creatinine clearance ")
    soft = check_domain(model, {"CRCL": (crcl.soft[1] + min(crcl.hard[1], crcl.soft[1] * 1.5)) / 2})
    assert [m.severity for m in soft] in (["warning"], [])


def test_old_data_refuse():
    limit = next(m.max_age for m in VANCOMYCIN.monitoring if m.covariate == "SCR")
    assert refused(check_age_of_data(VANCOMYCIN, {"SCR": limit + 1}))
    assert not check_age_of_data(VANCOMYCIN, {"SCR": limit - 1})


def test_a_second_anticoagulant_refuses_until_the_first_has_ended():
    warfarin = ("warfarin", WARFARIN.codes["atc"])
    assert refused(check_duplicates(APIXABAN, [warfarin]))
    assert not check_duplicates(APIXABAN, [("metoprolol", "C07AB02")])
    assert not check_duplicates(APIXABAN, [("apixaban", APIXABAN.codes["atc"])])


def test_an_allergy_refuses():
    assert refused(check_allergy(VANCOMYCIN, [("Vancomycin", "")]))
    assert refused(check_allergy(VANCOMYCIN, [("glycopeptide", VANCOMYCIN.codes["rxnorm"])]))
    assert not check_allergy(VANCOMYCIN, [("Penicillin", "7980")])


def test_a_label_rule_that_cannot_be_checked_refuses():
    drug = replace(
        VANCOMYCIN, label_rules=(LabelRule("x", ("SCR",), lambda p: p["SCR"] > 9, "avoid", "Not to be given.", SOURCE),)
    )
    assert refused(check_label(drug, {}))
    assert refused(check_label(drug, {"SCR": 10.0}))
    assert not check_label(drug, {"SCR": 1.0})


def test_the_apixaban_label_binds_the_dose():
    frail = {**ADULT, "AGE": 82.0, "WT": 58.0, "SCR": 1.0, "AF": 1.0, "NVAF": 1.0}
    five, half = (Candidate(a, "mg", 12.0, "oral") for a in (5.0, 2.5))
    assert any("label" in f for f in option_faults(APIXABAN, five, frail))
    assert not option_faults(APIXABAN, half, frail)
    robust = {**frail, "AGE": 60.0, "WT": 94.0}
    assert not option_faults(APIXABAN, five, robust)


@pytest.mark.parametrize("amount", [0.0, -5.0, math.nan, math.inf])
def test_a_dose_that_is_not_a_positive_number_is_never_allowed(amount):
    assert option_faults(APIXABAN, Candidate(amount, "mg", 12.0, "oral"), ADULT)


def test_an_amount_that_no_tablet_gives_is_not_allowed():
    assert any("product" in f for f in option_faults(APIXABAN, Candidate(3.3, "mg", 12.0, "oral"), ADULT))


def test_absolute_bounds_hold_for_single_daily_and_loading_doses():
    size = {"weight": 80.0, "bsa": 1.9}
    assert within_absolute(VANCOMYCIN, Candidate(1000, "mg", 12, "iv", 1.5), **size)
    assert not within_absolute(VANCOMYCIN, Candidate(5000, "mg", 12, "iv", 5), **size)
    assert not within_absolute(VANCOMYCIN, Candidate(3000, "mg", 6, "iv", 3), **size)
    assert not within_absolute(VANCOMYCIN, Candidate(1000, "mg", 12, "iv", 0.25), **size)
    assert not within_absolute(VANCOMYCIN, Candidate(1000, "mg", 12, "iv", 1.5, loading=9000), **size)


def test_levels_that_do_not_fit_refuse_or_warn():
    assert refused(check_predictive(1e-5, "m"))
    assert [m.severity for m in check_predictive(0.02, "m")] == ["warning"]
    assert not check_predictive(0.5, "m")
    assert not check_predictive(None, "m")


def test_a_fit_that_did_not_converge_refuses():
    assert refused(check_convergence(False, "m"))


@pytest.mark.parametrize("drug", [VANCOMYCIN, APIXABAN, WARFARIN, find("tacrolimus")], ids=lambda d: d.name)
@settings(max_examples=250, deadline=None)
@given(weight=st.floats(3, 250), bsa=st.floats(0.2, 3.0))
def test_candidates_are_real_products_within_absolute_bounds(drug, weight, bsa):
    route = drug.regimens[0].route
    size = {"weight": weight, "bsa": bsa}
    around = standard(drug, route, **size)
    try:
        found = candidates(drug, route, **size, around=around)
    except DataError as refusal:  # someone so small that no product can be measured out: refused, not rounded
        if "no product" not in str(refusal):
            raise
        return
    for c in found[1:]:
        assert math.isfinite(c.daily)
        assert c.amount > 0
        assert within_absolute(drug, c, **size)
        assert is_real(drug, c)


def test_amounts_that_no_bound_or_model_covers_are_said():
    models = APIXABAN.models
    said = {a: check_dose(APIXABAN, Candidate(a, "mg", 12.0, "oral"), ADULT, models) for a in (5.0, 10.0, 500.0)}
    assert said[5.0] == []
    assert [(m.severity, m.code) for m in said[10.0]] == [("warning", "dose-not-recommended")] * 2
    assert said[500.0][0].text == "500 mg is above the absolute bound of a single dose, 10 mg."
    assert [m.code for m in said[500.0]] == ["dose-not-allowed"] * 2 + ["outside-domain"]
    assert "last dose 500 mg lies outside 0 to 60 mg" in said[500.0][2].text
