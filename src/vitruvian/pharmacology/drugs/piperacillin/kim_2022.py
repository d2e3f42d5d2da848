"""Piperacillin (with tazobactam) in critically ill adults, with and without ECMO (Kim 2022)."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from vitruvian.core import Source
from vitruvian.model import Covariate, Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology.compartments import CompartmentModel


class Kim2022(CompartmentModel):
    """Two compartments: CL = 5.05·exp(0.00932·(EGFR_CYSTATIN − 52.77))·(WT/70)^0.75,

    V1 = (16.5 | 7.38 with ECMO)·WT/70, V2 = 6.27·WT/70, Q = 6.28·(WT/70)^0.75. doi:10.1093/jac/dkac059
    """

    name = "piperacillin_kim_2022"
    title = "Piperacillin, critically ill adults with and without ECMO, 38 people (Kim 2022)"
    source = Source(
        "Kim YK, Kim HS, Park S, et al. Population pharmacokinetics of piperacillin/tazobactam in critically ill "
        "Korean patients and the effects of extracorporeal membrane oxygenation. "
        "J Antimicrob Chemother 2022;77:1353-1364",
        "10.1093/jac/dkac059",
        "Table 2",
        "two transcriptions agree",
        "The spread of V1 with ECMO (CV 45.9 %) is smaller than without (65.3 %); the latter is used for both. "
        "The renal covariate is CKD-EPI with cystatin C: an estimate from creatinine does not fit here.",
    )
    peripherals = 1
    absorption = None
    parameters = (
        Parameter("CL", 5.05, "L/h", "clearance at 70 kg and EGFR 52.77"),
        Parameter("EGFR_ON_CL", 0.00932, "min/mL", "exponential slope of clearance with EGFR"),
        Parameter("V1", 16.5, "L", "central volume at 70 kg"),
        Parameter("V1_ECMO", 7.38, "L", "central volume at 70 kg with ECMO"),
        Parameter("Q", 6.28, "L/h", "intercompartmental clearance at 70 kg"),
        Parameter("V2", 6.27, "L", "peripheral volume at 70 kg"),
    )
    variability = (
        Variability("CL", 0.1136, stated="CV 33.7 %, variance CV²"),
        Variability("VC", 0.4264, stated="CV 65.3 %, variance CV²"),
    )
    covariates = (
        Covariate("WT", "kg", "body weight", soft=(40, 110), hard=(30, 200)),
        Covariate("EGFR_CYSTATIN", "mL/min/{1.73_m2}", "CKD-EPI 2012 with cystatin C", soft=(10, 120), hard=(5, 150)),
        Covariate("ECMO", "1", "on extracorporeal membrane oxygenation", categories={0: "no", 1: "yes"}),
    )
    outputs = (Output("concentration", "mg/L", ResidualError("proportional", proportional=0.269), "total, in plasma"),)

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical CL, VC, VP, Q."""
        size = c["WT"] / 70
        renal = jnp.exp(theta["EGFR_ON_CL"] * (c["EGFR_CYSTATIN"] - 52.77))
        return {
            "CL": theta["CL"] * renal * size**0.75,
            "VC": jnp.where(c["ECMO"] == 1, theta["V1_ECMO"], theta["V1"]) * size,
            "VP": theta["V2"] * size,
            "Q": theta["Q"] * size**0.75,
        }
