"""Bounds of therapy settings: what no setting may leave, and what is usual."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool

from vitruvian.control.policy import Therapy
from vitruvian.core import DataError, Source

LOOP = Source("LoopKit, guardrails of settings (Guardrail+Settings.swift, 2024)", status="one transcription")
DAILY = Source(
    "0.4–1.0 U/kg/d of insulin is usual in type 1 diabetes (American Diabetes Association, Standards of Care 2024, "
    "section 9); up to 2 U/kg/d in puberty or resistance",
    status="unverified",
)
WIDER = Source(
    "LoopKit, guardrails of settings (2024), but 3 in place of 10 mg/dL per U: some need more than 1 U/kg/d",
    status="assumption",
)
RULES = Source(
    "Rules of 1800 and 500 (Davidson et al. 2008, Endocr Pract 14:1095), with wide margins; catches mmol/L and units "
    "ten times too large",
    doi="10.4158/EP.14.9.1095",
    status="assumption",
)
BODY = Source("Newborn to severe obesity", status="assumption")


class Bounds(NamedTuple):
    """Absolute and recommended range of one setting, and where they come from."""

    setting: str
    unit: str
    lowest: float
    low: float
    high: float
    highest: float
    source: Source


SETTINGS = (
    Bounds("weight", "kg", 2.0, 10.0, 200.0, 400.0, BODY),
    Bounds("basal", "U/h", 0.0, 0.05, 10.0, 30.0, LOOP),
    Bounds("carbohydrate_ratio", "g/U", 2.0, 4.0, 28.0, 150.0, LOOP),
    Bounds("correction", "mg/dL per U", 3.0, 16.0, 399.0, 500.0, WIDER),
    Bounds("target", "mg/dL", 87.0, 100.0, 125.0, 180.0, LOOP),
    Bounds("total_daily", "U/d", 1.0, 2.0, 150.0, 300.0, DAILY),
)
PER_KG = Bounds("total_daily per kg", "U/kg/d", 0.05, 0.2, 1.5, 3.0, DAILY)
CORRECTS = Bounds("correction × total_daily", "mg/dL", 150.0, 900.0, 3600.0, 12_000.0, RULES)
COVERS = Bounds("carbohydrate_ratio × total_daily", "g", 80.0, 200.0, 1000.0, 4000.0, RULES)
PROFILE = Bounds("basal × 24 h / total_daily", "1", 0.02, 0.25, 0.75, 1.5, RULES)
LARGEST_BOLUS = 30.0
"""U, of the pump guardrails of LoopKit."""
LARGEST_RATE = 30.0
"""U/h, of the same."""


class Finding(NamedTuple):
    """A setting outside its recommended range."""

    person: int
    setting: str
    value: float
    low: float
    high: float
    unit: str

    def __str__(self) -> str:
        return (
            f"person {self.person}: {self.setting} {self.value:g} {self.unit} is outside the recommended "
            f"{self.low:g}–{self.high:g}"
        )


def allowed(therapy: Therapy) -> Bool[Array, " n"]:
    """Whether every setting of a person is a number within its absolute bounds."""
    ok = jnp.ones(therapy.basal.shape, bool)
    for bounds, value in _checked(therapy):
        ok &= (value >= bounds.lowest) & (value <= bounds.highest)
    return ok


def check(therapy: Therapy) -> tuple[Finding, ...]:
    """Settings outside the recommended ranges; raises `DataError` at one outside its absolute bounds or no number."""
    found = []
    for bounds, values in _checked(therapy):
        for person, value in enumerate(np.asarray(values)):
            if not bounds.lowest <= value <= bounds.highest:
                raise DataError(
                    f"person {person}: {bounds.setting} must not be used",
                    got=f"{value:g} {bounds.unit}",
                    allowed=f"{bounds.lowest:g} to {bounds.highest:g} {bounds.unit} ({bounds.source.citation})",
                    todo="Check the unit (mg/dL, U, g, kg) and the decimal point.",
                )
            if not bounds.low <= value <= bounds.high:
                found.append(Finding(person, bounds.setting, float(value), bounds.low, bounds.high, bounds.unit))
    return tuple(found)


def _checked(therapy: Therapy) -> list[tuple[Bounds, Array]]:
    each = [(bounds, getattr(therapy, bounds.setting)) for bounds in SETTINGS]
    daily = therapy.total_daily
    together = [
        (PER_KG, daily / therapy.weight),
        (CORRECTS, therapy.correction * daily),
        (COVERS, therapy.carbohydrate_ratio * daily),
        (PROFILE, 24.0 * therapy.basal / daily),
    ]
    return each + together
