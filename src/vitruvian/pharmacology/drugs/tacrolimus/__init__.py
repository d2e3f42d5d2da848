"""Tacrolimus."""

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
from vitruvian.pharmacology.drugs.tacrolimus.monchaud_2012 import Monchaud2012
from vitruvian.pharmacology.drugs.tacrolimus.woillard_2011 import Woillard2011, Woillard2011Prolonged

CONSENSUS = Source(
    "Brunet M, van Gelder T, Asberg A, et al. Therapeutic drug monitoring of tacrolimus-personalized therapy: second "
    "consensus report. Ther Drug Monit 2019;41:261-307",
    "10.1097/FTD.0000000000000640",
)
LABEL = Source(
    "Prograf (tacrolimus), prescribing information (FDA)",
    table="2.2, table of starting doses and trough ranges; 2.6, 5",
    status="two transcriptions agree",
)
PROLONGED_LABEL = Source("Advagraf, summary of product characteristics (EMA)", table="4.2")
CPIC = Source(
    "Birdwell KA, Decker B, Barbarino JM, et al. CPIC guidelines for CYP3A5 genotype and tacrolimus dosing. "
    "Clin Pharmacol Ther 2015;98:19-24",
    "10.1002/cpt.113",
    "table 2",
    "two transcriptions agree",
)
HOUSE = Source("Ceiling set by this project, far above any recommended dose", status="assumption")

_INF = float("inf")

DRUG = Drug(
    name="tacrolimus",
    title="Tacrolimus",
    codes={"rxnorm": "42316", "atc": "L04AD02"},
    models=(Woillard2011(), Woillard2011Prolonged(), Monchaud2012()),
    molar_mass=804.02,
    products=tuple(Product("capsule", s) for s in (0.5, 1.0, 3.0, 5.0)),
    targets=(
        Target(
            "trough",
            "trough",
            4,
            11,
            "ng/mL",
            LABEL,
            indication="kidney transplant, months 1 to 12, with mycophenolate and an IL-2 receptor antibody",
        ),
        Target(
            "trough_azathioprine",
            "trough",
            5,
            15,
            "ng/mL",
            LABEL,
            indication="kidney transplant, months 4 to 12, with azathioprine (months 1 to 3: 7 to 20)",
        ),
        Target(
            "trough_lung",
            "trough",
            8,
            12,
            "ng/mL",
            LABEL,
            indication="lung transplant, months 4 to 12 (months 1 to 3: 10 to 15)",
        ),
        Target(
            "trough_high",
            "trough",
            15,
            _INF,
            "ng/mL",
            LABEL,
            kind="harm",
            indication="kidney and nerve toxicity: above the label's range after month 3",
        ),
    ),
    bounds=Bounds(
        (
            Limit("single", "absolute", 30, "mg", HOUSE),
            Limit("daily", "absolute", 0.6, "mg/kg", HOUSE),
            Limit("daily", "recommended", 0.3, "mg/kg", CPIC),
        )
    ),
    regimens=(Regimen("oral", intervals=(12, 24)),),
    standard=(
        StandardDose("0.05 mg/kg every 12 hours", 0.05, "mg/kg", 12, "oral", LABEL, indication="kidney transplant"),
        StandardDose("0.1 mg/kg every 12 hours", 0.1, "mg/kg", 12, "oral", LABEL, indication="with azathioprine"),
    ),
    monitoring=(
        Monitoring("tacrolimus trough", "two or three times a week at first", CONSENSUS, max_age=24 * 90),
        Monitoring("haematocrit", "with each level", CONSENSUS, "HCT", 24 * 14),
        Monitoring("creatinine, potassium, glucose, blood pressure", "regularly", LABEL),
    ),
    label_rules=(
        LabelRule(
            "CYP3A5 expresser",
            needs=(),  # an unknown genotype is no reason to refuse
            applies=lambda p: p.get("CYP3A5_EXPRESSOR") == 1,
            action="caution",
            consequence="Start with 1.5 to 2 times the usual dose, at most 0.3 mg/kg a day; levels decide.",
            source=CPIC,
        ),
    ),
    assays={"11253-2": "concentration"},
    unbound=0.01,
    synonyms=("prograf", "advagraf", "fk506"),
    notes=(
        "Formulations are not interchangeable: the prolonged-release model is tacrolimus_woillard_2011_prolonged.",
        f"Once-daily dosing is for prolonged release only ({PROLONGED_LABEL}).",
    ),
)
