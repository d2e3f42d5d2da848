"""Amikacin on the first day of severe sepsis (Delattre 2010)."""

from __future__ import annotations

from typing import Any

from vitruvian.core import Source
from vitruvian.model import Covariate, Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology.compartments import CompartmentModel


class Delattre2010(CompartmentModel):
    """Two compartments: CL = 0.77 + 1.42·CRCL/55.5, V1 = 19.2, V2 = 9.38, Q = 4.38.

    doi:10.1097/FTD.0b013e3181f675c2
    """

    name = "amikacin_delattre_2010"
    title = "Amikacin, adults with severe sepsis, first day, 88 people (Delattre 2010)"
    source = Source(
        "Delattre IK, Musuamba FT, Nyberg J, et al. Population pharmacokinetic modeling and optimal sampling strategy "
        "for Bayesian estimation of amikacin exposure in critically ill septic patients. Ther Drug Monit "
        "2010;32:749-756",
        "10.1097/FTD.0b013e3181f675c2",
        "Table 2",
        "one transcription",
        "The paper says that covariates were centred; only division by the median gives its clearance of 2.2 L/h. "
        "Root of squares assumed for the combined residual error.",
    )
    peripherals = 1
    absorption = None
    parameters = (
        Parameter("CL_NONRENAL", 0.77, "L/h", "clearance without renal function"),
        Parameter("CL_RENAL", 1.42, "L/h", "renal clearance at CRCL 55.5 mL/min"),
        Parameter("V1", 19.2, "L", "central volume"),
        Parameter("V2", 9.38, "L", "peripheral volume"),
        Parameter("Q", 4.38, "L/h", "intercompartmental clearance"),
    )
    variability = (
        Variability("CL", 0.3004, stated="CV 59.2 %, variance ln(1+CV²)"),
        Variability("VC", 0.1423, stated="CV 39.1 %, variance ln(1+CV²)"),
        Variability("VP", 0.1740, stated="CV 43.6 %, variance ln(1+CV²)"),
        Variability("Q", 0.0275, stated="CV 16.7 %, variance ln(1+CV²)"),
    )
    covariates = (Covariate("CRCL", "mL/min", "Cockcroft-Gault", soft=(12, 408), hard=(2, 450)),)
    outputs = (Output("concentration", "mg/L", ResidualError("combined_squares", 1.03, 0.268), "total, in serum"),)

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical CL, VC, VP, Q."""
        return {
            "CL": theta["CL_NONRENAL"] + theta["CL_RENAL"] * c["CRCL"] / 55.5,
            "VC": theta["V1"],
            "VP": theta["V2"],
            "Q": theta["Q"],
        }
