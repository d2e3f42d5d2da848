"""What is no stream in an Apple Health export, as facts: workouts, correlations, rings, who it is, the rest."""

from __future__ import annotations

from typing import Any

import orjson

from vitruvian.core import DataError, Instant, content_hash, parse_instant
from vitruvian.ingest.apple_types import UNITS, signal_of
from vitruvian.record import Draft, Item, Rejected, SourceRecord

SYSTEM = "https://developer.apple.com/documentation/healthkit"
_ME = {
    "HKCharacteristicTypeIdentifierDateOfBirth": "birth_date",
    "HKCharacteristicTypeIdentifierBiologicalSex": "sex",
    "HKCharacteristicTypeIdentifierBloodType": "blood_type",
}
_SEX = {"HKBiologicalSexFemale": "female", "HKBiologicalSexMale": "male", "HKBiologicalSexOther": "other"}


def fact_record(found: dict[str, Any], subject: str, number: int) -> Item:
    """One element below the root with all that is inside it; a reject where its times cannot be read."""
    name, attributes, parts = found["name"], found["attributes"], found["parts"]
    place = f"record[{number}]"
    try:
        facts = _facts(name, attributes, parts)
        created = _moment(attributes.get("creationDate"))
    except (DataError, ValueError) as error:
        return Rejected(name, place, str(error), subject)
    digest = content_hash(orjson.dumps([name, attributes, parts], option=orjson.OPT_SORT_KEYS))[:32]
    return SourceRecord(
        name, "apple-health", digest, digest, digest, subject, place, facts, created.ms if created else None
    )


def _facts(name: str, attributes: dict[str, str], parts: list[tuple[str, dict[str, str]]]) -> tuple[Draft, ...]:
    start = _moment(attributes.get("startDate") or attributes.get("dateComponents"))
    end = _moment(attributes.get("endDate"))
    if name == "Me":
        return tuple(_me(key, value) for key, value in attributes.items() if key in _ME and value)
    if name == "Workout":
        return (_workout(attributes, parts, start, end),)
    if name == "Correlation":
        return tuple(_measured(part, k) for k, (kind, part) in enumerate(parts) if kind == "Record")
    code = attributes.get("type") or attributes.get("identifier") or name
    return (
        Draft("resource", SYSTEM, code, name, start=start, end=end, status="final",
              detail={"attributes": attributes, "parts": [[kind, inner] for kind, inner in parts]}),
    )  # fmt: skip


def _me(key: str, value: str) -> Draft:
    code = _ME[key]
    if code == "birth_date":
        return Draft("demographic", SYSTEM, code, "birth date", f".{key}", value_text=value,
                     start=parse_instant(value), status="final")  # fmt: skip
    return Draft("demographic", SYSTEM, code, code.replace("_", " "), f".{key}", value_code=_SEX.get(value, value),
                 status="final")  # fmt: skip


def _workout(
    a: dict[str, str], parts: list[tuple[str, dict[str, str]]], start: Instant | None, end: Instant | None
) -> Draft:
    kind = a.get("workoutActivityType", "")
    raw, unit = float(a.get("duration") or "nan"), a.get("durationUnit", "min")
    minutes = raw * {"min": 1.0, "hr": 60.0, "sec": 1 / 60, "s": 1 / 60}.get(unit, float("nan"))
    known = minutes == minutes
    return Draft(
        "activity", SYSTEM, kind, kind.removeprefix("HKWorkoutActivityType"),
        value=minutes if known else None, unit="min" if known else None, value_raw=raw if raw == raw else None,
        unit_raw=unit, start=start, end=end, status="final", flags=() if known else ("wrong_unit",),
        detail={"source": a.get("sourceName"), "parts": [[name, inner] for name, inner in parts]},
    )  # fmt: skip


def _measured(a: dict[str, str], k: int) -> Draft:
    """A part of a correlation, such as the systolic one of a blood pressure; it also stands by itself in the export."""
    raw, unit = float(a.get("value") or "nan"), a.get("unit", "")
    code = signal_of(a.get("type", ""))
    return Draft(
        "correlation", SYSTEM, code, code.replace("_", " "), f".part[{k}]", value=raw if raw == raw else None,
        unit=UNITS.get(unit, unit), value_raw=raw if raw == raw else None, unit_raw=unit,
        start=_moment(a.get("startDate")), end=_moment(a.get("endDate")), status="final",
    )  # fmt: skip


def _moment(text: str | None) -> Instant | None:
    if not text:
        return None
    day, _, rest = text.partition(" ")
    clock, _, offset = rest.partition(" ")
    if not clock:
        return parse_instant(day)
    return parse_instant(f"{day}T{clock}{offset[:3]}:{offset[3:]}" if offset else f"{day}T{clock}")
