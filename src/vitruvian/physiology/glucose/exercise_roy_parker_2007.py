"""Activity of Roy and Parker 2007 on a minimal model: production, uptake, clearance of insulin, and spent glycogen."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp

from vitruvian.core import Source
from vitruvian.model import Driven, Parameter, Values
from vitruvian.physiology.glucose.hovorka import ASSUMED
from vitruvian.physiology.glucose.hovorka import Hovorka as _Cambridge
from vitruvian.physiology.glucose.inputs import Inputs
from vitruvian.physiology.glucose.minimal import LAG, OUTPUTS

DEPOTS = _Cambridge.source
OXYGEN = Source(
    "Swain DP, Leutholtz BC. Heart rate reserve is equivalent to %VO2 reserve, not to %VO2max. Med Sci Sports Exerc "
    "1997;29:410 (rest at 8 % of VO2max: Roy and Parker 2007)",
    doi="10.1097/00005768-199703000-00018",
    status="one transcription",
)
_ABOVE_REST = 92.0


class State(NamedTuple):
    """Meal (mg), insulin under the skin (mU), in plasma (mU/L), action (1/min), glucose (mg/dL); activity."""

    D1: Any
    D2: Any
    S1: Any
    S2: Any
    I: Any  # noqa: E741
    X: Any
    G: Any
    IG: Any
    PVO2: Any  # oxygen uptake above rest, % of the largest
    Gprod: Any  # mg/kg/min
    Gup: Any  # mg/kg/min
    Ie: Any  # mU/L/min
    Ggly: Any  # production that spent glycogen takes away, mg/kg/min
    A: Any  # activity since it began, %·min


class RoyParker2007(Driven):
    """G' = −p1·(G − Gb) − X·G + BW/VolG·(Gprod − Ggly − Gup) + Ra/VolG; I' = −n·I + p4·u − Ie; X' = p3·(I − Ib) − p2·X.

    PVO2' = 0.8·(e − PVO2), e = 92 % of the share of the heart rate reserve; Gprod' = a1·PVO2 − a2·Gprod;
    Gup' = a3·PVO2 − a4·Gup; Ie' = a5·PVO2 − a6·Ie; A' = e, and 0 at rest; Ggly' = k where A ≥ 87.471·e − 1.1521·e²,
    −Ggly/T1 at rest, else 0. VolG is that of the source at 70 kg and grows with weight. Meals and insulin pass through
    the depots of Hovorka 2004. `sensitivity` multiplies p3.
    """

    name = "roy_parker_2007"
    title = "Minimal model with activity, 2007"
    source = Source(
        "Roy A, Parker RS. Dynamic modeling of exercise effects on plasma glucose and insulin levels. "
        "J Diabetes Sci Technol 2007;1:338",
        doi="10.1177/193229680700100305",
        status="one transcription",
    )
    parameters = (
        Parameter("BW", 70.0, "kg", "body weight", 5.0, 300.0),
        Parameter("Gb", 100.0, "mg/dL", "fasting glucose that basal insulin holds", 60.0, 300.0),
        Parameter("Ib", 10.0, "mU/L", "plasma insulin under basal delivery", 0.0, source=ASSUMED),
        Parameter("p1", 0.035, "1/min", "glucose effectiveness", 0.0),
        Parameter("p2", 0.05, "1/min", "delay of insulin action", 0.0),
        Parameter("p3", 0.000028, "L/mU/min^2", "gain of insulin action", 0.0),
        Parameter("p4", 0.098, "1/L", "insulin in plasma per unit absorbed", 0.0),
        Parameter("n", 0.142, "1/min", "clearance of insulin", 0.0),
        Parameter("VolG", 117.0 / 70.0, "dL/kg", "volume of glucose", 0.0),
        Parameter("AG", 0.8, "1", "share of carbohydrates that appears in plasma", 0.0, 1.0, source=DEPOTS),
        Parameter("tmaxG", 40.0, "min", "peak of absorption of meals", 1.0, source=DEPOTS),
        Parameter("tmaxI", 55.0, "min", "peak of absorption of insulin", 1.0, source=DEPOTS),
        Parameter("alpha", 10.0, "min", "delay of interstitial glucose", 1.0, source=LAG),
        Parameter("HRR", 120.0, "1/min", "heart rate reserve", 20.0, source=ASSUMED),
        Parameter("a1", 0.00158, "mg/kg/min^2", "production by activity", 0.0),
        Parameter("a2", 0.056, "1/min", "end of it", 0.0),
        Parameter("a3", 0.00195, "mg/kg/min^2", "uptake by activity", 0.0),
        Parameter("a4", 0.0485, "1/min", "end of it", 0.0),
        Parameter("a5", 0.00125, "mU/L/min^2", "removal of insulin by activity", 0.0),
        Parameter("a6", 0.075, "1/min", "end of it", 0.0),
        Parameter("k", 0.0108, "mg/kg/min^2", "decline of production once glycogen is spent", 0.0),
        Parameter("T1", 6.0, "min", "recovery of production", 0.1),
    )
    outputs = OUTPUTS

    def basal(self, p: Values) -> Any:
        """U/h that holds glucose at `Gb`."""
        return 0.06 * p["n"] * p["Ib"] / p["p4"] + 0.0 * p["BW"]

    def steady(self, p: Values) -> State:
        """Fasting at `Gb` under basal insulin, at rest."""
        depot = self.basal(p) / 0.06 * p["tmaxI"]
        none = jnp.zeros_like(depot)
        g = none + p["Gb"]
        return State(none, none, depot, depot, none + p["Ib"], none, g, g, *(none,) * 6)

    def begin(self, y: State, u: Inputs) -> State:
        """Rest ends the count of activity."""
        return y._replace(A=jnp.where(u.heart_rate > 0, y.A, 0.0))

    def slope(self, y: State, u: Inputs, p: Values) -> State:
        """Per minute."""
        effort = _ABOVE_REST * jnp.clip(u.heart_rate / p["HRR"], 0.0, 1.0)
        emptying = p["tmaxG"] / u.absorption
        spent = effort * (87.471 - 1.1521 * effort) <= y.A
        exercise = (y.Gprod - y.Ggly - y.Gup) / p["VolG"]
        return State(
            D1=p["AG"] * 1000.0 * u.carbohydrates - y.D1 / emptying,
            D2=(y.D1 - y.D2) / emptying,
            S1=1000.0 * u.insulin - y.S1 / p["tmaxI"],
            S2=(y.S1 - y.S2) / p["tmaxI"],
            I=p["p4"] * y.S2 / p["tmaxI"] - p["n"] * y.I - y.Ie,
            X=p["p3"] * u.sensitivity * (y.I - p["Ib"]) - p["p2"] * y.X,
            G=-p["p1"] * (y.G - p["Gb"]) - y.X * y.G + exercise + y.D2 / (emptying * p["VolG"] * p["BW"]),
            IG=(y.G - y.IG) / p["alpha"],
            PVO2=0.8 * (effort - y.PVO2),
            Gprod=p["a1"] * y.PVO2 - p["a2"] * y.Gprod,
            Gup=p["a3"] * y.PVO2 - p["a4"] * y.Gup,
            Ie=p["a5"] * y.PVO2 - p["a6"] * y.Ie,
            Ggly=jnp.where(effort > 0, jnp.where(spent, p["k"], 0.0), -y.Ggly / p["T1"]),
            A=effort + 0.0 * y.A,
        )

    def observe(self, y: State, p: Values) -> dict[str, Any]:
        """Plasma and interstitial glucose, plasma insulin."""
        return {"glucose": y.G, "interstitial": y.IG, "insulin": y.I}


ROY_PARKER_2007 = RoyParker2007()
