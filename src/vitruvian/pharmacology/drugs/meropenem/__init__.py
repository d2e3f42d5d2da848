"""Meropenem."""

from __future__ import annotations

from vitruvian.core import Source
from vitruvian.pharmacology.drug import Bounds, Drug, LabelRule, Limit, Product, Regimen, StandardDose
from vitruvian.pharmacology.drugs import _betalactams as shared
from vitruvian.pharmacology.drugs.meropenem.li_2006 import Li2006

LABEL = Source(
    "Meropenem for injection, prescribing information (FDA)",
    table="Dosage and administration",
    status="two transcriptions agree",
)
UNBOUND = 0.98
MIC = 2.0  # EUCAST susceptible breakpoint, Enterobacterales and Pseudomonas

DRUG = Drug(
    name="meropenem",
    title="Meropenem",
    codes={"rxnorm": "29561", "atc": "J01DH02"},
    models=(Li2006(),),
    molar_mass=383.5,
    products=(Product("vial", 500, "mg", "iv", increment=250), Product("vial", 1000, "mg", "iv", increment=250)),
    targets=(
        shared.time_above("ft_above_mic", 100, UNBOUND, MIC, shared.CRITICAL),
        shared.time_above("ft40_above_mic", 40, UNBOUND, MIC, Li2006.source),
        shared.time_above("ft_above_4_mic", 100, UNBOUND, MIC, shared.FOUR_TIMES, times=4),
        shared.trough_high("trough_kidney", 44.45, "kidney injury"),
        shared.trough_high("trough_nervous_system", 64.2, "neurotoxicity"),
    ),
    bounds=Bounds(
        (
            Limit("single", "absolute", 3000, "mg", shared.HOUSE),
            Limit("single", "recommended", 2000, "mg", LABEL),
            Limit("daily", "absolute", 8000, "mg", shared.HOUSE),
            Limit("daily", "recommended", 6000, "mg", LABEL),
            Limit("rate", "absolute", 20000, "mg/h", LABEL),
        )
    ),
    regimens=(Regimen("iv", intervals=(6, 8, 12, 24), durations=(0.5, 3, 4), continuous=True),),
    standard=(
        StandardDose("1 g every 8 hours", 1000, "mg", 8, "iv", LABEL, duration=0.5),
        StandardDose("2 g every 8 hours", 2000, "mg", 8, "iv", LABEL, duration=0.5, indication="meningitis"),
    ),
    monitoring=shared.monitoring(LABEL),
    label_rules=(
        LabelRule(
            "creatinine clearance 26 to 50 mL/min",
            needs=("CRCL",),
            applies=lambda p: 25 < p["CRCL"] <= 50,
            action="caution",
            consequence="The label gives the usual dose every 12 hours.",
            source=LABEL,
        ),
        LabelRule(
            "creatinine clearance 10 to 25 mL/min",
            needs=("CRCL",),
            applies=lambda p: 10 <= p["CRCL"] <= 25,
            action="caution",
            consequence="The label gives half the usual dose every 12 hours.",
            source=LABEL,
        ),
        LabelRule(
            "creatinine clearance below 10 mL/min",
            needs=("CRCL",),
            applies=lambda p: p["CRCL"] < 10,
            action="caution",
            consequence="The label gives half the usual dose every 24 hours.",
            source=LABEL,
        ),
    ),
    unbound=UNBOUND,
)
