"""The Cambridge model of Hovorka 2004, with activity driven by the heart rate."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp

from vitruvian.core import Source
from vitruvian.model import Driven, Output, Parameter, ResidualError, Values
from vitruvian.physiology.glucose.inputs import Inputs

MMOL = 18.016
"""mg/dL per mmol/L of glucose."""
EXERCISE = Source(
    "Rashid M, Samadi S, Sevil M, et al. Simulation software for assessment of nonlinear and adaptive multivariable "
    "control algorithms: glucose-insulin dynamics in type 1 diabetes. Comput Chem Eng 2019;130:106565",
    doi="10.1016/j.compchemeng.2019.106565",
    status="one transcription",
)
ASSUMED = Source("Chosen by this project", status="assumption")
_NO_ERROR = ResidualError("none")


class State(NamedTuple):
    """Glucose in mmol, insulin in mU, effects in 1/min; activity as shares of the heart rate reserve."""

    D1: Any
    D2: Any
    S1: Any
    S2: Any
    I: Any  # noqa: E741  # plasma insulin, mU/L
    x1: Any
    x2: Any
    x3: Any
    Q1: Any
    Q2: Any
    C: Any  # interstitial glucose, mmol/L
    EEfast: Any
    EEhigh: Any
    EElong: Any


class Hovorka(Driven):
    """Two compartments of glucose, three actions of insulin, two-compartment absorption of meals and insulin.

    Q1' = −F01c − x1·Q1 + k12·Q2 − FR + D2/tmaxG + EGP0·BW·max(1 − x3, 0)·(1 + p1·EEfast + p2·EEhigh) − p3·EEfast;
    Q2' = x1·Q1 − (k12 + x2)·Q2 + (p3 − p4)·EEfast − p5·x2·EElong; C' = (Q1/(VG·BW) − C)/tsub;
    F01c = F01·BW·min(G/4.5, 1); FR = 0.003·(G − 9)·VG·BW above 9 mmol/L; D1' = AG·meal − D1/tmaxG;
    D2' = (D1 − D2)/tmaxG; S1' = u − S1/tmaxI; S2' = (S1 − S2)/tmaxI; I' = S2/(tmaxI·VI·BW) − ke·I;
    xi' = kai·(SIi·I − xi). With r the share of the heart rate reserve and h that above VT: EEfast' = p6·(r − EEfast);
    EEhigh' = p8·(h − EEhigh); EElong' = p6·EEfast − p7·EElong. `sensitivity` multiplies SIT, SID and SIE; what is used
    in activity (p3, p4, p5) fades where a compartment empties.
    """

    name = "hovorka"
    title = "Cambridge model of glucose and insulin, with activity"
    source = Source(
        "Hovorka R, Canonico V, Chassin LJ, et al. Nonlinear model predictive control of glucose concentration in "
        "subjects with type 1 diabetes. Physiol Meas 2004;25:905",
        doi="10.1088/0967-3334/25/4/010",
        status="two transcriptions agree",
    )
    parameters = (
        Parameter("BW", 75.0, "kg", "body weight", 5.0, 300.0),
        Parameter("Gb", 110.0, "mg/dL", "fasting glucose that basal insulin holds", 60.0, 300.0, source=ASSUMED),
        Parameter("k12", 0.066, "1/min", "back from tissue", 0.0),
        Parameter("ka1", 0.006, "1/min", "delay of insulin action on transport", 0.0),
        Parameter("ka2", 0.06, "1/min", "delay of insulin action on disposal", 0.0),
        Parameter("ka3", 0.03, "1/min", "delay of insulin action on production", 0.0),
        Parameter("SIT", 51.2e-4, "L/mU/min", "sensitivity of transport", 0.0),
        Parameter("SID", 8.2e-4, "L/mU/min", "sensitivity of disposal", 0.0),
        Parameter("SIE", 520e-4, "L/mU", "sensitivity of production", 0.0),
        Parameter("EGP0", 0.0161, "mmol/kg/min", "glucose production without insulin", 0.0),
        Parameter("F01", 0.0097, "mmol/kg/min", "uptake without insulin", 0.0),
        Parameter("VG", 0.16, "L/kg", "volume of glucose", 0.0),
        Parameter("VI", 0.12, "L/kg", "volume of insulin", 0.0),
        Parameter("ke", 0.138, "1/min", "clearance of insulin", 0.0),
        Parameter("AG", 0.8, "1", "share of carbohydrates that appears in plasma", 0.0, 1.0),
        Parameter("tmaxG", 40.0, "min", "peak of absorption of meals", 1.0),
        Parameter("tmaxI", 55.0, "min", "peak of absorption of insulin", 1.0),
        Parameter("tsub", 15.0, "min", "delay of interstitial glucose", 1.0, source=EXERCISE),
        Parameter("HRR", 120.0, "1/min", "heart rate reserve", 20.0, source=ASSUMED),
        Parameter("VT", 0.7, "1", "share of the reserve above which activity is hard", 0.0, 0.99, source=ASSUMED),
        Parameter("p1", 2.73, "1", "production by activity", 0.0, source=EXERCISE),
        Parameter("p2", 8.23, "1", "production by hard activity", 0.0, source=EXERCISE),
        Parameter("p3", 11.2, "mmol/min", "transport by activity", 0.0, source=EXERCISE),
        Parameter("p4", 2.95, "mmol/min", "uptake by activity", 0.0, source=EXERCISE),
        Parameter("p5", 2.99, "mmol", "insulin-dependent uptake after activity", 0.0, source=EXERCISE),
        Parameter("p6", 0.18, "1/min", "onset of activity", 0.0, source=EXERCISE),
        Parameter("p7", 0.1, "1/min", "end of its after-effect", 0.0, source=EXERCISE),
        Parameter("p8", 0.1, "1/min", "onset of hard activity", 0.0, source=EXERCISE),
    )
    outputs = (
        Output("glucose", "mg/dL", _NO_ERROR, "in plasma"),
        Output("interstitial", "mg/dL", _NO_ERROR, "under the skin, where a sensor lies"),
        Output("insulin", "mU/L", _NO_ERROR, "in plasma"),
    )

    def basal(self, p: Values) -> Any:
        """U/h that holds glucose at `Gb`."""
        return 0.06 * _insulin(p) * p["ke"] * p["VI"] * p["BW"]

    def steady(self, p: Values) -> State:
        """Fasting at `Gb` under basal insulin, without activity."""
        insulin, g = _insulin(p), p["Gb"] / MMOL + 0.0 * p["BW"]
        x1, x2 = p["SIT"] * insulin, p["SID"] * insulin
        q1 = g * p["VG"] * p["BW"]
        depot = insulin * p["ke"] * p["VI"] * p["BW"] * p["tmaxI"]
        none = jnp.zeros_like(q1)
        return State(
            none, none, depot, depot, insulin, x1, x2, p["SIE"] * insulin, q1, x1 * q1 / (p["k12"] + x2), g, none,
            none, none,
        )  # fmt: skip

    def slope(self, y: State, u: Inputs, p: Values) -> State:
        """Per minute."""
        volume = p["VG"] * p["BW"]
        g = y.Q1 / volume
        reserve = jnp.clip(u.heart_rate / p["HRR"], 0.0, 1.0)
        hard = jnp.clip((reserve - p["VT"]) / (1.0 - p["VT"]), 0.0, 1.0)
        emptying = p["tmaxG"] / u.absorption
        made = p["EGP0"] * p["BW"] * jnp.maximum(1.0 - y.x3, 0.0) * (1.0 + p["p1"] * y.EEfast + p["p2"] * y.EEhigh)
        gone = _uptake(g, p) + y.x1 * y.Q1 + p["p3"] * y.EEfast * _left(y.Q1)
        used = (p["p4"] * y.EEfast + p["p5"] * y.x2 * y.EElong) * _left(y.Q2)
        effect = u.sensitivity * y.I
        return State(
            D1=p["AG"] * 1000.0 * u.carbohydrates / (10.0 * MMOL) - y.D1 / emptying,
            D2=(y.D1 - y.D2) / emptying,
            S1=1000.0 * u.insulin - y.S1 / p["tmaxI"],
            S2=(y.S1 - y.S2) / p["tmaxI"],
            I=y.S2 / (p["tmaxI"] * p["VI"] * p["BW"]) - p["ke"] * y.I,
            x1=p["ka1"] * (p["SIT"] * effect - y.x1),
            x2=p["ka2"] * (p["SID"] * effect - y.x2),
            x3=p["ka3"] * (p["SIE"] * effect - y.x3),
            Q1=made - gone + p["k12"] * y.Q2 + y.D2 / emptying,
            Q2=y.x1 * y.Q1 + p["p3"] * y.EEfast * _left(y.Q1) - (p["k12"] + y.x2) * y.Q2 - used,
            C=(g - y.C) / p["tsub"],
            EEfast=p["p6"] * (reserve - y.EEfast),
            EEhigh=p["p8"] * (hard - y.EEhigh),
            EElong=p["p6"] * y.EEfast - p["p7"] * y.EElong,
        )

    def observe(self, y: State, p: Values) -> dict[str, Any]:
        """Plasma and interstitial glucose, plasma insulin."""
        return {"glucose": y.Q1 / (p["VG"] * p["BW"]) * MMOL, "interstitial": y.C * MMOL, "insulin": y.I}


def _insulin(p: Values) -> Any:
    """Plasma insulin (mU/L) at which glucose rests at `Gb`: the positive root of a quadratic equation."""
    g = p["Gb"] / MMOL
    made, q1 = p["EGP0"] * p["BW"], g * p["VG"] * p["BW"]
    spare = made - _uptake(g, p)
    a = p["SID"] * (made * p["SIE"] + p["SIT"] * q1)
    b = made * p["SIE"] * p["k12"] - spare * p["SID"]
    return (jnp.sqrt(b * b + 4 * a * spare * p["k12"]) - b) / (2 * a)


def _uptake(g: Any, p: Values) -> Any:
    """Without insulin, and by the kidneys, mmol/min."""
    own = p["F01"] * p["BW"] * jnp.clip(g / 4.5, 0.0, 1.0)
    return own + 0.003 * jnp.maximum(g - 9.0, 0.0) * p["VG"] * p["BW"]


def _left(amount: Any) -> Any:
    """1 where there is much, 0 where there is nothing (mmol)."""
    return jnp.clip(amount / 5.0, 0.0, 1.0)


HOVORKA = Hovorka()
