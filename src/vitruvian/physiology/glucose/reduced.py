"""The reduced model of glucose, for identification from a person's data: 9 states, meals with their own absorption."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp

from vitruvian.core import Source
from vitruvian.model import Driven, Output, Parameter, ResidualError, Values
from vitruvian.physiology.glucose.hypoglycaemia import SHAPE, STRENGTH, low_gain
from vitruvian.physiology.glucose.inputs import Inputs

DELAY = 8
"""Minutes from delivery of insulin to its arrival under the skin."""
_NO_ERROR = ResidualError("none")


class State(NamedTuple):
    """The nine states, and insulin on its way."""

    Qsto1: Any  # solid, stomach, mg/kg
    Qsto2: Any  # liquid, stomach, mg/kg
    Qgut: Any  # mg/kg
    Isc1: Any  # under the skin, mU/kg
    Isc2: Any
    Ip: Any  # plasma insulin, mU/kg
    X: Any  # insulin action, 1/min
    G: Any  # plasma glucose, mg/dL
    IG: Any  # interstitial glucose, mg/dL
    coming: Any  # insulin of the last minutes, newest first, mU/min


class Reduced(Driven):
    """One glucose compartment, with remote insulin action that is stronger below basal glucose.

    G' = −(SG + ρ(G)·X)·G + SG·Gb + Ra/VG; X' = −p2·(X − SI·(Ip/VI − Ib)); IG' = (G − IG)/alpha; Ra = f·kabs·Qgut;
    Isc1' = −kd·Isc1 + u(t − 8 min); Isc2' = kd·Isc1 − ka2·Isc2; Ip' = ka2·Isc2 − ke·Ip;
    Qsto1' = −kempt·Qsto1 + meal; Qsto2' = kempt·(Qsto1 − Qsto2); Qgut' = kempt·Qsto2 − kabs·Qgut; ρ: `hypoglycaemia`.
    Ib follows from the basal rate `u2ss`, at which glucose rests at Gb. `sensitivity` multiplies SI, `absorption` kempt
    and kabs. Steps are of one minute. For several kinds of meals `kempt`, `kabs` and the input `carbohydrates` have
    one axis more, the first, with one entry a kind.
    """

    name = "reduced"
    title = "Reduced model for identification"
    source = Source(
        "Cappon G, Vettoretti M, Sparacino G, Del Favero S, Facchinetti A. ReplayBG: a digital twin-based methodology "
        "to identify a personalized model from type 1 diabetes data and simulate glucose concentrations. "
        "IEEE Trans Biomed Eng 2023;70:3227",
        doi="10.1109/TBME.2023.3286856",
        status="one transcription",
    )
    parameters = (
        Parameter("BW", 75.0, "kg", "body weight", 5.0, 300.0),
        Parameter("Gb", 119.13, "mg/dL", "basal glucose", 60.0, 300.0),
        Parameter("u2ss", 0.244, "mU/kg/min", "basal insulin that holds Gb", 0.0),
        Parameter("SG", 0.0224, "1/min", "glucose effectiveness", 0.0),
        Parameter("SI", 1.138e-3, "L/mU/min", "insulin sensitivity", 0.0),
        Parameter("p2", 0.0121, "1/min", "delay of insulin action", 0.0),
        Parameter("VG", 1.45, "dL/kg", "volume of glucose", 0.0),
        Parameter("VI", 0.135, "L/kg", "volume of insulin", 0.0),
        Parameter("ke", 0.127, "1/min", "clearance of insulin", 0.0),
        Parameter("kd", 0.0299, "1/min", "diffusion of insulin under the skin", 0.0),
        Parameter("ka2", 0.01374, "1/min", "absorption of insulin", 0.0),
        Parameter("kempt", 0.1402, "1/min", "emptying of the stomach", 0.0),
        Parameter("kabs", 0.00426, "1/min", "absorption from the gut", 0.0),
        Parameter("f", 0.9, "1", "share of carbohydrates that appears in plasma", 0.0, 1.0),
        Parameter("alpha", 7.0, "min", "delay of interstitial glucose", 0.0),
        Parameter("r1", STRENGTH, "1", "gain of insulin action below Gb", 0.0),
        Parameter("r2", SHAPE, "1", "shape of that gain", 0.0),
    )
    outputs = (
        Output("glucose", "mg/dL", _NO_ERROR, "in plasma"),
        Output("interstitial", "mg/dL", _NO_ERROR, "under the skin, where a sensor lies"),
        Output("insulin", "mU/L", _NO_ERROR, "in plasma"),
    )

    def basal(self, p: Values) -> Any:
        """U/h that holds glucose at `Gb`."""
        return p["u2ss"] * p["BW"] * 60.0 / 1000.0

    def steady(self, p: Values) -> State:
        """Fasting at `Gb` under basal insulin."""
        rate, glucose = p["u2ss"] + 0.0 * p["BW"], p["Gb"] + 0.0 * p["BW"]
        empty = jnp.zeros(jnp.broadcast_shapes(jnp.shape(p["kabs"]), jnp.shape(rate)))
        coming = jnp.broadcast_to(rate * p["BW"], (DELAY + 1, *jnp.shape(rate)))
        under = rate / p["kd"]
        return State(
            empty, empty, empty, under, rate / p["ka2"], rate / p["ke"], 0.0 * rate, glucose, glucose, coming
        )  # fmt: skip

    def begin(self, y: State, u: Inputs) -> State:
        """Insulin on its way comes a minute nearer."""
        now = jnp.broadcast_to(1000.0 * u.insulin, y.coming.shape[1:])
        return y._replace(coming=jnp.concatenate([now[None], y.coming[:-1]]))

    def slope(self, y: State, u: Inputs, p: Values) -> State:
        """Per minute."""
        emptying, absorbing = p["kempt"] * u.absorption, p["kabs"] * u.absorption
        appears = p["f"] * absorbing * y.Qgut
        appears = appears.sum(0) if appears.ndim > y.G.ndim else appears
        above = y.Ip / p["VI"] - p["u2ss"] / (p["ke"] * p["VI"])
        gain = low_gain(y.G, p["Gb"], p["r1"], p["r2"])
        return State(
            Qsto1=1000.0 * u.carbohydrates / p["BW"] - emptying * y.Qsto1,
            Qsto2=emptying * (y.Qsto1 - y.Qsto2),
            Qgut=emptying * y.Qsto2 - absorbing * y.Qgut,
            Isc1=y.coming[DELAY] / p["BW"] - p["kd"] * y.Isc1,
            Isc2=p["kd"] * y.Isc1 - p["ka2"] * y.Isc2,
            Ip=p["ka2"] * y.Isc2 - p["ke"] * y.Ip,
            X=p["p2"] * (p["SI"] * u.sensitivity * above - y.X),
            G=-(p["SG"] + gain * y.X) * y.G + p["SG"] * p["Gb"] + appears / p["VG"],
            IG=(y.G - y.IG) / p["alpha"],
            coming=jnp.zeros_like(y.coming),
        )

    def observe(self, y: State, p: Values) -> dict[str, Any]:
        """Plasma and interstitial glucose, plasma insulin."""
        return {"glucose": y.G, "interstitial": y.IG, "insulin": y.Ip / p["VI"]}


REDUCED = Reduced()
