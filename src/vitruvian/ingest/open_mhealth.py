"""Open mHealth (IEEE 1752): data points with a header that names their schema, and a body.

https://www.openmhealth.org/documentation: schemas omh:heart-rate, omh:step-count, omh:blood-glucose …
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from vitruvian.core import DataError, Instant
from vitruvian.ingest.json_records import WRONG_FORM, Gathered, load, moment, reject
from vitruvian.record import Format, Item, RawFile, Told

_SIGN = re.compile(rb'"schema_id"\s*:\s*\{')
# schema → (key of the body, signal, unit where the value is a plain number)
_SCHEMAS = {
    "heart-rate": ("heart_rate", "heart_rate", ""),
    "step-count": ("step_count", "steps", "1"),
    "blood-glucose": ("blood_glucose", "blood_glucose", ""),
    "oxygen-saturation": ("oxygen_saturation", "oxygen_saturation", ""),
    "respiratory-rate": ("respiratory_rate", "respiratory_rate", ""),
    "body-temperature": ("body_temperature", "body_temperature", ""),
    "body-weight": ("body_weight", "weight", ""),
    "body-height": ("body_height", "height", ""),
    "calories-burned": ("kcal_burned", "active_energy", ""),
    "sleep-duration": ("sleep_duration", "sleep", ""),
    "minutes-moderate-activity": ("minutes_moderate_activity", "moderate_activity_time", ""),
    "rr-interval": ("rr_interval", "rr_interval", ""),
}
_UNITS = {
    "beats/min": "/min", "breaths/min": "/min", "C": "Cel", "F": "[degF]", "lb": "[lb_av]", "in": "[in_i]",
    "sec": "s", "hr": "h", "Mo": "mo", "d": "d", "kcal": "kcal", "steps": "1",
}  # fmt: skip


class OpenMHealth(Format):
    """The format "open_mhealth"."""

    name = "open_mhealth"
    version = "1"
    needs_patient = True

    def claims(self, head: bytes) -> bool:
        """A header with a schema id."""
        return head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"[", b"{")) and _SIGN.search(head) is not None

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        """Samples of the known schemas; points of others are kept as notes that name the schema."""
        found = load(file, "an Open mHealth export")
        kept = Gathered(told.patient or "", told.zone)
        for k, one in enumerate(found if isinstance(found, list) else [found]):
            try:
                _point(one, k, kept)
            except (DataError, *WRONG_FORM) as error:
                yield reject("open_mhealth", k, error)
        yield from kept.batches()


def _point(one: dict[str, Any], k: int, kept: Gathered) -> None:
    header, body = one["header"], one["body"]
    schema = header["schema_id"]["name"]
    source = str((header.get("acquisition_provenance") or {}).get("source_name") or "Open mHealth")
    start, end = _frame(body, header)
    if schema == "blood-pressure":
        for part in ("systolic_blood_pressure", "diastolic_blood_pressure"):
            kept.add(part, source, _unit(body[part]), start, end, body[part]["value"], k)
        return
    if schema not in _SCHEMAS:
        kept.add("note", source, "", start, end, None, k, f"schema {schema}")
        return
    key, signal, unit = _SCHEMAS[schema]
    value = body[key]
    number = value["value"] if isinstance(value, dict) else value
    kept.add(signal, source, _unit(value) if isinstance(value, dict) else unit, start, end, number, k,
             str(body.get("descriptive_statistic") or ""))  # fmt: skip


def _unit(value: dict[str, Any]) -> str:
    unit = str(value.get("unit") or "")
    return _UNITS.get(unit, unit)


def _frame(body: dict[str, Any], header: dict[str, Any]) -> tuple[Instant, Instant]:
    frame = body.get("effective_time_frame") or {}
    if "date_time" in frame:
        at = moment(frame["date_time"])
        return at, at
    interval = frame.get("time_interval") or {}
    if "start_date_time" in interval:
        start = moment(interval["start_date_time"])
        if "end_date_time" in interval:
            return start, moment(interval["end_date_time"])
        lasts = interval.get("duration") or {"value": 0, "unit": "min"}
        factor = {"sec": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "ms": 0.001}[lasts["unit"]]
        return start, Instant(start.ms + round(float(lasts["value"]) * factor * 1000), start.offset, start.precision)
    at = moment(header["creation_date_time"])
    return at, at
