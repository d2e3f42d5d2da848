"""Propofol: widens arteries and veins, weakens the heart and the baroreflex."""

from __future__ import annotations

from typing import Any

from vitruvian.core import Source
from vitruvian.model import Parameter, Values
from vitruvian.systems.vasoactive.vasoactive import Action, Vasoactive

_EFFECT = Source(
    "Effect sizes set so that 200 mg lowers systolic and diastolic pressure by 25 to 40 % at an unchanged heart rate "
    "(BioGears, Drugs Methodology)",
    status="assumption",
)


class Propofol(Vasoactive):
    """Three compartments of the reference adult (35 years, 70 kg, no opioid); volumes and clearances by weight."""

    name, title = "propofol", "Propofol (bolus or infusion)"
    source = Source(
        "Eleveld DJ et al. Pharmacokinetic-pharmacodynamic model for propofol for broad application in anaesthesia and "
        "sedation. Br J Anaesth 2018;120:942, reference individual; the covariates other than weight are left out",
        doi="10.1016/j.bja.2018.01.018",
        status="one transcription",
    )
    parameters = (
        Parameter("CL", 1.79, "L/min", "clearance", 0.0),
        Parameter("V1", 6.28, "L", "central volume", 0.0),
        Parameter("Q2", 1.75, "L/min", "to the second compartment", 0.0),
        Parameter("V2", 25.5, "L", "second volume", 0.0),
        Parameter("Q3", 1.11, "L/min", "to the third compartment", 0.0),
        Parameter("V3", 273.0, "L", "third volume", 0.0),
        Parameter("KE0", 0.146, "1/min", "effect-site rate", 0.0),
    )
    actions = (
        Action("resistance", -0.55, 2.5, 1.5, _EFFECT),
        Action("veins", 500.0, 2.5, 1.5, _EFFECT),
        Action("contractility", -0.35, 2.5, 1.5, _EFFECT),
        Action("reflex", -0.90, 2.0, 1.5, _EFFECT),
        Action("heart_rate", -0.10, 2.5, 1.5, _EFFECT),
    )

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Volumes in proportion to weight, flows to its power of 0.75."""
        size = c["WT"] / 70.0
        power = {"CL": 0.75, "Q2": 0.75, "Q3": 0.75, "KE0": 0.0}
        return {name: value * size ** power.get(name, 1.0) for name, value in theta.items()}
