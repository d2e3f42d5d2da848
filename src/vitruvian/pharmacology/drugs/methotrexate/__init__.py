"""Methotrexate in high dose."""

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
from vitruvian.pharmacology.drugs.methotrexate.taylor_2020 import MOLAR_MASS, Taylor2020

EVANS = Source(
    "Evans WE, Relling MV, Rodman JH, et al. Conventional compared with individualized chemotherapy for childhood "
    "acute "
    "lymphoblastic leukemia. N Engl J Med 1998;338:499-505",
    "10.1056/NEJM199802193380803",
)
RAMSEY = Source(
    "Ramsey LB, Balis FM, O'Brien MM, et al. Consensus guideline for use of glucarpidase in patients with high-dose "
    "methotrexate induced acute kidney injury and delayed methotrexate clearance. Oncologist 2018;23:52-61",
    "10.1634/theoncologist.2017-0243",
    "abstract: infusions up to 24 hours",
    "one transcription",
)
NOPHO = Source(
    "Toft N, Birgens H, Abrahamsson J, et al. Results of NOPHO ALL2008 treatment for patients aged 1-45 years with "
    "acute "
    "lymphoblastic leukemia. Leukemia 2018;32:606-615",
    "10.1038/leu.2017.265",
)
MIKKELSEN = Source(
    "Mikkelsen TS, Mamoudou AD, Tuckuviene R, et al. Extended duration of prehydration does not prevent nephrotoxicity "
    "or delayed drug elimination in high-dose methotrexate infusions. Pediatr Blood Cancer 2014;61:297-301",
    table="abstract: infusions of 5 or 8 g/m2 in children",
    status="primary",
)
LABEL = Source("Methotrexate injection, prescribing information (FDA)", table="2, 5")
HOUSE = Source("Ceiling set by this project", status="assumption")

DRUG = Drug(
    name="methotrexate",
    title="Methotrexate (high dose)",
    codes={"rxnorm": "6851", "atc": "L01BA01"},
    models=(Taylor2020(),),
    molar_mass=MOLAR_MASS,
    products=(Product("vial", 1000.0, "mg", "iv", increment=50.0),),
    targets=(
        Target(
            "course_auc",
            "cumulative_auc",
            580,
            950,
            "umol.h/L",
            EVANS,
            indication="childhood leukaemia, protocols of about 1.5 g/m2: 50th to 90th percentile of the course",
            when="all",
        ),
        Target(
            "level_48h",
            "trough",
            5,
            float("inf"),
            "umol/L",
            RAMSEY,
            kind="harm",
            indication="48 h after the start of the infusion: delayed clearance, glucarpidase threshold",
            when=48.0,
        ),
    ),
    bounds=Bounds(
        (
            Limit("single", "absolute", 12000, "mg/m2", HOUSE),
            Limit("single", "recommended", 8000, "mg/m2", MIKKELSEN),
        )
    ),
    regimens=(Regimen("iv", intervals=(504,), durations=(24,)),),
    standard=(
        StandardDose("1.5 g/m2 over 24 hours", 1500, "mg/m2", 504, "iv", EVANS, duration=24),
        StandardDose("5 g/m2 over 24 hours", 5000, "mg/m2", 504, "iv", NOPHO, duration=24),
    ),
    monitoring=(
        Monitoring("serum creatinine", "before the course and at least daily", RAMSEY, "SCR", 24),
        Monitoring("methotrexate level", "24, 36, 42 and 48 h, then daily below 0.2 umol/L", RAMSEY, max_age=24),
        Monitoring("urine pH, hydration, folinic acid rescue", "throughout", LABEL),
    ),
    label_rules=(
        LabelRule(
            "creatinine",
            needs=("SCR",),
            applies=lambda p: p["SCR"] >= 1.5,
            action="caution",
            consequence="Raised creatinine: delay or reduce high-dose methotrexate.",
            source=LABEL,
        ),
    ),
    assays={"14836-7": "concentration"},
    unbound=0.5,
    synonyms=("mtx",),
    notes=("Every course needs folinic acid rescue, hydration and alkaline urine.",),
)
