"""Tobramycin once daily in children with cystic fibrosis (Hennig 2008)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vitruvian.core import Source
from vitruvian.model import Covariate, Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology.compartments import CompartmentModel


class Hennig2008(CompartmentModel):
    """Two compartments: CL = 6.37·(WT/70)^0.75, V1 = 18.7·WT/70, Q = 0.39·(WT/70)^0.75, V2 = 1.32·WT/70, lag 0.40 h.

    doi:10.1111/j.1365-2125.2007.03045.x
    """

    name = "tobramycin_hennig_2008"
    on_request = "another population: children with cystic fibrosis"
    title = "Tobramycin, children with cystic fibrosis, 35 people (Hennig 2008)"
    source = Source(
        "Hennig S, Norris R, Kirkpatrick CMJ. Target concentration intervention is needed for tobramycin dosing in "
        "paediatric patients with cystic fibrosis: a population pharmacokinetic study. "
        "Br J Clin Pharmacol 2008;65:502-510",
        "10.1111/j.1365-2125.2007.03045.x",
        status="one transcription",
        errata="The lag is that of the burette between the start of the infusion and the vein; infusions took 0.5 h.",
    )
    peripherals = 1
    absorption = None
    parameters = (
        Parameter("CL", 6.37, "L/h", "clearance at 70 kg"),
        Parameter("V1", 18.7, "L", "central volume at 70 kg"),
        Parameter("Q", 0.39, "L/h", "intercompartmental clearance at 70 kg"),
        Parameter("V2", 1.32, "L", "peripheral volume at 70 kg"),
        Parameter("LAG", 0.40, "h", "delay of the infusion line"),
    )
    variability = (Variability("CL", 0.0136), Variability("VC", 0.0135), Variability("VP", 0.1621))
    covariances: Mapping[tuple[str, str], float] = {("CL", "VC"): 0.00989, ("CL", "VP"): 0.0230, ("VC", "VP"): 0.0126}
    covariates = (Covariate("WT", "kg", "body weight", soft=(6, 73), hard=(4, 120)),)
    outputs = (Output("concentration", "mg/L", ResidualError("proportional", proportional=0.19), "total, in plasma"),)

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical CL, VC, VP, Q, LAG."""
        size = c["WT"] / 70
        return {
            "CL": theta["CL"] * size**0.75,
            "VC": theta["V1"] * size,
            "VP": theta["V2"] * size,
            "Q": theta["Q"] * size**0.75,
            "LAG": theta["LAG"],
        }
