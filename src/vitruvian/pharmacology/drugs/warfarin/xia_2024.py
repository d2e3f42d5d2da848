"""Warfarin dose and INR in Han Chinese adults (Xia 2024): Hamberg's structure with another response."""

from __future__ import annotations

from typing import Any

from vitruvian.core import Source
from vitruvian.model import Covariate, Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology.drugs.warfarin.hamberg_2010 import AGE, CYP2C9_2, CYP2C9_3, VKORC1_A, Hamberg2010

_CHANGED = {"EC50_G": 4.3, "EC50_A": 1.14, "GAMMA": 1.39, "MTT1": 27.2, "MTT2": 110.9, "S_FRACTION": 1.0}


class Xia2024(Hamberg2010):
    """As `Hamberg2010` with Hill 1.39, MTT 27.2 and 110.9 h, EC50 per allele G 4.3 and A 1.14 mg/L of racemic warfarin.

    EC50 is multiplied by (WT/60)^1.34, and by 0.75 with amiodarone. doi:10.1038/s41598-024-65048-7
    """

    name = "warfarin_xia_2024_han"
    on_request = "another population: Han Chinese"
    title = "Warfarin dose and INR, Han Chinese adults, 646 people (Xia 2024)"
    source = Source(
        "Xia X, Cai X, Chen J, et al. Construction of warfarin population pharmacokinetics and pharmacodynamics model "
        "in Han population based on Bayesian method. Sci Rep 2024;14:14894",
        "10.1038/s41598-024-65048-7",
        "Table 3 and supplement 1.3, 1.6",
        "one transcription",
        "The effect of amiodarone is transcribed as EC50 x 0.398, but the paper's own doses with amiodarone "
        "(supplement 1.6: 1.875, 2.625, 3.5 mg against 2.5, 3.5, 4.625 mg) are 0.75 of those without: 0.75 is "
        "used. The "
        "doses for CYP2C9*1/*3 in the same table (x 0.75) do not follow from the allele clearances (x 0.62) either. "
        "The whole racemic dose enters, as the published doses require.",
    )
    parameters = (
        *(
            p if p.name not in _CHANGED else Parameter(p.name, _CHANGED[p.name], p.unit, p.description)
            for p in Hamberg2010.parameters
        ),
        Parameter("WT_ON_EC50", 1.34, "1", "exponent of WT/60"),
        Parameter("AMIODARONE_ON_EC50", 0.75, "1", "factor on EC50 with amiodarone"),
    )
    variability = (Variability("EC50", 0.2712, stated="CV 55.8 %, variance ln(1+CV²)"),)
    covariates = (
        CYP2C9_2,
        CYP2C9_3,
        VKORC1_A,
        AGE,
        Covariate("INR_BASE", "{INR}", "INR before warfarin", soft=(0.8, 1.4), hard=(0.7, 2.0), default=1.13),
        Covariate("WT", "kg", "body weight", soft=(40, 106), hard=(30, 200)),
        Covariate("AMIODARONE", "1", "on amiodarone", categories={0: "no", 1: "yes"}),
    )
    outputs = (
        Output("inr", "{INR}", ResidualError("proportional", proportional=0.365), "prothrombin time as INR"),
        Output(
            "s_warfarin",
            "mg/L",
            ResidualError("proportional", proportional=0.5, assumed="never measured in this model"),
            "virtual concentration of racemic warfarin",
        ),
    )

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """As Hamberg 2010, EC50 with weight and amiodarone."""
        p = super().typical(theta, c)
        factor = (c["WT"] / 60) ** theta["WT_ON_EC50"] * theta["AMIODARONE_ON_EC50"] ** c["AMIODARONE"]
        return {**p, "EC50": p["EC50"] * factor}
