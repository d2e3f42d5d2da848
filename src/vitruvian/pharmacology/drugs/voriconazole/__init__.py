"""Voriconazole."""

from __future__ import annotations

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
from vitruvian.pharmacology.drugs.voriconazole.friberg_2012 import Friberg2012

PASCUAL = Source(
    "Pascual A, Calandra T, Bolay S, et al. Voriconazole therapeutic drug monitoring in patients with invasive mycoses "
    "improves efficacy and safety outcomes. Clin Infect Dis 2008;46:201-211",
    "10.1086/524669",
    status="two transcriptions agree",
)
IDSA = Source(
    "Patterson TF, Thompson GR, Denning DW, et al. Practice guidelines for the diagnosis and management of "
    "aspergillosis: 2016 update by the IDSA. Clin Infect Dis 2016;63:e1-e60",
    "10.1093/cid/ciw326",
)
CPIC = Source(
    "Moriyama B, Obeng AO, Barbarino J, et al. CPIC guidelines for CYP2C19 and voriconazole therapy. "
    "Clin Pharmacol Ther 2017;102:45-51",
    "10.1002/cpt.583",
    "table 1 (adults)",
    "two transcriptions agree",
)
LABEL = Source("Vfend (voriconazole), prescribing information (FDA)", table="2", status="two transcriptions agree")
HOUSE = Source("Ceiling set by this project, far above any recommended dose", status="assumption")

DRUG = Drug(
    name="voriconazole",
    title="Voriconazole",
    codes={"rxnorm": "121243", "atc": "J02AC03"},
    models=(Friberg2012(),),
    molar_mass=349.31,
    products=(Product("tablet", 50.0), Product("tablet", 200.0), Product("vial", 200.0, "mg", "iv", increment=10.0)),
    targets=(
        Target("trough", "trough", 1.0, 5.5, "mg/L", PASCUAL, indication="invasive mould infection"),
        Target(
            "trough_high",
            "trough",
            5.5,
            float("inf"),
            "mg/L",
            PASCUAL,
            kind="harm",
            indication="encephalopathy, liver toxicity",
        ),
    ),
    bounds=Bounds(
        (
            Limit("single", "absolute", 12, "mg/kg", HOUSE),
            Limit("daily", "absolute", 24, "mg/kg", HOUSE),
            Limit("single", "recommended", 6, "mg/kg", LABEL),
            Limit("rate", "absolute", 3, "mg/kg/h", LABEL),
        )
    ),
    regimens=(
        Regimen("oral", intervals=(12, 24)),
        Regimen("iv", intervals=(12,), durations=(2,), loading=Loading(6, 6, "mg/kg", LABEL)),
    ),
    standard=(
        StandardDose("200 mg every 12 hours", 200, "mg", 12, "oral", LABEL),
        StandardDose("4 mg/kg every 12 hours over 2 hours", 4, "mg/kg", 12, "iv", LABEL, duration=2),
    ),
    monitoring=(
        Monitoring("voriconazole trough", "on days 2 to 5, and after changes", IDSA, max_age=24 * 14),
        Monitoring("liver enzymes and bilirubin", "at the start, weekly for a month, then monthly", LABEL),
        Monitoring("ECG (QT interval), potassium", "at the start", LABEL),
    ),
    label_rules=(
        LabelRule(
            "CYP2C19 without function",
            needs=(),  # an unknown genotype is no reason to refuse
            applies=lambda p: p.get("CYP2C19_REDUCED") == 1,
            action="caution",
            consequence="Levels are higher; CPIC advises another drug for poor metabolisers.",
            source=CPIC,
        ),
    ),
    assays={"38370-3": "concentration"},
    unbound=0.42,
    synonyms=("vfend",),
)
