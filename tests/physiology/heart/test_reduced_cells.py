"""Squid axon, Mitchell–Schaeffer, Fenton–Karma: published behaviour, closed forms, equations written a second time."""

from __future__ import annotations

import doctest
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from vitruvian.core import UnknownNameError
from vitruvian.model import Values, program
from vitruvian.physiology.heart.cell import Cell, Pace, cell, hodgkin_huxley_1952
from vitruvian.physiology.heart.cell.fenton_karma import FentonKarma
from vitruvian.physiology.heart.cell.mitchell_schaeffer import restitution

AXON = cell("hodgkin_huxley_1952")


STEPS, CELLS = 2500, 4


def driven(stimulus: Any, displaced: Any = 0.0, temperature: Any = 6.3) -> np.ndarray:
    """Voltage above rest of four axons, every 0.01 ms; always of one shape, so that it is compiled once."""
    p = {name: jnp.full(CELLS, value) for name, value in AXON.typical.items()}
    p["temperature"] = jnp.broadcast_to(jnp.asarray(temperature), CELLS)
    rest = AXON.steady(p)
    pulses = jnp.asarray(np.broadcast_to(stimulus, (STEPS, CELLS)))
    _, seen = program(AXON)(rest._replace(V=rest.V + jnp.asarray(displaced)), Pace(pulses), p)
    return np.asarray(seen["V"] - rest.V)


def pulse(*starts: int) -> np.ndarray:
    """Half a millisecond of −20 µA/cm² from each start, a column of steps."""
    found = np.zeros((STEPS, 1))
    for start in starts:
        found[start : start + 50] = -20.0
    return found


def test_axon_fires_from_seven_millivolts_and_not_from_six() -> None:
    v = driven(0.0, np.array([6.0, 7.0, 15.0, 90.0]))
    assert v[100:, 0].max() < 12.0
    assert np.all(v[:, 1:].max(axis=0) > 90.0)
    assert np.argmax(v[:, 1]) > np.argmax(v[:, 2])  # the weaker, the later


def test_axon_is_refractory_after_a_spike() -> None:
    v = driven(np.concatenate([pulse(0, 450), pulse(0, 1700), pulse(0), pulse()], axis=1))
    assert v[400:, 0].max() < 40.0
    assert v[1700:, 1].max() > 80.0
    assert np.abs(v[:, 3]).max() < 0.1


def test_axon_is_faster_when_warm() -> None:
    cold, warm = driven(pulse(0), temperature=np.array([6.3, 18.5, 18.5, 18.5])).T[:2]
    assert (warm > 50.0).sum() < 0.5 * (cold > 50.0).sum()


def mitchell_schaeffer_again(v: float, h: float) -> tuple[float, float]:
    inward, outward = h * v * v * (1.0 - v) / 0.3, v / 6.0
    return inward - outward, (1.0 - h) / 120.0 if v < 0.13 else -h / 150.0


def fenton_karma_again(u: float, v: float, w: float, kind: str) -> tuple[float, float, float]:
    g, r, si, v1, v2, v_plus, w_minus, w_plus, uv = {
        "beeler_reuter": (4.0, 33.33, 29.0, 1250.0, 19.6, 3.33, 41.0, 870.0, 0.04),
        "modified_luo_rudy_1": (5.8, 130.0, 127.0, 18.2, 18.2, 10.0, 80.0, 1020.0, 0.0),
    }[kind]
    slow = -w / (2.0 * si) * (1.0 + math.tanh(10.0 * (u - 0.85)))
    if u < 0.13:
        return -(u / 12.5 + slow), (1.0 - v) / (v1 if u >= uv else v2), (1.0 - w) / w_minus
    fast = -v * g * (1.0 - u) * (u - 0.13)
    return -(fast + 1.0 / r + slow), -v / v_plus, -w / w_plus


def slopes(model: Cell, y: Any) -> Any:
    return model.slope(y, Pace(0.0), model.typical)


def test_axon_worked_example() -> None:
    assert doctest.testmod(hodgkin_huxley_1952) == doctest.TestResults(failed=0, attempted=5)


def test_mitchell_schaeffer_at_random_states() -> None:
    v, h = np.random.default_rng(2003).uniform(-0.1, 1.1, (2, 100))
    model = cell("mitchell_schaeffer")
    found = slopes(model, model.State(jnp.asarray(-80.0 + 100.0 * v), jnp.asarray(h)))
    again = np.array([mitchell_schaeffer_again(*one) for one in zip(v, h, strict=True)])
    np.testing.assert_allclose(np.stack([found.V / 100.0, found.h], axis=1), again, rtol=1e-8)


@pytest.mark.parametrize("kind", FentonKarma.kinds)
def test_fenton_karma_at_random_states(kind: str) -> None:
    u, v, w = np.random.default_rng(1998).uniform(-0.1, 1.1, (3, 100))
    model = cell("fenton_karma", kind)
    found = slopes(model, model.State(jnp.asarray(-85.0 + 100.0 * u), jnp.asarray(v), jnp.asarray(w)))
    again = np.array([fenton_karma_again(*one, kind) for one in zip(u, v, w, strict=True)])
    np.testing.assert_allclose(np.stack([found.V / 100.0, found.v, found.w], axis=1), again, rtol=1e-8)


@pytest.mark.parametrize("interval", [60.0, 150.0, 400.0])
def test_mitchell_schaeffer_restitution_is_the_papers_in_the_limit(interval: float) -> None:
    """Duration above the gate after a diastolic interval; the error is of the order of the ratios of times."""
    model = cell("mitchell_schaeffer")
    errors = []
    for faster in (50.0, 500.0):
        p = model.typical | {"tau_in": 0.3 / faster, "tau_out": 6.0 / faster, "v_gate": 0.01}
        least = 4.0 * p["tau_in"] / p["tau_out"]
        h = 1.0 - (1.0 - least) * np.exp(-interval / p["tau_open"])
        errors.append(abs(lasting(model, p, h) - float(restitution(p, interval))))
    assert errors[1] < 1.0
    assert errors[1] < 0.5 * errors[0]


def lasting(model: Cell, p: Values, h: float) -> float:
    """How long the cell stays above v = 0.1 after a jump to 0.5, ms."""
    moving = jax.jit(lambda y: jnp.stack(model.slope(model.State(*y), Pace(0.0), p)))

    def fallen(_: float, y: np.ndarray) -> float:
        return float(y[0] + 70.0)

    fallen.terminal, fallen.direction = True, -1.0  # type: ignore[attr-defined]
    start = [-30.0, h]
    found = solve_ivp(lambda _, y: moving(y), (0.0, 500.0), start, "LSODA", events=fallen, rtol=1e-8, atol=1e-8)
    return float(found.t_events[0][0])


def test_a_kind_that_is_not_there() -> None:
    with pytest.raises(UnknownNameError, match="beeler_reuter, modified_luo_rudy_1"):
        FentonKarma("girouard")
