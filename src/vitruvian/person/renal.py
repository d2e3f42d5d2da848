"""Kidney function from serum creatinine.

Creatinine enters every equation in mg/dL by an assay traceable to isotope dilution (IDMS); `creatinine_mg_dl`
converts unit and assay. Equations for adults refuse children and the equation for children refuses adults.
No equation here has a race term.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vitruvian.core import UnitError, UnknownNameError
from vitruvian.person._range import adult, within
from vitruvian.person.body import WeightKind, body_surface_area, dosing_weight

Assay = Literal["enzymatic", "jaffe_idms", "jaffe"]

CREATININE_UMOL_L_PER_MG_DL = 88.42  # molar mass 113.12 g/mol
_STANDARD_AREA = 1.73  # m²
# Conventional (not IDMS-traceable) Jaffe reads about 5 % high: (175/186)^(1/1.154), the two MDRD constants.
_JAFFE_TO_IDMS = (175.0 / 186.0) ** (1.0 / 1.154)


@dataclass(frozen=True)
class Clearance:
    """Creatinine clearance (mL/min) with the weight it was computed with (kg) and that weight's kind."""

    value: float
    weight_kg: float
    weight_kind: str


def creatinine_mg_dl(value: float, unit: str, *, assay: Assay = "enzymatic") -> float:
    """Serum creatinine in mg/dL, IDMS-traceable, from mg/dL or umol/L.

    assay "jaffe" is the old assay without IDMS calibration, multiplied by 0.949 (the ratio implied by the two
    constants of MDRD; Levey 2007, doi:10.1373/clinchem.2006.077180).
    Raises: UnitError for any other unit, UnknownNameError for another assay, DataError outside 0.1 to 40 mg/dL.
    """
    key = unit.strip().replace("µ", "u").replace("μ", "u").casefold()
    if key in ("umol/l", "mcmol/l"):
        scaled = float(value) / CREATININE_UMOL_L_PER_MG_DL
    elif key == "mg/dl":
        scaled = float(value)
    else:
        raise UnitError("unknown unit of creatinine", got=unit or "no unit", allowed="mg/dL, umol/L")
    if assay not in ("enzymatic", "jaffe_idms", "jaffe"):
        raise UnknownNameError("unknown creatinine assay", got=assay, allowed="enzymatic, jaffe_idms, jaffe")
    return _creatinine(scaled * (_JAFFE_TO_IDMS if assay == "jaffe" else 1.0))


def _creatinine(value: float) -> float:
    return within("creatinine", value, "mg/dL", 0.1, 40.0, "Check the unit: 1 mg/dL = 88.42 umol/L.")


def cockcroft_gault(*, age_y: float, weight_kg: float, creatinine_mg_dl: float, female: bool) -> float:
    """Creatinine clearance, mL/min: (140 - age) W / (72 Scr), x 0.85 for women; the weight is the caller's choice.

    Source: Cockcroft and Gault 1976, doi:10.1159/000180580. Raises: DataError below 18 years.
    """
    age = adult("Cockcroft-Gault", age_y, 18.0, "Use schwartz_bedside for a child.")
    weight = within("weight", weight_kg, "kg", 20.0, 450.0, "Give the weight in kg.")
    clearance = (140.0 - age) * weight / (72.0 * _creatinine(creatinine_mg_dl))
    return clearance * (0.85 if female else 1.0)


def creatinine_clearance(
    *, age_y: float, weight_kg: float, height_cm: float, creatinine_mg_dl: float, female: bool, weight: WeightKind
) -> Clearance:
    """Cockcroft-Gault with a named weight ("actual", "ideal", "adjusted", "fat_free", "by_size"): no default."""
    chosen, kind = dosing_weight(weight, weight_kg, height_cm, female=female, age_y=age_y)
    value = cockcroft_gault(age_y=age_y, weight_kg=chosen, creatinine_mg_dl=creatinine_mg_dl, female=female)
    return Clearance(value, chosen, kind)


def mdrd(*, age_y: float, creatinine_mg_dl: float, female: bool) -> float:
    """Filtration rate, mL/min/1.73 m²: 175 Scr^-1.154 age^-0.203, x 0.742 for women.

    Source: Levey 2006, doi:10.7326/0003-4819-145-4-200608150-00004 (IDMS form). Raises: DataError below 18 years.
    """
    age = adult("MDRD", age_y, 18.0, "Use schwartz_bedside for a child.")
    return 175.0 * _creatinine(creatinine_mg_dl) ** -1.154 * age**-0.203 * (0.742 if female else 1.0)


def ckd_epi_2021(*, age_y: float, creatinine_mg_dl: float, female: bool) -> float:
    """Filtration rate, mL/min/1.73 m²: 142 min(Scr/k, 1)^a max(Scr/k, 1)^-1.2 0.9938^age, x 1.012 for women.

    k 0.7 (women) or 0.9 (men), a -0.241 or -0.302. Source: Inker 2021, doi:10.1056/NEJMoa2102953.
    Raises: DataError below 18 years.
    """
    age = adult("CKD-EPI 2021", age_y, 18.0, "Use schwartz_bedside for a child.")
    k, a, sex = (0.7, -0.241, 1.012) if female else (0.9, -0.302, 1.0)
    ratio = _creatinine(creatinine_mg_dl) / k
    return 142.0 * min(ratio, 1.0) ** a * max(ratio, 1.0) ** -1.2 * 0.9938**age * sex


def schwartz_bedside(*, age_y: float, height_cm: float, creatinine_mg_dl: float) -> float:
    """Filtration rate of a child of 1 to 18 years, mL/min/1.73 m²: 0.413 height / Scr.

    Source: Schwartz 2009, doi:10.1681/ASN.2008030287 (built on 1 to 16 years). Raises: DataError at other ages.
    """
    within(
        "age for the bedside Schwartz equation",
        age_y,
        "years",
        1.0,
        17.999,
        "Use ckd_epi_2021 or cockcroft_gault for an adult, and filtration_maturation for an infant.",
    )
    height = within("height", height_cm, "cm", 45.0, 220.0, "Give the height in cm.")
    return 0.413 * height / _creatinine(creatinine_mg_dl)


def deindexed(egfr_indexed: float, *, weight_kg: float, height_cm: float) -> float:
    """mL/min/1.73 m² → mL/min by the person's own surface (Du Bois): what drug clearance follows."""
    rate = within("filtration rate", egfr_indexed, "mL/min/1.73 m²", 0.0, 300.0, "Check the unit.")
    return rate * body_surface_area(weight_kg, height_cm) / _STANDARD_AREA


def indexed(egfr: float, *, weight_kg: float, height_cm: float) -> float:
    """mL/min → mL/min/1.73 m²; inverse of `deindexed`."""
    rate = within("filtration rate", egfr, "mL/min", 0.0, 500.0, "Check the unit.")
    return rate * _STANDARD_AREA / body_surface_area(weight_kg, height_cm)


def kidney_stage(egfr_indexed: float) -> str:
    """KDIGO category G1 to G5 of a filtration rate in mL/min/1.73 m² (KDIGO 2012 guideline)."""
    rate = within("filtration rate", egfr_indexed, "mL/min/1.73 m²", 0.0, 300.0, "Check the unit.")
    steps = ((90.0, "G1"), (60.0, "G2"), (45.0, "G3a"), (30.0, "G3b"), (15.0, "G4"), (0.0, "G5"))
    return next(name for floor, name in steps if rate >= floor)
