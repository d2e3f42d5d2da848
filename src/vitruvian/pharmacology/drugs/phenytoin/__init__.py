"""Phenytoin."""

from __future__ import annotations

from vitruvian.core import Source
from vitruvian.pharmacology.drug import (
    Bounds,
    Drug,
    LabelRule,
    Limit,
    Monitoring,
    Product,
    Regimen,
    StandardDose,
    Target,
)
from vitruvian.pharmacology.drugs.phenytoin.yukawa_1990 import Yukawa1990

CPIC = Source(
    "Karnes JH, Rettie AE, Somogyi AA, et al. CPIC guideline for CYP2C9 and HLA-B genotypes and phenytoin dosing: 2020 "
    "update. Clin Pharmacol Ther 2021;109:302-309",
    "10.1002/cpt.2008",
    "table 2",
    "two transcriptions agree",
)
LABEL = Source("Dilantin (phenytoin), prescribing information (FDA)", table="2, 5", status="one transcription")
HOUSE = Source("Ceiling set by this project, far above any recommended dose", status="assumption")
_SALT = 0.92  # phenytoin acid per phenytoin sodium

DRUG = Drug(
    name="phenytoin",
    title="Phenytoin",
    codes={"rxnorm": "8183", "atc": "N03AB02"},
    models=(Yukawa1990(),),
    molar_mass=252.27,
    products=(
        Product("capsule (sodium)", 100.0, moiety_factor=_SALT),
        Product("capsule (sodium)", 30.0, moiety_factor=_SALT),
        Product("chewable tablet (acid)", 50.0, divisible=2),
    ),
    targets=(
        Target("trough", "trough", 10, 20, "mg/L", LABEL, indication="epilepsy, total level, normal albumin"),
        Target("trough_high", "trough", 20, float("inf"), "mg/L", LABEL, kind="harm", indication="ataxia, sedation"),
    ),
    bounds=Bounds(
        (
            Limit("single", "absolute", 20, "mg/kg", HOUSE),
            Limit("daily", "absolute", 15, "mg/kg", HOUSE),
            Limit("daily", "recommended", 600, "mg", LABEL),
        )
    ),
    regimens=(Regimen("oral", intervals=(12, 8, 24)),),
    standard=(StandardDose("100 mg every 8 hours", 100, "mg", 8, "oral", LABEL),),
    monitoring=(
        Monitoring("phenytoin level", "7 to 10 days after the start and after changes", LABEL, max_age=24 * 180),
        Monitoring("albumin", "with each level: total levels mislead when it is low", LABEL, "ALB", 24 * 90),
        Monitoring("HLA-B*15:02", "before the start in people of Asian ancestry", CPIC),
    ),
    label_rules=(
        LabelRule(
            "low albumin",
            needs=(),
            applies=lambda p: p.get("ALB", 4.0) < 3.5,
            action="caution",
            consequence="Low albumin: judge by the unbound level (1 to 2 mg/L), not by the total.",
            source=LABEL,
        ),
    ),
    assays={"3968-5": "concentration"},
    unbound=0.1,
    synonyms=("dilantin", "phenytoin sodium"),
    notes=(
        "Elimination saturates: a small rise in dose can double the level. 100 mg of sodium salt is 92 mg of acid.",
    ),
)
