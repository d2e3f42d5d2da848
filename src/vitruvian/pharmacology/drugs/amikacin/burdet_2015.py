"""Amikacin in ventilated adults with suspected pneumonia (Burdet 2015)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vitruvian.core import Source
from vitruvian.model import Covariate, Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology.compartments import CompartmentModel

_CITATION = (
    "Burdet C, Pajot O, Couffignal C, et al. Population pharmacokinetics of single-dose amikacin in critically ill "
    "patients with suspected ventilator-associated pneumonia. Eur J Clin Pharmacol 2015;71:75-83"
)
_ERRATA = (
    "The paper does not say whether the combined residual SD is a sum or a root of squares: root of squares, as in the "
    "reference estimates that this model is checked against. One dose per person, 24 hours: accumulation was not seen."
)
_OUTPUTS = (Output("concentration", "mg/L", ResidualError("combined_squares", 0.2, 0.1), "total, in plasma"),)


class Burdet2015(CompartmentModel):
    """Two compartments: CL = 4.3·(CRCL/82)^0.7, V1 = 15.9·(WT/78)^0.9·(PF/169)^0.4, V2 = 21.4, Q = 12.1.

    doi:10.1007/s00228-014-1766-y
    """

    name = "amikacin_burdet_2015"
    title = "Amikacin, ventilated adults, 60 people (Burdet 2015, with covariates)"
    source = Source(
        _CITATION,
        "10.1007/s00228-014-1766-y",
        "final model",
        "one transcription",
        "Variances and covariances are rounded; roots agree with the 31, 22, 47, 27 % of the abstract. " + _ERRATA,
    )
    peripherals = 1
    absorption = None
    parameters = (
        Parameter("CL", 4.3, "L/h", "clearance at CRCL 82 mL/min"),
        Parameter("V1", 15.9, "L", "central volume at 78 kg and PF 169 mmHg"),
        Parameter("V2", 21.4, "L", "peripheral volume"),
        Parameter("Q", 12.1, "L/h", "intercompartmental clearance"),
        Parameter("CRCL_ON_CL", 0.7, "1", "exponent of CRCL/82"),
        Parameter("WT_ON_V1", 0.9, "1", "exponent of WT/78"),
        Parameter("PF_ON_V1", 0.4, "1", "exponent of PF/169"),
    )
    variability = (
        Variability("CL", 0.1),
        Variability("VC", 0.05),
        Variability("VP", 0.2),
        Variability("Q", 0.08),
    )
    covariances: Mapping[tuple[str, str], float] = {
        ("CL", "VC"): 0.01,
        ("CL", "VP"): 0.01,
        ("VC", "VP"): 0.02,
        ("CL", "Q"): -0.06,
        ("VC", "Q"): 0.004,
        ("VP", "Q"): 0.003,
    }
    covariates = (
        Covariate("CRCL", "mL/min", "measured over 4 hours in urine", soft=(4, 412), hard=(2, 450)),
        Covariate("WT", "kg", "body weight", soft=(45, 126), hard=(35, 200)),
        Covariate("PF", "mm[Hg]", "arterial oxygen pressure over inspired fraction", soft=(60, 450), hard=(40, 600)),
    )
    outputs = _OUTPUTS

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical CL, VC, VP, Q."""
        size = (c["WT"] / 78) ** theta["WT_ON_V1"] * (c["PF"] / 169) ** theta["PF_ON_V1"]
        return {
            "CL": theta["CL"] * (c["CRCL"] / 82) ** theta["CRCL_ON_CL"],
            "VC": theta["V1"] * size,
            "VP": theta["V2"],
            "Q": theta["Q"],
        }


class Burdet2015Basic(CompartmentModel):
    """Two compartments without covariates: CL = 4.0, V1 = 15.3, V2 = 22.1, Q = 12.2. doi:10.1007/s00228-014-1766-y"""

    name = "amikacin_burdet_2015_basic"
    on_request = "variant of burdet_2015 without covariates"
    title = "Amikacin, ventilated adults, 60 people (Burdet 2015, without covariates)"
    source = Source(
        _CITATION,
        "10.1007/s00228-014-1766-y",
        "Table 2, basic model",
        "one transcription",
        "Says nothing of renal function: a prior for levels, not for a first dose in renal failure. " + _ERRATA,
    )
    peripherals = 1
    absorption = None
    parameters = (
        Parameter("CL", 4.0, "L/h", "clearance"),
        Parameter("V1", 15.3, "L", "central volume"),
        Parameter("V2", 22.1, "L", "peripheral volume"),
        Parameter("Q", 12.2, "L/h", "intercompartmental clearance"),
    )
    variability = (
        Variability("CL", 0.36, stated="SD 0.6"),
        Variability("VC", 0.09, stated="SD 0.3"),
        Variability("VP", 0.25, stated="SD 0.5"),
        Variability("Q", 0.09, stated="SD 0.3"),
    )
    # correlations CL-V1 .3, CL-Q -.4, V1-Q .4, CL-V2 .3, V1-V2 .2, Q-V2 .2
    covariances: Mapping[tuple[str, str], float] = {
        ("CL", "VC"): 0.054,
        ("CL", "Q"): -0.072,
        ("VC", "Q"): 0.036,
        ("CL", "VP"): 0.09,
        ("VC", "VP"): 0.03,
        ("Q", "VP"): 0.03,
    }
    outputs = _OUTPUTS

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical CL, VC, VP, Q."""
        return {"CL": theta["CL"], "VC": theta["V1"], "VP": theta["V2"], "Q": theta["Q"]}
