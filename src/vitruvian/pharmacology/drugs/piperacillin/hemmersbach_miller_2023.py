"""Piperacillin (with tazobactam) across the adult lifespan (Hemmersbach-Miller 2023)."""

from __future__ import annotations

from typing import Any

from vitruvian.core import Source
from vitruvian.model import Covariate, Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology.compartments import CompartmentModel


class HemmersbachMiller2023(CompartmentModel):
    """One compartment: CL = 2.44 + 4.09·CRCL/69, V = 31.8·WT/89. doi:10.1007/s40262-022-01198-z"""

    name = "piperacillin_hemmersbach_miller_2023"
    title = "Piperacillin, adult inpatients of all ages, 121 people (Hemmersbach-Miller 2023)"
    source = Source(
        "Hemmersbach-Miller M, Balevic SJ, Winokur PL, et al. Population pharmacokinetics of piperacillin/tazobactam "
        "across the adult lifespan. Clin Pharmacokinet 2023;62:127-139",
        "10.1007/s40262-022-01198-z",
        status="one transcription",
        errata="Variances are squares in the transcription, read as CV² of 47 and 25 %. Root of squares assumed for "
        "the combined residual error.",
    )
    peripherals = 0
    absorption = None
    parameters = (
        Parameter("CL_NONRENAL", 2.44, "L/h", "clearance without renal function"),
        Parameter("CL_RENAL", 4.09, "L/h", "renal clearance at CRCL 69 mL/min"),
        Parameter("V", 31.8, "L", "volume at 89 kg"),
    )
    variability = (
        Variability("CL", 0.2209, stated="CV 47 %, variance CV²"),
        Variability("VC", 0.0625, stated="CV 25 %, variance CV²"),
    )
    covariates = (
        Covariate("CRCL", "mL/min", "Cockcroft-Gault", soft=(10, 180), hard=(5, 300)),
        Covariate("WT", "kg", "body weight", soft=(40, 180), hard=(30, 250)),
    )
    outputs = (Output("concentration", "mg/L", ResidualError("combined_squares", 0.0488, 0.358), "total, in plasma"),)

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical CL, VC."""
        return {
            "CL": theta["CL_NONRENAL"] + theta["CL_RENAL"] * c["CRCL"] / 69,
            "VC": theta["V"] * c["WT"] / 89,
        }
