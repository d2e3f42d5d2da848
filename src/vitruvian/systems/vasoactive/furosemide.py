"""Furosemide: urine, and a little more room in the veins."""

from __future__ import annotations

from typing import Any

from vitruvian.core import Source
from vitruvian.model import Parameter, Values
from vitruvian.systems.vasoactive.vasoactive import Action, Vasoactive

_EFFECT = Source(
    "Effect sizes set so that 40 mg raise the urine of the first two hours by 300 to 400 % over 1.5 L/d to 1 mL/min "
    "(BioGears, Drugs Methodology)",
    status="assumption",
)


class Furosemide(Vasoactive):
    """One compartment, intravenous, normal kidneys."""

    name, title = "furosemide", "Furosemide (intravenous loop diuretic)"
    source = Source(
        "Ponto LL, Schoenwald RD. Furosemide (frusemide): a pharmacokinetic/pharmacodynamic review (part I). "
        "Clin Pharmacokinet 1990;18:381: clearance about 2 mL/min/kg, volume about 0.13 L/kg",
        doi="10.2165/00003088-199018050-00004",
        status="one transcription",
    )
    parameters = (
        Parameter("CL", 0.14, "L/min", "clearance", 0.0),
        Parameter("V1", 9.1, "L", "volume", 0.0),
        Parameter("KE0", 0.1, "1/min", "effect-site rate", 0.0, source=_EFFECT),
    )
    actions = (
        Action("diuresis", 0.075, 0.7, 1.5, _EFFECT),
        Action("veins", 120.0, 0.7, 1.5, _EFFECT),
    )

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """In proportion to weight."""
        size = c["WT"] / 70.0
        return {name: value * (1.0 if name == "KE0" else size) for name, value in theta.items()}
