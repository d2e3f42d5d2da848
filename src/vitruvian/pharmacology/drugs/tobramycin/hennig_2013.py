"""Tobramycin in children and adults, with and without cystic fibrosis (Hennig 2013)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp

from vitruvian.core import Source
from vitruvian.model import Covariate, Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology.compartments import CompartmentModel

_MICROMOLAR = 88.4  # µmol/L of creatinine per mg/dL
_CITATION = (
    "Hennig S, Standing JF, Staatz CE, Thomson AH. Population pharmacokinetics of tobramycin in patients with and "
    "without cystic fibrosis. Clin Pharmacokinet 2013;52:289-301"
)
_ERRATA = (
    "The paper divides creatinine into an expected value for age and sex whose formula it does not print. Read here: "
    "84 (men) and 69.5 µmol/L (women) from 18 years, its Table 1, and the paediatric value 37.2 before. One public "
    "file uses 37.2 at every age, which lowers adult clearance by a sixth: kept as a variant. Between-occasion "
    "variability of clearance (12.7 %) and the floor of creatinine at 60 µmol/L are left out."
)


class Hennig2013(CompartmentModel):
    """Two compartments on fat-free mass (Janmahasatian):

    CL = (9.4 men | 8.1 women)·(FFM/70)^0.952·(1 + a·(AGE − 18))·(SCR_mean/SCR)^0.222, a = −0.021 before 18 years,
    −0.010 after; V1 = (25.1 | 20.1)·FFM/70; V2 = 10·FFM/70; Q = 1.5·(FFM/70)^0.952. doi:10.1007/s40262-013-0036-y
    """

    name = "tobramycin_hennig_2013"
    title = "Tobramycin, children and adults with and without cystic fibrosis, 732 people (Hennig 2013)"
    source = Source(_CITATION, "10.1007/s40262-013-0036-y", "Table 2, Eqs 6-9", "two transcriptions agree", _ERRATA)
    peripherals = 1
    absorption = None
    parameters = (
        Parameter("CL_MALE", 9.4, "L/h", "clearance at FFM 70 kg and 18 years, men"),
        Parameter("CL_FEMALE", 8.1, "L/h", "clearance at FFM 70 kg and 18 years, women"),
        Parameter("V1_MALE", 25.1, "L", "central volume at FFM 70 kg, men"),
        Parameter("V1_FEMALE", 20.1, "L", "central volume at FFM 70 kg, women"),
        Parameter("Q", 1.5, "L/h", "intercompartmental clearance at FFM 70 kg"),
        Parameter("V2", 10.0, "L", "peripheral volume at FFM 70 kg"),
        Parameter("FFM_ON_CL", 0.952, "1", "exponent of FFM/70 on clearances"),
        Parameter("AGE_CHILD", -0.021, "1/a", "slope of clearance with age before 18 years"),
        Parameter("AGE_ADULT", -0.010, "1/a", "slope of clearance with age after 18 years"),
        Parameter("SCR_ON_CL", 0.222, "1", "exponent of expected over measured creatinine"),
    )
    variability = (
        Variability("CL", 0.06492, stated="CV 25.9 %, variance ln(1+CV²)"),
        Variability("VC", 0.02283, stated="CV 15.2 %, variance ln(1+CV²)"),
        Variability("Q", 0.16104, stated="CV 41.8 %, variance ln(1+CV²)"),
        Variability("VP", 0.29443, stated="CV 58.5 %, variance ln(1+CV²)"),
    )
    # correlations 0.658 (CL-V1), 0.711 (CL-Q), 0.475 (V1-Q)
    covariances: Mapping[tuple[str, str], float] = {("CL", "VC"): 0.02533, ("CL", "Q"): 0.07270, ("VC", "Q"): 0.02880}
    covariates = (
        Covariate("FFM", "kg", "fat-free mass, Janmahasatian", soft=(3, 65), hard=(2.5, 100)),
        Covariate("FEMALE", "1", "sex", categories={0: "male", 1: "female"}),
        Covariate("AGE", "a", "age", soft=(0.01, 85), hard=(0, 100)),
        Covariate("SCR", "mg/dL", "serum creatinine", soft=(0.2, 3), hard=(0.1, 10)),
    )
    outputs = (Output("concentration", "mg/L", ResidualError("proportional", proportional=0.204), "total, in serum"),)

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical CL, VC, VP, Q."""
        size, years, female = c["FFM"] / 70, c["AGE"] - 18, c["FEMALE"] == 1
        age = 1 + theta["AGE_CHILD"] * jnp.minimum(years, 0) + theta["AGE_ADULT"] * jnp.maximum(years, 0)
        renal = (self.expected_creatinine(c) / (c["SCR"] * _MICROMOLAR)) ** theta["SCR_ON_CL"]
        by_ffm = size ** theta["FFM_ON_CL"]
        return {
            "CL": jnp.where(female, theta["CL_FEMALE"], theta["CL_MALE"]) * by_ffm * age * renal,
            "VC": jnp.where(female, theta["V1_FEMALE"], theta["V1_MALE"]) * size,
            "VP": theta["V2"] * size,
            "Q": theta["Q"] * by_ffm,
        }

    def expected_creatinine(self, c: Values) -> Any:
        """Creatinine expected for age and sex, µmol/L."""
        return jnp.where(c["AGE"] < 18, 37.2, jnp.where(c["FEMALE"] == 1, 69.5, 84.0))


class Hennig2013FixedCreatinine(Hennig2013):
    """As `Hennig2013`, with 37.2 µmol/L as expected creatinine at every age."""

    name = "tobramycin_hennig_2013_fixed_scr"
    on_request = "variant of hennig_2013: one expected creatinine at every age"
    title = "Tobramycin, as Hennig 2013, with one expected creatinine at every age (variant reading)"
    source = Source(_CITATION, "10.1007/s40262-013-0036-y", "Table 2, Eqs 6-9", "one transcription", _ERRATA)

    def expected_creatinine(self, c: Values) -> Any:
        """Creatinine expected at any age and sex, µmol/L."""
        return 37.2
