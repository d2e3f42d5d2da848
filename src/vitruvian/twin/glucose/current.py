"""The twin of a person as their data stand: the kept one while it is recent, brought up to date, or learned anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitruvian.core import to_datetime
from vitruvian.twin.answer import Message
from vitruvian.twin.glucose.evidence import Evidence
from vitruvian.twin.glucose.identify import DAILY_LIFE, GlucoseTwin, identify
from vitruvian.twin.glucose.store import keep, kept, newest_kept

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
    """The kept twin that serves here, if it was learned within three days of the newest reading; `None` otherwise."""
    known = kept(patient.record, evidence)
    return known if known is not None and 0 <= evidence.newest + 1 - known.last <= _JOINED * _DAY else None


def learned_until(twin: GlucoseTwin, evidence: Evidence) -> Message:
    """From when the twin is, and what has come since; a warning where that is more than a day."""
    known = slice(twin.last, evidence.newest + 1)
    came = {
        "reading": int(np.isfinite(evidence.glucose[known]).sum()),
        "bolus": int((evidence.bolus[known] > 0).sum()),
        "meal": int((evidence.carbohydrates[known] > 0).sum()),
    }
    text = f"the twin was learned from the days up to {evidence.moment(twin.last):%Y-%m-%d %H:%M}"
    if not any(came.values()):
        return Message("note", "twin-learned", f"{text}, the newest reading among them")
    counted = ", ".join(f"{count} {name}{_more(name) if count != 1 else ''}" for name, count in came.items() if count)
    if evidence.newest + 1 - twin.last <= _DAY:
        return Message("note", "twin-learned", f"{text}; since then came {counted}, which forecasts take in")
    return Message("warning", "stale-twin", f"{text}; since then came {counted}", "Ask, and it is brought up to date.")


def passed_over(patient: Patient, evidence: Evidence) -> str:
    """Why the newest kept twin of the person is not taken; "" where there is none, or it is."""
    found = newest_kept(patient.record, evidence)
    if found is None:
        return ""
    why = found.unfit
    if found.twin is not None and evidence.newest + 1 - found.twin.last > _JOINED * _DAY:
        why = f"it is more than {_JOINED} days older than the newest reading"
    at = to_datetime(found.until).astimezone(evidence.start.tzinfo)
    return f"the twin kept of {at:%Y-%m-%d %H:%M} is not taken: {why}" if why else ""


def _more(name: str) -> str:
    return "es" if name == "bolus" else "s"


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
