"""Metoprolol: slows the heart and takes from it what sympathetic nerves do."""

from __future__ import annotations

from typing import Any

from vitruvian.core import Source
from vitruvian.model import Parameter, Values
from vitruvian.systems.vasoactive.vasoactive import Action, Vasoactive

_EFFECT = Source(
    "Half of the largest effect at 50 µg/L, where exercise heart rate is lowered by half of what a full block does "
    "(order of size from concentration-effect studies); largest effects set for a fall of resting rate by a quarter",
    status="assumption",
)


class Metoprolol(Vasoactive):
    """Two compartments, intravenous, extensive metabolisers of CYP2D6."""

    name, title = "metoprolol", "Metoprolol (intravenous beta-blocker)"
    source = Source(
        "Regårdh CG, Johnsson G. Clinical pharmacokinetics of metoprolol. Clin Pharmacokinet 1980;5:557: clearance "
        "about 1 L/min, volume of distribution about 4 L/kg",
        doi="10.2165/00003088-198005060-00004",
        status="one transcription",
    )
    parameters = (
        Parameter("CL", 1.0, "L/min", "clearance", 0.0),
        Parameter("V1", 60.0, "L", "central volume", 0.0),
        Parameter("Q2", 3.0, "L/min", "to the second compartment", 0.0),
        Parameter("V2", 220.0, "L", "second volume", 0.0),
        Parameter("KE0", 0.3, "1/min", "effect-site rate", 0.0, source=_EFFECT),
    )
    actions = (
        Action("heart_rate", -0.25, 0.05, 1.0, _EFFECT),
        Action("sympathetic", -0.90, 0.05, 1.0, _EFFECT),
        Action("contractility", -0.20, 0.05, 1.0, _EFFECT),
    )

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Volumes in proportion to weight."""
        size = c["WT"] / 70.0
        return {name: value * (size if name[0] == "V" else 1.0) for name, value in theta.items()}
