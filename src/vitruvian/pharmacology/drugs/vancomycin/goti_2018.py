"""Vancomycin in hospitalised adults, with and without intermittent haemodialysis (Goti 2018)."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from vitruvian.core import Source
from vitruvian.model import Covariate, Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology.compartments import CompartmentModel

_CITATION = (
    "Goti V, Chaturvedula A, Fossler MJ, Mok S, Jacob JT. Hospitalized patients with and without hemodialysis have "
    "markedly different vancomycin pharmacokinetics. Ther Drug Monit 2018;40:212-221"
)
_ERRATA = (
    "Erratum (PMID 31306395): serum creatinine below 1 mg/dL is set to 1 above 65 years (the text says 60). "
    "The weight scaling of Vp is read in two ways: Table 2 gives WT/70 for Vc only (three transcriptions), the methods "
    "say that volumes were normalised to 70 kg (one transcription); both are kept, as variants. "
    "The residual SD is read as the sum 3.4 + 0.227 f. Another public file lowers it to 1.42 + 0.197 f on purpose."
)


class Goti2018(CompartmentModel):
    """Two compartments: CL = 4.5·(CRCL/120)^0.8·0.7^DIALYSIS, Vc = 58.4·(WT/70)·0.5^DIALYSIS, Vp = 38.4, Q = 6.5.

    CRCL is capped at 150 mL/min. doi:10.1097/FTD.0000000000000490
    """

    name = "vancomycin_goti_2018"
    title = "Vancomycin, hospitalised adults with and without haemodialysis, 1,812 people (Goti 2018)"
    source = Source(_CITATION, "10.1097/FTD.0000000000000490", "Table 2", "two transcriptions agree", _ERRATA)
    peripherals = 1
    absorption = None
    parameters = (
        Parameter("CL", 4.5, "L/h", "clearance at CRCL 120 mL/min, no dialysis"),
        Parameter("VC", 58.4, "L", "central volume at 70 kg, no dialysis"),
        Parameter("VP", 38.4, "L", "peripheral volume"),
        Parameter("Q", 6.5, "L/h", "intercompartmental clearance"),
        Parameter("CRCL_ON_CL", 0.8, "1", "exponent of CRCL/120"),
        Parameter("DIALYSIS_ON_CL", 0.7, "1", "factor on clearance with haemodialysis"),
        Parameter("DIALYSIS_ON_VC", 0.5, "1", "factor on central volume with haemodialysis"),
    )
    variability = (
        Variability("CL", 0.147, stated="CV 39.8 %, variance ln(1+CV²)"),
        Variability("VC", 0.510, stated="CV 81.6 %, variance ln(1+CV²)"),
        Variability("VP", 0.282, stated="CV 57.1 %, variance ln(1+CV²)"),
    )
    covariates = (
        Covariate(
            "CRCL",
            "mL/min",
            "Cockcroft-Gault, total weight; creatinine raised to 1 mg/dL above 65 years; capped at 150",
            soft=(4, 150),
            hard=(1, 400),
            creatinine_floor=1.0,
            floor_above_age=65.0,
        ),
        Covariate("WT", "kg", "body weight", soft=(33, 255), hard=(30, 350)),
        Covariate("DIALYSIS", "1", "on intermittent haemodialysis", categories={0: "no", 1: "yes"}),
    )
    outputs = (Output("concentration", "mg/L", ResidualError("combined_sum", 3.4, 0.227), "total, in serum"),)

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical CL, VC, VP, Q."""
        size, dialysis = c["WT"] / 70, c["DIALYSIS"]
        renal = (jnp.minimum(c["CRCL"], 150.0) / 120) ** theta["CRCL_ON_CL"]
        return {
            "CL": theta["CL"] * renal * theta["DIALYSIS_ON_CL"] ** dialysis,
            "VC": theta["VC"] * size * theta["DIALYSIS_ON_VC"] ** dialysis,
            "VP": theta["VP"],
            "Q": theta["Q"],
        }


class Goti2018ScaledVp(Goti2018):
    """As `Goti2018`, with Vp = 38.4·(WT/70)."""

    name = "vancomycin_goti_2018_scaled_vp"
    on_request = "variant of goti_2018: peripheral volume scaled by weight"
    title = "Vancomycin, as Goti 2018, with the peripheral volume scaled by weight (variant reading)"
    source = Source(_CITATION, "10.1097/FTD.0000000000000490", "Table 2 and methods", "one transcription", _ERRATA)

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical CL, VC, VP, Q."""
        p = super().typical(theta, c)
        return {**p, "VP": p["VP"] * c["WT"] / 70}
