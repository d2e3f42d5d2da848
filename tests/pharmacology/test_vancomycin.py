"""Vancomycin: the published equations and the readings on which public transcriptions disagree."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import expm

from vitruvian.model import compile_events, infusion, simulate
from vitruvian.pharmacology.library import find, find_model

DRUG = find("vancomycin")
ADULT = {"CRCL": 80.0, "WT": 84.0, "DIALYSIS": 0.0, "AGE": 58.0, "GA": 40.0, "SCR": 1.1}


def person(name: str, **changes: float) -> dict[str, float]:
    model = find_model(name)
    p = model.individual(model.theta, jnp.zeros(len(model.eta_names())), {**ADULT, **changes})
    return {key: float(value) for key, value in p.items()}


@pytest.mark.parametrize("name", [m.name for m in DRUG.models])
def test_levels_agree_with_matrix_exponential(name: str) -> None:
    """1 g over 1.5 h every 12 h: the engine against an independent exponential of the rate matrix."""
    model, p = find_model(name), person(name)
    times = np.array([0.5, 1.5, 6.0, 12.0, 13.0, 30.0])
    doses = infusion("vancomycin", 1000, "mg", over=1.5, every=12, count=3)
    subject = doses.to_subject(model, times, {c.name: ADULT[c.name] for c in model.covariates})
    table = compile_events(model, [subject])
    rows = np.asarray(table.observations.exists[0])
    rows[rows] = subject.evid[np.asarray(table.observations.record[0])[rows]] == 0
    found = simulate(model, table)[0, rows, 0]
    np.testing.assert_allclose(found, [_level(p, t) for t in times], rtol=1e-8)


def _level(p: dict[str, float], time: float) -> float:
    k, k12 = p["CL"] / p["VC"], p.get("Q", 0.0) / p["VC"]
    k21 = p.get("Q", 0.0) / p.get("VP", 1.0)
    augmented = np.array([[-k - k12, k21, 1.0], [k12, -k21, 0.0], [0.0, 0.0, 0.0]])  # third state: infusion rate
    amounts = np.zeros(2)
    for start in (0.0, 12.0, 24.0):
        if time > start:
            on = expm(augmented * min(time - start, 1.5))[:2, 2] * (1000 / 1.5)
            amounts += expm(augmented[:2, :2] * max(time - start - 1.5, 0.0)) @ on
    return float(amounts[0] / p["VC"])


def test_variants_of_goti_differ_in_the_peripheral_volume_only() -> None:
    plain, scaled = person("vancomycin_goti_2018"), person("vancomycin_goti_2018_scaled_vp")
    assert scaled.pop("VP") == pytest.approx(plain.pop("VP") * 84 / 70)
    assert scaled == plain


def test_thomson_follows_the_paper_and_not_the_product_form() -> None:
    """2.99·0.0154·66 = 3.039 L/h is what another public file gives for the typical person of 2.99 L/h."""
    assert person("vancomycin_thomson_2009", CRCL=66)["CL"] == pytest.approx(2.99, abs=1e-9)
    low, high = (person("vancomycin_thomson_2009", CRCL=c)["CL"] for c in (30, 100))
    assert (high - low) / 2.99 == pytest.approx(0.0154 * 70)


def test_colin_clearance_matures_and_declines() -> None:
    def clearance(age: float, gestation: float = 40.0) -> float:
        pma = age + gestation / 52
        usual = float(np.exp(-1.228 + 0.672 * np.log10(pma) + 6.27 * np.exp(-3.11 * pma)))
        return person("vancomycin_colin_2019", AGE=age, GA=gestation, SCR=usual, WT=70)["CL"]

    assert clearance(6.4 / 52) == pytest.approx(5.31 / 2, rel=1e-3)  # 46.4 weeks: half of the maximum
    assert clearance(61.6 - 40 / 52) == pytest.approx(5.31 / 2, rel=1e-3)
    assert clearance(25) > clearance(45) > clearance(80)
    assert clearance(0, gestation=28) < clearance(0)


def test_models_agree_within_a_factor_of_two_for_a_usual_adult() -> None:
    clearances = [person(m.name, AGE=45, SCR=0.9, WT=75)["CL"] for m in DRUG.models]
    assert max(clearances) < 2 * min(clearances)


def test_typical_values_are_differentiable_at_the_cap() -> None:
    model = find_model("vancomycin_goti_2018")

    def clearance(crcl: jax.Array) -> jax.Array:
        return model.typical(model.theta, {**ADULT, "CRCL": crcl})["CL"]

    slopes = jax.vmap(jax.grad(clearance))(jnp.array([10.0, 100.0, 149.9, 151.0]))
    assert np.isfinite(slopes).all()
    assert float(slopes[-1]) == 0


def test_targets_and_loading_are_the_guideline_s() -> None:
    target = DRUG.efficacy_targets[0]
    assert (target.metric, target.low, target.high, target.unit) == ("auc24", 400, 600, "mg.h/L")
    assert target.source.doi == "10.1093/ajhp/zxaa036"
    assert {(t.metric, t.low) for t in DRUG.harm_targets} == {("auc24", 600), ("trough", 20)}
    loading = DRUG.regimen("iv").loading
    assert loading is not None
    assert (loading.low, loading.high) == (20, 35)
    assert DRUG.bounds.range("single", "recommended", weight=120)[1] == 3000
