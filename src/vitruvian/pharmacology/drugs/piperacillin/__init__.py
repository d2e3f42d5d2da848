"""Piperacillin, given with tazobactam; amounts and concentrations are of piperacillin."""

from __future__ import annotations

from vitruvian.core import Source
from vitruvian.pharmacology.drug import Bounds, Drug, LabelRule, Limit, Product, Regimen, StandardDose
from vitruvian.pharmacology.drugs import _betalactams as shared
from vitruvian.pharmacology.drugs.piperacillin.hemmersbach_miller_2023 import HemmersbachMiller2023
from vitruvian.pharmacology.drugs.piperacillin.kim_2022 import Kim2022

LABEL = Source(
    "Piperacillin and tazobactam for injection, prescribing information (FDA)",
    table="Dosage; table of doses in renal impairment",
    status="one transcription",
)
UNBOUND = 0.70
MIC = 8.0  # EUCAST susceptible breakpoint, Enterobacterales
_PART = 8 / 9  # piperacillin in the labelled mass of piperacillin and tazobactam

DRUG = Drug(
    name="piperacillin",
    title="Piperacillin (with tazobactam)",
    codes={"rxnorm": "8339", "atc": "J01CR05"},
    models=(HemmersbachMiller2023(), Kim2022()),
    molar_mass=517.6,
    products=(
        Product("vial", 2250, "mg", "iv", moiety_factor=_PART),
        Product("vial", 3375, "mg", "iv", moiety_factor=_PART),
        Product("vial", 4500, "mg", "iv", moiety_factor=_PART),
    ),
    targets=(
        shared.time_above("ft_above_mic", 100, UNBOUND, MIC, shared.CRITICAL),
        shared.time_above("ft50_above_mic", 50, UNBOUND, MIC, HemmersbachMiller2023.source),
        shared.time_above("ft_above_4_mic", 100, UNBOUND, MIC, shared.FOUR_TIMES, times=4),
        shared.trough_high("trough_nervous_system", 361.4, "neurotoxicity"),
        shared.trough_high("trough_kidney", 452.65, "kidney injury"),
    ),
    bounds=Bounds(
        (
            Limit("single", "absolute", 9000, "mg", shared.HOUSE),
            Limit("single", "recommended", 4500, "mg", LABEL),
            Limit("daily", "absolute", 27000, "mg", shared.HOUSE),
            Limit("daily", "recommended", 18000, "mg", LABEL),
            Limit("rate", "absolute", 9000, "mg/h", LABEL),
        )
    ),
    regimens=(Regimen("iv", intervals=(4, 6, 8, 12), durations=(0.5, 3, 4), continuous=True),),
    standard=(
        StandardDose("3.375 g every 6 hours", 3375, "mg", 6, "iv", LABEL, duration=0.5),
        StandardDose("4.5 g every 6 hours", 4500, "mg", 6, "iv", LABEL, duration=0.5, indication="hospital pneumonia"),
    ),
    monitoring=shared.monitoring(LABEL),
    label_rules=(
        LabelRule(
            "creatinine clearance 20 to 40 mL/min",
            needs=("CRCL",),
            applies=lambda p: 20 <= p["CRCL"] <= 40,
            action="caution",
            consequence="The label gives 2.25 g every 6 hours (3.375 g for hospital pneumonia).",
            source=LABEL,
        ),
        LabelRule(
            "creatinine clearance below 20 mL/min",
            needs=("CRCL",),
            applies=lambda p: p["CRCL"] < 20,
            action="caution",
            consequence="The label gives 2.25 g every 8 hours (every 6 hours for hospital pneumonia).",
            source=LABEL,
        ),
    ),
    unbound=UNBOUND,
    synonyms=("piperacillin_tazobactam", "piperacillin/tazobactam"),
    notes=("Doses are labelled as the sum of piperacillin and tazobactam (8:1); models dose the piperacillin in it.",),
)
