"""Infliximab in adults with ulcerative colitis (Fasanmade 2009)."""

from __future__ import annotations

from typing import Any

from vitruvian.core import Source
from vitruvian.model import Covariate, Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology.compartments import CompartmentModel


class Fasanmade2009(CompartmentModel):
    """Two compartments, time in days.

    CL = 0.407(ALB/4.1)^-1.54(1 + 0.471·ADA)(1 − 0.236·FEMALE) L/d, Vc = 3.29(WT/77)^0.538(1 − 0.137·FEMALE) L,
    Vp 4.13 L, Q 7.14 L/d. doi:10.1007/s00228-009-0718-4
    """

    name = "infliximab_fasanmade_2009"
    title = "Infliximab, ulcerative colitis, 482 people (Fasanmade 2009)"
    source = Source(
        "Fasanmade AA, Adedokun OJ, Ford J, et al. Population pharmacokinetic analysis of infliximab in patients with "
        "ulcerative colitis. Eur J Clin Pharmacol 2009;65:1211-1228",
        "10.1007/s00228-009-0718-4",
        "Table 3",
        "one transcription",
    )
    time_unit = "d"
    peripherals = 1
    absorption = None
    parameters = (
        Parameter("CL", 0.407, "L/d", "man, albumin 4.1 g/dL, no antibodies"),
        Parameter("VC", 3.29, "L", "man of 77 kg"),
        Parameter("VP", 4.13, "L"),
        Parameter("Q", 7.14, "L/d"),
        Parameter("ALB_ON_CL", -1.54, "1", "exponent of ALB/4.1"),
        Parameter("ADA_ON_CL", 0.471, "1", "with antibodies to infliximab"),
        Parameter("FEMALE_ON_CL", -0.236, "1"),
        Parameter("WT_ON_VC", 0.538, "1", "exponent of WT/77"),
        Parameter("FEMALE_ON_VC", -0.137, "1"),
    )
    variability = (Variability("CL", 0.131), Variability("VC", 0.048))
    covariates = (
        Covariate("WT", "kg", "body weight", soft=(36, 159), hard=(30, 250)),
        Covariate("ALB", "g/dL", "serum albumin", soft=(2.0, 5.5), hard=(1.0, 6.5)),
        Covariate("FEMALE", "1", "sex", categories={0: "male", 1: "female"}),
        Covariate("ADA", "1", "antibodies to infliximab detected", categories={0: "no", 1: "yes"}, default=0.0),
    )
    outputs = (Output("concentration", "mg/L", ResidualError("combined_squares", 0.0413, 0.403), "in serum"),)

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical clearances (per day) and volumes."""
        clearance = theta["CL"] * (c["ALB"] / 4.1) ** theta["ALB_ON_CL"] * (1 + theta["ADA_ON_CL"] * c["ADA"])
        volume = theta["VC"] * (c["WT"] / 77) ** theta["WT_ON_VC"]
        return {
            "CL": clearance * (1 + theta["FEMALE_ON_CL"] * c["FEMALE"]),
            "VC": volume * (1 + theta["FEMALE_ON_VC"] * c["FEMALE"]),
            "Q": theta["Q"],
            "VP": theta["VP"],
        }
