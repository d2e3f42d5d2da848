"""Busulfan, methotrexate and imatinib."""

from __future__ import annotations

import numpy as np
import pytest

from vitruvian.model import compile_events, infusion, simulate
from vitruvian.pharmacology import find

MCCUNE = find("busulfan").model("busulfan_mccune_2014")
ADULT = {"WT": 70, "HT": 175, "AGE": 40, "FEMALE": 0}


@pytest.mark.parametrize("name", ["busulfan", "methotrexate", "imatinib"])
def test_variability_is_a_covariance_matrix(name):
    for model in find(name).models:
        assert np.linalg.eigvalsh(model.omega(2)).min() > 0


@pytest.mark.parametrize(("time", "factor"), [(0.0, 1.0), (6.0, 0.932), (36.0, 0.919)])
def test_busulfan_clearance_falls_over_the_course(time, factor):
    first = MCCUNE.typical(MCCUNE.theta, {**ADULT, "TIME": 0.0})["CL"]
    assert float(MCCUNE.typical(MCCUNE.theta, {**ADULT, "TIME": time})["CL"] / first) == pytest.approx(factor)
    assert MCCUNE.breakpoints == (6.0, 36.0)


def test_infants_clear_less_busulfan_than_their_size_says():
    infant = MCCUNE.typical(MCCUNE.theta, {"WT": 8, "HT": 70, "AGE": 0.5, "FEMALE": 1, "TIME": 0.0})["CL"]
    child = MCCUNE.typical(MCCUNE.theta, {"WT": 8, "HT": 70, "AGE": 5, "FEMALE": 1, "TIME": 0.0})["CL"]
    assert 0.5 < float(infant / child) < 0.95


def test_the_two_busulfan_models_agree_on_a_child():
    paci = find("busulfan").model("busulfan_paci_2012")
    one = MCCUNE.typical(MCCUNE.theta, {"WT": 20, "HT": 112, "AGE": 5.5, "FEMALE": 0, "TIME": 6.0})["CL"]
    assert float(one) == pytest.approx(float(paci.typical(paci.theta, {"WT": 20})["CL"]), rel=0.15)


def test_rising_creatinine_delays_methotrexate():
    model = find("methotrexate").default_model
    times = np.array([23.0, 42.0, 48.0])
    schedule = infusion("methotrexate", 4000, "mg", over="24 h")
    kept, risen = (
        simulate(model, compile_events(model, [schedule.to_subject(model, times, {"BSA": 0.8, "SCR": scr})]))[0, :3, 0]
        for scr in (0.33, ((0.0, 12.0), (0.33, 2.0)))
    )
    assert (risen >= kept * 1.05)[1:].all()
    assert kept[2] < 1.0


def test_imatinib_clearance_is_larger_in_men_and_falls_with_age():
    model = find("imatinib").default_model
    person = {"WT": 70, "AGE": 50, "FEMALE": 0, "GIST": 0}
    base = model.typical(model.theta, person)["CL"]
    assert model.typical(model.theta, {**person, "FEMALE": 1})["CL"] == pytest.approx(base - 2.98)
    assert model.typical(model.theta, {**person, "AGE": 75})["CL"] == pytest.approx(base - 5.81 / 2)
