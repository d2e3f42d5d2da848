"""UVA/Padova type 1 diabetes simulator, 2008: meals, subcutaneous insulin, glucose and insulin in 13 states."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import jax.numpy as jnp

from vitruvian.core import Source
from vitruvian.model import Driven, Output, Parameter, ResidualError, Values
from vitruvian.physiology.glucose.inputs import Inputs
from vitruvian.physiology.glucose.meal import MEAL_PARAMETERS, Gut, appears, gut_slope, noted, onward_with_meal

PMOL_PER_UNIT = 6000.0
_NO_ERROR = ResidualError("none")


class State(NamedTuple):
    """Amounts of the 13 compartments, and what the stomach remembers of the meal."""

    Qsto1: Any  # solid, mg
    Qsto2: Any  # liquid, mg
    Qgut: Any  # mg
    Gp: Any  # plasma glucose, mg/kg
    Gt: Any  # tissue glucose, mg/kg
    Ip: Any  # plasma insulin, pmol/kg
    X: Any  # insulin action on utilisation, pmol/L
    I1: Any  # delayed insulin, pmol/L
    Id: Any  # insulin action on production, pmol/L
    Il: Any  # liver insulin, pmol/kg
    Isc1: Any  # subcutaneous insulin, pmol/kg
    Isc2: Any
    Gs: Any  # subcutaneous glucose, mg/kg
    meal: Any  # in the stomach when the meal began, and eaten since then, mg
    eating: Any  # 1 while a meal is being eaten


class UvaPadova2008(Driven):
    """The simulator accepted in place of animal trials, as its open re-implementations agree on it.

    Glucose in mg/kg, insulin in pmol/kg, time in min. A meal goes its way by `meal.py`; Ra = f·kabs·Qgut/BW;
    Gp' = max(kp1 − kp2·Gp − kp3·Id, 0) + Ra − Fsnc − ke1·max(Gp − ke2, 0) − k1·Gp + k2·Gt;
    Gt' = −(Vm0 + Vmx·X)·Gt/(Km0 + Gt) + k1·Gp − k2·Gt; Ip' = −(m2 + m4)·Ip + m1·Il + ka1·Isc1 + ka2·Isc2;
    I = Ip/Vi; X' = p2u·(I − Ib − X); I1' = ki·(I − I1); Id' = ki·(I1 − Id); Il' = −(m1 + m30)·Il + m2·Ip;
    Isc1' = u − (ka1 + kd)·Isc1; Isc2' = kd·Isc1 − ka2·Isc2; Gs' = ksc·(Gp − Gs).
    An amount below zero does not change. `sensitivity` multiplies Vmx and kp3, `absorption` kmax, kgut and kabs;
    long-acting insulin, glucagon and heart rate have no part in this version.
    """

    name = "uva_padova_2008"
    title = "UVA/Padova type 1 diabetes simulator, 2008"
    source = Source(
        "Kovatchev BP, Breton M, Dalla Man C, Cobelli C. In silico preclinical trials: a proof of concept in "
        "closed-loop control of type 1 diabetes. J Diabetes Sci Technol 2009;3:44 (equations: Dalla Man C, Rizza RA, "
        "Cobelli C. Meal simulation model of the glucose-insulin system. IEEE Trans Biomed Eng 2007;54:1740)",
        doi="10.1177/193229680900300106",
        status="two transcriptions agree",
    )
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("BW", 78.0, "kg", "body weight", 5.0, 300.0),
        Parameter("Gb", 140.0, "mg/dL", "fasting glucose that basal insulin holds", 60.0, 300.0),
        *MEAL_PARAMETERS,
        Parameter("Vg", 1.88, "dL/kg", "volume of glucose", 0.0),
        Parameter("k1", 0.065, "1/min", "plasma to tissue", 0.0),
        Parameter("k2", 0.079, "1/min", "tissue to plasma", 0.0),
        Parameter("Fsnc", 1.0, "mg/kg/min", "uptake without insulin", 0.0),
        Parameter("ke1", 0.0005, "1/min", "renal excretion", 0.0),
        Parameter("ke2", 339.0, "mg/kg", "threshold of renal excretion", 0.0),
        Parameter("kp2", 0.0021, "1/min", "effect of glucose on its production", 0.0),
        Parameter("kp3", 0.009, "mg/kg/min per pmol/L", "effect of insulin on glucose production", 0.0),
        Parameter("kp1", 2.7, "mg/kg/min", "glucose production at no glucose and insulin", 0.0),
        Parameter("ki", 0.0079, "1/min", "delay of insulin action on production", 0.0),
        Parameter("Vm0", 2.5, "mg/kg/min", "largest uptake at basal insulin", 0.0),
        Parameter("Vmx", 0.047, "mg/kg/min per pmol/L", "effect of insulin on uptake", 0.0),
        Parameter("Km0", 225.59, "mg/kg", "tissue glucose at half the largest uptake", 0.0),
        Parameter("p2u", 0.0331, "1/min", "delay of insulin action on uptake", 0.0),
        Parameter("Vi", 0.05, "L/kg", "volume of insulin", 0.0),
        Parameter("Ib", 100.0, "pmol/L", "plasma insulin under basal delivery", 0.0),
        Parameter("m1", 0.19, "1/min", "liver to plasma", 0.0),
        Parameter("m2", 0.484, "1/min", "plasma to liver", 0.0),
        Parameter("m4", 0.194, "1/min", "clearance from plasma", 0.0),
        Parameter("m30", 0.285, "1/min", "clearance by the liver", 0.0),
        Parameter("ka1", 0.0018, "1/min", "absorption of non-monomeric insulin", 0.0),
        Parameter("ka2", 0.0182, "1/min", "absorption of monomeric insulin", 0.0),
        Parameter("kd", 0.0164, "1/min", "dissociation of insulin under the skin", 0.0),
        Parameter("ksc", 0.1, "1/min", "plasma to subcutaneous glucose", 0.0),
    )
    outputs: ClassVar[tuple[Output, ...]] = (
        Output("glucose", "mg/dL", _NO_ERROR, "in plasma"),
        Output("interstitial", "mg/dL", _NO_ERROR, "under the skin, where a sensor lies"),
        Output("insulin", "pmol/L", _NO_ERROR, "in plasma"),
    )

    def basal(self, p: Values) -> Any:
        """U/h that keeps plasma insulin at `Ib`."""
        liver = p["m2"] * p["Ib"] * p["Vi"] / (p["m1"] + p["m30"])
        return 60.0 * p["BW"] / PMOL_PER_UNIT * ((p["m2"] + p["m4"]) * p["Ib"] * p["Vi"] - p["m1"] * liver)

    def balanced(self, p: Values) -> dict[str, Any]:
        """`p` with the `kp1` that holds `Gb` under basal insulin."""
        plasma = p["Gb"] * p["Vg"]
        excreted = p["ke1"] * jnp.maximum(plasma - p["ke2"], 0.0)
        produced = p["Fsnc"] + excreted + p["k1"] * plasma - p["k2"] * tissue(plasma, p)
        return {**p, "kp1": produced + p["kp2"] * plasma + p["kp3"] * p["Ib"]}

    def steady(self, p: Values) -> State:
        """Fasting at `Gb` under basal insulin; at rest where `p` is balanced."""
        plasma, insulin = p["Gb"] * p["Vg"], p["Ib"] * p["Vi"]
        rate = self.basal(p) / 60.0 * PMOL_PER_UNIT / p["BW"]
        first = rate / (p["ka1"] + p["kd"])
        none = jnp.zeros_like(plasma)
        return State(
            none, none, none, plasma, tissue(plasma, p), insulin, none, none + p["Ib"], none + p["Ib"],
            p["m2"] * insulin / (p["m1"] + p["m30"]), first, p["kd"] * first / p["ka2"], plasma, none, none,
        )  # fmt: skip

    def begin(self, y: State, u: Inputs) -> State:
        """The stomach notes a meal that begins."""
        return noted(y, u)

    def onward(self, y: State, u: Inputs, p: Values, h: float) -> State:
        """Runge–Kutta, with shorter steps for stomach and gut."""
        return onward_with_meal(self, y, u, p, h)

    def slope(self, y: State, u: Inputs, p: Values) -> State:
        """mg, mg/kg, pmol/kg and pmol/L per minute."""
        return State(**rates(y, u, p))

    def observe(self, y: State, p: Values) -> dict[str, Any]:
        """Plasma and subcutaneous glucose, plasma insulin."""
        return {"glucose": y.Gp / p["Vg"], "interstitial": y.Gs / p["Vg"], "insulin": y.Ip / p["Vi"]}


def tissue(plasma: Any, p: Values) -> Any:
    """Tissue glucose at rest: the positive root of k2·Gt² + (Vm0 + k2·Km0 − k1·Gp)·Gt − k1·Gp·Km0 = 0."""
    half = (p["Vm0"] + p["k2"] * p["Km0"] - p["k1"] * plasma) / (2 * p["k2"])
    return -half + jnp.sqrt(half**2 + p["k1"] * plasma * p["Km0"] / p["k2"])


def rates(y: Any, u: Inputs, p: Values, uptake: Any = 1.0, more: Any = 0.0) -> dict[str, Any]:
    """Rate of change of each field of `State`.

    `uptake` multiplies the effect of insulin on uptake, `more` is added to glucose production (mg/kg/min): what later
    versions of the simulator extend.
    """
    gut = gut_slope(Gut(y.Qsto1, y.Qsto2, y.Qgut), y.meal, u, p)
    produced = jnp.maximum(p["kp1"] - p["kp2"] * y.Gp - p["kp3"] * u.sensitivity * y.Id + more, 0.0)
    excreted = p["ke1"] * jnp.maximum(y.Gp - p["ke2"], 0.0)
    used = (p["Vm0"] + p["Vmx"] * u.sensitivity * uptake * y.X) * y.Gt / (p["Km0"] + y.Gt)
    plasma = produced + appears(y, u, p) - p["Fsnc"] - excreted - p["k1"] * y.Gp + p["k2"] * y.Gt
    insulin = y.Ip / p["Vi"]
    none = jnp.zeros_like(y.meal)
    return gut._asdict() | {
        "Gp": _held(y.Gp, plasma),
        "Gt": _held(y.Gt, p["k1"] * y.Gp - p["k2"] * y.Gt - used),
        "Ip": _held(y.Ip, -(p["m2"] + p["m4"]) * y.Ip + p["m1"] * y.Il + p["ka1"] * y.Isc1 + p["ka2"] * y.Isc2),
        "X": p["p2u"] * (insulin - p["Ib"] - y.X),
        "I1": p["ki"] * (insulin - y.I1),
        "Id": p["ki"] * (y.I1 - y.Id),
        "Il": _held(y.Il, -(p["m1"] + p["m30"]) * y.Il + p["m2"] * y.Ip),
        "Isc1": _held(y.Isc1, u.insulin * PMOL_PER_UNIT / p["BW"] - (p["ka1"] + p["kd"]) * y.Isc1),
        "Isc2": _held(y.Isc2, p["kd"] * y.Isc1 - p["ka2"] * y.Isc2),
        "Gs": _held(y.Gs, p["ksc"] * (y.Gp - y.Gs)),
        "meal": none,
        "eating": none,
    }


def _held(amount: Any, rate: Any) -> Any:
    return jnp.where(amount >= 0, rate, 0.0)


UVA_PADOVA_2008 = UvaPadova2008()
