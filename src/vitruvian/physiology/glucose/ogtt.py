"""Glucose and insulin of a person who secretes insulin, healthy or with type 2 diabetes: the meal model of 2007."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp

from vitruvian.core import Source
from vitruvian.model import Driven, Output, Parameter, ResidualError, Values
from vitruvian.physiology.glucose.inputs import Inputs
from vitruvian.physiology.glucose.meal import Gut, appears, gut_slope, noted, onward_with_meal
from vitruvian.physiology.glucose.uva_padova_2008 import PMOL_PER_UNIT, UVA_PADOVA_2008, tissue

_NO_ERROR = ResidualError("none")
DEPOT = UVA_PADOVA_2008.source
MEALS = Source(
    "Dalla Man C, Rizza RA, Cobelli C. Meal simulation model of the glucose-insulin system. "
    "IEEE Trans Biomed Eng 2007;54:1740",
    doi="10.1109/TBME.2007.893506",
    status="two transcriptions agree",
)


class State(NamedTuple):
    """Amounts, mg, mg/kg and pmol/kg; concentrations in pmol/L; what the stomach remembers of the meal."""

    Qsto1: Any
    Qsto2: Any
    Qgut: Any
    Gp: Any
    Gt: Any
    Il: Any
    Ip: Any
    I1: Any
    Id: Any
    X: Any
    Ipo: Any  # portal vein, pmol/kg
    Y: Any  # secretion that follows glucose, pmol/kg/min
    Isc1: Any
    Isc2: Any
    Gs: Any
    meal: Any
    eating: Any


class Ogtt(Driven):
    """The model of 2007 with static and dynamic secretion; at rest at Gb and Ib whatever the other parameters.

    Gp' = EGP + Ra − Fsnc − E − k1·Gp + k2·Gt; Gt' = k1·Gp − k2·Gt − (Vm0 + Vmx·X)·Gt/(Km0 + Gt);
    EGP = EGPb − kp2·(Gp − Gpb) − kp3·(Id − Ib) − kp4·(Ipo − Ipob), never below 0; EGPb is what rest needs;
    Il' = −(m1 + m3)·Il + m2·Ip + S; Ip' = −(m2 + m4)·Ip + m1·Il + injected; m3 = HE·m1/(1 − HE);
    HE = HEb − m5·(S − Sb); S = gamma·Ipo; Ipo' = Y + Sb + K·max(G', 0) − S;
    Y' = −alpha·(Y − max(beta·(G − Gb), −Sb)); Sb is what rest needs. A meal goes its way by `meal.py`.
    `sensitivity` multiplies Vmx and kp3. Default values: type 2 diabetes; `HEALTHY` has the others.
    """

    name = "ogtt"
    title = "Meal model with secretion of insulin"
    source = MEALS
    parameters = (
        Parameter("BW", 91.0, "kg", "body weight", 5.0, 300.0),
        Parameter("Gb", 164.0, "mg/dL", "fasting glucose", 60.0, 300.0),
        Parameter("Ib", 60.0, "pmol/L", "fasting insulin", 1.0, 1000.0),
        Parameter("kabs", 0.023, "1/min", "absorption from the gut", 0.0),
        Parameter("kmax", 0.0465, "1/min", "fastest emptying of the stomach, and grinding", 0.0),
        Parameter("kmin", 0.0076, "1/min", "slowest emptying of the stomach", 0.0),
        Parameter("b", 0.68, "1", "share of the meal at which emptying slows", 0.0, 1.0),
        Parameter("d", 0.09, "1", "share of the meal at which emptying quickens", 0.0, 1.0),
        Parameter("f", 0.9, "1", "share of carbohydrates that appears in plasma", 0.0, 1.0),
        Parameter("Vg", 1.49, "dL/kg", "volume of glucose", 0.0),
        Parameter("k1", 0.042, "1/min", "plasma to tissue", 0.0),
        Parameter("k2", 0.071, "1/min", "tissue to plasma", 0.0),
        Parameter("Fsnc", 1.0, "mg/kg/min", "uptake without insulin", 0.0),
        Parameter("ke1", 0.0007, "1/min", "renal excretion", 0.0),
        Parameter("ke2", 269.0, "mg/kg", "threshold of renal excretion", 0.0),
        Parameter("kp2", 0.0007, "1/min", "effect of glucose on its production", 0.0),
        Parameter("kp3", 0.005, "mg/kg/min per pmol/L", "effect of insulin on glucose production", 0.0),
        Parameter("kp4", 0.0786, "mg/kg/min per pmol/kg", "effect of portal insulin on glucose production", 0.0),
        Parameter("ki", 0.0066, "1/min", "delay of insulin action on production", 0.0),
        Parameter("Vm0", 4.65, "mg/kg/min", "largest uptake at basal insulin", 0.0),
        Parameter("Vmx", 0.034, "mg/kg/min per pmol/L", "effect of insulin on uptake", 0.0),
        Parameter("Km0", 466.21, "mg/kg", "tissue glucose at half the largest uptake", 0.0),
        Parameter("p2u", 0.084, "1/min", "delay of insulin action on uptake", 0.0),
        Parameter("Vi", 0.04, "L/kg", "volume of insulin", 0.0),
        Parameter("m1", 0.379, "1/min", "liver to plasma", 0.0),
        Parameter("m2", 0.673, "1/min", "plasma to liver", 0.0),
        Parameter("m4", 0.269, "1/min", "clearance from plasma", 0.0),
        Parameter("m5", 0.0526, "min*kg/pmol", "fall of extraction with secretion", 0.0),
        Parameter("HEb", 0.6, "1", "hepatic extraction at rest", 0.0, 0.95),
        Parameter("K", 0.99, "pmol/kg per mg/dL", "secretion by rising glucose", 0.0),
        Parameter("alpha", 0.013, "1/min", "delay of secretion", 0.0),
        Parameter("beta", 0.05, "pmol/kg/min per mg/dL", "secretion by glucose", 0.0),
        Parameter("gamma", 0.5, "1/min", "portal vein to liver", 0.0),
        Parameter("ka1", 0.0018, "1/min", "absorption of non-monomeric insulin", 0.0, source=DEPOT),
        Parameter("ka2", 0.0182, "1/min", "absorption of monomeric insulin", 0.0, source=DEPOT),
        Parameter("kd", 0.0164, "1/min", "dissociation of insulin under the skin", 0.0, source=DEPOT),
        Parameter("ksc", 0.1, "1/min", "plasma to subcutaneous glucose", 0.0, source=DEPOT),
    )
    outputs = (
        Output("glucose", "mg/dL", _NO_ERROR, "in plasma"),
        Output("interstitial", "mg/dL", _NO_ERROR, "under the skin, where a sensor lies"),
        Output("insulin", "pmol/L", _NO_ERROR, "in plasma"),
        Output("secretion", "pmol/kg/min", _NO_ERROR, "into the liver"),
    )

    def basal(self, p: Values) -> Any:
        """None: the person's own insulin holds glucose at `Gb`."""
        return jnp.zeros_like(p["BW"])

    def steady(self, p: Values) -> State:
        """Fasting at `Gb` and `Ib`."""
        none = jnp.zeros_like(p["BW"])
        plasma, insulin = none + p["Gb"] * p["Vg"], none + p["Ib"] * p["Vi"]
        liver = (p["m2"] + p["m4"]) / p["m1"] * insulin
        i = none + p["Ib"]
        return State(
            none, none, none, plasma, tissue(plasma, p), liver, insulin, i, i, none, _secreted(p) / p["gamma"] + none,
            none, none, none, plasma, none, none,
        )  # fmt: skip

    def begin(self, y: State, u: Inputs) -> State:
        """The stomach notes a meal that begins."""
        return noted(y, u)

    def onward(self, y: State, u: Inputs, p: Values, h: float) -> State:
        """Runge–Kutta, with shorter steps for stomach and gut."""
        return onward_with_meal(self, y, u, p, h)

    def slope(self, y: State, u: Inputs, p: Values) -> State:
        """Per minute."""
        sb, rest = _secreted(p), p["Gb"] * p["Vg"]
        secreted = p["gamma"] * y.Ipo
        extracted = jnp.clip(p["HEb"] - p["m5"] * (secreted - sb), 0.0, 0.95)
        lost = extracted * p["m1"] / (1.0 - extracted)
        used = (p["Vm0"] + p["Vmx"] * u.sensitivity * y.X) * y.Gt / (p["Km0"] + y.Gt)
        held = p["kp3"] * (u.sensitivity * y.Id - p["Ib"]) + p["kp4"] * (y.Ipo - sb / p["gamma"])
        made = jnp.maximum(_produced(p) - p["kp2"] * (y.Gp - rest) - held, 0.0)
        change = made + appears(y, u, p) - p["Fsnc"] - _excreted(y.Gp, p) - p["k1"] * y.Gp + p["k2"] * y.Gt
        insulin, glucose = y.Ip / p["Vi"], y.Gp / p["Vg"]
        gut = gut_slope(Gut(y.Qsto1, y.Qsto2, y.Qgut), y.meal, u, p)
        none = jnp.zeros_like(y.meal)
        return State(
            *gut,
            Gp=change,
            Gt=p["k1"] * y.Gp - p["k2"] * y.Gt - used,
            Il=-(p["m1"] + lost) * y.Il + p["m2"] * y.Ip + secreted,
            Ip=-(p["m2"] + p["m4"]) * y.Ip + p["m1"] * y.Il + p["ka1"] * y.Isc1 + p["ka2"] * y.Isc2,
            I1=p["ki"] * (insulin - y.I1),
            Id=p["ki"] * (y.I1 - y.Id),
            X=p["p2u"] * (insulin - p["Ib"] - y.X),
            Ipo=y.Y + sb + p["K"] * jnp.maximum(change / p["Vg"], 0.0) - secreted,
            Y=p["alpha"] * (jnp.maximum(p["beta"] * (glucose - p["Gb"]), -sb) - y.Y),
            Isc1=u.insulin * PMOL_PER_UNIT / p["BW"] - (p["ka1"] + p["kd"]) * y.Isc1,
            Isc2=p["kd"] * y.Isc1 - p["ka2"] * y.Isc2,
            Gs=p["ksc"] * (y.Gp - y.Gs),
            meal=none,
            eating=none,
        )

    def observe(self, y: State, p: Values) -> dict[str, Any]:
        """Plasma and subcutaneous glucose, plasma insulin, secretion."""
        return {"glucose": y.Gp / p["Vg"], "interstitial": y.Gs / p["Vg"], "insulin": y.Ip / p["Vi"],
                "secretion": p["gamma"] * y.Ipo}  # fmt: skip


def _secreted(p: Values) -> Any:
    """Sb, pmol/kg/min: what is cleared at rest."""
    insulin = p["Ib"] * p["Vi"]
    lost = p["HEb"] * p["m1"] / (1.0 - p["HEb"])
    return insulin * ((p["m1"] + lost) * (p["m2"] + p["m4"]) / p["m1"] - p["m2"])


def _produced(p: Values) -> Any:
    """EGPb, mg/kg/min: what is used at rest."""
    plasma = p["Gb"] * p["Vg"]
    return p["Fsnc"] + _excreted(plasma, p) + p["k1"] * plasma - p["k2"] * tissue(plasma, p)


def _excreted(plasma: Any, p: Values) -> Any:
    return p["ke1"] * jnp.maximum(plasma - p["ke2"], 0.0)


HEALTHY = {
    "BW": 78.0, "Gb": 92.0, "Ib": 25.5, "kabs": 0.057, "kmax": 0.0558, "kmin": 0.008, "b": 0.82, "d": 0.01, "f": 0.9,
    "Vg": 1.88, "k1": 0.065, "k2": 0.079, "Fsnc": 1.0, "ke1": 0.0005, "ke2": 339.0, "kp2": 0.0021, "kp3": 0.009,
    "kp4": 0.0618, "ki": 0.0079, "Vm0": 2.5, "Vmx": 0.047, "Km0": 225.59, "p2u": 0.0331, "Vi": 0.05, "m1": 0.19,
    "m2": 0.484, "m4": 0.194, "m5": 0.0304, "HEb": 0.6, "K": 2.3, "alpha": 0.05, "beta": 0.11, "gamma": 0.5,
}  # fmt: skip
"""A person without diabetes (`MEALS`)."""
OGTT = Ogtt()
