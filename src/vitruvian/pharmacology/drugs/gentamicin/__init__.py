"""Gentamicin."""

from __future__ import annotations

from vitruvian.pharmacology.drug import Bounds, Drug, Limit, Product, Regimen, StandardDose
from vitruvian.pharmacology.drugs import _aminoglycosides as shared
from vitruvian.pharmacology.drugs.gentamicin.abbasi_2023 import Abbasi2023
from vitruvian.pharmacology.drugs.gentamicin.hodiamont_2017 import Hodiamont2017
from vitruvian.pharmacology.drugs.gentamicin.staatz_2006 import Staatz2006
from vitruvian.pharmacology.drugs.gentamicin.xuan_2004 import Xuan2004

DRUG = Drug(
    name="gentamicin",
    title="Gentamicin",
    codes={"rxnorm": "1596450", "atc": "J01GB03"},
    models=(Xuan2004(), Staatz2006(), Hodiamont2017(), Abbasi2023()),
    molar_mass=477.6,
    products=(Product("vial", 80, "mg", "iv", increment=20), Product("vial", 40, "mg", "iv", increment=20)),
    targets=shared.targets((70, 100), trough=1, mic=1),
    bounds=Bounds(
        (
            Limit("single", "absolute", 1200, "mg", shared.HOUSE),
            Limit("single", "absolute", 10, "mg/kg", shared.HOUSE),
            Limit("single", "recommended", 7, "mg/kg", shared.ONCE_DAILY),
            Limit("daily", "absolute", 1200, "mg", shared.HOUSE),
            Limit("daily", "absolute", 10, "mg/kg", shared.HOUSE),
            Limit("daily", "recommended", 7, "mg/kg", shared.ONCE_DAILY),
            Limit("rate", "absolute", 2400, "mg/h", shared.HOUSE),
        )
    ),
    regimens=(Regimen("iv", intervals=(8, 12, 24, 36, 48), durations=(0.5, 1)),),
    standard=(StandardDose("5 mg/kg once daily", 5, "mg/kg", 24, "iv", shared.ONCE_DAILY, duration=0.5),),
    monitoring=shared.MONITORING,
    label_rules=shared.RULES,
    assays={"35668-3": "concentration", "3665-7": "concentration", "3663-2": "concentration"},
    unbound=1.0,
)
