"""Voriconazole by mouth and intravenously in adolescents and adults (Friberg 2012)."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from vitruvian.core import Source
from vitruvian.model import Covariate, FixedStep, Model, Output, Parameter, ResidualError, Values, Variability


class Friberg2012(Model):
    """Two compartments, first-order absorption, saturable clearance that falls with time beside a linear one.

    dA/dt = KA·D − (VMAX(t)·C/(KM + C) + CL·C) − Q(C − C2), C = A/V; VMAX(t) = VMAX(1 − I·(t − 1)/(t − 1 + 1.41)) from
    the first hour, t since the first dose. VMAX 114(WT/70)^0.75 mg/h, KM 1.15 mg/L, CL 6.16(WT/70)^0.75,
    Q 15.5·1.637(WT/70)^0.75 L/h, V 79 WT/70, V2 103 WT/70 L, KA 1.19 /h, lag 0.949 h, F = expit(0.585).
    I = expit(1.5), and 1 with a CYP2C19 allele without function. doi:10.1128/AAC.05761-11
    """

    name = "voriconazole_friberg_2012"
    title = "Voriconazole, adolescents and adults (Friberg 2012)"
    source = Source(
        "Friberg LE, Ravva P, Karlsson MO, Liu P. Integrated population pharmacokinetic analysis of voriconazole in "
        "children, adolescents, and adults. Antimicrob Agents Chemother 2012;56:3032-3042",
        "10.1128/AAC.05761-11",
        "final model",
        "one transcription",
        "Read from a public model file. It lists the lag but does not use it; here it applies to oral doses. Children "
        "below 12 years have other factors and are left out. The file takes an unknown CYP2C19 genotype as poor "
        "metabolism; here it is a mixture. Typical troughs of this reading on 200 mg twice daily "
        "(0.3 mg/L; 1.3 with reduced function) lie below the label's means (about 0.5): let levels decide.",
    )
    linear = False
    solver = FixedStep(dt=0.1)  # hours; saturable clearance is fast at low levels
    compartments = ("depot", "central", "peripheral")
    routes: Mapping[str, str] = {"oral": "depot", "iv": "central"}
    clearance_keys = ("CL", "VMAX")
    parameters = (
        Parameter("KA", 1.19, "1/h"),
        Parameter("LAG", 0.949, "h", "of oral doses"),
        Parameter("VMAX", 114.0, "mg/h", "at the first hour, 70 kg"),
        Parameter("KM", 1.15, "mg/L"),
        Parameter("T50", 2.41, "h", "time of half the loss of VMAX"),
        Parameter("INHIBITION_LOGIT", 1.5, "1", "logit of the final loss of VMAX"),
        Parameter("CL", 6.16, "L/h", "linear clearance, 70 kg"),
        Parameter("V", 79.0, "L"),
        Parameter("Q", 15.5, "L/h"),
        Parameter("ADULT_ON_Q", 1.637, "1"),
        Parameter("V2", 103.0, "L"),
        Parameter("F_ODDS", exp(0.585), "1", "odds of the bioavailability"),
    )
    variability = (
        Variability("KA", 0.806404, stated="SD 0.898"),
        Variability("VMAX", 0.25),
        Variability("KM", 1.0),
        Variability("CL", 0.189225, stated="SD 0.435"),
        Variability("Q", 0.179776, stated="SD 0.424"),
        Variability("V", 0.018496, stated="SD 0.136"),
        Variability("V2", 0.591361, stated="SD 0.769"),
        Variability("F_ODDS", 1.0, "boxcox", shape=0.367),
    )
    covariances: Mapping[tuple[str, str], float] = {("VMAX", "KM"): 0.25}
    covariates = (
        Covariate("WT", "kg", "body weight", soft=(30, 125), hard=(25, 200)),
        Covariate("AGE", "y", "age", soft=(12, 85), hard=(12, 100)),
        Covariate(
            "CYP2C19_REDUCED",
            "1",
            "carries a CYP2C19 allele without function (*2, *3). European frequency 0.28 (Moriyama 2017, alleles 0.15)",
            categories={0: "no", 1: "yes"},
            frequencies={0: 0.72, 1: 0.28},
        ),
    )
    outputs = (
        Output("concentration", "mg/L", ResidualError("combined_squares", 0.01, 0.30), "voriconazole in plasma"),
    )

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical quantities; INHIBITION is the final loss of VMAX."""
        size = c["WT"] / 70
        final = 1 / (1 + jnp.exp(-theta["INHIBITION_LOGIT"]))
        return {
            "KA": theta["KA"],
            "LAG": theta["LAG"],
            "VMAX": theta["VMAX"] * size**0.75,
            "KM": theta["KM"],
            "T50": theta["T50"],
            "INHIBITION": jnp.where(c["CYP2C19_REDUCED"] == 1, 1.0, final),
            "CL": theta["CL"] * size**0.75,
            "V": theta["V"] * size,
            "Q": theta["Q"] * theta["ADULT_ON_Q"] * size**0.75,
            "V2": theta["V2"] * size,
            "F_ODDS": theta["F_ODDS"],
        }

    def dosing(self, p: Values) -> dict[str, dict[str, Any]]:
        """Bioavailability and lag of oral doses."""
        return {"depot": {"F": p["F_ODDS"] / (1 + p["F_ODDS"]), "LAG": p["LAG"]}}

    def rhs(self, t: Any, y: Float[Array, " n"], p: Values) -> Float[Array, " n"]:
        """dy/dt; `t` counts from the first dose."""
        since = jnp.maximum(t - 1.0, 0.0)
        most = p["VMAX"] * (1 - p["INHIBITION"] * since / (since + p["T50"] - 1))
        level, absorbed = y[1] / p["V"], p["KA"] * y[0]
        out = most * level / (p["KM"] + level) + p["CL"] * level
        exchange = p["Q"] * (level - y[2] / p["V2"])
        return jnp.stack([-absorbed, absorbed - out - exchange, exchange])

    def observe(self, t: Any, y: Float[Array, " n"], p: Values) -> dict[str, Any]:
        """Plasma concentration."""
        return {"concentration": y[1] / p["V"]}
