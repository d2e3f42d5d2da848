"""Transit chains in closed form against the matrix exponential: values, derivatives, whole schedules, mass."""

from __future__ import annotations

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from event_models import NONE, compartments

from vitruvian.model import (
    ClosedForm,
    MatrixExponential,
    Output,
    compile_events,
    default_solver,
    infusion,
    oral,
    simulate,
)

RATES = ("K", "KTR", "K12", "K21", "K13", "K31")
VALUES = {"K": 0.2, "VC": 30.0, "KTR": 2.0, "K12": 0.3, "K21": 0.1, "K13": 0.05, "K31": 0.02}


def _chain(stages, peripherals, **more):
    return compartments(peripherals, stages, VALUES, **more)


THREE = _chain(3, 1)


def _step(model, solver, infused=None):
    """State after t from y, with inputs into `infused`: else every stage of the chain and central."""
    size = len(model.compartments)
    infused = range(size - model.peripherals) if infused is None else infused

    def run(rates, t, y, inputs):
        given = [inputs[c] if c in infused else None for c in range(size)]
        p = dict(zip(RATES, rates, strict=True))
        return jnp.stack(solver.step(solver.prepare(model, p), t, list(y), given))

    return run


def _cases(stages, peripherals, count, seed):
    """Random rates, a third of them with KTR at or near an eigenvalue; doses, infusions or both; short and long."""
    rng = np.random.default_rng(seed)
    rates = 10 ** rng.uniform(-1.5, 1, (count, len(RATES)))
    model = _chain(stages, peripherals)
    for k in range(0, count, 3):
        matrix = np.asarray(model.matrix(dict(zip(RATES, rates[k], strict=True))))[stages:, stages:]
        eigenvalue = -rng.choice(np.linalg.eigvals(matrix).real)
        rates[k, 1] = eigenvalue * (1 + rng.choice([0.0, 1e-12, 1e-7, 1e-3, 0.05, 0.3]))
    t = 10 ** rng.uniform(-3, 2.3, count) / rates[:, 1]
    size = stages + 1 + peripherals
    y = rng.uniform(size=(count, size)) * (rng.uniform(size=(count, size)) < 0.5)
    inputs = rng.uniform(size=(count, size)) * (rng.uniform(size=(count, size)) < 0.5)
    y[:, 0], inputs[:, 0], kind = 1.0, 1.0, np.arange(count)[:, None] % 4
    return rates, t, np.where(kind == 1, 0.0, y), np.where(kind == 2, 0.0, inputs)


@pytest.mark.parametrize(("stages", "peripherals"), [(1, 1), (2, 2), (3, 1), (4, 0), (5, 1), (6, 2)])
def test_chain_equals_the_matrix_exponential(stages, peripherals):
    model = _chain(stages, peripherals)
    cases = _cases(stages, peripherals, 300, stages)
    found, expected = (
        np.asarray(jax.jit(jax.vmap(_step(model, s)))(*cases)) for s in (ClosedForm(), MatrixExponential())
    )
    largest = expected.max(axis=1, keepdims=True)
    assert (largest > 1e-3).mean() > 0.5
    np.testing.assert_allclose(found / largest, expected / largest, rtol=1e-9, atol=1e-11)
    # what has just begun to arrive keeps its digits, however little it is
    np.testing.assert_allclose(found[:, : stages + 1], expected[:, : stages + 1], rtol=1e-8)


@pytest.mark.parametrize("gap", [0.0, 1e-9, 1e-4, 0.1])
def test_derivatives_where_rates_meet_and_where_not(gap):
    model = THREE
    eigenvalues = np.linalg.eigvals(np.asarray(model.matrix(VALUES))[3:, 3:]).real
    y, inputs = np.array([1.0, 0.3, 0.0, 0.2, 0.1]), np.array([0.5, 0.0, 0.1, 0.4, 0.0])
    points = [
        np.array([VALUES["K"], -e * (1 + gap), *(VALUES[k] for k in RATES[2:]), t])
        for e in eigenvalues
        for t in (0.0, 0.01, 1.0, 30.0, 300.0)
    ]
    closed, general = (_derivatives(model, s)(np.stack(points), y, inputs) for s in (ClosedForm(), MatrixExponential()))
    for found, expected, rtol in zip(closed, general, (1e-9, 1e-9, 1e-7), strict=True):
        assert np.isfinite(found).all()
        np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * np.abs(expected).max())


@cache
def _derivatives(model, solver):
    """First derivatives with inputs everywhere, first and second with an input into central only (compiles faster)."""
    everywhere, central = _step(model, solver), _step(model, solver, (3,))

    def every(x, y, inputs):
        def f(x):
            return central(x[:-1], x[-1], y, inputs)

        first = jax.jacfwd(f)
        infused = jax.jacfwd(lambda x: everywhere(x[:-1], x[-1], y, inputs))
        return infused(x), first(x), jax.jacfwd(first)(x)

    return jax.jit(jax.vmap(every, in_axes=(0, None, None)))


def test_whole_schedules_by_both_solvers_and_no_drug_lost():
    names = ("transit1", "transit2", "transit3", "central", "peripheral")
    outputs = tuple(Output(n, "mg", NONE) for n in names)
    typical = {**VALUES, "F": 0.8, "LAG": 0.3}

    def observe(self, t, y, p):
        return dict(zip(names, y, strict=True))

    model = compartments(1, 3, typical, outputs=outputs, observe=observe, routes={"oral": "transit1", "iv": "central"})
    assert default_solver(model) == ClosedForm()
    times = [0.1, 0.5, 1.0, 2.5, 6.0, 11.9, 13.0, 30.0]
    given = oral("", 100, "mg", every="12 h", count=2) + infusion("", 50, "mg", over="3 h", start="1 h")
    steady = oral("", 40, "mg", every="8 h", steady_state=True, count=2)
    both = [given.to_subject(model, times, id="a"), steady.to_subject(model, times, id="b")]
    table = compile_events(model, both)
    closed, general = simulate(model, table), simulate(model, table, solver=MatrixExponential())
    assert general.sum(axis=-1).min() >= 0
    np.testing.assert_allclose(closed, general, rtol=1e-9, atol=1e-9)
    kept = simulate(model, table, {**model.theta, "K": 1e-13})[0, : len(times)].sum(axis=-1)
    np.testing.assert_allclose(kept[[2, 4, 5, 7]], [80.0, 130.0, 130.0, 210.0], rtol=1e-9)
