"""Rivaroxaban."""

from __future__ import annotations

from dataclasses import replace

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
from vitruvian.pharmacology.drugs.rivaroxaban.willmann_2018 import Willmann2018

US_LABEL = Source(
    "Xarelto (rivaroxaban), prescribing information (FDA)",
    table="2.1, as given on the manufacturer's pages for professionals",
    status="one transcription",
    errata="Atrial fibrillation: 15 mg at a creatinine clearance up to 50 mL/min (US label), at 15 to 49 (EU).",
)
EXPOSURE = Source("Xarelto, summary of product characteristics (EMA)", table="5.2")
EHRA = Source(
    "Steffel J, Collins R, Antz M, et al. 2021 European Heart Rhythm Association practical guide on the use of "
    "non-vitamin K antagonist oral anticoagulants in patients with atrial fibrillation. Europace 2021;23:1612-1676",
    "10.1093/europace/euab065",
    "table 11: 5th to 95th percentile, all labelled doses",
    "primary",
)
YEARLY = replace(EHRA, table="yearly blood tests", status="one transcription")
HOUSE = Source("Ceiling set by this project, above the largest labelled dose", status="assumption")
_INF = float("inf")
_AF = "atrial fibrillation"

DRUG = Drug(
    name="rivaroxaban",
    title="Rivaroxaban",
    codes={"rxnorm": "1114195", "atc": "B01AF01"},
    models=(Willmann2018(),),
    molar_mass=435.88,
    products=tuple(Product("tablet", s) for s in (2.5, 10.0, 15.0, 20.0)),
    targets=(
        Target(
            "label_exposure",
            "trough",
            12,
            137,
            "ng/mL",
            EHRA,
            indication="atrial fibrillation: 5th to 95th percentile of the trough on 20 mg once daily (median 44)",
        ),
        Target(
            "label_exposure_thrombosis",
            "trough",
            6,
            239,
            "ng/mL",
            EXPOSURE,
            indication="venous thrombosis: 90 % interval of the trough on 20 mg once daily (mean 32)",
        ),
        Target(
            "exposure_high",
            "trough",
            137,
            _INF,
            "ng/mL",
            EHRA,
            kind="harm",
            indication="above the 95th percentile of the trial population: more bleeding expected, no threshold known",
        ),
    ),
    bounds=Bounds(
        (
            Limit("single", "absolute", 30, "mg", HOUSE),
            Limit("daily", "absolute", 40, "mg", HOUSE),
            Limit("single", "recommended", 20, "mg", US_LABEL),
            Limit("daily", "recommended", 30, "mg", US_LABEL),
        )
    ),
    regimens=(Regimen("oral", intervals=(24, 12)),),
    standard=(
        StandardDose("20 mg once daily with food", 20, "mg", 24, "oral", US_LABEL, indication=_AF),
        StandardDose("15 mg once daily with food", 15, "mg", 24, "oral", US_LABEL, indication=_AF + ", reduced"),
    ),
    monitoring=(
        Monitoring("serum creatinine", "before the start and at least once a year", YEARLY, "SCR", 24 * 365),
        Monitoring("haemoglobin", "before the start and when bleeding is suspected", YEARLY),
    ),
    label_rules=(
        LabelRule(
            "kidney function",
            needs=("CRCL",),
            applies=lambda p: 15 <= p["CRCL"] < 50,
            action="amount",
            consequence="15 mg once daily with creatinine clearance 15 to 49 mL/min.",
            source=US_LABEL,
            amount=15.0,
            indication=_AF,
        ),
        LabelRule(
            "kidney failure",
            needs=("CRCL",),
            applies=lambda p: p["CRCL"] < 15,
            action="avoid",
            consequence="Not recommended with creatinine clearance below 15 mL/min.",
            source=US_LABEL,
        ),
    ),
    unbound=0.07,
    synonyms=("xarelto",),
    notes=("No therapeutic range is known. Tablets of 15 and 20 mg are taken with food.",),
)
