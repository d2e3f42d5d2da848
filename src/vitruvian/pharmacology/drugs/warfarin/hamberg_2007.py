"""S-warfarin levels and INR in adults (Hamberg 2007, PKPD)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from vitruvian.core import Source
from vitruvian.model import FixedStep, Model, Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology.drugs.warfarin.hamberg_2010 import AGE, CYP2C9_2, CYP2C9_3, INR_BASE, VKORC1_A

_LESS_CLEARANCE = {"12": 0.315, "13": 0.453, "22": 0.722, "23": 0.690, "33": 0.852}


class Hamberg2007(Model):
    """Two compartments with first-order absorption of S-warfarin; chains of six and one transit compartments.

    CL = 0.314(1 − 0.0091(AGE − 71))(1 − d) L/h, d by CYP2C9 diplotype (*1/*2 0.315, *1/*3 0.453, *2/*2 0.722,
    *2/*3 0.690, *3/*3 0.852); V1 13.8, Q 0.131, V2 6.59, KA 2. E = C^γ/(EC50^γ + C^γ), γ 0.424, EC50 4.61, 3.02,
    2.20 mg/L for VKORC1 GG, GA, AA. dC1/dt = (6/MTT1)(1 − E − C1) … C6; dC7/dt = (1 − E − C7)/MTT2;
    INR = BASE + 20(1 − C6·C7)^3.61. States are the deficits 1 − C. doi:10.1038/sj.clpt.6100084
    """

    name = "warfarin_hamberg_2007"
    on_request = "superseded by hamberg_2010, whose data include these people"
    title = "S-warfarin and INR with CYP2C9, VKORC1 and age, adults (Hamberg 2007, PKPD)"
    source = Source(
        "Hamberg AK, Dahl ML, Barban M, et al. A PK-PD model for predicting the impact of age, CYP2C9, and VKORC1 "
        "genotype on individualization of warfarin therapy. Clin Pharmacol Ther 2007;81:529-538",
        "10.1038/sj.clpt.6100084",
        "Tables 2 and 4",
        "one transcription",
        "The paper writes the fast rate as 1/MTT1 (p. 538); the mean transit time of the whole chain is 11.6 h "
        "(Figure 2), "
        "hence 6/MTT1. Interindividual numbers of Table 2 are read as SDs (0.31 agrees with the variance 0.089 of the "
        "2010 model), those of Table 4 as variances. Inter-individual variability of MTT2 is 1.02.",
    )
    linear = False
    solver = FixedStep(dt=0.5)  # hours; absorption is fast
    compartments = ("depot", "central", "peripheral", "fast1", "fast2", "fast3", "fast4", "fast5", "fast6", "slow")
    routes: Mapping[str, str] = {"oral": "depot"}
    parameters = (
        Parameter("CL", 0.314, "L/h", "S-warfarin clearance, CYP2C9*1/*1, 71 years"),
        *(
            Parameter(f"D_{k}", v, "1", f"clearance lost with CYP2C9*{k[0]}/*{k[1]}")
            for k, v in _LESS_CLEARANCE.items()
        ),
        Parameter("AGE_ON_CL", -0.0091, "1/y", "change of clearance per year from 71"),
        Parameter("V1", 13.8, "L"),
        Parameter("Q", 0.131, "L/h"),
        Parameter("V2", 6.59, "L"),
        Parameter("KA", 2.0, "1/h", "fixed"),
        Parameter("EC50_GG", 4.61, "mg/L"),
        Parameter("EC50_GA", 3.02, "mg/L"),
        Parameter("EC50_AA", 2.20, "mg/L"),
        Parameter("GAMMA", 0.424, "1", "Hill coefficient"),
        Parameter("MTT1", 11.6, "h", "mean transit time of the chain of six"),
        Parameter("MTT2", 120.0, "h", "mean transit time of the single compartment"),
        Parameter("LAMBDA", 3.61, "1", "exponent of the INR"),
        Parameter("INR_MAX", 20.0, "{INR}"),
        Parameter("S_FRACTION", 0.5, "1", "share of S-warfarin in the dose"),
    )
    variability = (
        Variability("CL", 0.310**2, stated="SD 0.310"),
        Variability("V1", 0.262**2, stated="SD 0.262"),
        Variability("V2", 0.991**2, stated="SD 0.991"),
        Variability("EC50", 0.409, stated="variance"),
        Variability("MTT1", 0.141, stated="variance"),
        Variability("MTT2", 1.02, stated="variance"),
    )
    covariates = (CYP2C9_2, CYP2C9_3, VKORC1_A, AGE, INR_BASE)
    outputs = (
        Output("inr", "{INR}", ResidualError("log", additive=0.18), "prothrombin time as INR; variance 0.0325"),
        Output("s_warfarin", "mg/L", ResidualError("log", additive=0.301), "S-warfarin in plasma, at steady state"),
    )

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical kinetics and response; lost clearance and EC50 by diplotype."""
        two, three, a = c["CYP2C9_2"], c["CYP2C9_3"], c["VKORC1_A"]
        lost = sum(theta[f"D_{k}"] * ((two == k.count("2")) & (three == k.count("3"))) for k in _LESS_CLEARANCE)
        ec50 = theta["EC50_GG"] * (a == 0) + theta["EC50_GA"] * (a == 1) + theta["EC50_AA"] * (a == 2)
        p = {k: theta[k] for k in ("V1", "Q", "V2", "KA", "GAMMA", "MTT1", "MTT2", "LAMBDA", "INR_MAX")}
        clearance = theta["CL"] * (1 + theta["AGE_ON_CL"] * (c["AGE"] - 71)) * (1 - lost)
        return {**p, "CL": clearance, "EC50": ec50, "F": theta["S_FRACTION"], "BASE": c["INR_BASE"]}

    def dosing(self, p: Values) -> dict[str, dict[str, Any]]:
        """Only S-warfarin counts."""
        return {"depot": {"F": p["F"]}}

    def rhs(self, t: Any, y: Float[Array, " n"], p: Values) -> Float[Array, " n"]:
        """dy/dt of amounts and deficits."""
        absorbed, out = p["KA"] * y[0], p["CL"] / p["V1"] * y[1]
        exchange = p["Q"] * (y[1] / p["V1"] - y[2] / p["V2"])
        # floor: a power of zero has no derivative
        x = jnp.maximum(y[1] / p["V1"] / p["EC50"], 1e-9) ** p["GAMMA"]
        effect = jnp.reshape(x / (1 + x), (1,))
        fast = 6 / p["MTT1"] * (jnp.concatenate([effect, y[3:8]]) - y[3:9])
        amounts = jnp.stack([-absorbed, absorbed - out - exchange, exchange])
        return jnp.concatenate([amounts, fast, (effect - y[9]) / p["MTT2"]])

    def observe(self, t: Any, y: Float[Array, " n"], p: Values) -> dict[str, Any]:
        """INR and S-warfarin concentration."""
        deficit = jnp.maximum(1 - (1 - y[8]) * (1 - y[9]), 1e-9)
        return {"inr": p["BASE"] + p["INR_MAX"] * deficit ** p["LAMBDA"], "s_warfarin": y[1] / p["V1"]}
