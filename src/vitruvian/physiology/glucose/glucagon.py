"""Glucagon: injected under the skin, secreted where glucose falls, and what it makes the liver release."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp

from vitruvian.core import Source
from vitruvian.model import Parameter, Values
from vitruvian.physiology.glucose.inputs import Inputs

SIMULATOR = Source(
    "Dalla Man C, Micheletto F, Lv D, et al. The UVA/Padova type 1 diabetes simulator: new features. "
    "J Diabetes Sci Technol 2014;8:26 (rates as an open re-implementation sets them)",
    doi="10.1177/1932296813514502",
    status="one transcription",
)
LABEL = Source(
    "GlucaGen (glucagon), US prescribing information: 1 mg under the skin peaks at 7.9 ng/mL after 20 minutes; the "
    "volume is set to reach that peak",
    status="one transcription",
)
BOUND = Source("Chosen by this project, so that glucagon releases no more than about 10 mg/kg/min", status="assumption")
GLUCAGON_PARAMETERS = (
    Parameter("kh1", 0.02, "1/min", "glucagon, first to second depot", 0.0, source=SIMULATOR),
    Parameter("kh2", 0.02, "1/min", "loss of glucagon from the first depot", 0.0, source=SIMULATOR),
    Parameter("kh3", 0.2, "1/min", "glucagon, second depot to plasma", 0.0, source=SIMULATOR),
    Parameter("nH", 0.2, "1/min", "clearance of glucagon", 0.0, source=SIMULATOR),
    Parameter("VH", 0.108, "L/kg", "volume of glucagon", 0.0, source=LABEL),
    Parameter("Hb", 60.0, "ng/L", "basal glucagon", 0.0, source=SIMULATOR),
    Parameter("rho", 0.5, "1/min", "delay of secretion", 0.0, source=SIMULATOR),
    Parameter("kGSRs", 0.2, "ng/L/min per mg/dL", "secretion by low glucose", 0.0, source=SIMULATOR),
    Parameter("kGSRd", 0.1, "ng/L per mg/dL", "secretion by falling glucose", 0.0, source=SIMULATOR),
    Parameter("kH", 0.1, "1/min", "delay of glucagon action", 0.0, source=SIMULATOR),
    Parameter("kxi", 0.01, "mg/kg/min per ng/L", "effect of glucagon on glucose production", 0.0, source=SIMULATOR),
    Parameter("XHmax", 1000.0, "ng/L", "glucagon above basal with half of the largest effect", 0.0, source=BOUND),
)


class Glucagon(NamedTuple):
    """Under the skin (ng/kg), in plasma (ng/L), its action (ng/L) and its secretion (ng/L/min)."""

    Hsc1: Any
    Hsc2: Any
    H: Any
    XH: Any
    SRs: Any


def basal_glucagon(p: Values) -> Glucagon:
    """At rest."""
    none = jnp.zeros_like(p["Hb"])
    return Glucagon(none, none, p["Hb"], none, p["Hb"] * p["nH"])


def released(y: Glucagon, p: Values) -> Any:
    """Glucose production by glucagon, mg/kg/min; bends so that kxi·XHmax is the most."""
    return p["kxi"] * y.XH / (1.0 + y.XH / p["XHmax"])


def glucagon_slope(y: Glucagon, u: Inputs, p: Values, below: Any, above: Any, fall: Any) -> Glucagon:
    """Where glucose is `below` mg/dL under basal, insulin `above` pmol/L over basal, and glucose falls by `fall`.

    H' = −nH·H + SRs + kGSRd·max(fall, 0) + kh3·Hsc2/VH; XH' = kH·(max(H − Hb, 0) − XH);
    SRs' = rho·(max(kGSRs·below/(1 + max(above, 0)) + nH·Hb, 0) − SRs); Hsc1' = dose − (kh1 + kh2)·Hsc1;
    Hsc2' = kh1·Hsc1 − kh3·Hsc2.
    """
    wanted = p["kGSRs"] * below / (1.0 + jnp.maximum(above, 0.0)) + p["nH"] * p["Hb"]
    secreted = y.SRs + p["kGSRd"] * jnp.maximum(fall, 0.0)
    return Glucagon(
        Hsc1=1e6 * u.glucagon / p["BW"] - (p["kh1"] + p["kh2"]) * y.Hsc1,
        Hsc2=p["kh1"] * y.Hsc1 - p["kh3"] * y.Hsc2,
        H=secreted + p["kh3"] * y.Hsc2 / p["VH"] - p["nH"] * y.H,
        XH=p["kH"] * (jnp.maximum(y.H - p["Hb"], 0.0) - y.XH),
        SRs=p["rho"] * (jnp.maximum(wanted, 0.0) - y.SRs),
    )
