"""Subcutaneous adalimumab in adults with hidradenitis suppurativa (Nader 2017)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vitruvian.core import Source
from vitruvian.model import Covariate, Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology.compartments import CompartmentModel


class Nader2017(CompartmentModel):
    """One compartment, first-order absorption under the skin, time in days from the first dose.

    CL/F = 0.667(WT/94)^0.888(CRP/7.9)^0.173·6.76^(ADA after day 21) L/d, V/F = 13.5(WT/94)^0.707 L, KA 0.195 /d.
    doi:10.1007/s40262-016-0502-4
    """

    name = "adalimumab_nader_2017"
    title = "Adalimumab, hidradenitis suppurativa, 600 people (Nader 2017)"
    source = Source(
        "Nader A, Beck D, Noertersheuser P, Williams D, Mostafa N. Population pharmacokinetics and immunogenicity of "
        "adalimumab in adult patients with moderate-to-severe hidradenitis suppurativa. "
        "Clin Pharmacokinet 2017;56:1091-1102",
        "10.1007/s40262-016-0502-4",
        "Table 2",
        "one transcription",
        "The covariance of clearance and volume was estimated but not published: left out. In other diseases clearance "
        "is about half of this (obesity and inflammation).",
    )
    time_unit = "d"
    peripherals = 0
    absorption = "first_order"
    routes: Mapping[str, str] = {"subcutaneous": "depot"}
    breakpoints = (21.0,)
    parameters = (
        Parameter("KA", 0.195, "1/d"),
        Parameter("CL", 0.667, "L/d", "apparent clearance, 94 kg, CRP 7.9 mg/L, no antibodies"),
        Parameter("VC", 13.5, "L", "apparent volume at 94 kg"),
        Parameter("ADA_ON_CL", 6.76, "1", "factor with antibodies, from day 21"),
        Parameter("CRP_ON_CL", 0.173, "1", "exponent of CRP/7.9"),
        Parameter("WT_ON_CL", 0.888, "1", "exponent of WT/94"),
        Parameter("WT_ON_VC", 0.707, "1", "exponent of WT/94"),
    )
    variability = (Variability("CL", 0.346), Variability("VC", 0.091))
    covariates = (
        Covariate("WT", "kg", "body weight", soft=(43, 221), hard=(35, 250)),
        Covariate("CRP", "mg/L", "C-reactive protein before treatment", soft=(0.1, 189), hard=(0.05, 300)),
        Covariate("ADA", "1", "antibodies to adalimumab", categories={0: "no", 1: "yes"}, default=0.0),
    )
    outputs = (Output("concentration", "mg/L", ResidualError("combined_squares", 1.435, 0.228), "in serum"),)

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical apparent quantities (per day)."""
        size = c["WT"] / 94
        antibodies = theta["ADA_ON_CL"] ** (c["ADA"] * (c["TIME"] >= 21))
        inflamed = (c["CRP"] / 7.9) ** theta["CRP_ON_CL"]
        return {
            "KA": theta["KA"],
            "CL": theta["CL"] * size ** theta["WT_ON_CL"] * inflamed * antibodies,
            "VC": theta["VC"] * size ** theta["WT_ON_VC"],
        }
