"""The twin of a person as their data stand: the kept one while it is recent, brought up to date, or learned anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitruvian.core import DataError
from vitruvian.twin.glucose.evidence import Evidence
from vitruvian.twin.glucose.identify import DAILY_LIFE, GlucoseTwin, identify
from vitruvian.twin.glucose.store import keep, kept

if TYPE_CHECKING:
    from vitruvian.record import Patient

USUAL_DAYS = 3.0
_DAY = 288
_JOINED = 3  # days up to which a kept twin is brought up to date rather than learned anew


def weight_of(patient: Patient, until: str | None = None) -> float | None:
    """The newest body weight, kg; `None` where the record holds none."""
    values = patient.observations("weight", until=until)["value"].drop_nulls().to_list()
    return float(values[-1]) if values else None


def recent(patient: Patient, evidence: Evidence) -> GlucoseTwin | None:
    """The kept twin, where it was learned within three days of the newest reading; `None` otherwise."""
    try:
        known = kept(patient.record, evidence)
    except DataError:  # learned from days before this evidence
        return None
    return known if known is not None and 0 <= evidence.newest + 1 - known.last <= _JOINED * _DAY else None


def current(
    patient: Patient,
    evidence: Evidence,
    weight: float,
    *,
    days: float = USUAL_DAYS,
    fresh: bool = False,
    seed: int = 0,
) -> GlucoseTwin:
    """The twin of the last days, kept in the record where its actor may add to it.

    A kept twin of the last day is taken as it is, one of the last three days is brought up to date; with `fresh` or
    another number of days it is learned anew. Raises `DataError` where there are too few readings.
    """
    last = evidence.newest + 1
    first = max(last - round(days * _DAY), 0)
    known = None if fresh or days != USUAL_DAYS else recent(patient, evidence)
    if known is not None and last - known.last <= _DAY:
        return known
    first = known.last if known is not None else first
    twin = identify(evidence, first, last, weight=weight, seed=seed, near=known, fades=DAILY_LIFE)
    if patient.record.may_keep(patient.id):
        keep(patient.record, twin)
    return twin
