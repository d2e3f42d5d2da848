"""Two currents, Mitchell and Schaeffer 2003: the least that has an action potential and its restitution."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import jax.numpy as jnp

from vitruvian.core import Source
from vitruvian.model import Parameter, Values
from vitruvian.physiology.heart.cell.cell import Cell, Gate, Rates, Stimulus

_SCALE_OF_VOLTAGE = Source("The paper's voltage runs from 0 to 1; millivolts are given to it here", status="assumption")


class State(NamedTuple):
    """Voltage and the gate of the inward current."""

    V: Any
    h: Any


class MitchellSchaeffer(Cell):
    """Each parameter is one phase of the action potential, so that it is cheap to calibrate to a measured one.

    With v = (V − rest)/amplitude: v' = h·v²·(1 − v)/tau_in − v/tau_out;
    h' = (1 − h)/tau_open below `v_gate`, −h/tau_close above it.
    To leading order in the ratios of the times, after a diastolic interval DI the action potential lasts
    tau_close·ln((1 − (1 − hmin)·e^(−DI/tau_open))/hmin) with hmin = 4·tau_in/tau_out (`restitution`).
    """

    name = "mitchell_schaeffer"
    title = "Two-current cell, Mitchell and Schaeffer 2003"
    source = Source(
        "Mitchell CC, Schaeffer DG. A two-current model for the dynamics of cardiac membrane. "
        "Bull Math Biol 2003;65:767",
        doi="10.1016/S0092-8240(03)00041-7",
        table="table 1",
        status="two transcriptions agree",
    )
    State = State
    stimulus = Stimulus(-20.0, 1.0)
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("tau_in", 0.3, "ms", "upstroke", 1e-3),
        Parameter("tau_out", 6.0, "ms", "final repolarisation", 1e-3),
        Parameter("tau_open", 120.0, "ms", "recovery", 1e-3),
        Parameter("tau_close", 150.0, "ms", "plateau", 1e-3),
        Parameter("v_gate", 0.13, "1", "where the gate turns", 0.0, 1.0),
        Parameter("rest", -80.0, "mV", "voltage at v = 0", source=_SCALE_OF_VOLTAGE),
        Parameter("amplitude", 100.0, "mV", "from v = 0 to v = 1", 1.0, source=_SCALE_OF_VOLTAGE),
    )

    def start(self) -> Any:
        """At rest, recovered."""
        return State(self.parameter("rest").value, 1.0)

    def steady(self, p: Values) -> Any:
        """At rest, recovered."""
        recovered = jnp.ones(jnp.broadcast_shapes(*(jnp.shape(value) for value in p.values())))
        return State(recovered * p["rest"], recovered)

    def rates(self, y: Any, p: Values) -> Rates:
        """Slopes in mV/ms; the currents as the paper's, times the amplitude and outward where positive."""
        v = (y.V - p["rest"]) / p["amplitude"]
        inward = -p["amplitude"] * y.h * v**2 * (1.0 - v) / p["tau_in"]
        outward = p["amplitude"] * v / p["tau_out"]
        excited = v > p["v_gate"]
        gate = Gate(jnp.where(excited, 0.0, 1.0), 1.0 / jnp.where(excited, p["tau_close"], p["tau_open"]))
        falling = y.h * v * jnp.maximum(3.0 * v - 2.0, 0.0) / p["tau_in"] + 1.0 / p["tau_out"]
        return Rates({"h": gate}, (), {"V": -inward - outward}, {"V": falling}, {"Jin": inward, "Jout": outward})


def restitution(p: Values, interval: Any) -> Any:
    """Duration of the action potential after a diastolic interval, ms, to leading order; it needs hmin < 1."""
    least = 4.0 * p["tau_in"] / p["tau_out"]
    return p["tau_close"] * jnp.log((1.0 - (1.0 - least) * jnp.exp(-interval / p["tau_open"])) / least)
