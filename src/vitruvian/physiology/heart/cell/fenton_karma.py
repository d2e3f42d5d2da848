"""Three currents, Fenton and Karma 1998: restitution of fuller models in three states."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import jax.numpy as jnp

from vitruvian.core import Source
from vitruvian.model import Parameter, Values
from vitruvian.physiology.heart.cell.cell import Cell, Gate, Rates, Stimulus, scale

REST, PEAK = -85.0, 15.0
"""Voltages at u = 0 and u = 1, mV (the paper's V0 and Vfi)."""
EXCITED = 0.13
"""The paper's uc."""


class State(NamedTuple):
    """Voltage, gate of the fast and of the slow inward current."""

    V: Any
    v: Any
    w: Any


class Times(NamedTuple):
    """A column of the paper's table: times in ms, and the voltage `u_v` where recovery of v changes pace."""

    fast: float  # τd = Cm/gfi
    outward: float  # τr
    slow: float  # τsi
    leak: float  # τ0
    v_close: float  # τv+
    v_open_high: float  # τv1−, from u_v up
    v_open_low: float  # τv2−, below u_v
    w_close: float  # τw+
    w_open: float  # τw−
    u_v: float


TIMES = {
    "beeler_reuter": Times(1.0 / 4.0, 33.33, 29.0, 12.5, 3.33, 1250.0, 19.6, 870.0, 41.0, 0.04),
    "modified_luo_rudy_1": Times(1.0 / 5.8, 130.0, 127.0, 12.5, 10.0, 18.2, 18.2, 1020.0, 80.0, 0.0),
}


class FentonKarma(Cell):
    """A cheap cell with the restitution of the model after which its kind is named.

    With u = (V − REST)/(PEAK − REST), p = 1 from EXCITED up, q = 1 from u_v up:
    u' = −(Jfi + Jso + Jsi), Jfi = −v·p·(1 − u)·(u − uc)/τd, Jso = u·(1 − p)/τ0 + p/τr,
    Jsi = −w·(1 + tanh(10·(u − 0.85)))/(2τsi); v' = (1 − p)·(1 − v)/τv−(u) − p·v/τv+;
    w' = (1 − p)·(1 − w)/τw− − p·w/τw+. The paper's third set (Girouard's guinea pig) is not given here.
    """

    name = "fenton_karma"
    title = "Three-current cell, Fenton and Karma 1998"
    source = Source(
        "Fenton F, Karma A. Vortex dynamics in three-dimensional continuous myocardium with fiber rotation: filament "
        "instability and fibrillation. Chaos 1998;8:20",
        doi="10.1063/1.166311",
        table="table 1",
        status="two transcriptions agree",
    )
    State = State
    kinds: ClassVar[tuple[str, ...]] = ("beeler_reuter", "modified_luo_rudy_1")
    stimulus = Stimulus(-20.0, 1.0)
    parameters: ClassVar[tuple[Parameter, ...]] = (scale("Jfi"), scale("Jso"), scale("Jsi"))

    def start(self) -> Any:
        """At rest, recovered."""
        return State(REST, 1.0, 1.0)

    def rates(self, y: Any, p: Values) -> Rates:
        """Slopes in mV/ms; the currents as the paper's, times PEAK − REST."""
        tau, height = TIMES[self.kind], PEAK - REST
        u = (y.V - REST) / height
        excited = u >= EXCITED
        fast = p["scale_Jfi"] * y.v * jnp.where(excited, 1.0, 0.0) / tau.fast
        rising = 0.5 * (1.0 + jnp.tanh(10.0 * (u - 0.85))) / tau.slow
        currents = {
            "Jfi": -height * fast * (1.0 - u) * (u - EXCITED),
            "Jso": height * p["scale_Jso"] * jnp.where(excited, 1.0 / tau.outward, u / tau.leak),
            "Jsi": -height * p["scale_Jsi"] * y.w * rising,
        }
        v_open = jnp.where(u >= tau.u_v, tau.v_open_high, tau.v_open_low)
        gates = {
            "v": Gate(jnp.where(excited, 0.0, 1.0), 1.0 / jnp.where(excited, tau.v_close, v_open)),
            "w": Gate(jnp.where(excited, 0.0, 1.0), 1.0 / jnp.where(excited, tau.w_close, tau.w_open)),
        }
        falling = fast * jnp.maximum(2.0 * u - 1.0 - EXCITED, 0.0) + p["scale_Jso"] / tau.leak
        return Rates(gates, (), {"V": -sum(currents.values())}, {"V": falling}, currents)
