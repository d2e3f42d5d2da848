"""Voriconazole and phenytoin: saturable elimination."""

from __future__ import annotations

import numpy as np
import pytest

from vitruvian.model import Adaptive, compile_events, oral, simulate
from vitruvian.pharmacology import find

PERSONS = {"phenytoin": {"WT": 60, "AGE": 30}, "voriconazole": {"WT": 70, "AGE": 40, "CYP2C19_REDUCED": 0}}
TIMES = np.array([4.0, 100.0, 239.999, 719.999])


def levels(name, dose, *, person=None, solver=None, eta=None):
    model = find(name).default_model
    subject = oral(name, dose, "mg", every="12 h", count=60).to_subject(model, TIMES, person or PERSONS[name])
    return simulate(model, compile_events(model, [subject]), solver=solver, eta=eta)[0, : len(TIMES), 0]


def test_phenytoin_rises_more_than_its_dose():
    low, high = levels("phenytoin", 100)[-1], levels("phenytoin", 150)[-1]
    assert high > 2.5 * low


def test_phenytoin_above_its_largest_rate_never_settles():
    found = levels("phenytoin", 175)
    assert found[3] > found[2] + 10


@pytest.mark.slow
@pytest.mark.parametrize(("name", "dose"), [("phenytoin", 125), ("voriconazole", 200)])
def test_fixed_steps_agree_with_the_adaptive_solver(name, dose):
    model = find(name).default_model
    eta = np.full((1, len(model.eta_names())), -0.5)
    fixed, adaptive = (levels(name, dose, eta=eta, solver=s) for s in (None, Adaptive()))
    np.testing.assert_allclose(fixed, adaptive, rtol=2e-3)


def test_voriconazole_without_cyp2c19_function_is_higher_and_rises_more_than_the_dose():
    reduced = {**PERSONS["voriconazole"], "CYP2C19_REDUCED": 1}
    assert levels("voriconazole", 200, person=reduced)[-1] > 3 * levels("voriconazole", 200)[-1]
    assert levels("voriconazole", 300)[-1] > 1.6 * levels("voriconazole", 200)[-1]


def test_bioavailability_stays_below_one_for_every_eta():
    model = find("voriconazole").default_model
    for eta in (-3.0, 0.0, 3.0):
        etas = np.zeros(len(model.eta_names()))
        etas[model.eta_names().index("F_ODDS")] = eta
        f = float(model.dosing(model.individual(model.theta, etas, PERSONS["voriconazole"]))["depot"]["F"])
        assert 0 < f < 1
    typical = model.individual(model.theta, np.zeros(8), PERSONS["voriconazole"])
    assert float(model.dosing(typical)["depot"]["F"]) == pytest.approx(0.642, abs=5e-4)
