"""Apixaban."""

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
from vitruvian.pharmacology.drugs.apixaban.cirincione_2018 import Cirincione2018

US_LABEL = Source("Eliquis (apixaban), prescribing information (FDA)", table="2.1", status="two transcriptions agree")
EU_LABEL = Source(
    "Eliquis, summary of product characteristics (EMA)",
    table="4.2, as given on the manufacturer's pages for professionals in the UK and Ireland",
    status="two transcriptions agree",
)
EXPOSURE = Source(
    "Eliquis, summary of product characteristics (EMA)",
    table="5.2, predicted steady-state exposure, median [5th, 95th percentile]",
    errata="Medians and 95th percentiles in atrial fibrillation agree with other tables; the 5th percentiles 41 and 91 "
    "were not traced (EHRA 2021 has 34 and 69 for all labelled doses together), nor those in venous thrombosis.",
)
EHRA = Source(
    "Steffel J, Collins R, Antz M, et al. 2021 European Heart Rhythm Association practical guide on the use of "
    "non-vitamin K antagonist oral anticoagulants in patients with atrial fibrillation. Europace 2021;23:1612-1676",
    "10.1093/europace/euab065",
    "table 11: 5th to 95th percentile, all labelled doses",
    "primary",
)
YEARLY = replace(
    EHRA, table="yearly blood tests, as given on the manufacturer's pages for professionals", status="one transcription"
)

_INF = float("inf")
_AF = "atrial fibrillation"
_NEEDS = ("AGE", "WT", "SCR", "CRCL")


def _two_of_three(p: Person) -> bool:
    """At least two of: 80 years or more, 60 kg or less, creatinine 1.5 mg/dL or more."""
    return (p["AGE"] >= 80) + (p["WT"] <= 60) + (p["SCR"] >= 1.5) >= 2


def _reduced(p: Person) -> bool:
    """The label asks for 2.5 mg: two of three criteria, or (EU) creatinine clearance 15 to 29 mL/min."""
    return _two_of_three(p) or 15 <= p["CRCL"] < 30


DRUG = Drug(
    name="apixaban",
    title="Apixaban",
    codes={"rxnorm": "1364430", "atc": "B01AF02"},
    models=(Cirincione2018(),),
    molar_mass=459.5,
    products=(Product("tablet", 2.5), Product("tablet", 5.0)),
    targets=(
        Target(
            "label_exposure",
            "trough",
            41,
            230,
            "ng/mL",
            EXPOSURE,
            indication="atrial fibrillation: 5th to 95th percentile of the trough on 5 mg twice daily (median 103)",
        ),
        Target(
            "label_exposure_peak",
            "peak",
            91,
            321,
            "ng/mL",
            EXPOSURE,
            indication="atrial fibrillation: 5th to 95th percentile of the peak on 5 mg twice daily (median 171)",
        ),
        Target(
            "label_exposure_thrombosis",
            "trough",
            22,
            177,
            "ng/mL",
            EXPOSURE,
            indication="venous thrombosis: 5th to 95th percentile of the trough on 5 mg twice daily (median 63)",
        ),
        Target(
            "exposure_high",
            "trough",
            230,
            _INF,
            "ng/mL",
            EHRA,
            kind="harm",
            indication="above the 95th percentile of the trial population: more bleeding expected, no threshold known",
        ),
    ),
    bounds=Bounds(
        (
            Limit("single", "absolute", 10, "mg", US_LABEL),
            Limit("daily", "absolute", 20, "mg", US_LABEL),
            Limit("single", "recommended", 5, "mg", US_LABEL),
            Limit("daily", "recommended", 10, "mg", US_LABEL),
        )
    ),
    regimens=(Regimen("oral", intervals=(12,)),),
    standard=(
        StandardDose("5 mg twice daily", 5, "mg", 12, "oral", US_LABEL, indication=_AF),
        StandardDose("2.5 mg twice daily", 2.5, "mg", 12, "oral", US_LABEL, indication=_AF + ", reduced"),
    ),
    monitoring=(
        Monitoring("serum creatinine", "before the start and at least once a year", YEARLY, "SCR", 24 * 365),
        Monitoring("body weight", "before the start", US_LABEL, "WT", 24 * 365),
        Monitoring("haemoglobin", "before the start and when bleeding is suspected", YEARLY),
    ),
    label_rules=(
        LabelRule(
            "dose reduction",
            needs=_NEEDS,
            applies=_reduced,
            action="amount",
            consequence="2.5 mg twice daily: two of age 80 or more, 60 kg or less, creatinine 1.5 mg/dL or more; "
            "or (EU) creatinine clearance 15 to 29 mL/min.",
            source=US_LABEL,
            amount=2.5,
            indication=_AF,
        ),
        LabelRule(
            "no dose reduction",
            needs=_NEEDS,
            applies=lambda p: not _reduced(p),
            action="amount",
            consequence="5 mg twice daily: fewer than two reduction criteria met; a lower dose is off label.",
            source=US_LABEL,
            amount=5.0,
            indication=_AF,
        ),
        LabelRule(
            "kidney failure",
            needs=("CRCL",),
            applies=lambda p: p["CRCL"] < 15,
            action="caution",
            consequence="Creatinine clearance below 15 mL/min: not recommended (EU); little experience (US).",
            source=EU_LABEL,
        ),
    ),
    unbound=0.13,
    synonyms=("eliquis",),
    notes=(
        "No therapeutic range is known: goals are the exposures of the labelled dose in the trial population.",
        "No guideline covers dosing apixaban by CYP3A4, CYP3A5 or ABCB1 genotype.",
    ),
)
