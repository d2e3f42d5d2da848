"""Warfarin: genotypes, the label's doses, interactions, solvers."""

from __future__ import annotations

import numpy as np
import pytest

from vitruvian.model import Adaptive, compile_events, oral, simulate
from vitruvian.pharmacology import find
from vitruvian.pharmacology.modifiers import Modifier, presence_of, with_modifiers

DRUG = find("warfarin")
MODEL = DRUG.default_model
DAYS = np.arange(24.0, 24.0 * 61, 24.0)
# Coumadin label, expected maintenance doses (mg/day) by CYP2C9 (rows) and VKORC1 -1639 GG, GA, AA
LABEL = {
    (0, 0): ((5, 7), (5, 7), (3, 4)),
    (1, 0): ((5, 7), (3, 4), (3, 4)),
    (0, 1): ((3, 4), (3, 4), (0.5, 2)),
    (2, 0): ((3, 4), (3, 4), (0.5, 2)),
    (1, 1): ((3, 4), (0.5, 2), (0.5, 2)),
    (0, 2): ((0.5, 2), (0.5, 2), (0.5, 2)),
}


def person(two: int = 0, three: int = 0, a: int = 0, age: float = 71) -> dict[str, float]:
    return {"CYP2C9_2": two, "CYP2C9_3": three, "VKORC1_A": a, "AGE": age, "INR_BASE": 1.0}


def inr(model, covariates, dose=5.0, solver=None, eta=None):
    subject = oral("warfarin", dose, "mg", every="24 h", count=60).to_subject(model, DAYS, covariates, output="inr")
    return simulate(model, compile_events(model, [subject]), eta=eta, solver=solver)[:, : len(DAYS), 0]


@pytest.mark.parametrize("cyp2c9", LABEL)
def test_dose_for_inr_of_two_and_a_half_lies_near_the_labels_range(cyp2c9):
    for a, (low, high) in enumerate(LABEL[cyp2c9]):
        p = MODEL.individual(MODEL.theta, np.zeros(2), person(*cyp2c9, a, age=65))
        effect = 1.5 / float(p["INR_MAX"])
        rate = float(p["CL"] * p["EC50"]) * (effect / (1 - effect)) ** (1 / float(p["GAMMA"]))
        assert low / 1.6 <= 24 * rate / float(p["F"]) <= high * 1.6


def test_inr_rises_with_each_variant_allele_and_with_age():
    base = inr(MODEL, person())[0, -1]
    for more in (person(two=1), person(three=1), person(a=1), person(age=90)):
        assert inr(MODEL, more)[0, -1] > base + 0.02
    assert inr(MODEL, person(three=2))[0, -1] > inr(MODEL, person(three=1))[0, -1]


def test_no_drug_leaves_the_baseline_and_zero_etas_the_typical_person():
    assert inr(MODEL, {**person(), "INR_BASE": 1.2}, dose=1e-9) == pytest.approx(1.2, abs=1e-6)
    assert inr(MODEL, person(), eta=np.zeros((1, 2))) == pytest.approx(inr(MODEL, person()))


@pytest.mark.slow
def test_fixed_steps_agree_with_the_adaptive_solver_even_for_fast_people():
    eta = np.array([[0.5, 2.0], [-0.5, -1.0]])
    fixed, adaptive = (inr(MODEL, person(a=1), eta=eta, solver=s) for s in (None, Adaptive()))
    np.testing.assert_allclose(fixed, adaptive, rtol=1e-3)


def test_inhibited_clearance_raises_the_inr_as_less_clearance_does():
    inhibited = with_modifiers(MODEL, (Modifier("inhibitor", float(np.log(0.6)), 0.0, "halves clearance"),))
    found = inr(inhibited, {**person(), presence_of(0): 1.0})[0, -1]
    absent = inr(inhibited, {**person(), presence_of(0): 0.0})[0, -1]
    assert absent == pytest.approx(inr(MODEL, person())[0, -1])
    assert found > absent + 0.3


def test_modifiers_are_told_apart_by_their_place_and_keep_their_names():
    one, two = (Modifier(name, ratio, 0.1, "a test") for name, ratio in (("fluconazole", -0.5), ("rifampicin", 1.0)))
    both, later = with_modifiers(MODEL, (one, two)), with_modifiers(with_modifiers(MODEL, (one,)), (two,))
    assert type(both) is type(later) is type(with_modifiers(MODEL, (two, one)))
    assert both.name == later.name == "warfarin_hamberg_2010+fluconazole+rifampicin"
    assert both.theta == later.theta
    assert (both.theta["LOG_RATIO_1"], both.theta["LOG_RATIO_2"]) == (-0.5, 1.0)


def test_two_independent_models_agree_on_the_same_person():
    other = DRUG.model("warfarin_hamberg_2007")
    for a in (0, 1):
        assert inr(other, person(a=a))[0, -1] == pytest.approx(inr(MODEL, person(a=a))[0, -1], rel=0.06)


@pytest.mark.parametrize("model", DRUG.models, ids=lambda m: m.name)
def test_unknown_genotypes_have_frequencies_that_sum_to_one(model):
    mixed = [c for c in model.covariates if c.frequencies]
    assert {c.name for c in mixed} == {"CYP2C9_2", "CYP2C9_3", "VKORC1_A"}
    for c in mixed:
        assert sum(c.frequencies.values()) == pytest.approx(1.0, abs=1e-9)


def test_sensitive_genotype_is_said_and_an_unknown_one_does_not_refuse():
    rule = next(r for r in DRUG.label_rules if r.name == "sensitive genotype")
    assert rule.check(person(three=2))
    assert not rule.check(person())
    assert not rule.check({})
