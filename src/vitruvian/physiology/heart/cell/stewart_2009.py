"""Human Purkinje cell, Stewart and others 2009, in 20 states: it beats on its own."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import jax.numpy as jnp

from vitruvian.core import Source
from vitruvian.model import Parameter, Values
from vitruvian.physiology.heart.cell.cell import Cell, Gate, Rates, Stimulus, scale
from vitruvian.physiology.heart.cell.functions import nernst, sigmoid
from vitruvian.physiology.heart.cell.ten_tusscher_2006 import (
    P_KNA,
    PER_CHARGE,
    PER_VOLT,
    THERMAL,
    calcium_slopes,
    exchanger,
    gates,
    l_type,
    pump,
)

OUTWARD = ("IK1", "Ito", "Isus", "IKr", "IKs", "IpK")


class State(NamedTuple):
    """As the ventricular cell's, and the gate of the pacemaker current."""

    V: Any
    y: Any  # of If
    xr1: Any
    xr2: Any
    xs: Any
    m: Any
    h: Any
    j: Any
    d: Any
    f: Any
    f2: Any
    fCass: Any
    s: Any
    r: Any
    Cai: Any
    CaSR: Any
    Cass: Any
    R: Any
    Nai: Any
    Ki: Any


class Stewart2009(Cell):
    """ten Tusscher and Panfilov's cell of 2006 with the pacemaker current If, a sustained outward current Isus, and
    IK1, Ito, INa, IKr and IKs as in Purkinje fibres.

    Without a stimulus it fires once in 1.22 s; paced faster it follows.
    """

    name = "stewart_2009"
    title = "Human Purkinje cell, Stewart 2009"
    source = Source(
        "Stewart P, Aslanidi OV, Noble D, Noble PJ, Boyett MR, Zhang H. Mathematical models of the electrical action "
        "potential of Purkinje fibre cells. Philos Trans A 2009;367:2225",
        doi="10.1098/rsta.2008.0283",
        table="equations as in the CellML of the Physiome repository",
        status="one transcription",
    )
    State = State
    stimulus = Stimulus(-52.0, 1.0)
    carried: ClassVar[dict[str, float]] = {"Ki": -PER_CHARGE}
    calcium = "Cai"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        *map(scale, ("INa", "ICaL", "Ito", "IKr", "IKs", "IK1", "If", "Isus")),
        *map(scale, ("INaCa", "INaK", "IpCa", "IpK", "IbNa", "IbCa", "Iup", "Irel")),
        Parameter("Nao", 140.0, "mM", "sodium outside", 0.0),
        Parameter("Cao", 2.0, "mM", "calcium outside", 0.0),
        Parameter("Ko", 5.4, "mM", "potassium outside", 0.0),
    )

    def start(self) -> Any:
        """A diastole of its own rhythm."""
        return State(
            V=-69.1370441635924, y=0.0457562667986602, xr1=0.00550281999719088, xr2=0.313213286437995,
            xs=0.00953708522974789, m=0.0417391656294997, h=0.190678733735145, j=0.238219836154029,
            d=0.000287906256206415, f=0.989328560287987, f2=0.995474890442185, fCass=0.999955429598213,
            s=0.963861017995010, r=0.00103618091196912, Cai=0.000101878186157052, CaSR=3.10836886659417,
            Cass=0.000446818714055411, R=0.991580051907845, Nai=8.80420286531673, Ki=136.781894160227,
        )  # fmt: skip

    def rates(self, y: Any, p: Values) -> Rates:
        """Slopes in mV/ms and mM/ms, currents in A/F; `If` is the sum of its parts `IfNa` and `IfK`."""
        conductance = conductances(y, p)
        i, g_calcium = currents(y, p, conductance)
        slopes, decay = calcium_slopes(y, p, i)
        sodium = i["INa"] + i["IbNa"] + i["IfNa"] + 3.0 * (i["INaK"] + i["INaCa"])
        potassium = sum(i[name] for name in OUTWARD) + i["IfK"] - 2.0 * i["INaK"]
        slopes |= {
            "V": -(sodium + potassium + i["ICaL"] + i["IbCa"] + i["IpCa"] - 2.0 * i["INaCa"]),
            "Nai": -PER_CHARGE * sodium,
            "Ki": -PER_CHARGE * potassium,
        }
        decay |= {"V": sum(conductance.values()) + g_calcium}
        return Rates(gates(y, "epi") | own_gates(y.V), (), slopes, decay, i | {"If": i["IfNa"] + i["IfK"]})


def conductances(y: Any, p: Values) -> dict[str, Any]:
    """Of the ohmic currents, 1/ms."""
    v = y.V
    found = {
        "INa": 130.5744 * y.m**3 * y.h * y.j,
        "IK1": 0.065 * sigmoid(-0.1 * (v + 75.44)),
        "Ito": 0.08184 * y.r * y.s,
        "Isus": 0.0227 * sigmoid((v - 5.0) / 17.0),
        "IKr": 0.0918 * jnp.sqrt(p["Ko"] / 5.4) * y.xr1 * y.xr2,
        "IKs": 0.2352 * y.xs**2,
        "IpK": 0.0146 * sigmoid((v - 25.0) / 5.98),
        "IbNa": 0.00029,
        "IbCa": 0.000592,
    }
    found = {name: p[f"scale_{name}"] * value for name, value in found.items()}
    return found | {"IfNa": p["scale_If"] * 0.0145654 * y.y, "IfK": p["scale_If"] * 0.0234346 * y.y}


def currents(y: Any, p: Values, conductance: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """A/F, positive outward; and the conductance of the L-type calcium current."""
    e_k, e_na = nernst(p["Ko"], y.Ki, THERMAL), nernst(p["Nao"], y.Nai, THERMAL)
    reversal = dict.fromkeys(("Ito", "Isus", "IKr", "IpK", "IfK"), e_k) | dict.fromkeys(("INa", "IbNa", "IfNa"), e_na)
    reversal |= {
        "IK1": e_k + 8.0,
        "IKs": nernst(p["Ko"] + P_KNA * p["Nao"], y.Ki + P_KNA * y.Nai, THERMAL),
        "IbCa": nernst(p["Cao"], y.Cai, THERMAL / 2.0),
    }
    q = jnp.exp(-0.05 * PER_VOLT * y.V)
    i_calcium, g_calcium = l_type(y, p, q)
    found = {name: g * (y.V - reversal[name]) for name, g in conductance.items()}
    found |= {
        "ICaL": i_calcium,
        "INaCa": exchanger(y, p, q),
        "INaK": pump(y, p, q),
        "IpCa": 0.1238 * p["scale_IpCa"] * y.Cai / (y.Cai + 0.0005),
    }
    return found, g_calcium


def own_gates(v: Any) -> dict[str, Gate]:
    """The pacemaker current's, and the transient outward current's of Purkinje fibres."""
    s = 85.0 * jnp.exp(-((v + 25.0) ** 2) / 320.0) + 5.0 * sigmoid(-(v - 40.0) / 5.0) + 42.0
    r = 10.45 * jnp.exp(-((v + 40.0) ** 2) / 1800.0) + 7.3
    y = (jnp.exp(-2.9 - 0.04 * v) + jnp.exp(3.6 + 0.11 * v)) / 4000.0
    return {
        "y": Gate(sigmoid(-(v + 80.6) / 6.8), y),
        "s": Gate(sigmoid(-(v + 27.0) / 13.0), 1.0 / s),
        "r": Gate(sigmoid((v - 20.0) / 13.0), 1.0 / r),
    }
