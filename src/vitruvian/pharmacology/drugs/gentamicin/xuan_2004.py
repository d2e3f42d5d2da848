"""Gentamicin once daily in hospitalised adults (Xuan 2004)."""

from __future__ import annotations

from typing import Any

from vitruvian.core import Source
from vitruvian.model import Covariate, Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology.compartments import CompartmentModel


class Xuan2004(CompartmentModel):
    """Two compartments in rate constants: CL = 0.047·CRCL, V1 = 0.28·WT, k12 = 0.092, k21 = 0.071 /h.

    doi:10.1016/j.ijantimicag.2003.07.010
    """

    name = "gentamicin_xuan_2004"
    title = "Gentamicin, hospitalised adults on once-daily dosing, 939 people (Xuan 2004)"
    source = Source(
        "Xuan D, Nicolau DP, Nightingale CH. Population pharmacokinetics of gentamicin in hospitalized patients "
        "receiving once-daily dosing. Int J Antimicrob Agents 2004;23:291-295",
        "10.1016/j.ijantimicag.2003.07.010",
        "Table 2",
        "one transcription",
        "The spread of V1 (relative standard error 350 %) and k21 (49 %) is hardly identified in the paper. "
        "The form of the combined residual error is not stated: root of squares.",
    )
    peripherals = 1
    absorption = None
    parameters = (
        Parameter("CL_PER_CRCL", 0.047, "L/h per mL/min", "clearance per creatinine clearance"),
        Parameter("V_PER_KG", 0.28, "L/kg", "central volume"),
        Parameter("K12", 0.092, "1/h", "central to peripheral"),
        Parameter("K21", 0.071, "1/h", "peripheral to central"),
    )
    variability = (
        Variability("CL", 0.0840, stated="CV 29.6 %, variance ln(1+CV²)"),
        Variability("VC", 0.00336, stated="CV 5.8 %, variance ln(1+CV²)"),
        Variability("K12", 0.398, stated="CV 69.9 %, variance ln(1+CV²)"),
        Variability("K21", 0.342, stated="CV 63.9 %, variance ln(1+CV²)"),
    )
    covariates = (
        Covariate("CRCL", "mL/min", "Cockcroft-Gault, total weight", soft=(15, 180), hard=(5, 300)),
        Covariate("WT", "kg", "body weight", soft=(40, 130), hard=(30, 250)),
    )
    outputs = (Output("concentration", "mg/L", ResidualError("combined_squares", 0.23, 0.237), "total, in serum"),)

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical CL, VC and rate constants."""
        return {
            "CL": theta["CL_PER_CRCL"] * c["CRCL"],
            "VC": theta["V_PER_KG"] * c["WT"],
            "K12": theta["K12"],
            "K21": theta["K21"],
        }

    def derive(self, p: dict[str, Any], c: Values) -> dict[str, Any]:
        """Q = k12·VC and VP = Q/k21 of the person."""
        q = p["K12"] * p["VC"]
        return {**p, "Q": q, "VP": q / p["K21"]}
