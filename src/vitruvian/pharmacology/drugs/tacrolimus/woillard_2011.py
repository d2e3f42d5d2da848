"""Tacrolimus in adult kidney transplant recipients, two formulations (Woillard 2011)."""

from __future__ import annotations

from typing import Any

from vitruvian.core import Source
from vitruvian.model import Covariate, Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology.compartments import CompartmentModel

_CITATION = (
    "Woillard JB, de Winter BCM, Kamar N, et al. Population pharmacokinetic model and Bayesian estimator for two "
    "tacrolimus formulations - twice daily Prograf and once daily Advagraf. Br J Clin Pharmacol 2011;71:391-402"
)
_ERRATA = (
    "The discussion names central volumes of 205 and 527 L; Table 4 gives 486·0.29 = 141 and 486 L, which are used. "
    "The paper also estimates variability between occasions (Prograf: Ktr, Vc, CL), which was not transcribed: "
    "left out. "
    "Formulation goes with time after transplantation (Prograf: first six months, Advagraf: after a year)."
)
EXPRESSER = Covariate(
    "CYP3A5_EXPRESSOR",
    "1",
    "carries a CYP3A5*1 allele. European frequency 0.14 (Birdwell 2015, *1 about 0.07, Hardy-Weinberg)",
    categories={0: "no", 1: "yes"},
    frequencies={0: 0.86, 1: 0.14},
)


class Woillard2011(CompartmentModel):
    """Two compartments behind three transit compartments; twice-daily immediate-release capsules (Prograf).

    Ktr = 3.34·1.53 /h, CL/F = 21.2(HCT/35)^-1.14·2.00^CYP3A5_EXPRESSOR L/h, Vc/F = 486·0.29 L, Q/F 79 L/h,
    Vp/F 271 L. doi:10.1111/j.1365-2125.2010.03837.x
    """

    name = "tacrolimus_woillard_2011"
    title = "Tacrolimus, immediate release, kidney transplant, first months (Woillard 2011)"
    source = Source(_CITATION, "10.1111/j.1365-2125.2010.03837.x", "Table 4", "one transcription", _ERRATA)
    peripherals = 1
    absorption = 3
    parameters: tuple[Parameter, ...] = (
        Parameter("KTR", 3.34, "1/h", "transit rate, prolonged release"),
        Parameter("RELEASE_ON_KTR", 1.53, "1", "factor on Ktr, immediate release"),
        Parameter("CL", 21.2, "L/h", "apparent clearance at haematocrit 35 %, no CYP3A5*1"),
        Parameter("HCT_ON_CL", -1.14, "1", "exponent of HCT/35"),
        Parameter("EXPRESSOR_ON_CL", 2.00, "1", "factor on clearance with CYP3A5*1"),
        Parameter("VC", 486.0, "L", "apparent central volume, prolonged release"),
        Parameter("RELEASE_ON_VC", 0.29, "1", "factor on Vc, immediate release"),
        Parameter("Q", 79.0, "L/h"),
        Parameter("VP", 271.0, "L"),
    )
    variability = (
        Variability("KTR", 0.05605, stated="CV 24 %, variance ln(1+CV²)"),
        Variability("CL", 0.07546, stated="CV 28 %, variance ln(1+CV²)"),
        Variability("VC", 0.09161, stated="CV 31 %, variance ln(1+CV²)"),
        Variability("Q", 0.25593, stated="CV 54 %, variance ln(1+CV²)"),
        Variability("VP", 0.30748, stated="CV 60 %, variance ln(1+CV²)"),
    )
    covariates = (
        Covariate("HCT", "%", "haematocrit", soft=(20.9, 46.6), hard=(15, 60)),
        EXPRESSER,
    )
    outputs = (Output("concentration", "ng/mL", ResidualError("combined_squares", 0.71, 0.113), "in whole blood"),)
    immediate: int = 1

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical apparent quantities."""
        expresser = theta["EXPRESSOR_ON_CL"] ** c["CYP3A5_EXPRESSOR"]
        return {
            "KTR": theta["KTR"] * theta["RELEASE_ON_KTR"] ** self.immediate,
            "CL": theta["CL"] * (c["HCT"] / 35) ** theta["HCT_ON_CL"] * expresser,
            "VC": theta["VC"] * theta["RELEASE_ON_VC"] ** self.immediate,
            "Q": theta["Q"],
            "VP": theta["VP"],
        }


class Woillard2011Prolonged(Woillard2011):
    """As `Woillard2011` for once-daily prolonged-release capsules (Advagraf): Ktr 3.34 /h, Vc/F 486 L."""

    name = "tacrolimus_woillard_2011_prolonged"
    on_request = "another product: prolonged release"
    title = "Tacrolimus, prolonged release, stable kidney transplant (Woillard 2011)"
    immediate = 0
