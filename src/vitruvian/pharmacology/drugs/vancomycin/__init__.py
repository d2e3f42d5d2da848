"""Vancomycin."""

from __future__ import annotations

from dataclasses import replace

from vitruvian.core import Source
from vitruvian.pharmacology.drug import (
    Bounds,
    Drug,
    LabelRule,
    Limit,
    Loading,
    Monitoring,
    Product,
    Regimen,
    StandardDose,
    Target,
)
from vitruvian.pharmacology.drugs.vancomycin.buelga_2005 import Buelga2005
from vitruvian.pharmacology.drugs.vancomycin.colin_2019 import Colin2019
from vitruvian.pharmacology.drugs.vancomycin.goti_2018 import Goti2018, Goti2018ScaledVp
from vitruvian.pharmacology.drugs.vancomycin.thomson_2009 import Thomson2009

_INF = float("inf")
GUIDELINE = Source(
    "Rybak MJ, Le J, Lodise TP, et al. Therapeutic monitoring of vancomycin for serious methicillin-resistant "
    "Staphylococcus aureus infections: a revised consensus guideline (ASHP, IDSA, PIDS, SIDP). "
    "Am J Health Syst Pharm 2020;77:835-864",
    "10.1093/ajhp/zxaa036",
    "summary of recommendations",
    "two transcriptions agree",
)
UNREAD = replace(GUIDELINE, table="full text", status="unverified")
LABEL = Source(
    "Vancomycin injection, prescribing information (FDA)",
    table="Dosage and administration",
    status="one transcription",
)
HOUSE = Source("Ceiling set by this project, far above any recommended dose", status="assumption")

DRUG = Drug(
    name="vancomycin",
    title="Vancomycin",
    codes={"rxnorm": "11124", "atc": "J01XA01"},
    models=(Goti2018(), Goti2018ScaledVp(), Thomson2009(), Buelga2005(), Colin2019()),
    molar_mass=1449.3,
    products=tuple(
        Product("vial", strength, "mg", "iv", increment=250.0) for strength in (500.0, 750.0, 1000.0, 1250.0, 1500.0)
    ),
    targets=(
        Target("auc24", "auc24", 400, 600, "mg.h/L", GUIDELINE, indication="serious MRSA infection, MIC 1 mg/L"),
        Target("predialysis", "trough", 15, 20, "mg/L", GUIDELINE, indication="intermittent haemodialysis"),
        Target("auc24_high", "auc24", 600, _INF, "mg.h/L", GUIDELINE, kind="harm", indication="kidney injury"),
        Target("trough_high", "trough", 20, _INF, "mg/L", UNREAD, kind="harm", indication="kidney injury"),
    ),
    bounds=Bounds(
        (
            Limit("single", "absolute", 4000, "mg", HOUSE),
            Limit("single", "absolute", 40, "mg/kg", HOUSE),
            Limit("single", "recommended", 3000, "mg", GUIDELINE),
            Limit("single", "recommended", 35, "mg/kg", GUIDELINE),
            Limit("daily", "absolute", 6000, "mg", HOUSE),
            Limit("daily", "absolute", 100, "mg/kg", HOUSE),
            Limit("daily", "recommended", 4500, "mg", GUIDELINE),
            Limit("rate", "absolute", 1000, "mg/h", GUIDELINE),
            Limit("rate", "recommended", 900, "mg/h", UNREAD),
        )
    ),
    regimens=(
        Regimen(
            "iv",
            intervals=(6, 8, 12, 18, 24, 36, 48),
            durations=(1, 1.5, 2, 2.5, 3, 4),
            loading=Loading(20, 35, "mg/kg", GUIDELINE),
            continuous=True,
        ),
    ),
    standard=(
        StandardDose("15 mg/kg every 12 hours", 15, "mg/kg", 12, "iv", GUIDELINE, duration=1.5),
        StandardDose("1 g every 12 hours", 1000, "mg", 12, "iv", LABEL, duration=2),
    ),
    monitoring=(
        Monitoring("serum creatinine", "daily at first, then at least twice a week", UNREAD, "SCR", 48),
        Monitoring("body weight", "at the start", UNREAD, "WT", 24 * 30),
        Monitoring("vancomycin level", "one or two levels within 24 to 48 hours, then once a week", UNREAD),
    ),
    label_rules=(
        LabelRule(
            "haemodialysis",
            needs=("DIALYSIS",),
            applies=lambda p: p["DIALYSIS"] == 1,
            action="caution",
            consequence="Give after or at the end of dialysis sessions and dose by pre-dialysis levels.",
            source=GUIDELINE,
        ),
    ),
    assays={"20578-1": "concentration", "4092-3": "concentration", "4090-7": "concentration"},
    unbound=0.5,
)
