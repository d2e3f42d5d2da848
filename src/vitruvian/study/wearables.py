"""Days of wearables and of a diary from a person's record, as arrays, for models of daily signs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError, InputError, UnitError, convert
from vitruvian.learn import Feature
from vitruvian.physiology.lung import SIGNS

if TYPE_CHECKING:
    import polars as pl

    from vitruvian.record import Patient

CHANNELS = tuple(Feature(one.name, one.title, one.unit, "number", one.low, one.high) for one in SIGNS)
"""Daily signs, in the order and units of the simulator that models of them are trained on."""
INSTEAD: Mapping[str, tuple[str, ...]] = {
    "resting_heart_rate": ("resting_heart_rate", "sleeping_heart_rate"),
    "hrv_rmssd": ("hrv_rmssd", "hrv_sdnn"),
}
"""Signals that may stand for a channel: the one with most days does, for all of them; never two in turn. Change is read
against the same signal's own usual, so another scale does no harm; absolute values of it mean something else."""


@dataclass(frozen=True)
class WearableDays:
    """One person's days: `values` by day and channel (NaN is missing), from `start`; which signal stands for which."""

    start: date
    values: Float[np.ndarray, "days channels"]
    signals: Mapping[str, str]

    @property
    def dates(self) -> tuple[date, ...]:
        """The date of each day."""
        return tuple(self.start + timedelta(days=k) for k in range(len(self.values)))


def wearable_days(
    patient: Patient, until: date, *, days: int = 90, diary: Mapping[str, str] | None = None
) -> WearableDays:
    """The last `days` local days up to and including `until`; sleep counts for the day on which it ends.

    `diary` names the code under which observations of a channel lie in this record ("symptoms", "reliever": the sum of
    a day's entries); without it these are missing. Doubtful samples are left out, impossible days too. Raises
    `InputError` for a channel that there is not, `DataError` where a unit does not lead to the channel's.
    """
    if days < 1 or set(diary or {}) - {one.name for one in SIGNS if one.diary}:
        raise InputError("days of wearables", got=f"{days} days, {diary}", allowed="codes of symptoms and reliever")
    start = until - timedelta(days=days - 1)
    values, signals = np.full((days, len(SIGNS)), np.nan), {}
    for k, one in enumerate(SIGNS):
        if one.diary:
            found = {(diary or {}).get(one.name, ""): _entries(patient, (diary or {}).get(one.name, ""), start, until)}
        else:
            names = INSTEAD.get(one.name, (one.name,))
            found = {name: _signal(patient, name, one.unit, start, until) for name in names}
        name = max(found, key=lambda each: len(found[each]))
        if found[name]:
            signals[one.name] = name
        for day, value in found[name].items():
            if one.low <= value <= one.high:
                values[(day - start).days, k] = value
    return WearableDays(start, values, signals)


def _signal(patient: Patient, name: str, unit: str, start: date, until: date) -> dict[date, float]:
    table: pl.DataFrame = patient.daily(name, since=_early(start), until=_late(until))
    rows = table.select("date", "value", "unit").drop_nulls("value").rows()
    return {day: _in_unit(value, own, unit, name) for day, value, own in rows if start <= day <= until}


def _entries(patient: Patient, code: str, start: date, until: date) -> dict[date, float]:
    """The sum of a day's entries, at the days that they name."""
    found: dict[date, float] = {}
    facts = patient.facts("observation", code, since=_early(start), until=_late(until)) if code else []
    for one in facts:
        if one.trusted and one.value is not None and one.start_ms is not None:
            day = date.fromordinal(date(1970, 1, 1).toordinal() + one.start_ms // 86_400_000)
            if start <= day <= until:
                found[day] = found.get(day, 0.0) + float(one.value)
    return found


def _early(day: date) -> str:
    return (day - timedelta(days=1)).isoformat() + "T00:00:00Z"


def _late(day: date) -> str:
    return (day + timedelta(days=2)).isoformat() + "T00:00:00Z"


def _in_unit(value: float, own: str, unit: str, name: str) -> float:
    if own == unit or "1" in (own, unit):
        return float(value)
    try:
        return float(convert(value, own, unit))
    except UnitError as error:
        raise DataError(f"the unit of {name} differs", got=own, allowed=unit) from error
