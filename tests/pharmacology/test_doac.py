"""Apixaban and rivaroxaban: bioavailability by dose, the etas' parametrisation, label rules."""

from __future__ import annotations

import numpy as np
import pytest

from vitruvian.model import Schedule, compile_events, oral, simulate
from vitruvian.pharmacology import find

APIXABAN, RIVAROXABAN = find("apixaban"), find("rivaroxaban")
PERSON = {"CRCL": 80, "AGE": 65, "WT": 70, "FEMALE": 0, "AF": 1, "BSA": 1.9, "SCR": 0.9}
TIMES = np.array([3.0, 11.999, 170.0, 200.0])


def levels(drug, schedule, person=PERSON, eta=None):
    model = drug.default_model
    table = compile_events(model, [schedule.to_subject(model, TIMES, person)])
    return simulate(model, table, eta=eta)[0, : len(TIMES), 0]


@pytest.mark.parametrize("drug", [APIXABAN, RIVAROXABAN], ids=lambda d: d.name)
def test_bioavailability_follows_the_amount_of_each_dose(drug):
    """A start with a double dose for a week equals the sum of its parts, each with its own bioavailability."""
    first = oral(drug.name, 20, "mg", every="12 h", count=14)
    then = oral(drug.name, 10, "mg", every="12 h", count=20, start="7 d")
    both = levels(drug, Schedule((*first.doses, *then.doses), drug=drug.name))
    np.testing.assert_allclose(both, levels(drug, first) + levels(drug, then), rtol=1e-6)
    assert (
        levels(drug, then)[-1] > 0.5 * levels(drug, oral(drug.name, 20, "mg", every="12 h", count=20, start="7 d"))[-1]
    )


def test_the_eta_of_apixabans_central_volume_scales_levels_only():
    model = APIXABAN.default_model
    schedule = oral("apixaban", 5, "mg", every="12 h", count=10)
    eta = np.zeros((1, 5))
    eta[0, model.eta_names().index("VC")] = 0.3
    np.testing.assert_allclose(
        levels(APIXABAN, schedule, eta=eta), levels(APIXABAN, schedule) * np.exp(-0.3), rtol=1e-9
    )


@pytest.mark.parametrize(
    ("change", "dose"),
    [
        ({}, 5.0),
        ({"AGE": 82}, 5.0),
        ({"AGE": 82, "WT": 58}, 2.5),
        ({"AGE": 82, "SCR": 1.5}, 2.5),
        ({"WT": 60, "SCR": 1.6}, 2.5),
        ({"CRCL": 25}, 2.5),
        ({"WT": 94, "SCR": 1.6, "CRCL": 50}, 5.0),
    ],
)
def test_apixabans_label_gives_one_dose_for_everybody(change, dose):
    binding = [r for r in APIXABAN.label_rules if r.action == "amount" and r.check({**PERSON, **change})]
    assert [r.amount for r in binding] == [dose]


@pytest.mark.parametrize(("crcl", "actions"), [(80, []), (49, ["amount"]), (15, ["amount"]), (14, ["avoid"])])
def test_rivaroxabans_label_follows_kidney_function(crcl, actions):
    assert [r.action for r in RIVAROXABAN.label_rules if r.check({"CRCL": crcl})] == actions


@pytest.mark.parametrize("drug", [APIXABAN, RIVAROXABAN], ids=lambda d: d.name)
def test_exposure_bands_stand_in_for_a_target(drug):
    target = drug.efficacy_targets[0]
    assert target.name == "label_exposure"
    assert target.low < target.high == drug.harm_targets[0].low


@pytest.mark.parametrize(
    ("name", "dose", "every", "person", "published"),
    [
        ("apixaban", 5, "12 h", {"CRCL": 75, "AGE": 70, "WT": 82}, (41, 103, 230)),
        ("rivaroxaban", 20, "24 h", {"CRCL": 80, "AGE": 65, "WT": 81}, (12, 44, 137)),
    ],
)
def test_spread_of_troughs_is_that_of_the_trial_population(name, dose, every, person, published):
    """5th, 50th and 95th percentile in atrial fibrillation: EU label of apixaban, Mueck 2014 for rivaroxaban."""
    model = find(name).default_model
    schedule = oral(name, dose, "mg", every=every, count=20)
    at = schedule.to_subject(model, np.array([float(every[:2]) * 20 - 1e-3]), {**PERSON, **person})
    eta = np.random.default_rng(1).multivariate_normal(np.zeros(len(model.eta_names())), model.omega(), 2000)
    trough = simulate(model, compile_events(model, [at]), eta=eta)[:, 0, 0]
    np.testing.assert_allclose(np.quantile(trough, [0.05, 0.5, 0.95]), published, rtol=0.2)
