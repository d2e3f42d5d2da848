"""Tobramycin."""

from __future__ import annotations

from vitruvian.pharmacology.drug import Bounds, Drug, Limit, Product, Regimen, StandardDose
from vitruvian.pharmacology.drugs import _aminoglycosides as shared
from vitruvian.pharmacology.drugs.tobramycin.hennig_2008 import Hennig2008
from vitruvian.pharmacology.drugs.tobramycin.hennig_2013 import Hennig2013, Hennig2013FixedCreatinine

DRUG = Drug(
    name="tobramycin",
    title="Tobramycin",
    codes={"rxnorm": "10627", "atc": "J01GB01"},
    models=(Hennig2013(), Hennig2013FixedCreatinine(), Hennig2008()),
    molar_mass=467.5,
    products=(Product("vial", 80, "mg", "iv", increment=20), Product("vial", 40, "mg", "iv", increment=20)),
    targets=shared.targets((70, 100), trough=1, mic=1),
    bounds=Bounds(
        (
            Limit("single", "absolute", 1200, "mg", shared.HOUSE),
            Limit("single", "absolute", 15, "mg/kg", shared.HOUSE),
            Limit("single", "recommended", 10, "mg/kg", Hennig2008.source),
            Limit("daily", "absolute", 1200, "mg", shared.HOUSE),
            Limit("daily", "absolute", 15, "mg/kg", shared.HOUSE),
            Limit("daily", "recommended", 10, "mg/kg", Hennig2008.source),
            Limit("rate", "absolute", 2400, "mg/h", shared.HOUSE),
        )
    ),
    regimens=(Regimen("iv", intervals=(8, 12, 24, 36, 48), durations=(0.5, 1)),),
    standard=(
        StandardDose("5 mg/kg once daily", 5, "mg/kg", 24, "iv", shared.ONCE_DAILY, duration=0.5),
        StandardDose(
            "10 mg/kg once daily", 10, "mg/kg", 24, "iv", Hennig2008.source, duration=0.5, indication="cystic fibrosis"
        ),
    ),
    monitoring=shared.MONITORING,
    label_rules=shared.RULES,
    assays={"35670-9": "concentration", "4059-2": "concentration", "4057-6": "concentration"},
    unbound=1.0,
)
