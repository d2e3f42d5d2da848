"""High-dose methotrexate in children with leukaemia (Taylor 2020, MTXPK.org)."""

from __future__ import annotations

from typing import Any

from jaxtyping import Array, Float

from vitruvian.core import Source
from vitruvian.model import Covariate, Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology.compartments import CompartmentModel

MOLAR_MASS = 454.44
_UMOL_PER_MG_DL = 88.42


class Taylor2020(CompartmentModel):
    """Three compartments, all per 1.73 m² of body surface.

    CL = 11(SCR/29 µmol/L)^-0.247, V1 16.5, Q2 0.602, V2 4.55, Q3 0.111, V3 13.1 (L, L/h). doi:10.1002/cpt.1957
    """

    name = "methotrexate_taylor_2020"
    title = "Methotrexate, high dose over 24 h, children with leukaemia, 772 people (Taylor 2020)"
    source = Source(
        "Taylor ZL, Mizuno T, Punt NC, et al. MTXPK.org: a clinical decision support tool evaluating high-dose "
        "methotrexate pharmacokinetics to inform post-infusion care and use of glucarpidase. "
        "Clin Pharmacol Ther 2020;108:635-643",
        "10.1002/cpt.1957",
        "Table 3",
        "one transcription",
        "The residual error (additive on the logarithm) was not published; its size is assumed.",
    )
    peripherals = 2
    absorption = None
    parameters = (
        Parameter("CL", 11.0, "L/h", "per 1.73 m², creatinine 29 umol/L"),
        Parameter("VC", 16.5, "L"),
        Parameter("Q", 0.602, "L/h"),
        Parameter("VP", 4.55, "L"),
        Parameter("Q2", 0.111, "L/h"),
        Parameter("VP2", 13.1, "L"),
        Parameter("SCR_ON_CL", -0.247, "1", "exponent of creatinine/29 umol/L"),
    )
    variability = (
        Variability("CL", 0.08),
        Variability("VP", 0.12),
        Variability("Q2", 0.13),
        Variability("VP2", 0.10),
    )
    covariates = (
        Covariate("BSA", "m2", "body surface area", soft=(0.4, 2.31), hard=(0.2, 3.0)),
        Covariate("SCR", "mg/dL", "serum creatinine, over time", soft=(0.1, 2.0), hard=(0.05, 15)),
    )
    outputs = (
        Output(
            "concentration",
            "umol/L",
            ResidualError("log", additive=0.25, assumed="not published; 20 to 30 % is usual for methotrexate levels"),
            "methotrexate in plasma",
        ),
    )

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical clearances and volumes at the person's body surface."""
        p = {name: theta[name] * c["BSA"] / 1.73 for name in ("CL", "VC", "Q", "VP", "Q2", "VP2")}
        return {**p, "CL": p["CL"] * (c["SCR"] * _UMOL_PER_MG_DL / 29) ** theta["SCR_ON_CL"]}

    def observe(self, t: Any, y: Float[Array, " n"], p: Values) -> dict[str, Any]:
        """Concentration in umol/L."""
        return {"concentration": y[0] / p["VC"] * 1000 / MOLAR_MASS}
