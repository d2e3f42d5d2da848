"""Rivaroxaban in adults, all indications (Willmann 2018)."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from typing import Any

import jax.numpy as jnp

from vitruvian.core import Source
from vitruvian.model import Covariate, Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology.compartments import CompartmentModel

_NO_YES = {0.0: "no", 1.0: "yes"}


class Willmann2018(CompartmentModel):
    """One compartment, first-order absorption; bioavailability falls with the dose D (mg).

    CL/F = 6.58(min(CRCL, 140·BSA/1.73)/93)^0.406(WT/81)^-0.278 · 0.849 (AF) | 1.14 (ACS) · 0.966 (P-gp inhibitor) ·
    1.30 (inducer) L/h; V/F = 62.5(WT/81)^0.216(AGE/61)^-0.189·0.889^FEMALE L; KA 0.821 /h;
    F = 0.59 + 0.66·exp(−ln2·D/14.4). The reference is treatment of venous thrombosis. doi:10.1002/psp4.12288
    """

    name = "rivaroxaban_willmann_2018"
    title = "Rivaroxaban, adults, all indications, 4,918 people (Willmann 2018)"
    source = Source(
        "Willmann S, Zhang L, Frede M, et al. Integrated population pharmacokinetic analysis of rivaroxaban across "
        "multiple patient populations. CPT Pharmacometrics Syst Pharmacol 2018;7:309-320",
        "10.1002/psp4.12288",
        "Table 3, supplementary control stream",
        "one transcription",
        "The paper's factors for weak, moderate and strong CYP3A4 inhibitors (0.939, 0.863, 0.978) are left out: "
        "six people "
        "had a strong inhibitor, and ketoconazole raises the AUC 2.6 times in its own study. Interactions are modelled "
        "by themselves. The factors for prevention after surgery (1.04, then 1.29 after 72 h) are left out.",
    )
    peripherals = 0
    absorption = "first_order"
    parameters = (
        Parameter("KA", 0.821, "1/h"),
        Parameter("CL", 6.58, "L/h", "apparent clearance, CRCL 93 mL/min, 81 kg, venous thrombosis"),
        Parameter("VC", 62.5, "L", "apparent volume, man of 81 kg and 61 years"),
        Parameter("CRCL_ON_CL", 0.406, "1", "exponent of CRCL/93"),
        Parameter("WT_ON_CL", -0.278, "1", "exponent of WT/81; refines the weight within CRCL"),
        Parameter("AF_ON_CL", 0.849, "1", "factor in atrial fibrillation"),
        Parameter("ACS_ON_CL", 1.14, "1", "factor in acute coronary syndrome"),
        Parameter("PGP_ON_CL", 0.966, "1", "factor with a P-glycoprotein inhibitor"),
        Parameter("INDUCER_ON_CL", 1.30, "1", "factor with a CYP3A4 inducer"),
        Parameter("WT_ON_VC", 0.216, "1", "exponent of WT/81"),
        Parameter("AGE_ON_VC", -0.189, "1", "exponent of AGE/61"),
        Parameter("FEMALE_ON_VC", 0.889, "1", "factor in women"),
        Parameter("F_MIN", 0.59, "1", "relative bioavailability of very large doses"),
        Parameter("F_MORE", 0.66, "1", "additional at very small doses"),
        Parameter("F_HALF", 14.4, "mg", "dose that halves the additional"),
    )
    variability = (
        Variability("KA", 0.628),
        Variability("CL", 0.167),
        Variability("VC", 0.0391),
    )
    covariances: Mapping[tuple[str, str], float] = {("CL", "VC"): 0.0674}
    covariates = (
        Covariate("CRCL", "mL/min", "Cockcroft-Gault, not indexed; capped inside", soft=(15, 250), hard=(5, 400)),
        Covariate("BSA", "m2", "body surface area, for the cap of CRCL only", soft=(1.3, 2.7), hard=(1.0, 3.5)),
        Covariate("WT", "kg", "body weight", soft=(45, 150), hard=(30, 300)),
        Covariate("AGE", "y", "age", soft=(18, 95), hard=(18, 105)),
        Covariate("FEMALE", "1", "sex", categories={0: "male", 1: "female"}),
        Covariate("AF", "1", "nonvalvular atrial fibrillation", categories=_NO_YES),
        Covariate("ACS", "1", "acute coronary syndrome", categories=_NO_YES, default=0.0),
        Covariate("PGP_INHIBITOR", "1", "on a P-glycoprotein inhibitor", categories=_NO_YES, default=0.0),
        Covariate("CYP3A4_INDUCER", "1", "on a CYP3A4 inducer", categories=_NO_YES, default=0.0),
        Covariate("DOSE", "mg", "last dose, from the schedule", soft=(2.5, 30), hard=(0, 60), default=10.0),
    )
    outputs = (
        Output("concentration", "ng/mL", ResidualError("proportional", proportional=0.4506), "rivaroxaban in plasma"),
    )

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical apparent clearance, volume, absorption and bioavailability."""
        renal = jnp.minimum(c["CRCL"], 140.0 * c["BSA"] / 1.73) / 93
        size = c["WT"] / 81
        clearance = theta["CL"] * renal ** theta["CRCL_ON_CL"] * size ** theta["WT_ON_CL"]
        for effect, covariate in (
            ("AF", "AF"),
            ("ACS", "ACS"),
            ("PGP", "PGP_INHIBITOR"),
            ("INDUCER", "CYP3A4_INDUCER"),
        ):
            clearance = clearance * theta[f"{effect}_ON_CL"] ** c[covariate]
        volume = theta["VC"] * size ** theta["WT_ON_VC"] * (c["AGE"] / 61) ** theta["AGE_ON_VC"]
        return {
            "CL": clearance,
            "VC": volume * theta["FEMALE_ON_VC"] ** c["FEMALE"],
            "KA": theta["KA"],
            "F": theta["F_MIN"] + theta["F_MORE"] * jnp.exp(-log(2) * c["DOSE"] / theta["F_HALF"]),
        }
