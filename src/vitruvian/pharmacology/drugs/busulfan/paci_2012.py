"""Intravenous busulfan in children (Paci 2012)."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from vitruvian.core import Source
from vitruvian.model import Covariate, Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology.compartments import CompartmentModel


class Paci2012(CompartmentModel):
    """One compartment: CL = 2.18(WT/9)^1.25 below 9 kg, 2.18(WT/9)^0.76 above (L/h); V = WT^0.86 L.

    Individual values are typical·(1 + η).
    """

    name = "busulfan_paci_2012"
    title = "Busulfan, intravenous, children of 3.5 to 62 kg (Paci 2012)"
    source = Source(
        "Paci A, Vassal G, Moshous D, et al. Pharmacokinetic behavior and appraisal of intravenous busulfan dosing in "
        "infants and older children: the results of a population pharmacokinetic study from a large pediatric cohort "
        "undergoing hematopoietic stem-cell transplantation. Ther Drug Monit 2012;34:198-208",
        table="final model",
        status="one transcription",
        errata="The interindividual numbers 0.23 and 0.22 are SDs of proportional effects, as in a public file.",
    )
    peripherals = 0
    absorption = None
    parameters = (
        Parameter("CL", 2.18, "L/h", "at 9 kg"),
        Parameter("WT_ON_CL_SMALL", 1.25, "1", "exponent below 9 kg"),
        Parameter("WT_ON_CL", 0.76, "1", "exponent above 9 kg"),
        Parameter("WT_ON_VC", 0.86, "1", "exponent of the weight in kg"),
    )
    variability = (
        Variability("CL", 0.23**2, "proportional", stated="SD 0.23"),
        Variability("VC", 0.22**2, "proportional", stated="SD 0.22"),
    )
    covariates = (Covariate("WT", "kg", "body weight", soft=(3.5, 62.5), hard=(3, 80)),)
    outputs = (Output("concentration", "mg/L", ResidualError("combined_squares", 0.057, 0.11), "in plasma"),)

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical clearance and volume."""
        exponent = jnp.where(c["WT"] < 9, theta["WT_ON_CL_SMALL"], theta["WT_ON_CL"])
        return {"CL": theta["CL"] * (c["WT"] / 9) ** exponent, "VC": c["WT"] ** theta["WT_ON_VC"]}
