"""Human atrial cell, Courtemanche, Ramirez and Nattel 1998, in 21 states."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import jax.numpy as jnp

from vitruvian.core import Source
from vitruvian.model import Parameter, Values
from vitruvian.physiology.heart.cell.cell import Cell, Gate, Rates, Stimulus, scale
from vitruvian.physiology.heart.cell.functions import nernst, over_expm1, sigmoid

F = 96.4867  # C/mmol
THERMAL = 8.3143 * 310.0 / F  # RT/F, mV
CAPACITANCE = 100.0  # pF
VOLUME = 20100.0 * 0.68  # of the cytosol, µm³
RELEASE = 20100.0 * 0.0048 / VOLUME  # release compartment over cytosol
UPTAKE = 20100.0 * 0.0552 / VOLUME  # uptake compartment over cytosol
PER_CHARGE = CAPACITANCE / (VOLUME * F)  # mM/ms that 1 A/F of a monovalent ion makes in the cytosol
TAU_TRANSFER = 180.0  # ms
Q10 = 3.0  # quickens Ito and IKur


class State(NamedTuple):
    """Voltage, gates, concentrations in mM."""

    V: Any
    m: Any
    h: Any
    j: Any
    oa: Any
    oi: Any
    ua: Any
    ui: Any
    xr: Any
    xs: Any
    d: Any
    f: Any
    fCa: Any
    u: Any  # release: activation by calcium flux
    v: Any  # release: inactivation by calcium flux
    w: Any  # release: inactivation by voltage
    Nai: Any
    Cai: Any
    Ki: Any
    Carel: Any
    Caup: Any


class Courtemanche1998(Cell):
    """The atrial action potential as later atrial models extend it.

    Potassium keeps no account of the stimulus, as published: over thousands of beats Nai and Ki drift.
    """

    name = "courtemanche_1998"
    title = "Human atrial cell, Courtemanche 1998"
    source = Source(
        "Courtemanche M, Ramirez RJ, Nattel S. Ionic mechanisms underlying human atrial action potential properties: "
        "insights from a mathematical model. Am J Physiol 1998;275:H301",
        doi="10.1152/ajpheart.1998.275.1.H301",
        status="two transcriptions agree",
    )
    State = State
    stimulus = Stimulus(-20.0, 2.0)
    calcium = "Cai"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        *map(scale, ("INa", "IK1", "Ito", "IKur", "IKr", "IKs", "ICaL", "INaK", "INaCa", "IbCa", "IbNa", "IpCa")),
        *map(scale, ("Irel", "Iup", "Ileak")),
        Parameter("Nao", 140.0, "mM", "sodium outside", 0.0),
        Parameter("Cao", 1.8, "mM", "calcium outside", 0.0),
        Parameter("Ko", 5.4, "mM", "potassium outside", 0.0),
    )

    def start(self) -> Any:
        """Table 6 of the paper: at rest."""
        return State(
            V=-81.18, m=0.002908, h=0.9649, j=0.9775, oa=0.03043, oi=0.9992, ua=0.004966, ui=0.9986, xr=3.296e-5,
            xs=0.01869, d=0.0001367, f=0.9996, fCa=0.7755, u=2.35e-112, v=1.0, w=0.9992, Nai=11.17, Cai=0.0001013,
            Ki=139.0, Carel=1.488, Caup=1.488,
        )  # fmt: skip

    def rates(self, y: Any, p: Values) -> Rates:
        """Slopes in mV/ms and mM/ms, currents in A/F."""
        conductance = conductances(y, p)
        i = currents(y, p, conductance)
        release = p["scale_Irel"] * 30.0 * y.u**2 * y.v * y.w  # 1/ms
        held = 1.0 / (1.0 + 10.0 * 0.8 / (y.Carel + 0.8) ** 2)  # share that calsequestrin leaves free
        stiff = {
            "V": conductance["INa"] + conductance["IK1"] + conductance["ICaL"],
            "Carel": (release + 1.0 / TAU_TRANSFER) * held,
        }
        slopes = {"V": -sum(i.values())} | sodium_and_potassium(i) | calcium(y, p, i, release, held)
        return Rates(gates(y, release * (y.Carel - y.Cai), i), (), slopes, stiff, i)


def conductances(y: Any, p: Values) -> dict[str, Any]:
    """Of the ohmic currents, 1/ms (mS/µF)."""
    v = y.V
    found = {
        "INa": 7.8 * y.m**3 * y.h * y.j,
        "IK1": 0.09 * sigmoid(-0.07 * (v + 80.0)),
        "Ito": 0.1652 * y.oa**3 * y.oi,
        "IKur": (0.005 + 0.05 * sigmoid((v - 15.0) / 13.0)) * y.ua**3 * y.ui,
        "IKr": 0.029411765 * y.xr * sigmoid(-(v + 15.0) / 22.4),
        "IKs": 0.12941176 * y.xs**2,
        "ICaL": 0.12375 * y.d * y.f * y.fCa,
        "IbCa": 0.001131,
        "IbNa": 0.0006744375,
    }
    return {name: p[f"scale_{name}"] * value for name, value in found.items()}


def currents(y: Any, p: Values, conductance: dict[str, Any]) -> dict[str, Any]:
    """A/F, positive outward."""
    reversal = dict.fromkeys(("IK1", "Ito", "IKur", "IKr", "IKs"), nernst(p["Ko"], y.Ki, THERMAL))
    reversal |= dict.fromkeys(("INa", "IbNa"), nernst(p["Nao"], y.Nai, THERMAL))
    reversal |= {"ICaL": 65.0, "IbCa": nernst(p["Cao"], y.Cai, THERMAL / 2.0)}
    found = {name: g * (y.V - reversal[name]) for name, g in conductance.items()}
    return found | {
        "INaK": p["scale_INaK"] * pump(y, p),
        "INaCa": p["scale_INaCa"] * exchange(y, p),
        "IpCa": p["scale_IpCa"] * 0.275 * y.Cai / (0.0005 + y.Cai),
    }


def pump(y: Any, p: Values) -> Any:
    """Sodium out, potassium in, A/F."""
    sigma = jnp.expm1(p["Nao"] / 67.3) / 7.0
    x = y.V / THERMAL
    voltage = 1.0 / (1.0 + 0.1245 * jnp.exp(-0.1 * x) + 0.0365 * sigma * jnp.exp(-x))
    return 0.59933874 * voltage / (1.0 + (10.0 / y.Nai) ** 1.5) * p["Ko"] / (p["Ko"] + 1.5)


def exchange(y: Any, p: Values) -> Any:
    """Calcium out, three sodium in, A/F."""
    x = y.V / THERMAL
    inward = jnp.exp(-0.65 * x)
    net = jnp.exp(0.35 * x) * y.Nai**3 * p["Cao"] - inward * p["Nao"] ** 3 * y.Cai
    return 1600.0 * net / ((87.5**3 + p["Nao"] ** 3) * (1.38 + p["Cao"]) * (1.0 + 0.1 * inward))


def sodium_and_potassium(i: dict[str, Any]) -> dict[str, Any]:
    """mM/ms."""
    sodium = i["INa"] + i["IbNa"] + 3.0 * i["INaK"] + 3.0 * i["INaCa"]
    potassium = i["IK1"] + i["Ito"] + i["IKur"] + i["IKr"] + i["IKs"] - 2.0 * i["INaK"]
    return {"Nai": -sodium * PER_CHARGE, "Ki": -potassium * PER_CHARGE}


def calcium(y: Any, p: Values, i: dict[str, Any], release: Any, held: Any) -> dict[str, Any]:
    """Calcium of cytosol, release and uptake compartment, mM/ms."""
    up = p["scale_Iup"] * 0.005 / (1.0 + 0.00092 / y.Cai)
    leak = p["scale_Ileak"] * 0.005 * y.Caup / 15.0
    transfer = (y.Caup - y.Carel) / TAU_TRANSFER
    released = release * (y.Carel - y.Cai)
    through = (2.0 * i["INaCa"] - i["IpCa"] - i["ICaL"] - i["IbCa"]) * PER_CHARGE / 2.0
    buffers = 1.0 + 0.07 * 0.0005 / (y.Cai + 0.0005) ** 2 + 0.05 * 0.00238 / (y.Cai + 0.00238) ** 2
    return {
        "Cai": (through + UPTAKE * (leak - up) + RELEASE * released) / buffers,
        "Carel": (transfer - released) * held,
        "Caup": up - leak - transfer * RELEASE / UPTAKE,
    }


def gates(y: Any, released: Any, i: dict[str, Any]) -> dict[str, Gate]:
    """All gates; those of release by the calcium that passes, `released` in mM/ms."""
    flux = 1e-12 * RELEASE * VOLUME * released - 5e-13 / F * CAPACITANCE * (0.5 * i["ICaL"] - 0.2 * i["INaCa"])
    return fast_sodium(y.V) | potassium(y.V) | l_type(y.V, y.Cai) | releasing(y.V, flux)


def fast_sodium(v: Any) -> dict[str, Gate]:
    """m, h, j."""
    low = v < -40.0
    h_low = 3.56 * jnp.exp(0.079 * v) + 3.1e5 * jnp.exp(0.35 * v)
    h_high = sigmoid((v + 10.66) / 11.1) / 0.13
    falling = -127140.0 * jnp.exp(0.2444 * v) - 3.474e-5 * jnp.exp(-0.04391 * v)
    j_low = 0.1212 * jnp.exp(-0.01052 * v) * sigmoid(0.1378 * (v + 40.14))
    j_high = 0.3 * jnp.exp(-2.535e-7 * v) * sigmoid(0.1 * (v + 32.0))
    return {
        "m": Gate.of(3.2 * over_expm1(-0.1 * (v + 47.13)), 0.08 * jnp.exp(-v / 11.0)),
        "h": Gate.of(jnp.where(low, 0.135 * jnp.exp(-(v + 80.0) / 6.8), 0.0), jnp.where(low, h_low, h_high)),
        "j": Gate.of(
            jnp.where(low, falling * (v + 37.78) * sigmoid(-0.311 * (v + 79.23)), 0.0), jnp.where(low, j_low, j_high)
        ),
    }


def potassium(v: Any) -> dict[str, Gate]:
    """oa, oi of Ito; ua, ui of IKur; xr; xs."""
    activating = 0.65 / (jnp.exp(-(v + 10.0) / 8.5) + jnp.exp((30.0 - v) / 59.0))
    activating = Q10 * (activating + 0.65 / (2.5 + jnp.exp((v + 82.0) / 17.0)))
    oi = 1.0 / (18.53 + jnp.exp((v + 113.7) / 10.95)) + 1.0 / (35.56 + jnp.exp(-(v + 1.26) / 7.44))
    ui = 1.0 / (21.0 + jnp.exp((185.0 - v) / 28.0)) + jnp.exp((v - 158.0) / 16.0)
    xr = 0.0015 * over_expm1(-(v + 14.1) / 5.0) + 7.3898e-5 * 5.1237 * over_expm1((v - 3.3328) / 5.1237)
    xs = 6.8e-4 * over_expm1(-(v - 19.9) / 17.0) + 3.15e-4 * over_expm1((v - 19.9) / 9.0)
    return {
        "oa": Gate(sigmoid((v + 20.47) / 17.54), activating),
        "oi": Gate(sigmoid(-(v + 43.1) / 5.3), Q10 * oi),
        "ua": Gate(sigmoid((v + 30.3) / 9.6), activating),
        "ui": Gate(sigmoid(-(v - 99.45) / 27.48), Q10 * ui),
        "xr": Gate(sigmoid((v + 14.1) / 6.5), xr),
        "xs": Gate(jnp.sqrt(sigmoid((v - 19.9) / 12.7)), 2.0 * xs),
    }


def l_type(v: Any, cai: Any) -> dict[str, Gate]:
    """d, f, fCa of the L-type calcium current."""
    z = -(v + 10.0) / 6.24
    return {
        "d": Gate(sigmoid((v + 10.0) / 8.0), 0.035 * 6.24 * over_expm1(z) * (1.0 + jnp.exp(z))),
        "f": Gate(sigmoid(-(v + 28.0) / 6.9), (0.0197 * jnp.exp(-((0.0337 * (v + 10.0)) ** 2)) + 0.02) / 9.0),
        "fCa": Gate(1.0 / (1.0 + cai / 0.00035), 0.5),
    }


def releasing(v: Any, flux: Any) -> dict[str, Gate]:
    """u, v, w of release from the sarcoplasmic reticulum."""
    opened = sigmoid((flux - 3.4175e-13) / 1.367e-15)
    z = -(v - 7.9) / 5.0
    return {
        "u": Gate(opened, 1.0 / 8.0),
        "v": Gate(sigmoid(-(flux - 6.835e-14) / 1.367e-15), 1.0 / (1.91 + 2.09 * opened)),
        "w": Gate(sigmoid(-(v - 40.0) / 17.0), 5.0 / 6.0 * (1.0 + 0.3 * jnp.exp(z)) * over_expm1(z)),
    }
