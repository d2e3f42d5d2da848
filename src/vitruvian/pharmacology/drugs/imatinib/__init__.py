"""Imatinib."""

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
from vitruvian.pharmacology.drugs.imatinib.widmer_2006 import Gotta2012, Widmer2006

LARSON = Source(
    "Larson RA, Druker BJ, Guilhot F, et al. Imatinib pharmacokinetics and its correlation with response and safety in "
    "chronic-phase chronic myeloid leukemia: a subanalysis of the IRIS study. Blood 2008;111:4022-4028",
    "10.1182/blood-2007-10-116475",
    "abstract: mean trough 1,009 ng/mL with and 812 ng/mL without complete cytogenetic response",
    "one transcription",
    "The threshold of 1,000 ng/mL is the usual reading of these means.",
)
GUILHOT = Source(
    "Guilhot F, Hughes TP, Cortes J, et al. Plasma exposure of imatinib and its correlation with clinical response in "
    "the Tyrosine Kinase Inhibitor Optimization and Selectivity trial. Haematologica 2012;97:731-738",
    "10.3324/haematol.2011.045666",
)
LABEL = Source(
    "Gleevec (imatinib mesylate), prescribing information (FDA)", table="2", status="two transcriptions agree"
)
HOUSE = Source("Ceiling set by this project, above any recommended dose", status="assumption")

DRUG = Drug(
    name="imatinib",
    title="Imatinib",
    codes={"rxnorm": "282388", "atc": "L01EA01"},
    models=(Gotta2012(), Widmer2006()),
    molar_mass=493.60,
    products=(Product("tablet", 100.0, divisible=2), Product("tablet", 400.0, divisible=2)),
    targets=(
        Target("trough", "trough", 1000, 3000, "ng/mL", LARSON, indication="chronic myeloid leukaemia: at least 1,000"),
        Target(
            "trough_high",
            "trough",
            3000,
            float("inf"),
            "ng/mL",
            GUILHOT,
            kind="harm",
            indication="more adverse events of high grade",
        ),
    ),
    bounds=Bounds(
        (
            Limit("single", "absolute", 800, "mg", HOUSE),
            Limit("single", "recommended", 600, "mg", LABEL),
            Limit("daily", "absolute", 1200, "mg", HOUSE),
            Limit("daily", "recommended", 800, "mg", LABEL),
        )
    ),
    regimens=(Regimen("oral", intervals=(24, 12)),),
    standard=(StandardDose("400 mg once daily", 400, "mg", 24, "oral", LABEL),),
    monitoring=(
        Monitoring("blood count", "weekly in the first month, every two weeks in the second", LABEL),
        Monitoring("liver enzymes and bilirubin", "at the start and monthly", LABEL),
        Monitoring("imatinib trough", "after a month, and when response or tolerance is poor", LARSON),
    ),
    label_rules=(
        LabelRule(
            "moderate kidney disease",
            needs=("CRCL",),
            applies=lambda p: 20 <= p["CRCL"] < 40,
            action="maximum_daily",
            consequence="Start at half the dose; no more than 400 mg a day with creatinine clearance 20 to 39 mL/min.",
            source=LABEL,
            amount=400.0,
        ),
    ),
    unbound=0.05,
    synonyms=("gleevec", "glivec", "imatinib mesylate"),
    notes=("Tablets are labelled as imatinib base.",),
)
