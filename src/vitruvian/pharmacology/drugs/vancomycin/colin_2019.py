"""Vancomycin from preterm birth to old age (Colin 2019)."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from vitruvian.core import Source
from vitruvian.model import Covariate, Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology.compartments import CompartmentModel


class Colin2019(CompartmentModel):
    """Two compartments, with P the postmenstrual age in years (age + gestation):

    CL = 5.31·(WT/70)^0.75 · P^2.89/(P^2.89 + (46.4/52)^2.89) · 1/(1 + (P/61.6)^2.24) · exp(−0.649·(SCR − SCR_std)),
    SCR_std = exp(−1.228 + 0.672·log10 P + 6.27·exp(−3.11·P)),
    V1 = 42.9·WT/70, V2 = 41.7·WT/70, Q = 3.22·(WT/70)^0.75. doi:10.1007/s40262-018-0727-5
    """

    name = "vancomycin_colin_2019"
    title = "Vancomycin, preterm neonates to old age, 14 studies pooled (Colin 2019)"
    source = Source(
        "Colin PJ, Allegaert K, Thomson AH, et al. Vancomycin pharmacokinetics throughout life: results from a pooled "
        "population analysis and evaluation of current dosing recommendations. Clin Pharmacokinet 2019;58:767-780",
        "10.1007/s40262-018-0727-5",
        "abstract, Eqs 6-13, Table 3",
        "two transcriptions agree",
        "A third transcription divides maturation and decline by their values at 35 years: it gives CL 5.31 instead of "
        "4.10 L/h for the 35-year-old of the abstract, so it is not followed. Variances and residual error come from "
        "that transcription alone (form of the residual error not stated: root of squares). Effects of haematological "
        "malignancy (CL ×1.294) and of heel-prick sampling are left out.",
    )
    peripherals = 1
    absorption = None
    parameters = (
        Parameter("CL", 5.31, "L/h", "mature clearance at 70 kg before decline"),
        Parameter("V1", 42.9, "L", "central volume at 70 kg"),
        Parameter("V2", 41.7, "L", "peripheral volume at 70 kg"),
        Parameter("Q", 3.22, "L/h", "intercompartmental clearance at 70 kg"),
        Parameter("PMA50", 46.4, "wk", "postmenstrual age at half maturation"),
        Parameter("MATURATION", 2.89, "1", "maturation exponent"),
        Parameter("AGE50", 61.6, "a", "postmenstrual age at half decline"),
        Parameter("DECLINE", 2.24, "1", "decline exponent"),
        Parameter("SCR_ON_CL", 0.649, "dL/mg", "effect of creatinine above its value for age"),
    )
    variability = (
        Variability("CL", 0.0746),
        Variability("VC", 0.0716),
        Variability("VP", 0.684),
    )
    covariates = (
        Covariate("WT", "kg", "body weight", soft=(0.5, 200), hard=(0.4, 300)),
        Covariate("AGE", "a", "age since birth", soft=(0, 100), hard=(0, 120)),
        Covariate("GA", "wk", "gestation at birth; 40 weeks if not known, as in the paper", (22, 42), (22, 45), 40.0),
        Covariate(
            "SCR",
            "mg/dL",
            "serum creatinine; far above normal the clearance comes out too low",
            (0.1, 3),
            (0.1, 6),
        ),
    )
    outputs = (Output("concentration", "mg/L", ResidualError("combined_squares", 1.23, 0.2145), "total, in serum"),)

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical CL, VC, VP, Q."""
        size, pma = c["WT"] / 70, c["AGE"] + c["GA"] / 52
        maturation = 1 / (1 + (theta["PMA50"] / 52 / pma) ** theta["MATURATION"])
        decline = 1 / (1 + (pma / theta["AGE50"]) ** theta["DECLINE"])
        usual = jnp.exp(-1.228 + 0.672 * jnp.log10(pma) + 6.27 * jnp.exp(-3.11 * pma))
        renal = jnp.exp(-theta["SCR_ON_CL"] * (c["SCR"] - usual))
        return {
            "CL": theta["CL"] * size**0.75 * maturation * decline * renal,
            "VC": theta["V1"] * size,
            "VP": theta["V2"] * size,
            "Q": theta["Q"] * size**0.75,
        }
