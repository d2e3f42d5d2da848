"""Gentamicin in critically ill adults, without covariates (Hodiamont 2017)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vitruvian.core import Source
from vitruvian.model import Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology.compartments import CompartmentModel


class Hodiamont2017(CompartmentModel):
    """Two compartments: CL = 2.3, V1 = 21.6, V2 = 10.2, Q = 1.3. doi:10.1097/FTD.0000000000000432"""

    name = "gentamicin_hodiamont_2017"
    on_request = "clearance does not follow renal function"
    title = "Gentamicin, critically ill adults, 59 people (Hodiamont 2017)"
    source = Source(
        "Hodiamont CJ, Janssen JM, de Jong MD, Mathot RA, Juffermans NP, van Hest RM. Therapeutic drug monitoring of "
        "gentamicin peak concentrations in critically ill patients. Ther Drug Monit 2017;39:522-530",
        "10.1097/FTD.0000000000000432",
        "Table 2",
        "one transcription",
        "Between-occasion variability is in the paper, not here. Root of squares assumed for the residual error.",
    )
    peripherals = 1
    absorption = None
    parameters = (
        Parameter("CL", 2.3, "L/h", "clearance"),
        Parameter("V1", 21.6, "L", "central volume"),
        Parameter("V2", 10.2, "L", "peripheral volume"),
        Parameter("Q", 1.3, "L/h", "intercompartmental clearance"),
    )
    variability = (
        Variability("CL", 0.4463, stated="CV 75 %, variance ln(1+CV²)"),
        Variability("VC", 0.0704, stated="CV 27 %, variance ln(1+CV²)"),
    )
    covariances: Mapping[tuple[str, str], float] = {("CL", "VC"): 0.0372}
    outputs = (Output("concentration", "mg/L", ResidualError("combined_squares", 0.13, 0.194), "total, in serum"),)

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical CL, VC, VP, Q."""
        return {"CL": theta["CL"], "VC": theta["V1"], "VP": theta["V2"], "Q": theta["Q"]}
