"""Warfarin."""

from __future__ import annotations

from dataclasses import replace

from vitruvian.core import Source
from vitruvian.pharmacology.drug import (
    Bounds,
    Drug,
    LabelRule,
    Limit,
    Monitoring,
    Person,
    Product,
    Regimen,
    StandardDose,
    Target,
)
from vitruvian.pharmacology.drugs.warfarin.hamberg_2007 import Hamberg2007
from vitruvian.pharmacology.drugs.warfarin.hamberg_2010 import Hamberg2010
from vitruvian.pharmacology.drugs.warfarin.xia_2024 import Xia2024

CHEST = Source(
    "Holbrook A, Schulman S, Witt DM, et al. Evidence-based management of anticoagulant therapy: Antithrombotic "
    "Therapy and Prevention of Thrombosis, 9th ed. Chest 2012;141(2 Suppl):e152S-e184S",
    "10.1378/chest.11-2295",
)
LABEL = Source(
    "Coumadin (warfarin sodium), prescribing information (FDA)",
    table="2.1 to 2.4, 8.5",
    status="one transcription",
)
RANGE = replace(LABEL, table="2.2: target INR 2.5, range 2.0 to 3.0", status="two transcriptions agree")
GENOTYPES = replace(LABEL, table="2.3, table of doses by genotype", status="two transcriptions agree")
CPIC = Source(
    "Johnson JA, Caudle KE, Gong L, et al. Clinical Pharmacogenetics Implementation Consortium (CPIC) guideline for "
    "pharmacogenetics-guided warfarin dosing: 2017 update. Clin Pharmacol Ther 2017;102:397-404",
    "10.1002/cpt.668",
    status="one transcription",
)
HOUSE = Source("Ceiling set by this project, far above any recommended dose", status="assumption")

_INF = float("inf")


def _sensitive(p: Person) -> bool:
    """Genotypes for which the label's table expects at most 2 mg a day."""
    slow = p.get("CYP2C9_2", 0) + 2 * p.get("CYP2C9_3", 0)
    return slow + p.get("VKORC1_A", 0) >= 4


DRUG = Drug(
    name="warfarin",
    title="Warfarin",
    codes={"rxnorm": "11289", "atc": "B01AA03"},
    models=(Hamberg2010(), Hamberg2007(), Xia2024()),
    molar_mass=308.33,
    products=tuple(
        Product("tablet", s, "mg", "oral", divisible=2) for s in (1.0, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.5, 10.0)
    ),
    targets=(
        Target(
            "inr",
            "inr",
            2.0,
            3.0,
            "{INR}",
            RANGE,
            indication="atrial fibrillation, venous thrombosis",
            output="inr",
        ),
        Target("inr_mitral_valve", "inr", 2.5, 3.5, "{INR}", LABEL, indication="mechanical mitral valve", output="inr"),
        Target("inr_high", "inr", 4.0, _INF, "{INR}", LABEL, kind="harm", indication="bleeding", output="inr"),
    ),
    bounds=Bounds(
        (
            Limit("single", "absolute", 20, "mg", HOUSE),
            Limit("daily", "absolute", 20, "mg", HOUSE),
            Limit("single", "recommended", 10, "mg", LABEL),
            Limit("daily", "recommended", 10, "mg", LABEL),
        )
    ),
    regimens=(Regimen("oral", intervals=(24,)),),
    standard=(StandardDose("5 mg once daily", 5, "mg", 24, "oral", LABEL),),
    monitoring=(
        Monitoring(
            "INR",
            "daily at first, then every one to four weeks, up to twelve weeks when stable",
            CHEST,
            max_age=24 * 84,
        ),
        Monitoring("haemoglobin or platelets", "at the start and when bleeding is suspected", LABEL),
        Monitoring("baseline INR", "before the first dose", LABEL, "INR_BASE"),
    ),
    label_rules=(
        LabelRule(
            "sensitive genotype",
            needs=(),  # an unknown genotype is no reason to refuse
            applies=_sensitive,
            action="caution",
            consequence="The label's table expects 0.5 to 2 mg a day for this genotype; steady state comes late.",
            source=GENOTYPES,
        ),
        LabelRule(
            "age of 60 years or more",
            needs=("AGE",),
            applies=lambda p: p["AGE"] >= 60,
            action="caution",
            consequence="Older people respond more to the same dose; consider a lower start.",
            source=LABEL,
        ),
    ),
    assays={"6301-6": "inr", "34714-6": "inr", "38875-1": "inr", "46418-0": "inr"},
    unbound=0.01,
    synonyms=("coumadin", "warfarin sodium"),
    notes=(
        "Interacting drugs act on S-warfarin clearance; amiodarone's effect builds up over weeks and outlasts it.",
        f"Genotype: {CPIC}",
    ),
)
