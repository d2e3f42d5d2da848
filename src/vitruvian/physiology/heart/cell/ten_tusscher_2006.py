"""Human ventricular cell, ten Tusscher and Panfilov 2006, in 19 states."""

from __future__ import annotations

from math import exp
from typing import Any, ClassVar, NamedTuple

import jax.numpy as jnp

from vitruvian.core import Source
from vitruvian.model import Parameter, Values
from vitruvian.physiology.heart.cell.cell import Cell, Gate, Rates, Stimulus, scale
from vitruvian.physiology.heart.cell.functions import nernst

F = 96485.3415  # C/mol
THERMAL = 8314.472 * 310.0 / F  # RT/F, mV
PER_VOLT = 1.0 / THERMAL  # F/RT, 1/mV
V_C, V_SR, V_SS = 0.016404, 0.001094, 5.468e-5  # cytosol, reticulum, subspace, nL
PER_CHARGE = 0.185 / (V_C * F)  # mM/ms that 1 A/F of a monovalent ion makes in the cytosol
P_KNA = 0.03
V_REL, V_XFER, V_LEAK, V_MAXUP = 0.102, 0.0038, 0.00036, 0.006375  # 1/ms, 1/ms, 1/ms, mM/ms
CURRENTS = ("INa", "ICaL", "Ito", "IKr", "IKs", "IK1", "INaCa", "INaK", "IpCa", "IpK", "IbNa", "IbCa", "Iup", "Irel")


class State(NamedTuple):
    """Voltage, gates, concentrations in mM, share of release channels that are not adapted."""

    V: Any
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


START = {
    "endo": State(
        V=-86.709, xr1=0.00448, xr2=0.476, xs=0.0087, m=0.00155, h=0.7573, j=0.7225, d=3.164e-5, f=0.8009, f2=0.9778,
        fCass=0.9953, s=0.3212, r=2.235e-8, Cai=0.00013, CaSR=3.715, Cass=0.00036, R=0.9068, Nai=10.355, Ki=138.4,
    ),
    "mid": State(
        V=-85.423, xr1=0.0165, xr2=0.473, xs=0.0174, m=0.00165, h=0.749, j=0.6788, d=3.288e-5, f=0.7026, f2=0.9526,
        fCass=0.9942, s=0.999998, r=2.347e-8, Cai=0.000153, CaSR=4.272, Cass=0.00042, R=0.8978, Nai=10.132, Ki=138.52,
    ),
    "epi": State(
        V=-85.23, xr1=0.00621, xr2=0.4712, xs=0.0095, m=0.00172, h=0.7444, j=0.7045, d=3.373e-5, f=0.7888, f2=0.9755,
        fCass=0.9953, s=0.999998, r=2.42e-8, Cai=0.000126, CaSR=3.64, Cass=0.00036, R=0.9073, Nai=8.604, Ki=136.89,
    ),
}  # fmt: skip


class TenTusscher2006(Cell):
    """Ventricular cell with a subspace for calcium and a calcium-dependent L-type inactivation."""

    name = "ten_tusscher_2006"
    title = "ten Tusscher and Panfilov 2006, human ventricle"
    source = Source(
        "ten Tusscher KHWJ, Panfilov AV. Alternans and spiral breakup in a human ventricular tissue model. "
        "Am J Physiol Heart Circ Physiol 2006;291:H1088-H1100",
        "10.1152/ajpheart.00109.2006",
        "equations as in the CellML of the Physiome repository",
        "one transcription",
    )
    State = State
    kinds: ClassVar[tuple[str, ...]] = ("endo", "mid", "epi")
    stimulus: ClassVar[Stimulus] = Stimulus(-52.0, 1.0)
    carried: ClassVar[dict[str, float]] = {"Ki": -PER_CHARGE}
    calcium: ClassVar[str] = "Cai"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        *(scale(one) for one in CURRENTS),
        Parameter("Nao", 140.0, "mM", "sodium outside", 0.0),
        Parameter("Cao", 2.0, "mM", "calcium outside", 0.0),
        Parameter("Ko", 5.4, "mM", "potassium outside", 0.0),
    )

    def start(self) -> Any:
        """The published initial state."""
        return START[self.kind]

    def rates(self, y: Any, p: Values) -> Rates:
        """The paper's equations; exponentials of one voltage constant are powers of one another."""
        currents, conductance = self._currents(y, p)
        slopes, decay = calcium_slopes(y, p, currents)
        i = currents
        sodium = i["INa"] + i["IbNa"] + 3.0 * (i["INaK"] + i["INaCa"])
        potassium = i["IK1"] + i["Ito"] + i["IKr"] + i["IKs"] + i["IpK"] - 2.0 * i["INaK"]
        calcium = i["ICaL"] + i["IbCa"] + i["IpCa"] - 2.0 * i["INaCa"]
        slopes |= {
            "V": -(sodium + potassium + calcium),
            "Nai": -PER_CHARGE * sodium,
            "Ki": -PER_CHARGE * potassium,
        }
        return Rates(gates(y, self.kind), (), slopes, decay | {"V": conductance}, currents)

    def _currents(self, y: Any, p: Values) -> tuple[dict[str, Any], Any]:
        """Currents, A/F, and the conductance that they have together, 1/ms."""
        v, epi_like = y.V, self.kind != "endo"
        e_k = nernst(p["Ko"], y.Ki, THERMAL)
        e_na = nernst(p["Nao"], y.Nai, THERMAL)
        e_ks = nernst(p["Ko"] + P_KNA * p["Nao"], y.Ki + P_KNA * y.Nai, THERMAL)
        e_ca = nernst(p["Cao"], y.Cai, THERMAL / 2.0)
        outside = jnp.sqrt(p["Ko"] / 5.4)
        g_na = 14.838 * p["scale_INa"] * y.m**3 * y.h * y.j
        g_k1 = 5.405 * p["scale_IK1"] * outside * _rectified(v - e_k)
        g_to = (0.294 if epi_like else 0.073) * p["scale_Ito"] * y.r * y.s
        g_kr = 0.153 * p["scale_IKr"] * outside * y.xr1 * y.xr2
        g_ks = (0.098 if self.kind == "mid" else 0.392) * p["scale_IKs"] * y.xs**2
        g_pk = 0.0146 * p["scale_IpK"] / (1.0 + jnp.exp((25.0 - v) / 5.98))
        g_bna, g_bca = 0.00029 * p["scale_IbNa"], 0.000592 * p["scale_IbCa"]
        q = jnp.exp(-0.05 * PER_VOLT * v)
        i_cal, g_cal = l_type(y, p, q)
        currents = {
            "INa": g_na * (v - e_na),
            "ICaL": i_cal,
            "Ito": g_to * (v - e_k),
            "IKr": g_kr * (v - e_k),
            "IKs": g_ks * (v - e_ks),
            "IK1": g_k1 * (v - e_k),
            "INaCa": exchanger(y, p, q),
            "INaK": pump(y, p, q),
            "IpCa": 0.1238 * p["scale_IpCa"] * y.Cai / (y.Cai + 0.0005),
            "IpK": g_pk * (v - e_k),
            "IbNa": g_bna * (v - e_na),
            "IbCa": g_bca * (v - e_ca),
        }
        return currents, g_na + g_k1 + g_to + g_kr + g_ks + g_pk + g_bna + g_bca + g_cal


def _rectified(u: Any) -> Any:
    """Open share of the inward rectifier, `u` mV above the potassium potential."""
    e = jnp.exp(0.02 * u)
    e5 = e**5
    opening = 0.1 / (1.0 + e**3 * exp(-12.0))
    closing = (3.0 * jnp.exp(0.0002 * (u + 100.0)) + e5 * exp(-1.0)) / (1.0 + 1.0 / e5**5)
    return opening / (opening + closing)


def l_type(y: Any, p: Values, q: Any) -> tuple[Any, Any]:
    """L-type calcium current, A/F, and an estimate of its conductance; `q` is exp(−0.05 VF/RT)."""
    x = 2.0 * (y.V - 15.0) * PER_VOLT
    e = exp(-30.0 * PER_VOLT) / q**40
    near = jnp.abs(x) < 1e-4
    ratio = jnp.where(near, 1.0 - x / 2.0, x / jnp.where(near, 1.0, e - 1.0))  # x/(eˣ − 1)
    open_ = 3.98e-5 * p["scale_ICaL"] * 2.0 * F * y.d * y.f * y.f2 * y.fCass
    inside = 0.25 * y.Cass
    return open_ * (inside * (ratio + x) - p["Cao"] * ratio), open_ * 2.0 * PER_VOLT * inside


def exchanger(y: Any, p: Values, q: Any) -> Any:
    """Sodium–calcium exchanger, A/F."""
    forward, backward = 1.0 / q**7, q**13  # exp(0.35 VF/RT), exp(−0.65 VF/RT)
    nao3 = p["Nao"] ** 3
    drive = forward * y.Nai**3 * p["Cao"] - 2.5 * backward * nao3 * y.Cai
    return 1000.0 * p["scale_INaCa"] * drive / ((87.5**3 + nao3) * (1.38 + p["Cao"]) * (1.0 + 0.1 * backward))


def pump(y: Any, p: Values, q: Any) -> Any:
    """Sodium–potassium pump, A/F."""
    bound = p["Ko"] / (p["Ko"] + 1.0) * y.Nai / (y.Nai + 40.0)
    return 2.724 * p["scale_INaK"] * bound / (1.0 + 0.1245 * q**2 + 0.0353 * q**20)


def calcium_slopes(y: Any, p: Values, i: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Slopes of the calcium states and their decays, 1/ms."""
    load = 2.5 - 1.5 / (1.0 + (1.5 / y.CaSR) ** 2)
    k1, k2 = 0.15 / load, 0.045 * load
    bound = k1 * y.Cass**2
    release = V_REL * p["scale_Irel"] * bound * y.R / (0.06 + bound)
    i_rel = release * (y.CaSR - y.Cass)
    i_up = V_MAXUP * p["scale_Iup"] / (1.0 + (0.00025 / y.Cai) ** 2)
    i_leak = V_LEAK * (y.CaSR - y.Cai)
    i_xfer = V_XFER * (y.Cass - y.Cai)
    free_i, free_sr, free_ss = _free(y.Cai, 0.2, 0.001), _free(y.CaSR, 10.0, 0.3), _free(y.Cass, 0.4, 0.00025)
    surface = i["IbCa"] + i["IpCa"] - 2.0 * i["INaCa"]
    slopes = {
        "Cai": free_i * ((i_leak - i_up) * (V_SR / V_C) + i_xfer - surface * (PER_CHARGE / 2.0)),
        "CaSR": free_sr * (i_up - i_rel - i_leak),
        "Cass": free_ss
        * (i_rel * (V_SR / V_SS) - i_xfer * (V_C / V_SS) - i["ICaL"] * (PER_CHARGE * V_C / (2.0 * V_SS))),
        "R": 0.005 * (1.0 - y.R) - k2 * y.Cass * y.R,
    }
    decay = {
        "CaSR": free_sr * (release + V_LEAK),
        "Cass": free_ss * (release * (V_SR / V_SS) + V_XFER * V_C / V_SS),
        "R": 0.005 + k2 * y.Cass,
    }
    return slopes, decay


def _free(calcium: Any, buffer: float, half: float) -> Any:
    """Share of a change that stays unbound, the buffer at equilibrium."""
    return 1.0 / (1.0 + buffer * half / (calcium + half) ** 2)


def gates(y: Any, kind: str) -> dict[str, Gate]:
    """Every gate of this kind of cell."""
    v = y.V
    e20, e14 = jnp.exp(v / 20.0), jnp.exp(v / 14.0)
    e15, e6 = jnp.exp(v / 15.0), jnp.exp(v / 6.0)
    e10, e7 = e20**2, e14**2
    e5, e7_5 = e10**2, e15**2
    slow = 1.0 / (1.0 + e10 * exp(3.0))
    loaded = 1.0 / (1.0 + (y.Cass / 0.05) ** 2)
    tau_f = 1102.5 * _bell(v + 27.0, 225.0) + 200.0 / (1.0 + exp(1.3) / e10) + 180.0 * slow + 20.0
    tau_f2 = 562.0 * _bell(v + 27.0, 240.0) + 31.0 / (1.0 + exp(2.5) / e10) + 80.0 * slow
    tau_d = 1.4 * (1.4 / (1.0 + jnp.exp((-35.0 - v) / 13.0)) + 0.25) / (1.0 + e5 * exp(1.0))
    tau_xs = 1400.0 / (jnp.sqrt(1.0 + exp(5.0 / 6.0) / e6) * (1.0 + e15 * exp(-35.0 / 15.0))) + 80.0
    return _sodium_gates(v, e5, e10) | {
        "xr1": Gate(
            1.0 / (1.0 + exp(-26.0 / 7.0) / e7),
            (1.0 + exp(-4.5) / e10) * (1.0 + jnp.exp((v + 30.0) / 11.5)) / 2700.0,
        ),
        "xr2": Gate(1.0 / (1.0 + jnp.exp((v + 88.0) / 24.0)), (1.0 + exp(-3.0) / e20) * (1.0 + e20 * exp(-3.0)) / 3.36),
        "xs": Gate(1.0 / (1.0 + exp(-5.0 / 14.0) / e14), 1.0 / tau_xs),
        "d": Gate(1.0 / (1.0 + exp(-8.0 / 7.5) / e7_5), 1.0 / (tau_d + 1.0 / (1.0 + exp(2.5) / e20))),
        "f": Gate(1.0 / (1.0 + e7 * exp(20.0 / 7.0)), 1.0 / tau_f),
        "f2": Gate(0.67 / (1.0 + e7 * exp(5.0)) + 0.33, 1.0 / tau_f2),
        "fCass": Gate(0.6 * loaded + 0.4, 1.0 / (80.0 * loaded + 2.0)),
        "s": _slow_outward(v, e5, kind),
        "r": Gate(1.0 / (1.0 + exp(20.0 / 6.0) / e6), 1.0 / (9.5 * _bell(v + 40.0, 1800.0) + 0.8)),
    }


def _slow_outward(v: Any, e5: Any, kind: str) -> Gate:
    if kind == "endo":
        return Gate(1.0 / (1.0 + e5 * exp(28.0 / 5.0)), 1.0 / (1000.0 * _bell(v + 67.0, 1000.0) + 8.0))
    tau = 85.0 * _bell(v + 45.0, 320.0) + 5.0 / (1.0 + e5 * exp(-4.0)) + 3.0
    return Gate(1.0 / (1.0 + e5 * exp(4.0)), 1.0 / tau)


def _sodium_gates(v: Any, e5: Any, e10: Any) -> dict[str, Gate]:
    """The rates of h and j have two branches that meet at −40 mV; each exponential serves both."""
    low = v < -40.0
    e1 = jnp.exp(jnp.where(low, -(v + 80.0) / 6.8, -(v + 10.66) / 11.1))
    h_low = 0.057 * e1 + 2.7 * jnp.exp(0.079 * v) + 3.1e5 * jnp.exp(0.3485 * v)
    rate_h = jnp.where(low, h_low, 0.77 / (0.13 * (1.0 + e1)))
    e2 = jnp.exp(jnp.where(low, 0.2444, 0.057) * v)
    opening = (-25428.0 * e2 - 6.948e-6 * jnp.exp(-0.04391 * v)) * (v + 37.78)
    opening = opening / (1.0 + jnp.exp(0.311 * (v + 79.23)))
    closing = 0.02424 * jnp.exp(-0.01052 * v) / (1.0 + jnp.exp(-0.1378 * (v + 40.14)))
    rate_j = jnp.where(low, opening + closing, 0.6 * e2 / (1.0 + exp(-3.2) / e10))
    steady = 1.0 / (1.0 + jnp.exp((v + 71.55) / 7.43)) ** 2
    beta_m = 0.1 / (1.0 + e5 * exp(7.0)) + 0.1 / (1.0 + jnp.exp((v - 50.0) / 200.0))
    return {
        "m": Gate(1.0 / (1.0 + jnp.exp((-56.86 - v) / 9.03)) ** 2, (1.0 + exp(-12.0) / e5) / beta_m),
        "h": Gate(steady, rate_h),
        "j": Gate(steady, rate_j),
    }


def _bell(x: Any, width: float) -> Any:
    return jnp.exp(-(x**2) / width)
