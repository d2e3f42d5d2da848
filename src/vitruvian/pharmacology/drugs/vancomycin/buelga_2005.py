"""Vancomycin in adults with haematological malignancies (Buelga 2005)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vitruvian.core import Source
from vitruvian.model import Covariate, Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology.compartments import CompartmentModel


class Buelga2005(CompartmentModel):
    """One compartment: CL = 1.08·CRCL (both in L/h), V = 0.98·WT. doi:10.1128/AAC.49.12.4934-4941.2005"""

    name = "vancomycin_buelga_2005"
    on_request = "another population: haematological malignancies"
    title = "Vancomycin, adults with haematological malignancies, 215 people (Buelga 2005)"
    source = Source(
        "Buelga DS, Fernandez de Gatta MM, Herrera EV, Dominguez-Gil A, Garcia MJ. Population pharmacokinetic analysis "
        "of vancomycin in patients with hematological malignancies. Antimicrob Agents Chemother 2005;49:4934-4941",
        "10.1128/AAC.49.12.4934-4941.2005",
        "abstract and Table 4",
        "two transcriptions agree",
        "Typical values and CVs (28.16 %, 37.15 %) as in the abstract. The correlation 0.2312 of Table 4 gives the "
        "covariance that another transcription calls an assumption of 25 %. Samples were taken 2 h or more after the "
        "end of infusion: the model does not describe the distribution phase.",
    )
    peripherals = 0
    absorption = None
    parameters = (
        Parameter("CL_PER_CRCL", 1.08, "1", "clearance per creatinine clearance"),
        Parameter("V_PER_KG", 0.98, "L/kg", "volume"),
    )
    variability = (
        Variability("CL", 0.0793, stated="CV 28.16 %, variance CV²"),
        Variability("VC", 0.1380, stated="CV 37.15 %, variance CV²"),
    )
    covariances: Mapping[tuple[str, str], float] = {("CL", "VC"): 0.02419}
    covariates = (
        Covariate("CRCL", "mL/min", "Cockcroft-Gault", soft=(15, 170), hard=(5, 300)),
        Covariate("WT", "kg", "body weight", soft=(40, 100), hard=(30, 200)),
    )
    outputs = (Output("concentration", "mg/L", ResidualError("additive", additive=3.52), "total, in serum"),)

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical CL, VC."""
        return {"CL": theta["CL_PER_CRCL"] * c["CRCL"] * 0.06, "VC": theta["V_PER_KG"] * c["WT"]}
