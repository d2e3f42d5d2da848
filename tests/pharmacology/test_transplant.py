"""Tacrolimus and ciclosporin: mass through transit chains, formulations, genotype, occasions."""

from __future__ import annotations

import numpy as np
import pytest

from vitruvian.model import compile_events, oral, simulate
from vitruvian.pharmacology import find

TACROLIMUS = find("tacrolimus")
HOURS = np.linspace(0, 24 * 40, 4000)


def curve(model, covariates):
    subject = oral("tacrolimus", 4, "mg").to_subject(model, HOURS, covariates)
    return simulate(model, compile_events(model, [subject]))[0, : len(HOURS), 0]


@pytest.mark.parametrize("model", TACROLIMUS.models, ids=lambda m: m.name)
def test_area_is_dose_by_clearance_and_expressers_clear_more(model):
    known = {"HCT": 35, "CYSTIC_FIBROSIS": 0, "CYP3A5_EXPRESSOR": 0}
    covariates = {c.name: known[c.name] for c in model.covariates}
    clearance = float(model.individual(model.theta, np.zeros(5), covariates)["CL"])
    area = np.trapezoid(curve(model, covariates), HOURS)
    assert area == pytest.approx(4 / clearance * 1000, rel=5e-3)
    assert np.trapezoid(curve(model, {**covariates, "CYP3A5_EXPRESSOR": 1}), HOURS) < 0.75 * area


def test_prolonged_release_peaks_later_and_lower():
    fast, slow = (curve(TACROLIMUS.models[k], {"HCT": 35, "CYP3A5_EXPRESSOR": 0}) for k in (0, 1))
    assert HOURS[slow.argmax()] > HOURS[fast.argmax()]
    assert slow.max() < fast.max()


def test_unknown_expression_is_a_mixture_and_the_genotype_is_said():
    (covariate,) = [c for c in TACROLIMUS.default_model.covariates if c.frequencies]
    assert covariate.name == "CYP3A5_EXPRESSOR"
    assert sum(covariate.frequencies.values()) == pytest.approx(1.0)
    (rule,) = TACROLIMUS.label_rules
    assert rule.check({"CYP3A5_EXPRESSOR": 1})
    assert not rule.check({})


def test_ciclosporin_varies_between_occasions():
    model = find("ciclosporin").default_model
    assert model.eta_names() == ("CL", "Q")
    assert model.eta_names(2)[2:] == ("CL@1", "KA@1", "LAG@1", "CL@2", "KA@2", "LAG@2")
    eta = np.zeros(8)
    eta[6] = 0.5
    at = [float(model.individual(model.theta, eta, {"CRCL": 90}, occasion=k)["KA"]) for k in (0, 1)]
    assert at == pytest.approx([0.523, 0.523 * np.exp(0.5)])
