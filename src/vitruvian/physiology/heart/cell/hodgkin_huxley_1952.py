"""Squid axon, Hodgkin and Huxley 1952: the spike, its threshold and its refractory period in four states."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import jax.numpy as jnp

from vitruvian.core import Source
from vitruvian.model import Parameter, Values
from vitruvian.physiology.heart.cell.cell import Cell, Gate, Rates, Stimulus, scale
from vitruvian.physiology.heart.cell.functions import over_expm1, sigmoid

REST = -75.0
"""Voltage at rest that the axon is given, mV; the paper measures from rest and names no absolute value."""


class State(NamedTuple):
    """Voltage and three gates."""

    V: Any
    m: Any  # activation of sodium
    h: Any  # 1 − inactivation of sodium
    n: Any  # activation of potassium


class HodgkinHuxley1952(Cell):
    """The axon that every later cell model is built like: a first example.

    With v = V − REST the depolarisation in mV, and currents in µA/cm² on 1 µF/cm²:
    V' = −(INa + IK + Il), INa = 120·m³·h·(v − 115), IK = 36·n⁴·(v + 12), Il = 0.3·(v − 10.613);
    αm = 0.1·(25 − v)/(e^((25 − v)/10) − 1), βm = 4·e^(−v/18); αh = 0.07·e^(−v/20), βh = 1/(e^((30 − v)/10) + 1);
    αn = 0.01·(10 − v)/(e^((10 − v)/10) − 1), βn = 0.125·e^(−v/80), all multiplied by 3^((temperature − 6.3)/10).
    The paper's own V is −v, and its currents are inward where they are positive: both signs are turned here, so that
    depolarisation and outward current are positive as everywhere else in this package.

    A worked example: a displacement of 6 mV falls back, one of 7 mV grows into a spike of about 100 mV (figure 12 of
    the paper); a second shock a few ms later finds h low and n high and fails, the refractory period.

    >>> cell = HodgkinHuxley1952()
    >>> rest = cell.start()
    >>> round(abs(float(cell.rates(rest, cell.typical).slopes["V"])), 2)  # mV/ms
    0.0
    >>> displaced = cell.rates(rest._replace(V=rest.V + 7.0), cell.typical)
    >>> round(float(displaced.gates["m"].steady), 3)  # sodium channels open in no time: m was 0.053
    0.116
    """

    name = "hodgkin_huxley_1952"
    title = "Squid giant axon, Hodgkin and Huxley 1952"
    source = Source(
        "Hodgkin AL, Huxley AF. A quantitative description of membrane current and its application to conduction and "
        "excitation in nerve. J Physiol 1952;117:500",
        doi="10.1113/jphysiol.1952.sp004764",
        table="table 3",
        status="two transcriptions agree",
        errata="signs of V and of the currents turned; resting potential −75 mV given here",
    )
    State = State
    stimulus = Stimulus(-20.0, 0.5)
    parameters: ClassVar[tuple[Parameter, ...]] = (
        scale("INa"),
        scale("IK"),
        scale("Il"),
        Parameter("temperature", 6.3, "degC", "of the axon; rates triple each 10 °C", 0.0, 40.0),
    )

    def start(self) -> Any:
        """Gates at rest at `REST`."""
        return State(REST, *(float(gate.steady) for gate in gates(0.0).values()))

    def rates(self, y: Any, p: Values) -> Rates:
        """Slopes in mV/ms, currents in µA/cm²."""
        v = y.V - REST
        warm = 3.0 ** ((p["temperature"] - 6.3) / 10.0)
        sodium, potassium, leak = (
            p["scale_INa"] * 120.0 * y.m**3 * y.h,
            p["scale_IK"] * 36.0 * y.n**4,
            p["scale_Il"] * 0.3,
        )
        currents = {"INa": sodium * (v - 115.0), "IK": potassium * (v + 12.0), "Il": leak * (v - 10.613)}
        return Rates(
            {name: Gate(gate.steady, gate.rate * warm) for name, gate in gates(v).items()},
            (),
            {"V": -(currents["INa"] + currents["IK"] + currents["Il"])},
            {"V": sodium + potassium + leak},
            currents,
        )


def gates(v: Any) -> dict[str, Gate]:
    """m, h and n at the depolarisation `v`, mV, at 6.3 °C."""
    return {
        "m": Gate.of(over_expm1((25.0 - v) / 10.0), 4.0 * jnp.exp(-v / 18.0)),
        "h": Gate.of(0.07 * jnp.exp(-v / 20.0), sigmoid((v - 30.0) / 10.0)),
        "n": Gate.of(0.1 * over_expm1((10.0 - v) / 10.0), 0.125 * jnp.exp(-v / 80.0)),
    }
