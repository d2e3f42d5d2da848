"""UVA/Padova type 1 diabetes simulator, 2013: stronger insulin action in lows, glucagon, sensitivity by time of day."""

from __future__ import annotations

from typing import Any, NamedTuple

from vitruvian.core import Source
from vitruvian.model import Output, Parameter, ResidualError, Values
from vitruvian.physiology.glucose import uva_padova_2008 as before
from vitruvian.physiology.glucose.glucagon import (
    GLUCAGON_PARAMETERS,
    Glucagon,
    basal_glucagon,
    glucagon_slope,
    released,
)
from vitruvian.physiology.glucose.hypoglycaemia import SHAPE, STRENGTH, low_gain
from vitruvian.physiology.glucose.hypoglycaemia import SOURCE as LOW
from vitruvian.physiology.glucose.inputs import Inputs


class State(NamedTuple):
    """The compartments of 2008 (`uva_padova_2008.State`), and those of glucagon (`glucagon.Glucagon`)."""

    Qsto1: Any
    Qsto2: Any
    Qgut: Any
    Gp: Any
    Gt: Any
    Ip: Any
    X: Any
    I1: Any
    Id: Any
    Il: Any
    Isc1: Any
    Isc2: Any
    Gs: Any
    meal: Any
    eating: Any
    Hsc1: Any
    Hsc2: Any
    H: Any
    XH: Any
    SRs: Any


class UvaPadova2013(before.UvaPadova2008):
    """The simulator of 2008 with Uid = (Vm0 + Vmx·X·gain(G))·Gt/(Km0 + Gt) and EGP + ξ(XH), never below 0.

    `gain`: `hypoglycaemia`; glucagon and its action: `glucagon`. Sensitivity by time of day is the input
    `sensitivity`, which multiplies Vmx and kp3; glucagon that is given is the input `glucagon`.
    """

    name = "uva_padova_2013"
    title = "UVA/Padova type 1 diabetes simulator, 2013"
    source = Source(
        "Dalla Man C, Micheletto F, Lv D, et al. The UVA/Padova type 1 diabetes simulator: new features. "
        "J Diabetes Sci Technol 2014;8:26",
        doi="10.1177/1932296813514502",
        status="one transcription",
    )
    parameters = (
        *before.UvaPadova2008.parameters,
        Parameter("r1", STRENGTH, "1", "gain of insulin action below Gb", 0.0, source=LOW),
        Parameter("r2", SHAPE, "1", "shape of that gain", 0.0, source=LOW),
        *GLUCAGON_PARAMETERS,
    )
    outputs = (*before.UvaPadova2008.outputs, Output("glucagon", "ng/L", ResidualError("none"), "in plasma"))

    def steady(self, p: Values) -> Any:
        """Fasting at `Gb` under basal insulin, glucagon at its basal value."""
        glucagon = Glucagon(*(one + 0.0 * p["BW"] for one in basal_glucagon(p)))
        return State(*super().steady(p), *glucagon)

    def slope(self, y: Any, u: Inputs, p: Values) -> Any:
        """As in 2008; glucagon per minute."""
        glucagon = Glucagon(y.Hsc1, y.Hsc2, y.H, y.XH, y.SRs)
        glucose = y.Gp / p["Vg"]
        gain = low_gain(glucose, p["Gb"], p["r1"], p["r2"])
        rates = before.rates(y, u, p, gain, released(glucagon, p))
        above = y.Ip / p["Vi"] - p["Ib"]
        change = glucagon_slope(glucagon, u, p, p["Gb"] - glucose, above, -rates["Gp"] / p["Vg"])
        return State(**rates, **change._asdict())

    def observe(self, y: Any, p: Values) -> dict[str, Any]:
        """As in 2008, and plasma glucagon."""
        return super().observe(y, p) | {"glucagon": y.H}


UVA_PADOVA_2013 = UvaPadova2013()
