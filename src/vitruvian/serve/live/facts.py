"""What the monitor and people say of alerts, as facts of the record: the alert, the answer, what came of it."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

from vitruvian.core import Instant, now_ms, to_datetime
from vitruvian.record import Draft, Record
from vitruvian.serve.live.alerts import Kept
from vitruvian.tables.signals import signals
from vitruvian.twin import deceased
from vitruvian.twin.monitor import Alert

if TYPE_CHECKING:
    from vitruvian.record import Patient

SYSTEM = "urn:vitruvian:alert"
VERSION = "1"
_AROUND_MS = 10 * 60_000


def alert_fact(record: Record, kept: Kept, one: Alert) -> str:
    """Keep what an alert says; gives the fact's id."""
    draft = Draft(
        "alert", SYSTEM, one.kind, one.cause, value=one.value, unit=one.unit if one.value is not None else None,
        start=_instant(one.began_ms), end=_instant(one.raised_ms), status="final",
        detail={"alert": kept.id, **one.to_dict()},
    )  # fmt: skip
    return _derived(record, kept, "alert", draft)


def response_fact(record: Record, kept: Kept, did: str, advice: str, reason: str) -> str:
    """Keep that somebody accepted, refused or otherwise answered what was advised; gives the fact's id."""
    told = {"alert": kept.id, "signal": kept.signal, "advice": advice, "reason": reason, "by": record.actor.id}
    draft = Draft("alert_response", SYSTEM, did, f"Advice {did}", start=_instant(now_ms()), status="final", detail=told)
    return _derived(record, kept, f"response:{now_ms()}", draft)


def outcome_fact(record: Record, kept: Kept, patient: Patient, since_ms: int, until_ms: int) -> str:
    """Keep what happened between an answer and a later moment: the signal before and after."""
    before, after = (_level(patient, kept.signal, moment) for moment in (since_ms, until_ms))
    unit = signals()[kept.signal].unit
    told: dict[str, Any] = {"alert": kept.id, "signal": kept.signal, "before": before, "after": after, "unit": unit}
    words = "no samples to tell" if None in (before, after) else f"from {before:g} to {after:g} {unit}"
    told["over"] = kept.state == "over"
    draft = Draft(
        "alert_outcome", SYSTEM, kept.kind, f"What happened next: {words}", value=after, unit=unit if after else None,
        start=_instant(since_ms), end=_instant(until_ms), status="final", detail=told,
    )  # fmt: skip
    return _derived(record, kept, f"outcome:{since_ms}", draft)


def alert_of(patient: Patient, kept: Kept) -> dict[str, Any] | None:
    """What the record says of an alert; None where it is not there (yet), or may not be seen."""
    since = to_datetime(kept.began_ms)
    for fact in patient.facts(kind="alert", since=since, until=since):
        if fact.detail.get("alert") == kept.id:
            return dict(fact.detail)
    return None


def told_of(patient: Patient, kept: Kept) -> dict[str, Any]:
    """`alert_of` as "told"; "refused" why nothing is expected or advised of somebody recorded as dead."""
    return {"told": alert_of(patient, kept), "refused": [f"{one.text} {one.todo}" for one in deceased(patient)]}


def _derived(record: Record, kept: Kept, what: str, draft: Draft) -> str:
    return record.derive(kept.person, [draft], method=f"monitor:{kept.id}:{what}", version=VERSION)[0]


def _level(patient: Patient, signal: str, until_ms: int) -> float | None:
    """The median of the ten minutes before a moment."""
    table = patient.samples(signal, since=to_datetime(until_ms - _AROUND_MS), until=to_datetime(until_ms))
    values = table.filter(table["flags"].is_in(["", "no_offset"]))["value"].drop_nulls().to_list()
    return median(values) if values else None


def _instant(ms: int) -> Instant:
    return Instant(ms, 0, "instant")
