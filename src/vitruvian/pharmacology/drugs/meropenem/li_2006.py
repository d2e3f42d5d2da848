"""Meropenem in hospitalised adults (Li 2006)."""

from __future__ import annotations

from typing import Any

from vitruvian.core import Source
from vitruvian.model import Covariate, Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology.compartments import CompartmentModel


class Li2006(CompartmentModel):
    """Two compartments: CL = 14.6·(CRCL/83)^0.62·(AGE/35)^−0.34, V1 = 10.8·(WT/70)^0.99, V2 = 12.6, Q = 18.6.

    doi:10.1177/0091270006291035
    """

    name = "meropenem_li_2006"
    title = "Meropenem, hospitalised adults, 79 people (Li 2006)"
    source = Source(
        "Li C, Kuti JL, Nightingale CH, Nicolau DP. Population pharmacokinetic analysis and dosing regimen "
        "optimization of meropenem in adult patients. J Clin Pharmacol 2006;46:1171-1178",
        "10.1177/0091270006291035",
        "Table II",
        "two transcriptions agree",
        "One transcription computes CRCL with ideal body weight, another with total weight. Root of squares assumed "
        "for the combined residual error (proportional variance 0.0352, additive 0.220).",
    )
    peripherals = 1
    absorption = None
    parameters = (
        Parameter("CL", 14.6, "L/h", "clearance at CRCL 83 mL/min and 35 years"),
        Parameter("CRCL_ON_CL", 0.62, "1", "exponent of CRCL/83"),
        Parameter("AGE_ON_CL", -0.34, "1", "exponent of AGE/35"),
        Parameter("V1", 10.8, "L", "central volume at 70 kg"),
        Parameter("WT_ON_V1", 0.99, "1", "exponent of WT/70"),
        Parameter("V2", 12.6, "L", "peripheral volume"),
        Parameter("Q", 18.6, "L/h", "intercompartmental clearance"),
    )
    variability = (
        Variability("CL", 0.118),
        Variability("VC", 0.143),
        Variability("Q", 0.290),
        Variability("VP", 0.102),
    )
    covariates = (
        Covariate("CRCL", "mL/min", "Cockcroft-Gault", soft=(10, 180), hard=(5, 300)),
        Covariate("AGE", "a", "age", soft=(18, 93), hard=(16, 110)),
        Covariate("WT", "kg", "body weight", soft=(40, 130), hard=(30, 250)),
    )
    outputs = (Output("concentration", "mg/L", ResidualError("combined_squares", 0.469, 0.1876), "total, in plasma"),)

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical CL, VC, VP, Q."""
        renal, age = (c["CRCL"] / 83) ** theta["CRCL_ON_CL"], (c["AGE"] / 35) ** theta["AGE_ON_CL"]
        return {
            "CL": theta["CL"] * renal * age,
            "VC": theta["V1"] * (c["WT"] / 70) ** theta["WT_ON_V1"],
            "VP": theta["V2"],
            "Q": theta["Q"],
        }
