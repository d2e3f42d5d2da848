"""Apixaban in healthy people, atrial fibrillation and acute coronary syndrome (Cirincione 2018)."""

from __future__ import annotations

from math import exp
from typing import Any

import jax.numpy as jnp

from vitruvian.core import Source
from vitruvian.model import Covariate, Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology.compartments import CompartmentModel


class Cirincione2018(CompartmentModel):
    """Two compartments, first-order absorption; bioavailability falls with the dose D (mg).

    CL = (1.57·min(CRCL, 150)/80 + 2.02(AGE/65)^-0.429(1 − 0.216·FEMALE))(1 − 0.119·ASIAN)(1 − 0.139·AF)
    (1 − 0.215·ACS)(1 − 0.146·INHIBITOR); Vc = 30(WT/70)^0.79(1 − 0.0405·AF)(1 − 0.18·ACS); Q 1.91, Vp 27;
    KA = 0.473(1 − 0.433·EVENING); F = 1 − 0.420·(max(D − 2.5, 0)/47.5)^0.857.
    The etas act on KA, k = CL/Vc, k12, k21 and, apart from these, on the Vc that turns amount into concentration.
    doi:10.1002/psp4.12347
    """

    name = "apixaban_cirincione_2018"
    title = "Apixaban, 4,385 people, mostly with atrial fibrillation (Cirincione 2018)"
    source = Source(
        "Cirincione B, Kowalski K, Nielsen J, et al. Population pharmacokinetics of apixaban in subjects with "
        "nonvalvular atrial fibrillation. CPT Pharmacometrics Syst Pharmacol 2018;7:728-738",
        "10.1002/psp4.12347",
        "Table 3 (stage 2 final model), Table S2",
        "one transcription",
        "Residual SD of the log is 0.31 (phase 1 and Japan), 0.668 (APPRAISE-1) or 0.460 (ARISTOTLE); 0.460 is used. "
        "The inhibitor effect pools strong (3 people) and moderate inhibitors: it is not a prediction of one drug's.",
    )
    peripherals = 1
    absorption = "first_order"
    clearance_keys = ("K",)
    parameters = (
        Parameter("CL_RENAL", 1.57, "L/h", "renal clearance at CRCL 80 mL/min"),
        Parameter("CL_OTHER", 2.02, "L/h", "nonrenal clearance, man of 65 years"),
        Parameter("VC", 30.0, "L", "central volume at 70 kg"),
        Parameter("Q", 1.91, "L/h", "intercompartmental clearance"),
        Parameter("VP", 27.0, "L", "peripheral volume"),
        Parameter("KA", 0.473, "1/h", "absorption after a morning dose"),
        Parameter("EVENING_ON_KA", -0.433, "1"),
        Parameter("AGE_ON_CL", -0.429, "1", "exponent of AGE/65 on nonrenal clearance"),
        Parameter("FEMALE_ON_CL", -0.216, "1", "on nonrenal clearance"),
        Parameter("ASIAN_ON_CL", -0.119, "1"),
        Parameter("AF_ON_CL", -0.139, "1"),
        Parameter("ACS_ON_CL", -0.215, "1"),
        Parameter("INHIBITOR_ON_CL", -0.146, "1"),
        Parameter("WT_ON_VC", 0.790, "1", "exponent of WT/70"),
        Parameter("AF_ON_VC", -0.0405, "1"),
        Parameter("ACS_ON_VC", -0.180, "1"),
        Parameter("F_LOSS", 1 / (1 + exp(0.322)), "1", "loss of bioavailability at 50 mg, logit -0.322"),
        Parameter("F_SHAPE", 0.857, "1"),
    )
    variability = (
        Variability("KA", 0.263),
        Variability("K", 0.0954),
        Variability("VC", 0.0294),
        Variability("K21", 0.240),
        Variability("K12", 1.55),
    )
    covariates = (
        Covariate("CRCL", "mL/min", "Cockcroft-Gault, total weight; capped at 150", soft=(15, 320), hard=(5, 400)),
        Covariate("AGE", "y", "age", soft=(18, 94), hard=(18, 105)),
        Covariate("WT", "kg", "body weight", soft=(32, 198), hard=(30, 300)),
        Covariate("FEMALE", "1", "sex", categories={0: "male", 1: "female"}),
        Covariate("AF", "1", "nonvalvular atrial fibrillation", categories={0: "no", 1: "yes"}),
        Covariate("ACS", "1", "recent acute coronary syndrome", categories={0: "no", 1: "yes"}, default=0.0),
        Covariate("ASIAN", "1", "Asian; the paper's reference is not", categories={0: "no", 1: "yes"}, default=0.0),
        Covariate(
            "INHIBITOR",
            "1",
            "on an inhibitor of CYP3A4 and P-glycoprotein; 0 where an interaction is modelled by itself",
            categories={0: "no", 1: "yes"},
            default=0.0,
        ),
        Covariate("EVENING", "1", "evening dose; the paper's reference is morning", hard=(0, 1), default=0.0),
        Covariate("DOSE", "mg", "last dose, from the schedule", soft=(2.5, 50), hard=(0, 60), default=5.0),
    )
    outputs = (Output("concentration", "ng/mL", ResidualError("log", additive=0.460), "apixaban in plasma"),)

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical rate constants, central volume and bioavailability."""
        renal = theta["CL_RENAL"] * jnp.minimum(c["CRCL"], 150.0) / 80
        other = theta["CL_OTHER"] * (c["AGE"] / 65) ** theta["AGE_ON_CL"] * (1 + theta["FEMALE_ON_CL"] * c["FEMALE"])
        clearance, volume = renal + other, theta["VC"] * (c["WT"] / 70) ** theta["WT_ON_VC"]
        for name in ("ASIAN", "AF", "ACS", "INHIBITOR"):
            clearance = clearance * (1 + theta[f"{name}_ON_CL"] * c[name])
        for name in ("AF", "ACS"):
            volume = volume * (1 + theta[f"{name}_ON_VC"] * c[name])
        # floor: a power of zero has no derivative
        excess = jnp.maximum(c["DOSE"] - 2.5, 1e-9) / 47.5
        return {
            "K": clearance / volume,
            "VC": volume,
            "K12": theta["Q"] / volume,
            "K21": theta["Q"] / theta["VP"],
            "KA": theta["KA"] * (1 + theta["EVENING_ON_KA"] * c["EVENING"]),
            "F": 1 - theta["F_LOSS"] * excess ** theta["F_SHAPE"],
        }

    def derive(self, p: dict[str, Any], c: Values) -> dict[str, Any]:
        """Clearances and volumes that have the individual rate constants."""
        flow = p["K12"] * p["VC"]
        return {**p, "CL": p["K"] * p["VC"], "Q": flow, "VP": flow / p["K21"]}
