"""Norepinephrine: constricts arteries and veins, and strengthens the heart."""

from __future__ import annotations

from typing import Any

from vitruvian.core import Source
from vitruvian.model import Parameter, Values
from vitruvian.systems.vasoactive.vasoactive import Action, Vasoactive

_EFFECT = Source(
    "Effect sizes set so that 0.1 µg/kg/min raises mean arterial pressure by about a fifth; half effect at 8 µg/L and "
    "Hill exponent 1.8 as in an open physiology engine's table of drugs (BioGears, Drugs Methodology)",
    status="assumption",
)


class Norepinephrine(Vasoactive):
    """One compartment; the effect follows within a minute."""

    name, title = "norepinephrine", "Norepinephrine (infusion)"
    source = Source(
        "Beloeil H et al. Norepinephrine kinetics and dynamics in septic shock and trauma patients. "
        "Br J Anaesth 2005;95:782 (volume); clearance 20 mL/min/kg as in BioGears",
        doi="10.1093/bja/aei259",
        status="one transcription",
    )
    parameters = (
        Parameter("CL", 1.5, "L/min", "clearance at 75 kg", 0.0),
        Parameter("V1", 8.84, "L", "volume", 0.0),
        Parameter("KE0", 1.5, "1/min", "effect-site rate", 0.0, source=_EFFECT),
    )
    actions = (
        Action("resistance", 1.4, 0.008, 1.8, _EFFECT),
        Action("veins", -450.0, 0.008, 1.8, _EFFECT),
        Action("contractility", 0.45, 0.008, 1.8, _EFFECT),
    )

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Clearance in proportion to weight."""
        return {**theta, "CL": theta["CL"] * c["WT"] / 75.0}
