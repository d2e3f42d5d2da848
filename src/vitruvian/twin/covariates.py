"""A person's measured numbers over time → the covariates that models ask for."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass

import numpy as np

from vitruvian.core import DataError
from vitruvian.model.schedule import Course
from vitruvian.person import (
    body_mass_index,
    body_surface_area,
    ckd_epi_2021,
    cockcroft_gault,
    deindexed,
    fat_free_mass,
    schwartz_bedside,
)

ADULT = 18.0


@dataclass(frozen=True)
class Series:
    """Measurements of one quantity: times in hours (increasing) and values in the covariate's unit."""

    time: tuple[float, ...]
    value: tuple[float, ...]

    def at(self, time: float) -> float:
        """The last value at or before `time`; before the first measurement, the first."""
        k = int(np.searchsorted(np.asarray(self.time), time, side="right")) - 1
        return self.value[max(k, 0)]


MEASURED = {
    "WT": "kg",
    "HT": "cm",
    "SCR": "mg/dL",
    "ALB": "g/dL",
    "HCT": "%",
    "INR": "1",
    "BILI": "mg/dL",
    "CRP": "mg/L",
}
"""Covariates read straight from measurements, with the unit they are kept in."""

_MADE_OF = {
    "CRCL": ("SCR", "WT"),
    "EGFR": ("SCR", "WT", "HT"),
    "EGFR_INDEXED": ("SCR",),
    "FFM": ("WT", "HT"),
    "BMI": ("WT", "HT"),
    "BSA": ("WT", "HT"),
}


def to_measure(name: str, known: Container[str]) -> tuple[str, ...]:
    """What has to be measured for a covariate: the parts of a derived one that are not known, else itself."""
    return tuple(one for one in _MADE_OF.get(name, ()) if one not in known) or (name,)


def courses(
    measured: Mapping[str, Series], *, age_y: float, female: bool | None, start: float, now: float
) -> dict[str, Course]:
    """All covariates that follow from the measurements, as values that change between `start` and `now` (h).

    Derived where what they need is known: BMI, BSA (Du Bois), FFM (Janmahasatian), CRCL (Cockcroft–Gault with actual
    weight, adults), EGFR_INDEXED (CKD-EPI 2021; bedside Schwartz under 18) and EGFR (de-indexed), in mL/min.
    Each keeps its last value until the next measurement. Raises `DataError` for values that no person has.
    """
    found: dict[str, Course] = {"AGE": age_y}
    if female is not None:
        found["FEMALE"] = float(female)
    for name, series in measured.items():
        found[name] = _steps(series, start, now)
    changes = sorted({t for n in ("WT", "HT", "SCR") if n in measured for t in measured[n].time if start < t <= now})
    moments = [start, *changes]
    rows = [_derived({n: s.at(t) for n, s in measured.items()}, age_y, female) for t in moments]
    for name in rows[-1]:
        values = [row.get(name, rows[-1][name]) for row in rows]
        found[name] = _merge(moments, values)
    return found


def _derived(now: Mapping[str, float], age_y: float, female: bool | None) -> dict[str, float]:
    found: dict[str, float] = {}
    weight, height, creatinine = (now.get(n) for n in ("WT", "HT", "SCR"))
    if weight is not None and height is not None:
        found["BMI"] = body_mass_index(weight, height)
        found["BSA"] = body_surface_area(weight, height)
        if female is not None and age_y >= 3:
            found["FFM"] = fat_free_mass(weight, height, female=female, age_y=age_y)
    if creatinine is None or female is None:
        return found
    if age_y >= ADULT:
        if weight is not None:
            found["CRCL"] = cockcroft_gault(age_y=age_y, weight_kg=weight, creatinine_mg_dl=creatinine, female=female)
        found["EGFR_INDEXED"] = ckd_epi_2021(age_y=age_y, creatinine_mg_dl=creatinine, female=female)
    elif age_y >= 1 and height is not None:
        found["EGFR_INDEXED"] = schwartz_bedside(age_y=age_y, height_cm=height, creatinine_mg_dl=creatinine)
    if "EGFR_INDEXED" in found and weight is not None and height is not None:
        found["EGFR"] = deindexed(found["EGFR_INDEXED"], weight_kg=weight, height_cm=height)
    return found


def _steps(series: Series, start: float, now: float) -> Course:
    if not all(np.isfinite(series.value)):
        raise DataError("a measurement is not a finite number", got=series.value)
    inside = [(t, v) for t, v in zip(series.time, series.value, strict=True) if start < t <= now]
    return _merge([start, *(t for t, _ in inside)], [series.at(start), *(v for _, v in inside)])


def _merge(times: list[float], values: list[float]) -> Course:
    """One value where nothing changes; else (times, values) without repetitions."""
    kept = [0] + [k for k in range(1, len(values)) if values[k] != values[k - 1]]
    if len(kept) == 1:
        return float(values[0])
    return tuple(float(times[k]) for k in kept), tuple(float(values[k]) for k in kept)
