"""The minimal model of Bergman: one compartment of glucose and remote insulin; meals and insulin by depots."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import jax.numpy as jnp

from vitruvian.core import Source
from vitruvian.model import Driven, Output, Parameter, ResidualError, Values
from vitruvian.physiology.glucose.inputs import Inputs

ADULTS = Source(
    "Deichmann J, Bachmann S, Burckhardt MA, Szinnai G, Kaltenbach HM. Simulation-based evaluation of treatment "
    "adjustment to exercise in type 1 diabetes. Front Endocrinol 2021;12:723812",
    doi="10.3389/fendo.2021.723812",
    status="one transcription",
)
LAG = Source("Delay of glucose under the skin, chosen by this project", status="assumption")
_NO_ERROR = ResidualError("none")
OUTPUTS = (
    Output("glucose", "mg/dL", _NO_ERROR, "in plasma"),
    Output("interstitial", "mg/dL", _NO_ERROR, "under the skin, where a sensor lies"),
    Output("insulin", "mU/L", _NO_ERROR, "in plasma"),
)


class State(NamedTuple):
    """Meal (mg), insulin under the skin (mU), in plasma (mU/L), its action (1/min), glucose (mg/dL)."""

    D1: Any
    D2: Any
    x1: Any
    x2: Any
    I: Any  # noqa: E741
    X: Any
    G: Any
    IG: Any


class Minimal(Driven):
    """G' = −p1·(G − Gb) − X·G + D2/(tau_m·Vg·BW); X' = −p2·X + p3·(I − Ib); IG' = (G − IG)/alpha.

    D1' = AG·meal − D1/tau_m; D2' = (D1 − D2)/tau_m; x1' = u − k21·x1; x2' = k21·x1 − (kd + ka)·x2;
    I' = ka·x2/(Vi·BW) − ke·I. Without insulin production. `sensitivity` multiplies p3.
    """

    name = "minimal"
    title = "Minimal model of glucose"
    source = Source(
        "Bergman RN, Ider YZ, Bowden CR, Cobelli C. Quantitative estimation of insulin sensitivity. "
        "Am J Physiol 1979;236:E667",
        doi="10.1152/ajpendo.1979.236.6.E667",
        status="two transcriptions agree",
    )
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("BW", 70.0, "kg", "body weight", 5.0, 300.0),
        Parameter("Gb", 172.0, "mg/dL", "fasting glucose that basal insulin holds", 60.0, 300.0, source=ADULTS),
        Parameter("Ib", 10.0, "mU/L", "plasma insulin under basal delivery", 0.0, source=ADULTS),
        Parameter("p1", 0.0041, "1/min", "glucose effectiveness", 0.0, source=ADULTS),
        Parameter("p2", 0.0155, "1/min", "delay of insulin action", 0.0, source=ADULTS),
        Parameter("p3", 6.913e-6, "L/mU/min^2", "gain of insulin action", 0.0, source=ADULTS),
        Parameter("Vg", 1.6, "dL/kg", "volume of glucose", 0.0, source=ADULTS),
        Parameter("AG", 0.8, "1", "share of carbohydrates that appears in plasma", 0.0, 1.0, source=ADULTS),
        Parameter("tau_m", 60.0, "min", "absorption of meals", 1.0, source=ADULTS),
        Parameter("k21", 0.0085, "1/min", "insulin, first to second depot", 0.0, source=ADULTS),
        Parameter("kd", 0.0247, "1/min", "loss of insulin under the skin", 0.0, source=ADULTS),
        Parameter("ka", 0.011, "1/min", "absorption of insulin", 0.0, source=ADULTS),
        Parameter("ke", 0.0357, "1/min", "clearance of insulin", 0.0, source=ADULTS),
        Parameter("Vi", 0.104, "L/kg", "volume of insulin", 0.0, source=ADULTS),
        Parameter("alpha", 10.0, "min", "delay of interstitial glucose", 1.0, source=LAG),
    )
    outputs = OUTPUTS

    def basal(self, p: Values) -> Any:
        """U/h that holds glucose at `Gb`."""
        return 0.06 * p["Ib"] * p["ke"] * p["Vi"] * p["BW"] * (p["kd"] + p["ka"]) / p["ka"]

    def steady(self, p: Values) -> Any:
        """Fasting at `Gb` under basal insulin."""
        rate = self.basal(p) / 0.06
        none = jnp.zeros_like(rate)
        return State(none, none, rate / p["k21"], rate / (p["kd"] + p["ka"]), none + p["Ib"], none,
                     none + p["Gb"], none + p["Gb"])  # fmt: skip

    def slope(self, y: Any, u: Inputs, p: Values) -> Any:
        """Per minute."""
        return State(**rates(y, u, p))

    def observe(self, y: Any, p: Values) -> dict[str, Any]:
        """Plasma and interstitial glucose, plasma insulin."""
        return {"glucose": y.G, "interstitial": y.IG, "insulin": y.I}


def rates(y: Any, u: Inputs, p: Values) -> dict[str, Any]:
    """Rate of change of each field of `State`."""
    emptying = p["tau_m"] / u.absorption
    return {
        "D1": p["AG"] * 1000.0 * u.carbohydrates - y.D1 / emptying,
        "D2": (y.D1 - y.D2) / emptying,
        "x1": 1000.0 * u.insulin - p["k21"] * y.x1,
        "x2": p["k21"] * y.x1 - (p["kd"] + p["ka"]) * y.x2,
        "I": p["ka"] * y.x2 / (p["Vi"] * p["BW"]) - p["ke"] * y.I,
        "X": p["p3"] * u.sensitivity * (y.I - p["Ib"]) - p["p2"] * y.X,
        "G": -p["p1"] * (y.G - p["Gb"]) - y.X * y.G + y.D2 / (emptying * p["Vg"] * p["BW"]),
        "IG": (y.G - y.IG) / p["alpha"],
    }


MINIMAL = Minimal()
