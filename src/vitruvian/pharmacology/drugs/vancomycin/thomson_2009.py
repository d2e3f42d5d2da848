"""Vancomycin in adult inpatients (Thomson 2009)."""

from __future__ import annotations

from typing import Any

from vitruvian.core import Source
from vitruvian.model import Covariate, Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology.compartments import CompartmentModel


class Thomson2009(CompartmentModel):
    """Two compartments: CL = 2.99·(1 + 0.0154·(CRCL − 66)), V1 = 0.675·WT, V2 = 0.732·WT, Q = 2.28.

    doi:10.1093/jac/dkp085
    """

    name = "vancomycin_thomson_2009"
    title = "Vancomycin, adult inpatients, 398 people (Thomson 2009)"
    source = Source(
        "Thomson AH, Staatz CE, Tobin CM, Gall M, Lovering AM. Development and evaluation of vancomycin dosage "
        "guidelines designed to achieve new target concentrations. J Antimicrob Chemother 2009;63:1050-1057",
        "10.1093/jac/dkp085",
        "Table 2",
        "two transcriptions agree",
        "One public transcription has CL = 2.99·0.0154·CRCL; the paper says 15.4 % for every 10 mL/min from 66, which "
        "is the form used here. The CVs are taken as standard deviations of η. A covariance CL-V1 of 0.01 stands in "
        "one transcription only and is left out. The unit of Q is printed as 1/h and read as L/h. Creatinine below "
        "60 µmol/L was set to 60. The form of the combined residual error is not stated: root of squares.",
    )
    peripherals = 1
    absorption = None
    parameters = (
        Parameter("CL", 2.99, "L/h", "clearance at CRCL 66 mL/min"),
        Parameter("CRCL_ON_CL", 0.0154, "min/mL", "relative change of clearance per mL/min from 66"),
        Parameter("V1_PER_KG", 0.675, "L/kg", "central volume"),
        Parameter("V2_PER_KG", 0.732, "L/kg", "peripheral volume"),
        Parameter("Q", 2.28, "L/h", "intercompartmental clearance"),
    )
    variability = (
        Variability("CL", 0.0729, stated="CV 27 %, variance CV²"),
        Variability("VC", 0.0225, stated="CV 15 %, variance CV²"),
        Variability("Q", 0.2401, stated="CV 49 %, variance CV²"),
        Variability("VP", 1.69, stated="CV 130 %, variance CV²"),
    )
    covariates = (
        Covariate(
            "CRCL",
            "mL/min",
            "Cockcroft-Gault, creatinine at least 60 µmol/L",
            soft=(12, 172),
            hard=(5, 250),
            creatinine_floor=0.679,
        ),
        Covariate("WT", "kg", "body weight", soft=(40, 160), hard=(30, 250)),
    )
    outputs = (Output("concentration", "mg/L", ResidualError("combined_squares", 1.6, 0.15), "total, in serum"),)

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical CL, VC, VP, Q."""
        return {
            "CL": theta["CL"] * (1 + theta["CRCL_ON_CL"] * (c["CRCL"] - 66)),
            "VC": theta["V1_PER_KG"] * c["WT"],
            "VP": theta["V2_PER_KG"] * c["WT"],
            "Q": theta["Q"],
        }
