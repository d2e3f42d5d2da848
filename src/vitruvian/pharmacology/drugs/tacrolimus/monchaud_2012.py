"""Tacrolimus in adult lung transplant recipients (Monchaud 2012)."""

from __future__ import annotations

from typing import Any

from vitruvian.core import Source
from vitruvian.model import Covariate, Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology.compartments import CompartmentModel
from vitruvian.pharmacology.drugs.tacrolimus.woillard_2011 import EXPRESSER


class Monchaud2012(CompartmentModel):
    """Two compartments behind five transit compartments.

    Ktr = 7.06·0.47^CYSTIC_FIBROSIS /h, CL/F = 17.5·1.4^CYP3A5_EXPRESSOR L/h, V1/F 136, Q/F 41.1, V2/F 529.
    doi:10.2165/11594760-000000000-00000
    """

    name = "tacrolimus_monchaud_2012"
    on_request = "another population: lung transplants"
    title = "Tacrolimus, immediate release, lung transplant (Monchaud 2012)"
    source = Source(
        "Monchaud C, de Winter BC, Knoop C, et al. Population pharmacokinetic modelling and Bayesian estimation of "
        "tacrolimus exposure in lung transplant recipients. Clin Pharmacokinet 2012;51:175-186",
        "10.2165/11594760-000000000-00000",
        "final model",
        "one transcription",
        "Read from a public model file for lung transplantation; the file takes interindividual numbers as SDs.",
    )
    peripherals = 1
    absorption = 5
    parameters = (
        Parameter("KTR", 7.06, "1/h"),
        Parameter("CF_ON_KTR", 0.47, "1", "factor on Ktr with cystic fibrosis"),
        Parameter("CL", 17.5, "L/h"),
        Parameter("EXPRESSOR_ON_CL", 1.4, "1", "factor on clearance with CYP3A5*1"),
        Parameter("VC", 136.0, "L"),
        Parameter("Q", 41.1, "L/h"),
        Parameter("VP", 529.0, "L"),
    )
    variability = (
        Variability("KTR", 0.427**2, stated="SD 0.427"),
        Variability("VC", 0.41**2, stated="SD 0.41"),
        Variability("Q", 0.717**2, stated="SD 0.717"),
        Variability("VP", 1.26**2, stated="SD 1.26"),
        Variability("CL", 0.537**2, stated="SD 0.537"),
    )
    covariates = (
        Covariate("CYSTIC_FIBROSIS", "1", "cystic fibrosis", categories={0: "no", 1: "yes"}),
        EXPRESSER,
    )
    outputs = (Output("concentration", "ng/mL", ResidualError("combined_squares", 1.6, 0.069), "in whole blood"),)

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical apparent quantities."""
        return {
            "KTR": theta["KTR"] * theta["CF_ON_KTR"] ** c["CYSTIC_FIBROSIS"],
            "CL": theta["CL"] * theta["EXPRESSOR_ON_CL"] ** c["CYP3A5_EXPRESSOR"],
            "VC": theta["VC"],
            "Q": theta["Q"],
            "VP": theta["VP"],
        }
