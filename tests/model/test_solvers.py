"""What every solver must keep: agreement, gradients, order, mass, and vmap = loop."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from event_models import NONE, compartments

from vitruvian.model import (
    Adaptive,
    ClosedForm,
    FixedStep,
    MatrixExponential,
    Output,
    Stiff,
    bolus,
    compile_events,
    infusion,
    oral,
    predict,
    predict_all,
    simulate,
)

VALUES = {"CL": 4.0, "VC": 30.0, "KA": 0.7, "Q": 5.0, "VP": 60.0, "F": 0.8, "LAG": 0.3}
MODEL = compartments(1, "first_order", VALUES)
TIMES = np.array([0.1, 0.3, 1.0, 2.5, 6.0, 11.9, 13.0, 30.0])
DOSES = oral("", 100, "mg", every="12 h", count=3) + infusion("", 50, "mg", over="3 h", start="1 h")
TABLE = compile_events(MODEL, [DOSES.to_subject(MODEL, TIMES)])
ROW = TABLE.person(0)
ETA = np.array([0.1, -0.2, 0.15, 0.05, -0.1, 0.02, 0.2])


@pytest.mark.parametrize(
    ("solver", "tolerance"),
    [(MatrixExponential(), 1e-12), (Adaptive(1e-10, 1e-12), 1e-8), (Stiff(1e-9, 1e-11), 1e-6), (FixedStep(0.02), 1e-7)],
    ids=lambda x: type(x).__name__,
)
def test_every_solver_gives_the_closed_form(solver, tolerance):
    exact = simulate(MODEL, TABLE, eta=ETA[None], solver=ClosedForm())
    assert np.ptp(exact) > 0.5
    found = simulate(MODEL, TABLE, eta=ETA[None], solver=solver)
    np.testing.assert_allclose(found, exact, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("solver", [ClosedForm(), MatrixExponential()], ids=lambda x: type(x).__name__)
def test_gradient_is_the_finite_difference_lag_and_bioavailability_included(solver):
    f = jax.jit(lambda e: predict(MODEL, ROW, MODEL.theta, e, solver=solver))
    exact = jax.jit(jax.jacfwd(f))(ETA)
    h = 1e-6
    found = np.stack([(f(ETA + h * e) - f(ETA - h * e)) / (2 * h) for e in np.eye(len(ETA))], axis=1)
    np.testing.assert_allclose(exact, found, rtol=1e-6, atol=1e-8)
    assert np.abs(exact).max(axis=0).min() > 1e-3
    np.testing.assert_allclose(jax.jit(jax.jacrev(f))(ETA), exact, rtol=1e-10, atol=1e-13)


def test_absorption_as_fast_as_elimination_is_no_exception():
    model = compartments(0, "first_order", {"CL": 3.0, "VC": 30.0, "KA": 0.1})
    both = oral("", 100, "mg") + infusion("", 50, "mg", over="2 h", route="oral")
    row = compile_events(model, [both.to_subject(model, TIMES)]).person(0)

    def derivatives(solver):
        def f(e, theta):
            return predict(model, row, theta, e, solver=solver)

        return jax.jit(lambda e, t: (f(e, t), jax.jacfwd(f)(e, t), jax.jacfwd(jax.jacfwd(f))(e, t)))

    closed, general = derivatives(ClosedForm()), derivatives(MatrixExponential())
    for gap in (0.0, 1e-9, 1e-5, 1e-2):
        theta = {**model.theta, "KA": 0.1 * (1 + gap)}
        for found, expected, rtol in zip(
            closed(np.zeros(3), theta), general(np.zeros(3), theta), (1e-12, 1e-10, 1e-8), strict=True
        ):
            np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol / 100)


def test_fixed_step_is_of_fourth_order():
    times = np.array([0.0, 8.0])
    model = compartments(1, "first_order", {k: v for k, v in VALUES.items() if k != "LAG"})
    table = compile_events(model, [oral("", 100, "mg").to_subject(model, times)])
    exact = simulate(model, table)[0, 1, 0]
    error = [abs(simulate(model, table, solver=FixedStep(dt))[0, 1, 0] - exact) for dt in (0.25, 0.125, 0.0625)]
    order = np.log2(np.array(error[:-1]) / np.array(error[1:]))
    assert np.all((order > 3.8) & (order < 4.3)), order


@pytest.mark.parametrize("peripherals", [0, 1, 2])
def test_no_drug_is_lost_without_elimination(peripherals):
    values = {"CL": 1e-12, "VC": 30.0, "KA": 0.7, "Q": 5.0, "VP": 60.0, "Q2": 1.0, "VP2": 200.0}
    names = ("depot", "central", "peripheral", "peripheral2")[: 2 + peripherals]

    def observe(self, t, y, p):
        return {"total": y.sum()}

    model = compartments(
        peripherals, "first_order", values, outputs=(Output("total", "mg", NONE),), observe=observe, compartments=names
    )
    given = oral("", 100, "mg", every="6 h", count=2) + infusion("", 50, "mg", over="2 h")
    table = compile_events(model, [given.to_subject(model, [1.0, 2.0, 7.0, 50.0])])
    found = simulate(model, table)[0, :4, 0]
    np.testing.assert_allclose(found, [125.0, 150.0, 250.0, 250.0], rtol=1e-9)


def test_map_over_people_is_the_loop():
    eta = np.random.default_rng(3).normal(size=(5, len(ETA))) * 0.3
    subjects = [
        bolus("", 100 + 10 * k, "mg", every="8 h", count=1 + k).to_subject(MODEL, TIMES[: 4 + k]) for k in range(5)
    ]
    table = compile_events(MODEL, subjects)
    many = simulate(MODEL, table, eta=eta)[:, :, 0]
    one = jax.jit(partial(predict_all, MODEL))
    for k in range(5):
        alone = compile_events(MODEL, [subjects[k]])
        count = 4 + k
        np.testing.assert_allclose(
            many[k, :count], simulate(MODEL, alone, eta=eta[k : k + 1])[0, :count, 0], rtol=1e-12
        )
        np.testing.assert_allclose(
            many[k], one(table.person(k), MODEL.theta, eta[k])[:, 0] * table.exists[k], rtol=1e-12
        )


def test_shared_records_and_chunks_change_nothing():
    eta = np.random.default_rng(4).normal(size=(7, len(ETA))) * 0.3
    shared = simulate(MODEL, TABLE, eta=eta)
    subjects = [DOSES.to_subject(MODEL, TIMES, id=str(k)) for k in range(7)]
    np.testing.assert_allclose(simulate(MODEL, compile_events(MODEL, subjects), eta=eta), shared, rtol=1e-12)


def test_transit_chain_and_metabolite_agree_with_an_adaptive_solver():
    transit = compartments(1, 3, {"CL": 4.0, "VC": 30.0, "KTR": 2.0, "Q": 5.0, "VP": 60.0})
    table = compile_events(transit, [oral("", 100, "mg", every="12 h", count=2).to_subject(transit, TIMES)])
    exact = simulate(transit, table)
    np.testing.assert_allclose(simulate(transit, table, solver=Adaptive(1e-10, 1e-12)), exact, rtol=1e-7, atol=1e-9)
    outputs = (Output("concentration", "mg/L", NONE), Output("metabolite", "ug/L", NONE))
    values = {"CL": 4.0, "VC": 70.0, "KA": 1.0, "CLM": 2.5, "VM": 60.0}
    parent = compartments(0, "first_order", values, outputs=outputs, metabolite=True)
    table = compile_events(parent, [oral("", 100, "mg").to_subject(parent, [*TIMES, 400.0])])
    found = simulate(parent, table)[0, : len(TIMES) + 1]
    assert found[-1, 0] < 1e-6
    assert found[3, 1] > 10
    dense = np.linspace(0, 400, 4001)
    curve = simulate(parent, compile_events(parent, [oral("", 100, "mg").to_subject(parent, dense)]))[0, :4001]
    # all of the dose is cleared twice: as parent, then as metabolite (trapezoid error 1e-4)
    np.testing.assert_allclose(np.trapezoid(curve[:, 0], dense) * 4.0, 100.0, rtol=1e-3)
    np.testing.assert_allclose(np.trapezoid(curve[:, 1], dense) / 1000 * 2.5, 100.0, rtol=1e-3)


def test_gradient_of_an_ode_solve_is_that_of_the_closed_form():
    def jacobian(solver):
        return jax.jit(jax.jacfwd(lambda e: predict(MODEL, ROW, MODEL.theta, e, solver=solver)))(jnp.asarray(ETA))

    np.testing.assert_allclose(jacobian(FixedStep(0.02)), jacobian(ClosedForm()), rtol=1e-4, atol=1e-5)
