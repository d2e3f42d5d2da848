"""Intravenous busulfan from infants to adults (McCune 2014)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp

from vitruvian.core import Source
from vitruvian.model import Covariate, Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology.compartments import CompartmentModel


class McCune2014(CompartmentModel):
    """Two compartments, sizes scaled by normal fat mass NFM = FFM + f·(WT − FFM), f 0.509 (CL) and 0.203 (volumes).

    CL = 11.4(NFM/70)^0.75·PMA^2.3/(PMA^2.3 + 45.7^2.3)·(1, 0.932 after 6 h, 0.919 after 36 h) L/h, V1 = 13.9 NFM/70,
    V2 = 29.9 NFM/70, Q = 135.2(NFM/70)^0.75; volumes x 1.07 in women. FFM = WHSmax·HT²·WT/(WHS50·HT² + WT), HT in m:
    men 42.92 and 30.93, women 37.99 and 35.98. PMA (weeks) = 40 + 52.18·AGE. Time counts from the first dose.
    doi:10.1158/1078-0432.CCR-13-1960
    """

    name = "busulfan_mccune_2014"
    title = "Busulfan, intravenous, infants to adults, 1,610 people (McCune 2014)"
    source = Source(
        "McCune JS, Bemer MJ, Barrett JS, et al. Busulfan in infant to adult hematopoietic cell transplant "
        "recipients: a "
        "population pharmacokinetic model for initial and Bayesian dose personalization. "
        "Clin Cancer Res 2014;20:754-763",
        "10.1158/1078-0432.CCR-13-1960",
        "final model and supplementary methods",
        "one transcription",
    )
    peripherals = 1
    absorption = None
    breakpoints = (6.0, 36.0)
    parameters = (
        Parameter("CL", 11.4, "L/h", "NFM 70 kg, mature, first six hours"),
        Parameter("VC", 13.9, "L"),
        Parameter("Q", 135.2, "L/h"),
        Parameter("VP", 29.9, "L"),
        Parameter("TM50", 45.7, "wk", "postmenstrual age at half of mature clearance"),
        Parameter("HILL", 2.3, "1"),
        Parameter("FAT_ON_CL", 0.509, "1", "share of fat mass in size for clearance"),
        Parameter("FAT_ON_V", 0.203, "1", "share of fat mass in size for volume"),
        Parameter("CL_AFTER_6H", 0.932, "1"),
        Parameter("CL_AFTER_36H", 0.919, "1"),
        Parameter("FEMALE_ON_V", 1.07, "1"),
    )
    variability = (
        Variability("CL", 0.0459, occasion_variance=0.01269, stated="variance; between occasions CV 11.3 %"),
        Variability("VC", 0.152, occasion_variance=0.04897, stated="variance; between occasions CV 22.4 %"),
        Variability("Q", 0.814),
        Variability("VP", 0.00932),
    )
    covariances: Mapping[tuple[str, str], float] = {
        ("VC", "CL"): 0.0172,
        ("Q", "CL"): 0.0681,
        ("Q", "VC"): 0.097,
        ("VP", "CL"): 0.0115,
        ("VP", "VC"): -0.00924,
        ("VP", "Q"): 0.069,
    }
    covariates = (
        Covariate("WT", "kg", "body weight", soft=(4, 145), hard=(3, 250)),
        Covariate("HT", "cm", "height", soft=(51, 205), hard=(40, 230)),
        Covariate("AGE", "y", "age", soft=(0.1, 66), hard=(0, 90)),
        Covariate("FEMALE", "1", "sex", categories={0: "male", 1: "female"}),
    )
    outputs = (Output("concentration", "mg/L", ResidualError("combined_squares", 0.027, 0.0387), "in plasma"),)

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical clearances and volumes at the segment's time."""
        female, square = c["FEMALE"], (c["HT"] / 100) ** 2
        most, half = 42.92 - 4.93 * female, 30.93 + 5.05 * female
        lean = most * square * c["WT"] / (half * square + c["WT"])
        size = (lean + theta["FAT_ON_CL"] * (c["WT"] - lean)) / 70
        room = (lean + theta["FAT_ON_V"] * (c["WT"] - lean)) / 70 * theta["FEMALE_ON_V"] ** female
        mature = 1 / (1 + ((40 + 52.1775 * c["AGE"]) / theta["TM50"]) ** -theta["HILL"])
        later = jnp.where(c["TIME"] >= 36, theta["CL_AFTER_36H"], theta["CL_AFTER_6H"])
        return {
            "CL": theta["CL"] * size**0.75 * mature * jnp.where(c["TIME"] >= 6, later, 1.0),
            "VC": theta["VC"] * room,
            "Q": theta["Q"] * size**0.75,
            "VP": theta["VP"] * room,
        }
