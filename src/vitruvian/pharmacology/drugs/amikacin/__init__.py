"""Amikacin."""

from __future__ import annotations

from vitruvian.core import Source
from vitruvian.pharmacology.drug import Bounds, Drug, Limit, Product, Regimen, StandardDose
from vitruvian.pharmacology.drugs import _aminoglycosides as shared
from vitruvian.pharmacology.drugs.amikacin.burdet_2015 import Burdet2015, Burdet2015Basic
from vitruvian.pharmacology.drugs.amikacin.delattre_2010 import Delattre2010

HIGH_DOSE = Source(
    "Impact of 30 mg/kg amikacin and 8 mg/kg gentamicin on serum concentrations in critically ill patients with severe "
    "sepsis. J Antimicrob Chemother 2016;71:208-212",
    table="abstract",
    status="primary",
)

DRUG = Drug(
    name="amikacin",
    title="Amikacin",
    codes={"rxnorm": "641", "atc": "J01GB06"},
    models=(Burdet2015(), Burdet2015Basic(), Delattre2010()),
    molar_mass=585.6,
    products=(Product("vial", 500, "mg", "iv", increment=50), Product("vial", 1000, "mg", "iv", increment=50)),
    targets=shared.targets((160, 200), trough=2, mic=4),
    bounds=Bounds(
        (
            Limit("single", "absolute", 4000, "mg", shared.HOUSE),
            Limit("single", "absolute", 40, "mg/kg", shared.HOUSE),
            Limit("single", "recommended", 30, "mg/kg", HIGH_DOSE),
            Limit("daily", "absolute", 4000, "mg", shared.HOUSE),
            Limit("daily", "absolute", 40, "mg/kg", shared.HOUSE),
            Limit("daily", "recommended", 30, "mg/kg", HIGH_DOSE),
            Limit("rate", "absolute", 8000, "mg/h", shared.HOUSE),
        )
    ),
    regimens=(Regimen("iv", intervals=(12, 24, 36, 48, 72), durations=(0.5, 1)),),
    standard=(
        StandardDose("15 mg/kg once daily", 15, "mg/kg", 24, "iv", shared.LABEL, duration=0.5),
        StandardDose("20 mg/kg", 20, "mg/kg", 24, "iv", Burdet2015.source, duration=0.5, indication="critical illness"),
    ),
    monitoring=shared.MONITORING,
    label_rules=shared.RULES,
    assays={"35669-1": "concentration", "3321-7": "concentration", "3319-1": "concentration"},
    unbound=1.0,
)
