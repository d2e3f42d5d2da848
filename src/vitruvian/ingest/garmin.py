"""Garmin FIT: activities, monitoring, heart rate variability, sleep (FIT SDK profile; read by fitdecode).

Times count from 1989-12-31 UTC. An `activity` or `monitoring_info` message tells the local time, and so the offset.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from vitruvian.core import DataError, Instant
from vitruvian.ingest.json_records import WRONG_FORM, Gathered, reject
from vitruvian.record import Draft, Format, Item, RawFile, SourceRecord, Told

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIT_EPOCH = datetime(1989, 12, 31, tzinfo=UTC)
# field of a record or monitoring message → signal, unit
_FIELDS = {
    "heart_rate": ("heart_rate", "/min"),
    "respiration_rate": ("respiratory_rate", "/min"),
    "enhanced_respiration_rate": ("respiratory_rate", "/min"),
    "reading_spo2": ("oxygen_saturation", "%"),
    "resting_heart_rate": ("resting_heart_rate", "/min"),
    "stress_level_value": ("stress_score", "1"),
    "weight": ("weight", "kg"),
    "vo2_max": ("vo2_max", "mL/min/kg"),
}
_COUNTS = {"steps": ("steps_so_far", "1"), "active_calories": ("active_energy_so_far", "kcal")}


class GarminFit(Format):
    """The format "garmin"."""

    name = "garmin"
    version = "1"
    needs_patient = True

    def claims(self, head: bytes) -> bool:
        """ ".FIT" in the header."""
        return head[8:12] == b".FIT" and head[0] in (12, 14)

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        """Samples, and a fact for each session; messages of other kinds are kept in the file and counted as notes."""
        import fitdecode

        kept, subject = Gathered(told.patient or ""), told.patient or ""
        offset, device, last = 0, "Garmin", None
        try:
            with fitdecode.FitReader(str(file.path), error_handling=fitdecode.ErrorHandling.RAISE) as reader:
                for k, frame in enumerate(reader):
                    if not isinstance(frame, fitdecode.FitDataMessage):
                        continue
                    fields = {field.name: field.value for field in frame.fields if field.value is not None}
                    try:
                        offset = _offset(fields, offset)
                        if frame.name == "file_id" and fields.get("garmin_product"):
                            device = f"Garmin {fields['garmin_product']}"
                        last = _time(fields.get("timestamp"), offset) or last
                        if frame.name == "session":
                            yield _session(fields, offset, device, subject, k)
                        else:
                            _message(frame.name, fields, last, device, k, kept)
                    except (DataError, *WRONG_FORM) as error:
                        yield reject("garmin", k, error)
        except (fitdecode.FitError, *WRONG_FORM, EOFError, OSError) as error:
            raise DataError("the FIT file is damaged", got=f"{type(error).__name__}: {error}"[:200]) from error
        yield from kept.batches()


def _offset(fields: dict[str, Any], before: int) -> int:
    """Minutes between local time and UTC, where a message tells both."""
    local, utc = fields.get("local_timestamp"), fields.get("timestamp")
    if local is None or not isinstance(utc, datetime):
        return before
    there = local.replace(tzinfo=UTC) if isinstance(local, datetime) else None
    seconds = (there - utc).total_seconds() if there else local - (utc - _FIT_EPOCH).total_seconds()
    minutes = round(seconds / 60)
    return minutes if abs(minutes) <= 14 * 60 else before


def _time(value: Any, offset: int) -> Instant | None:
    if not isinstance(value, datetime):
        return None
    return Instant(round((value - _EPOCH).total_seconds() * 1000), offset, "instant")


def _message(name: str, fields: dict[str, Any], at: Instant | None, device: str, k: int, kept: Gathered) -> None:
    if name == "hrv":
        for beat in fields.get("time", ()) or ():
            if at is not None and beat is not None:
                kept.add("rr_interval", device, "s", at, at, beat, k)
        return
    if at is None:
        return
    for field, (signal, unit) in {**_FIELDS, **(_COUNTS if name == "monitoring" else {})}.items():
        if field in fields and name not in ("lap", "user_profile", "zones_target"):
            kept.add(signal, device, unit, at, at, fields[field], k, str(fields.get("activity_type", "")))
    if name == "sleep_level" and "sleep_level" in fields:
        kept.add("sleep", device, "", at, at, None, k, str(fields["sleep_level"]))


def _session(fields: dict[str, Any], offset: int, device: str, subject: str, k: int) -> SourceRecord:
    start = _time(fields["start_time"], offset)
    if start is None:
        raise DataError("a session has no start", got=str(fields.get("start_time")))
    seconds = float(fields.get("total_elapsed_time") or 0.0)
    end = Instant(start.ms + round(seconds * 1000), offset, "instant")
    sport = str(fields.get("sport", "activity"))
    kept = ("total_distance", "total_calories", "avg_heart_rate", "max_heart_rate", "total_ascent")
    fact = Draft(
        "activity", "https://developer.garmin.com/fit", sport, sport.replace("_", " "), value=seconds / 60, unit="min",
        value_raw=seconds, unit_raw="s", start=start, end=end, status="final",
        detail={"source": device} | {name: fields[name] for name in kept if name in fields},
    )  # fmt: skip
    key = f"{start.ms}-{sport}"
    return SourceRecord(
        "Activity", "garmin", key, f"{seconds}", f"{seconds}", subject, f"message[{k}]", (fact,), end.ms
    )
