"""Meropenem and piperacillin: equations, unbound targets, labelled and active amounts, label criteria."""

from __future__ import annotations

import jax.numpy as jnp
import pytest

from vitruvian.pharmacology.library import find, find_model

NAMES = ("meropenem", "piperacillin")


def clearance(name: str, **covariates: float) -> float:
    model = find_model(name)
    return float(model.individual(model.theta, jnp.zeros(len(model.eta_names())), covariates)["CL"])


def test_meropenem_clearance_follows_kidney_and_age() -> None:
    usual = clearance("meropenem", CRCL=83, AGE=35, WT=70)
    assert clearance("meropenem", CRCL=41.5, AGE=35, WT=70) == pytest.approx(usual * 0.5**0.62)
    assert clearance("meropenem", CRCL=83, AGE=70, WT=70) == pytest.approx(usual * 2**-0.34)


def test_piperacillin_keeps_its_nonrenal_clearance() -> None:
    assert clearance("piperacillin", CRCL=0, WT=89) == pytest.approx(2.44)


def test_ecmo_shrinks_the_central_volume_only() -> None:
    model = find_model("piperacillin_kim_2022")
    covariates = {"WT": 80.0, "EGFR_CYSTATIN": 70.0}
    on, off = (model.typical(model.theta, {**covariates, "ECMO": x}) for x in (1.0, 0.0))
    assert float(on["VC"]) / float(off["VC"]) == pytest.approx(7.38 / 16.5)
    assert float(on["CL"]) == float(off["CL"])


def test_labelled_piperacillin_contains_tazobactam() -> None:
    for product in find("piperacillin").products:
        active = product.strength * product.moiety_factor
        assert active in (pytest.approx(2000), pytest.approx(3000), pytest.approx(4000))
    assert find("piperacillin").amounts("iv", 3000, 5000) == (3375, 4500)


@pytest.mark.parametrize("name", NAMES)
def test_targets_are_on_unbound_concentration(name: str) -> None:
    drug = find(name)
    for target in drug.efficacy_targets:
        assert target.metric == "time_above"
        assert target.unbound == drug.unbound
        assert target.per_mic
        assert target.mic
    assert {t.threshold for t in drug.efficacy_targets} == {1, 4}
    assert all(t.metric == "trough" and t.source.status == "primary" for t in drug.harm_targets)


@pytest.mark.parametrize(("crcl", "rules"), [(120, 0), (50, 1), (26, 1), (25, 1), (10, 1), (9, 1)])
def test_one_label_rule_of_meropenem_binds_in_renal_impairment(crcl: float, rules: int) -> None:
    assert sum(rule.check({"CRCL": crcl}) for rule in find("meropenem").label_rules) == rules
