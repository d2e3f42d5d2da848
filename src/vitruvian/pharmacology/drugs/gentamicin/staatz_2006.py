"""Gentamicin after cardiothoracic surgery, with changing renal function (Staatz 2006)."""

from __future__ import annotations

from typing import Any

from vitruvian.core import Source
from vitruvian.model import Covariate, Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology.compartments import CompartmentModel


class Staatz2006(CompartmentModel):
    """Two compartments: CL = 2.81·(1 + 0.0150·(CRCL − 63)), V1 = 0.251·WT, V2 = 0.156·WT, Q = 1.45.

    doi:10.1111/j.1365-2125.2005.02547.x
    """

    name = "gentamicin_staatz_2006"
    title = "Gentamicin, adults after cardiothoracic surgery, 135 people (Staatz 2006)"
    source = Source(
        "Staatz CE, Byrne C, Thomson AH. Population pharmacokinetic modelling of gentamicin and vancomycin in patients "
        "with unstable renal function following cardiothoracic surgery. Br J Clin Pharmacol 2006;61:164-176",
        "10.1111/j.1365-2125.2005.02547.x",
        "Table 4, all data",
        "one transcription",
        "The paper splits CRCL into its baseline (coefficient 0.0150) and the change from it (0.0174); here the "
        "baseline coefficient acts on the current CRCL. Root of squares assumed for the combined residual error.",
    )
    peripherals = 1
    absorption = None
    parameters = (
        Parameter("CL", 2.81, "L/h", "clearance at CRCL 63 mL/min"),
        Parameter("CRCL_ON_CL", 0.0150, "min/mL", "relative change of clearance per mL/min from 63"),
        Parameter("V1_PER_KG", 0.251, "L/kg", "central volume"),
        Parameter("V2_PER_KG", 0.156, "L/kg", "peripheral volume"),
        Parameter("Q", 1.45, "L/h", "intercompartmental clearance"),
    )
    variability = (
        Variability("CL", 0.0704, stated="CV 27 %, variance ln(1+CV²)"),
        Variability("VP", 0.455, stated="CV 84 %, variance ln(1+CV²)"),
    )
    covariates = (
        Covariate(
            "CRCL",
            "mL/min",
            "Cockcroft-Gault, creatinine at least 60 µmol/L",
            soft=(9, 171),
            hard=(5, 250),
            creatinine_floor=0.679,
        ),
        Covariate("WT", "kg", "body weight", soft=(39, 138), hard=(30, 250)),
    )
    outputs = (Output("concentration", "mg/L", ResidualError("combined_squares", 0.13, 0.24), "total, in serum"),)

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical CL, VC, VP, Q."""
        return {
            "CL": theta["CL"] * (1 + theta["CRCL_ON_CL"] * (c["CRCL"] - 63)),
            "VC": theta["V1_PER_KG"] * c["WT"],
            "VP": theta["V2_PER_KG"] * c["WT"],
            "Q": theta["Q"],
        }
