"""Ciclosporin by mouth in adult transplant and autoimmune patients at steady state (Umpierrez 2021)."""

from __future__ import annotations

from typing import Any

from vitruvian.core import Source
from vitruvian.model import Covariate, Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology.compartments import CompartmentModel


class Umpierrez2021(CompartmentModel):
    """Two compartments, first-order absorption after a lag.

    CL/F = 30.3(CRCL/98.62)^-0.204 L/h, Q/F 17.0, V1/F 17.9, V2/F 400 L, KA 0.523 /h, lag 0.512 h; variability of CL
    and Q between people, of KA, CL and lag between occasions. doi:10.1155/2021/3108749
    """

    name = "ciclosporin_umpierrez_2021"
    title = "Ciclosporin, transplant and autoimmune patients, 37 people (Umpierrez 2021)"
    source = Source(
        "Umpierrez M, Guevara N, Ibarra M, et al. Development of a population pharmacokinetic model for cyclosporine "
        "from therapeutic drug monitoring data. Biomed Res Int 2021;2021:3108749",
        "10.1155/2021/3108749",
        "Table 2",
        "one transcription",
        "The correlation of -0.551 between the occasions' KA and CL is left out: occasion effects are independent "
        "here. "
        "Whole blood, immunoassay.",
    )
    peripherals = 1
    absorption = "first_order"
    parameters = (
        Parameter("LAG", 0.512, "h"),
        Parameter("KA", 0.523, "1/h"),
        Parameter("CL", 30.3, "L/h", "apparent clearance at CRCL 98.62 mL/min"),
        Parameter("CRCL_ON_CL", -0.204, "1", "exponent of CRCL/98.62"),
        Parameter("Q", 17.0, "L/h"),
        Parameter("VC", 17.9, "L"),
        Parameter("VP", 400.0, "L"),
    )
    variability = (
        Variability("CL", 0.14704, occasion_variance=0.13488, stated="CV 39.8 %, between occasions 38.0 %"),
        Variability("Q", 0.24922, stated="CV 53.2 %"),
        Variability("KA", 0.0, occasion_variance=0.24426, stated="between occasions CV 52.6 %"),
        Variability("LAG", 0.0, occasion_variance=0.25672, stated="between occasions CV 54.1 %"),
    )
    covariates = (Covariate("CRCL", "mL/min", "Cockcroft-Gault", soft=(13.8, 250), hard=(5, 420)),)
    outputs = (Output("concentration", "ng/mL", ResidualError("combined_squares", 7.52, 0.228), "in whole blood"),)

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical apparent quantities."""
        p = {name: theta[name] for name in ("LAG", "KA", "Q", "VC", "VP")}
        return {**p, "CL": theta["CL"] * (c["CRCL"] / 98.62) ** theta["CRCL_ON_CL"]}
