"""The graph of a circuit, and its step against exact and independent solutions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from circulation_people import TYPICAL
from scipy.integrate import solve_ivp

from vitruvian.core import DataError, InputError
from vitruvian.model import Parameter, Values
from vitruvian.physiology.circulation import (
    CLOSED_LOOP,
    TYPICAL_PRESSURES,
    Circuit,
    Inflow,
    Reservoir,
    Resistance,
    Signal,
    Valve,
    Vessel,
    beat,
    orbit,
)

ONE, TWO, THREE = (Vessel(name, compliance=1.0) for name in ("one", "two", "three"))


def way(name: str, source: str, target: str) -> Resistance:
    return Resistance(name, source, target, resistance=1.0)


@pytest.mark.parametrize(
    ("stores", "paths", "thoracic", "said"),
    [
        ((ONE, ONE), (way("a", "one", "one"),), (), "must differ"),
        ((ONE, TWO), (way("a", "one", "two"), way("a", "two", "one")), (), "must differ"),
        ((ONE, TWO), (way("a", "one", "nowhere"),), (), "leads to no store"),
        ((ONE, TWO), (way("a", "one", "one"),), (), "ends where it begins"),
        ((ONE, TWO), (way("a", "one", "two"),), (), "nothing leaves a store"),
        ((ONE, TWO, THREE), (way("a", "one", "two"), way("b", "two", "one"), way("c", "three", "one")), (), "enters"),
        ((ONE, TWO), (way("a", "one", "two"), way("b", "two", "one")), ("lung",), "lies in the thorax"),
        (
            (ONE, TWO, Vessel("three", 1.0), Vessel("four", 1.0)),
            (way("a", "one", "two"), way("b", "two", "one"), way("c", "three", "four"), way("d", "four", "three")),
            (),
            "no path joins",
        ),
        (
            (ONE, Vessel("two", 1.0, squeezed_by="one")),
            (way("a", "one", "two"), way("b", "two", "one")),
            (),
            "squeezed by no chamber",
        ),
    ],
)
def test_what_is_no_circuit_is_refused(stores: Any, paths: Any, thoracic: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        Circuit("wrong", stores, paths, frozenset(thoracic))


@dataclass(frozen=True)
class Sine(Signal):
    """1 − cos over the beat."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return ()

    def __call__(self, phase: Any, p: Values) -> Any:
        return 1.0 - jnp.cos(2.0 * jnp.pi * phase)


WINDKESSEL = Circuit(
    "windkessel",
    (Reservoir("heart", 0.0), Vessel("arteries", compliance=1.5), Reservoir("veins", 5.0)),
    (Inflow("ejection", "heart", "arteries", 80.0, Sine("sine")), Resistance("body", "arteries", "veins", 1.0)),
)


def exact_pressure(phase: float) -> float:
    """The periodic pressure of C dP/dt = q − (P − 5)/R with q = 80 (1 − cos ωt), period 0.8 s."""
    omega = 2.0 * np.pi / 0.8
    oscillation = 80.0 / (1.0 + 1j * omega * 1.5) * np.exp(2j * np.pi * phase)
    return float(5.0 + 80.0 - oscillation.real)


def test_open_circuit_finds_the_exact_periodic_pressure_at_second_order() -> None:
    p = {name: jnp.asarray(value) for name, value in WINDKESSEL.typical.items()}
    start = WINDKESSEL.filled_to(p, {"arteries": 80.0})
    errors = []
    for steps in (25, 50, 100):
        found = orbit(WINDKESSEL, p, start, steps=steps)
        errors.append(abs(float(found.trace.values["P_arteries"][0]) - exact_pressure(0.0)))
        assert found.iterations <= 3  # linear
    assert errors[0] < 0.1
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.1)
    assert errors[1] / errors[2] == pytest.approx(4.0, rel=0.1)


def test_derivative_through_the_periodic_beat_is_exact() -> None:
    p = {name: jnp.asarray(value) for name, value in WINDKESSEL.typical.items()}
    start = WINDKESSEL.filled_to(p, {"arteries": 80.0})

    def mean(resistance: jax.Array) -> jax.Array:
        values = orbit(WINDKESSEL, p | {"R_body": resistance}, start, steps=50).trace.values
        return values["Q_body"].mean() * resistance + 5.0

    assert float(jax.grad(mean)(p["R_body"])) == pytest.approx(80.0, rel=1e-6)


def test_no_periodic_beat_is_said_with_the_person() -> None:
    p = {name: jnp.full(3, value) for name, value in WINDKESSEL.typical.items()}
    p["R_body"] = p["R_body"].at[1].set(jnp.nan)
    with pytest.raises(DataError, match="person 1 of 3"):
        orbit(WINDKESSEL, p, WINDKESSEL.filled_to(p, {"arteries": 80.0}), steps=25)


def test_a_beat_agrees_with_another_solver_and_keeps_the_blood() -> None:
    p = {name: jnp.asarray(value) for name, value in TYPICAL.items()}
    start = CLOSED_LOOP.filled_to(p, TYPICAL_PRESSURES)
    after = beat(CLOSED_LOOP, start, p)
    held = sum(after[store.name] for store in CLOSED_LOOP.filling)
    assert float(held) == pytest.approx(TYPICAL["blood_volume"], rel=1e-12)
    names = CLOSED_LOOP.states

    @jax.jit
    def slope(t: Any, y: Any) -> Any:
        rates = CLOSED_LOOP.slope(dict(zip(names, y, strict=True)), p, t / p["period"])
        return jnp.stack([rates[name] for name in names])

    y0 = np.asarray([float(start[name]) for name in names])
    other = solve_ivp(slope, (0.0, TYPICAL["period"]), y0, method="LSODA", rtol=1e-7, atol=1e-7)
    assert other.success
    for name, value in zip(names, other.y[:, -1], strict=True):
        assert float(after[name]) == pytest.approx(value, abs=0.1), name  # mL, mL/s
    for store in CLOSED_LOOP.filling:
        if isinstance(store, Vessel):
            error = (float(after[store.name]) - other.y[names.index(store.name), -1]) / store.compliance
            assert abs(error) < 0.05, store.name  # mmHg


def test_parameters_carry_sources_and_typical_values() -> None:
    assert all(one.source is not None for one in CLOSED_LOOP.parameters)
    assert CLOSED_LOOP.typical["period"] == pytest.approx(60.0 / 72.0)
    assert "blood_volume" not in WINDKESSEL.typical


def test_valve_is_bernoulli_forwards_and_its_leak_backwards() -> None:
    valve = Valve("v", "a", "b", resistance=0.0, area=1.0, leak=0.3)
    p = {"R_v": 0.0, "A_v": 1.0, "leak_v": 0.3}
    for velocity in (1.0, 3.0, 5.0):  # m/s; the clinicians' Δp = 4 v²
        drop = 4.0 * velocity**2
        assert float(valve.flow(drop, p, {}).flow) == pytest.approx(100.0 * velocity, rel=0.01)
        assert float(valve.flow(-drop, p, {}).flow) == pytest.approx(-30.0 * velocity, rel=0.01)
    assert float(valve.flow(0.0, p, {}).flow) == 0.0
    tight = {"R_v": 0.01, "A_v": 3.0, "leak_v": 0.0}
    assert abs(float(valve.flow(-80.0, tight, {}).flow)) < 0.01
