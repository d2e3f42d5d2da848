"""Ciclosporin."""

from __future__ import annotations

from vitruvian.core import Source
from vitruvian.pharmacology.drug import Bounds, Drug, Limit, Monitoring, Product, Regimen, StandardDose, Target
from vitruvian.pharmacology.drugs.ciclosporin.umpierrez_2021 import Umpierrez2021

CONSENSUS = Source(
    "Oellerich M, Armstrong VW, Kahan B, et al. Lake Louise consensus conference on cyclosporin monitoring in organ "
    "transplantation: report of the consensus panel. Ther Drug Monit 1995;17:642-654",
    "10.1097/00007691-199512000-00017",
)
LABEL = Source("Neoral (cyclosporine for microemulsion), prescribing information (FDA)", table="Dosage, warnings")
EU_LABEL = Source(
    "Neoral, summary of product characteristics (UK)", table="4.2: 10 to 15 mg/kg at first", status="primary"
)
TOXIC = Source("Limit set by this project, well above the consensus ranges", status="assumption")
HOUSE = Source("Ceiling set by this project, far above any recommended dose", status="assumption")

DRUG = Drug(
    name="ciclosporin",
    title="Ciclosporin",
    codes={"rxnorm": "3008", "atc": "L04AD01"},
    models=(Umpierrez2021(),),
    molar_mass=1202.61,
    products=(*(Product("capsule", s) for s in (10.0, 25.0, 50.0, 100.0)), Product("solution", 100.0, increment=10.0)),
    targets=(
        Target("trough", "trough", 100, 200, "ng/mL", CONSENSUS, indication="kidney transplant, maintenance"),
        Target("trough_early", "trough", 150, 250, "ng/mL", CONSENSUS, indication="kidney transplant, first months"),
        Target(
            "trough_high",
            "trough",
            350,
            float("inf"),
            "ng/mL",
            TOXIC,
            kind="harm",
            indication="kidney toxicity more likely",
        ),
    ),
    bounds=Bounds(
        (
            Limit("daily", "absolute", 20, "mg/kg", HOUSE),
            Limit("single", "absolute", 10, "mg/kg", HOUSE),
            Limit("daily", "recommended", 15, "mg/kg", EU_LABEL),
        )
    ),
    regimens=(Regimen("oral", intervals=(12,)),),
    standard=(
        StandardDose("4.5 mg/kg every 12 hours", 4.5, "mg/kg", 12, "oral", LABEL, indication="kidney transplant"),
    ),
    monitoring=(
        Monitoring("ciclosporin trough", "two or three times a week at first", CONSENSUS, max_age=24 * 90),
        Monitoring("creatinine, potassium, blood pressure", "with each level", LABEL, "SCR", 24 * 14),
    ),
    assays={"3520-4": "concentration"},
    unbound=0.1,
    synonyms=("cyclosporine", "cyclosporin", "neoral"),
    notes=("Levels are method-dependent: the model was fitted to immunoassay levels in whole blood.",),
)
