"""Busulfan."""

from __future__ import annotations

from vitruvian.core import Source
from vitruvian.pharmacology.drug import Bounds, Drug, Limit, Monitoring, Product, Regimen, StandardDose, Target
from vitruvian.pharmacology.drugs.busulfan.mccune_2014 import McCune2014
from vitruvian.pharmacology.drugs.busulfan.paci_2012 import Paci2012

BARTELINK = Source(
    "Bartelink IH, Lalmohamed A, van Reij EML, et al. Association of busulfan exposure with survival and toxicity "
    "after "
    "haemopoietic cell transplantation in children and young adults. Lancet Haematol 2016;3:e526-e536",
    "10.1016/S2352-3026(16)30114-4",
    status="one transcription",
)
PALMER = Source(
    "Palmer J, McCune JS, Perales MA, et al. Personalizing busulfan-based conditioning: considerations from the "
    "American "
    "Society for Blood and Marrow Transplantation Practice Guidelines Committee. "
    "Biol Blood Marrow Transplant 2016;22:1915-1925",
    "10.1016/j.bbmt.2016.07.013",
)
TRAME = Source(
    "Trame MN, Bergstrand M, Karlsson MO, et al. Population pharmacokinetics of busulfan in children: increased "
    "evidence for body surface area and allometric body weight dosing of busulfan in children. "
    "Clin Cancer Res 2011;17:6867-6877",
    table="abstract: therapeutic range 900 to 1,500 umol/L x min",
    status="primary",
)
US_LABEL = Source("Busulfex (busulfan injection), prescribing information (FDA)", table="2.1, 8.4")
EU_LABEL = Source("Busilvex, summary of product characteristics (EMA)", table="4.2", status="one transcription")
HOUSE = Source("Ceiling set by this project, far above any recommended dose", status="assumption")

_INF = float("inf")

DRUG = Drug(
    name="busulfan",
    title="Busulfan",
    codes={"rxnorm": "1828", "atc": "L01AB01"},
    models=(McCune2014(), Paci2012()),
    molar_mass=246.30,
    products=(Product("vial", 60.0, "mg", "iv", increment=1.0),),
    targets=(
        Target(
            "cumulative_auc",
            "cumulative_auc",
            78,
            101,
            "mg.h/L",
            BARTELINK,
            indication="myeloablative conditioning, whole course",
            when="all",
        ),
        Target(
            "auc24",
            "auc24",
            14.8,
            24.6,
            "mg.h/L",
            TRAME,
            indication="900 to 1,500 umol/L x min per 6 hours, four doses a day",
        ),
        Target(
            "cumulative_auc_high",
            "cumulative_auc",
            101,
            _INF,
            "mg.h/L",
            BARTELINK,
            kind="harm",
            indication="veno-occlusive disease and death without relapse",
            when="all",
        ),
    ),
    bounds=Bounds(
        (
            Limit("single", "absolute", 7, "mg/kg", HOUSE),
            Limit("daily", "absolute", 7, "mg/kg", HOUSE),
            Limit("daily", "recommended", 4.8, "mg/kg", EU_LABEL),
        )
    ),
    regimens=(Regimen("iv", intervals=(24, 6), durations=(3, 2)),),
    standard=(
        StandardDose("3.2 mg/kg once daily over 3 hours", 3.2, "mg/kg", 24, "iv", EU_LABEL, duration=3),
        StandardDose("0.8 mg/kg every 6 hours over 2 hours", 0.8, "mg/kg", 6, "iv", US_LABEL, duration=2),
    ),
    monitoring=(
        Monitoring("busulfan levels after the first dose", "four or more within 6 hours, again after changes", PALMER),
        Monitoring("body weight", "before the first dose", US_LABEL, "WT", 24 * 7),
        Monitoring("bilirubin and liver enzymes", "daily to day 28", US_LABEL),
    ),
    unbound=0.68,
    notes=("Time counts from the first dose: clearance falls over the course. Give seizure prophylaxis.",),
)
