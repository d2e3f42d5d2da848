"""Gentamicin, tobramycin, amikacin: published equations, variants, and one published estimate."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from vitruvian.infer import map_estimate
from vitruvian.model import compile_events, infusion
from vitruvian.pharmacology.library import find, find_model

NAMES = ("gentamicin", "tobramycin", "amikacin")


def person(name: str, eta: dict[str, float] | None = None, **covariates: float) -> dict[str, float]:
    model = find_model(name)
    values = jnp.array([(eta or {}).get(key, 0.0) for key in model.eta_names()])
    return {key: float(v) for key, v in model.individual(model.theta, values, covariates).items()}


def test_spread_of_rate_constants_reaches_the_peripheral_compartment() -> None:
    usual = person("gentamicin_xuan_2004", CRCL=90, WT=70)
    fast = person("gentamicin_xuan_2004", {"K12": 0.5}, CRCL=90, WT=70)
    slow = person("gentamicin_xuan_2004", {"K21": -0.5}, CRCL=90, WT=70)
    assert fast["Q"] == pytest.approx(usual["Q"] * np.exp(0.5))
    assert fast["VP"] == pytest.approx(usual["VP"] * np.exp(0.5))
    assert (slow["Q"], slow["VP"]) == pytest.approx((usual["Q"], usual["VP"] * np.exp(0.5)))
    assert fast["CL"] == slow["CL"] == usual["CL"]


@pytest.mark.parametrize("female", [0, 1])
def test_age_effect_of_tobramycin_has_no_step_at_18_years(female: int) -> None:
    by_age = [
        person("tobramycin_hennig_2013_fixed_scr", FFM=50, FEMALE=female, AGE=age, SCR=0.7)["CL"]
        for age in (8, 17.999, 18.001, 60)
    ]
    assert by_age[1] == pytest.approx(by_age[2], rel=1e-4)
    assert by_age[0] > by_age[1] > by_age[3]
    assert by_age[0] / by_age[1] == pytest.approx(1.21, rel=1e-3)
    assert by_age[3] / by_age[2] == pytest.approx(0.58, rel=1e-3)


def test_readings_of_the_expected_creatinine_differ_by_its_power() -> None:
    covariates = {"FFM": 55, "FEMALE": 0, "AGE": 40, "SCR": 0.9}
    ratio = (
        person("tobramycin_hennig_2013_fixed_scr", **covariates)["CL"]
        / person("tobramycin_hennig_2013", **covariates)["CL"]
    )
    assert ratio == pytest.approx((37.2 / 84) ** 0.222)


@pytest.mark.slow  # the default suite checks this estimate in the tests of inference, with the same numbers
def test_amikacin_estimate_of_a_published_case() -> None:
    """1.6 g over 30 min, 75 mg/L at 1 h and 32 mg/L at 6 h: individual CL, Vc, Vp, Q of an independent program."""
    model = find_model("amikacin_burdet_2015")
    covariates = {"CRCL": 50.0, "WT": 62.0, "PF": 169.0}
    dose = infusion("amikacin", 1600, "mg", over=0.5)
    subject = dose.to_subject(model, [1, 6], covariates, values=[75, 32])
    estimate = map_estimate(model, compile_events(model, [subject])).require_converged()
    p = model.individual(model.theta, jnp.asarray(estimate.eta[0]), covariates)
    found = [float(p[key]) for key in ("CL", "VC", "VP", "Q")]
    np.testing.assert_allclose(found, [2.6226, 11.014, 14.573, 11.961], rtol=5e-4)


@pytest.mark.parametrize("name", NAMES)
def test_standard_dose_reaches_a_sensible_exposure(name: str) -> None:
    """Dose/CL of the typical person with normal kidneys lies within a factor of two of the AUC target."""
    drug = find(name)
    covariates = {"CRCL": 100, "WT": 75, "FFM": 58, "FEMALE": 0, "AGE": 30, "SCR": 0.9, "PF": 300}
    auc = drug.standard[0].amount_for(weight=75) / person(name, **covariates)["CL"]
    target = drug.target("auc24")
    assert target.low / 2 < auc < target.high * 2


@pytest.mark.parametrize("name", NAMES)
def test_harm_lies_beyond_the_target(name: str) -> None:
    drug = find(name)
    assert drug.target("auc24_high").low > drug.target("auc24").high
    assert drug.target("peak_mic").per_mic
    assert drug.target("trough_high").kind == "harm"
