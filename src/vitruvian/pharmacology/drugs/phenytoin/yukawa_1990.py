"""Phenytoin by mouth in epilepsy, saturable elimination (Yukawa 1990)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from vitruvian.core import Source
from vitruvian.model import Covariate, FixedStep, Model, Output, Parameter, ResidualError, Values, Variability

_ASSUMED = Source("Usual literature value: not estimated by the steady-state model", status="assumption")
_NO_YES = {0.0: "no", 1.0: "yes"}


class Yukawa1990(Model):
    """One compartment: dA/dt = KA·D − VMAX·C/(KM + C), C = A/V. At steady state R = VMAX·C/(KM + C).

    VMAX = 325(WT/60)^0.737·1.08^COMEDICATION mg/d, KM = 2.41·0.752^(AGE < 15)·1.32^COMEDICATION mg/L.
    V = 0.6 L/kg and KA 1.5 /h are assumed: they shape the time course, not the steady state. doi:10.1248/cpb.38.1973
    """

    name = "phenytoin_yukawa_1990"
    title = "Phenytoin, epilepsy outpatients, 334 people (Yukawa 1990)"
    source = Source(
        "Yukawa E, Higuchi S, Aoyama T. Population pharmacokinetics of phenytoin from routine clinical data in "
        "Japan: an "
        "update. Chem Pharm Bull 1990;38:1973-1976",
        "10.1248/cpb.38.1973",
        "Table III, model 2, tablets",
        "one transcription",
        "The residual (CV 10.3 %) is on the daily dose; on the level it is larger near saturation, 25 % is "
        "assumed. The "
        "model is of steady states with doses two or three times a day; powder is left out.",
    )
    linear = False
    solver = FixedStep(dt=0.5)  # hours
    compartments = ("depot", "central")
    routes: Mapping[str, str] = {"oral": "depot", "iv": "central"}
    clearance_keys = ("VMAX",)
    parameters = (
        Parameter("VMAX", 325.0, "mg/d", "60 kg, phenytoin alone"),
        Parameter("KM", 2.41, "mg/L", "adults, phenytoin alone"),
        Parameter("WT_ON_VMAX", 0.737, "1", "exponent of WT/60"),
        Parameter("COMEDICATION_ON_VMAX", 1.08, "1", "factor with another antiepileptic drug"),
        Parameter("COMEDICATION_ON_KM", 1.32, "1", "factor with another antiepileptic drug"),
        Parameter("CHILD_ON_KM", 0.752, "1", "factor below 15 years"),
        Parameter("V_PER_KG", 0.6, "L/kg", source=_ASSUMED),
        Parameter("KA", 1.5, "1/h", source=_ASSUMED),
    )
    variability = (
        Variability("VMAX", 0.193**2, stated="CV 19.3 %"),
        Variability("KM", 0.631**2, stated="CV 63.1 %"),
    )
    covariates = (
        Covariate("WT", "kg", "body weight", soft=(9, 115), hard=(8, 200)),
        Covariate("AGE", "y", "age", soft=(0.6, 71), hard=(0.5, 100)),
        Covariate("COMEDICATION", "1", "on another antiepileptic drug", categories=_NO_YES, default=0.0),
    )
    outputs = (
        Output(
            "concentration",
            "mg/L",
            ResidualError(
                "proportional", proportional=0.25, assumed="published on the dose (10.3 %), not on the level"
            ),
            "total phenytoin in serum",
        ),
    )

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical VMAX (mg/h), KM, volume and absorption."""
        other = c["COMEDICATION"]
        rate = theta["VMAX"] / 24 * (c["WT"] / 60) ** theta["WT_ON_VMAX"]
        child = jnp.where(c["AGE"] < 15, theta["CHILD_ON_KM"], 1.0)
        return {
            "VMAX": rate * theta["COMEDICATION_ON_VMAX"] ** other,
            "KM": theta["KM"] * child * theta["COMEDICATION_ON_KM"] ** other,
            "V": theta["V_PER_KG"] * c["WT"],
            "KA": theta["KA"],
        }

    def rhs(self, t: Any, y: Float[Array, " n"], p: Values) -> Float[Array, " n"]:
        """dy/dt."""
        level, absorbed = y[1] / p["V"], p["KA"] * y[0]
        return jnp.stack([-absorbed, absorbed - p["VMAX"] * level / (p["KM"] + level)])

    def observe(self, t: Any, y: Float[Array, " n"], p: Values) -> dict[str, Any]:
        """Serum concentration."""
        return {"concentration": y[1] / p["V"]}
