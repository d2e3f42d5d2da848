"""Nightscout: entries (sensor and meter glucose) and treatments (insulin, carbohydrates, basal rates) as JSON.

API of cgm-remote-monitor: /api/v1/entries.json, /api/v1/treatments.json. Glucose of entries is in mg/dL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from vitruvian.core import DataError, Instant
from vitruvian.ingest.json_records import WRONG_FORM, Gathered, load, moment, reject
from vitruvian.record import Format, Item, RawFile, Told

_ENTRY = re.compile(rb'"(sgv|mbg)"\s*:')
_TREATMENT = re.compile(rb'"eventType"\s*:')
_DATED = re.compile(rb'"(dateString|date|created_at)"\s*:')


class Nightscout(Format):
    """The format "nightscout"."""

    name = "nightscout"
    version = "1"
    needs_patient = True

    def claims(self, head: bytes) -> bool:
        """A list of objects with sensor glucose, or with an event type."""
        listed = head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"[", b"{"))
        known = _ENTRY.search(head) or _TREATMENT.search(head)
        return listed and known is not None and _DATED.search(head) is not None

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        """Samples; a treatment that says neither insulin nor carbohydrates is kept as a note."""
        found = load(file, "a Nightscout export")
        documents = found if isinstance(found, list) else [found]
        kept = Gathered(told.patient or "", told.zone)
        seen: dict[str, Any] = {}
        for k, one in enumerate(documents):
            try:
                if not _again(one, seen):
                    _treatment(one, k, kept) if "eventType" in one else _entry(one, k, kept)
                else:
                    kept.add("note", "Nightscout", "", _when(one), _when(one), None, k, f"sent twice: {one['_id']}")
            except (DataError, *WRONG_FORM) as error:
                yield reject("nightscout", k, error)
        yield from kept.batches()


def _again(one: dict[str, Any], seen: dict[str, Any]) -> bool:
    """Whether the very same document came before in the file; another one of the same id is kept beside it."""
    key = one.get("_id")
    if not isinstance(key, str):
        return False
    known = seen.get(key) == one
    seen[key] = one
    return known


def _when(one: dict[str, Any]) -> Instant:
    for name in ("created_at", "dateString", "sysTime", "date", "mills", "timestamp"):
        if one.get(name) not in (None, ""):
            found = moment(one[name])
            shift = one.get("utcOffset")
            if found.offset in (None, 0) and isinstance(shift, int) and abs(shift) <= 14 * 60:
                found = replace(found, offset=shift)
            return found
    raise DataError("it has no time", got=", ".join(map(str, one))[:80], allowed="created_at, dateString or date")


def _entry(one: dict[str, Any], k: int, kept: Gathered) -> None:
    at, source = _when(one), str(one.get("device") or "Nightscout")
    for name, signal in (("sgv", "glucose"), ("mbg", "blood_glucose")):
        if one.get(name) is not None:
            kept.add(signal, source, "mg/dL", at, at, one[name], k, str(one.get("direction") or ""))
            return
    kept.add("note", source, "", at, at, None, k, str(one.get("type") or "entry"))


def _treatment(one: dict[str, Any], k: int, kept: Gathered) -> None:
    at, source = _when(one), str(one.get("enteredBy") or "Nightscout")
    lasts = Instant(at.ms + round(float(one.get("duration") or 0) * 60_000), at.offset, at.precision)
    text = "; ".join(str(part) for part in (one["eventType"], one.get("notes")) if part)[:200]
    said = False
    for name, signal, unit in (("insulin", "insulin_bolus", "[iU]"), ("carbs", "carbohydrates", "g")):
        if one.get(name):
            kept.add(signal, source, unit, at, at, one[name], k, text)
            said = True
    if one["eventType"] == "Temp Basal" and one.get("absolute", one.get("rate")) is not None:
        kept.add("insulin_basal_rate", source, "[iU]/h", at, lasts, one.get("absolute", one.get("rate")), k, text)
        said = True
    elif one["eventType"] == "Temp Basal" and one.get("percent") is not None:
        kept.add("temporary_basal", source, "%", at, lasts, 100.0 + float(one["percent"]), k, text)
        said = True
    if one.get("glucose") is not None:
        unit = {"mmol": "mmol/L", "mmol/l": "mmol/L", "mg/dl": "mg/dL"}.get(
            str(one.get("units", "")).lower(), str(one.get("units") or "")
        )
        kept.add("blood_glucose", source, unit, at, at, one["glucose"], k, str(one.get("glucoseType") or ""))
        said = True
    if not said:
        notes: Sequence[Any] = (text, one.get("reason"))
        kept.add("note", source, "", at, lasts, None, k, "; ".join(str(n) for n in notes if n)[:200])
