"""Infliximab."""

from __future__ import annotations

from vitruvian.core import Source
from vitruvian.pharmacology.drug import Bounds, Drug, Limit, Monitoring, Product, Regimen, StandardDose, Target
from vitruvian.pharmacology.drugs.infliximab.fasanmade_2009 import Fasanmade2009

AGA = Source(
    "Feuerstein JD, Nguyen GC, Kupfer SS, et al. American Gastroenterological Association Institute guideline on "
    "therapeutic drug monitoring in inflammatory bowel disease. Gastroenterology 2017;153:827-834",
    "10.1053/j.gastro.2017.07.032",
)
TAXIT = Source(
    "Vande Casteele N, Ferrante M, Van Assche G, et al. Trough concentrations of infliximab guide dosing for patients "
    "with inflammatory bowel disease. Gastroenterology 2015;148:1320-1329",
    "10.1053/j.gastro.2015.02.031",
)
LABEL = Source(
    "Remicade (infliximab), prescribing information (FDA)",
    table="2, as given for Inflectra, which is dosed identically",
    status="one transcription",
)
HOUSE = Source("Set by this project: above it more drug is not expected to help", status="assumption")

DRUG = Drug(
    name="infliximab",
    title="Infliximab",
    codes={"rxnorm": "191831", "atc": "L04AB02"},
    models=(Fasanmade2009(),),
    molar_mass=149100.0,
    products=(Product("vial", 100.0, "mg", "iv", increment=10.0),),
    targets=(
        Target("trough", "trough", 5, 15, "mg/L", AGA, indication="active inflammatory bowel disease: at least 5"),
        Target("trough_remission", "trough", 3, 7, "mg/L", TAXIT, indication="inflammatory bowel disease in remission"),
        Target("trough_high", "trough", 25, float("inf"), "mg/L", HOUSE, kind="harm", indication="excess of drug"),
    ),
    bounds=Bounds(
        (
            Limit("single", "absolute", 20, "mg/kg", HOUSE),
            Limit("single", "recommended", 10, "mg/kg", LABEL),
        )
    ),
    regimens=(Regimen("iv", intervals=(1344, 1008, 672), durations=(2,)),),
    standard=(StandardDose("5 mg/kg every 8 weeks", 5, "mg/kg", 1344, "iv", LABEL, duration=2),),
    monitoring=(
        Monitoring("albumin", "with each level", AGA, "ALB", 24 * 60),
        Monitoring("body weight", "before each infusion", LABEL, "WT", 24 * 60),
        Monitoring("infliximab trough and antibodies", "on loss of response, and in maintenance", AGA, "ADA"),
        Monitoring("tuberculosis and hepatitis B", "before the start", LABEL),
    ),
    assays={"39803-2": "concentration"},
    synonyms=("remicade", "inflectra"),
    notes=("Induction is at weeks 0, 2 and 6.",),
)
