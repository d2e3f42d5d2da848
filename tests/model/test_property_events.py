"""Random event tables: the engine against a judge that shares no code with it."""

from __future__ import annotations

import numpy as np
import pytest
from event_models import EveryEvent, Saturable, entry, every_event_matrix, quantities, saturable_rhs
from random_tables import random_subject
from slow_judge import Judge, by_expm, by_ode

from vitruvian.model import Adaptive, ClosedForm, MatrixExponential, compile_events, simulate

MODEL, CURVED = EveryEvent(), Saturable()
TABLES, MORE = 60, 500


def compare(model, subjects, solver, judge, rule, tolerance):
    table = compile_events(model, subjects, interpolation=rule, rows="all")
    found = simulate(model, table, solver=solver)
    worst = {}
    for k, s in enumerate(subjects):
        expected = judge.walk(s)
        got = found[k, : len(s)]
        assert np.isfinite(got).all()
        worst[s.id] = float(np.max(np.abs(got - expected)) / max(np.max(np.abs(expected)), 1e-3))
    bad = {k: v for k, v in worst.items() if not v <= tolerance}
    assert not bad, bad
    assert len(worst) == len(subjects)


@pytest.mark.parametrize(
    ("rule", "first", "last"),
    [
        ("nocb", 0, TABLES),
        ("locf", 0, 10),
        pytest.param("nocb", TABLES, MORE, marks=pytest.mark.slow),
        pytest.param("locf", 10, 40, marks=pytest.mark.slow),
    ],
)
def test_closed_form_agrees_with_the_judge(rule, first, last):
    subjects = [random_subject(seed) for seed in range(first, last)]
    judge = Judge(3, quantities, entry, by_expm(every_event_matrix), rule)
    compare(MODEL, subjects, ClosedForm(), judge, rule, 1e-6)


def test_the_judge_agrees_with_its_own_integrator():
    for seed in range(3):
        s = random_subject(seed)
        fast = Judge(3, quantities, entry, by_expm(every_event_matrix)).walk(s)
        slow = Judge(3, quantities, entry, by_ode(lambda t, y, p: every_event_matrix(p) @ y)).walk(s)
        np.testing.assert_allclose(slow, fast, rtol=1e-7, atol=1e-7)


def test_matrix_exponential_agrees_with_the_judge():
    subjects = [random_subject(seed) for seed in range(1000, 1010)]
    judge = Judge(3, quantities, entry, by_expm(every_event_matrix))
    compare(MODEL, subjects, MatrixExponential(), judge, "nocb", 1e-6)


@pytest.mark.slow
def test_adaptive_solver_agrees_with_the_judge_on_a_saturable_model():
    subjects = [random_subject(seed) for seed in range(2000, 2020)]
    judge = Judge(3, quantities, entry, by_ode(saturable_rhs), reach=600.0)
    compare(CURVED, subjects, Adaptive(1e-10, 1e-10), judge, "nocb", 1e-6)
