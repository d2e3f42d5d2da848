"""Adalimumab."""

from __future__ import annotations

from vitruvian.core import Source
from vitruvian.pharmacology.drug import Bounds, Drug, Limit, Monitoring, Product, Regimen, StandardDose, Target
from vitruvian.pharmacology.drugs.adalimumab.nader_2017 import Nader2017

AGA = Source(
    "Feuerstein JD, Nguyen GC, Kupfer SS, et al. American Gastroenterological Association Institute guideline on "
    "therapeutic drug monitoring in inflammatory bowel disease. Gastroenterology 2017;153:827-834",
    "10.1053/j.gastro.2017.07.032",
)
POUW = Source(
    "Pouw MF, Krieckaert CL, Nurmohamed MT, et al. Key findings towards optimising adalimumab treatment: the "
    "concentration-effect curve. Ann Rheum Dis 2015;74:513-518",
    "10.1136/annrheumdis-2013-204172",
    "abstract: best effect from 5 to 8 mg/L, none more above",
    "primary",
)
LABEL = Source("Humira (adalimumab), prescribing information (FDA)", table="2", status="two transcriptions agree")
HOUSE = Source("Set by this project: above it more drug is not expected to help", status="assumption")

DRUG = Drug(
    name="adalimumab",
    title="Adalimumab",
    codes={"rxnorm": "327361", "atc": "L04AB04"},
    models=(Nader2017(),),
    molar_mass=148000.0,
    products=(
        Product("pen", 40.0, "mg", "subcutaneous"),
        Product("pen", 80.0, "mg", "subcutaneous"),
        Product("syringe", 20.0, "mg", "subcutaneous"),
    ),
    targets=(
        Target("trough", "trough", 5, 8, "mg/L", POUW, indication="rheumatoid arthritis; no range is known in others"),
        Target("trough_bowel", "trough", 7.5, 15, "mg/L", AGA, indication="inflammatory bowel disease: at least 7.5"),
        Target("trough_high", "trough", 25, float("inf"), "mg/L", HOUSE, kind="harm", indication="excess of drug"),
    ),
    bounds=Bounds(
        (
            Limit("single", "absolute", 160, "mg", LABEL),
            Limit("single", "recommended", 80, "mg", LABEL),
        )
    ),
    regimens=(Regimen("subcutaneous", intervals=(336, 168)),),
    standard=(
        StandardDose("40 mg every week", 40, "mg", 168, "subcutaneous", LABEL, indication="hidradenitis suppurativa"),
        StandardDose("40 mg every two weeks", 40, "mg", 336, "subcutaneous", LABEL, indication="rheumatoid arthritis"),
    ),
    monitoring=(
        Monitoring("C-reactive protein", "before treatment", LABEL, "CRP"),
        Monitoring("adalimumab trough and antibodies", "on loss of response", AGA, "ADA"),
        Monitoring("tuberculosis and hepatitis B", "before the start", LABEL),
    ),
    synonyms=("humira",),
)
