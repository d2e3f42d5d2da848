"""Gentamicin in critically ill adults: pooled literature values (Abbasi 2023)."""

from __future__ import annotations

from typing import Any

from vitruvian.core import Source
from vitruvian.model import Covariate, Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology.compartments import CompartmentModel


class Abbasi2023(CompartmentModel):
    """One compartment: CL = 4.70 L/h, V = 0.33·WT."""

    name = "gentamicin_abbasi_2023"
    on_request = "clearance does not follow renal function; residual error assumed"
    title = "Gentamicin, critically ill adults, 21 studies pooled, 1,215 people (Abbasi 2023)"
    source = Source(
        "Abbasi 2023, pooled pharmacokinetics of gentamicin in critically ill adults (CL 4.70 ± 2.89 L/h, "
        "V 0.33 ± 0.20 L/kg)",
        status="one transcription",
        errata="The source pools means and standard deviations over studies and reports no residual error: the spread "
        "mixes people and studies, and clearance does not follow renal function.",
    )
    peripherals = 0
    absorption = None
    parameters = (Parameter("CL", 4.70, "L/h", "clearance"), Parameter("V_PER_KG", 0.33, "L/kg", "volume"))
    variability = (
        Variability("CL", 0.320, stated="SD/mean 61 %, variance ln(1+CV²)"),
        Variability("VC", 0.313, stated="SD/mean 61 %, variance ln(1+CV²)"),
    )
    covariates = (Covariate("WT", "kg", "body weight", soft=(40, 130), hard=(30, 250)),)
    outputs = (
        Output(
            "concentration",
            "mg/L",
            ResidualError("proportional", proportional=0.2, assumed="not reported; other models have 19 to 24 %"),
            "total, in serum",
        ),
    )

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical CL, VC."""
        return {"CL": theta["CL"], "VC": theta["V_PER_KG"] * c["WT"]}
