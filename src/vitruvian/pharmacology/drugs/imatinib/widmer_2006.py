"""Imatinib in adults with chronic myeloid leukaemia or gastrointestinal stromal tumour (Widmer 2006, Gotta 2012)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vitruvian.core import Source
from vitruvian.model import Covariate, Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology.compartments import CompartmentModel

_NO_YES = {0.0: "no", 1.0: "yes"}


class Widmer2006(CompartmentModel):
    """One compartment without covariates: KA 0.61 /h, CL/F 14.3 L/h, V/F 347 L. doi:10.1111/j.1365-2125.2006.02719.x"""

    name = "imatinib_widmer_2006"
    title = "Imatinib, adults, base model without covariates, 59 people (Widmer 2006)"
    source = Source(
        "Widmer N, Decosterd LA, Csajka C, et al. Population pharmacokinetics of imatinib and the role of alpha-acid "
        "glycoprotein. Br J Clin Pharmacol 2006;62:97-112",
        "10.1111/j.1365-2125.2006.02719.x",
        "demographic base model",
        "two transcriptions agree",
        "CV 36 and 63 % are taken as SDs of the logarithms, as the later file of the same group has (0.356, 0.629).",
    )
    peripherals = 0
    absorption = "first_order"
    parameters: tuple[Parameter, ...] = (
        Parameter("KA", 0.61, "1/h"),
        Parameter("CL", 14.3, "L/h", "apparent clearance"),
        Parameter("VC", 347.0, "L", "apparent volume"),
    )
    variability = (
        Variability("CL", 0.36**2, stated="CV 36 %"),
        Variability("VC", 0.63**2, stated="CV 63 %"),
    )
    outputs = (
        Output("concentration", "ng/mL", ResidualError("proportional", proportional=0.31), "imatinib in plasma"),
    )

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical apparent quantities."""
        return {name: theta[name] for name in ("KA", "CL", "VC")}


class Gotta2012(Widmer2006):
    """Widmer's covariates, validated by Gotta: with s = +1 in men and −1 in women, g = +1 with GIST and −1 with CML,

    CL/F = 14.3 + 5.42(WT − 70)/70 + 1.49·s − 5.81(AGE − 50)/50 − 0.806·g L/h, V/F = 347 + 46.2·s L, KA 0.609 /h.
    doi:10.2165/11596990-000000000-00000
    """

    name = "imatinib_gotta_2012"
    title = "Imatinib, adults, with weight, age, sex and disease (Widmer 2006, validated by Gotta 2012)"
    source = Source(
        "Gotta V, Widmer N, Montemurro M, et al. Therapeutic drug monitoring of imatinib: Bayesian and alternative "
        "methods to predict trough levels. Clin Pharmacokinet 2012;51:187-201",
        "10.2165/11596990-000000000-00000",
        "population model",
        "one transcription",
        "The public file says that sex = 1 is female; the signs (larger clearance and volume) and Gotta 2014 (15 % "
        "less "
        "clearance in women) say male, which is used.",
    )
    parameters = (
        Parameter("KA", 0.609, "1/h"),
        Parameter("CL", 14.3, "L/h"),
        Parameter("VC", 347.0, "L"),
        Parameter("WT_ON_CL", 5.42, "L/h", "per (WT − 70)/70"),
        Parameter("SEX_ON_CL", 1.49, "L/h", "added in men, taken off in women"),
        Parameter("AGE_ON_CL", -5.81, "L/h", "per (AGE − 50)/50"),
        Parameter("GIST_ON_CL", -0.806, "L/h", "added with GIST, taken off with CML"),
        Parameter("SEX_ON_VC", 46.2, "L", "added in men, taken off in women"),
    )
    variability = (
        Variability("CL", 0.356**2, stated="SD 0.356"),
        Variability("VC", 0.629**2, stated="SD 0.629"),
    )
    covariances: Mapping[tuple[str, str], float] = {("CL", "VC"): 0.799 * 0.356 * 0.629}
    covariates = (
        Covariate("WT", "kg", "body weight", soft=(44, 110), hard=(35, 200)),
        Covariate("AGE", "y", "age", soft=(20, 88), hard=(18, 100)),
        Covariate("FEMALE", "1", "sex", categories={0: "male", 1: "female"}),
        Covariate("GIST", "1", "gastrointestinal stromal tumour (0: leukaemia)", categories=_NO_YES),
    )
    outputs = (
        Output("concentration", "ng/mL", ResidualError("proportional", proportional=0.3138), "imatinib in plasma"),
    )

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical apparent quantities."""
        man, tumour = 1 - 2 * c["FEMALE"], 2 * c["GIST"] - 1
        weight = theta["WT_ON_CL"] * (c["WT"] - 70) / 70
        age = theta["AGE_ON_CL"] * (c["AGE"] - 50) / 50
        return {
            "KA": theta["KA"],
            "CL": theta["CL"] + weight + theta["SEX_ON_CL"] * man + age + theta["GIST_ON_CL"] * tumour,
            "VC": theta["VC"] + theta["SEX_ON_VC"] * man,
        }
