"""Garmin FIT: activities, monitoring, heart rate variability, sleep (FIT SDK profile; read by fitdecode).

Times count from 1989-12-31 UTC. An `activity` or `monitoring_info` message tells the local time, and so the offset.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from vitruvian.core import DataError, Instant
from vitruvian.ingest.json_records import WRONG_FORM, Gathered, reject
from vitruvian.ingest.local_time import utc_offsets
from vitruvian.record import Draft, Format, Item, RawFile, SourceRecord, Told

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIT_EPOCH = datetime(1989, 12, 31, tzinfo=UTC)
_FIT_START = int((_FIT_EPOCH - _EPOCH).total_seconds())
_MEASURED = frozenset(
    {"record", "monitoring", "monitoring_hr_data", "stress_level", "respiration_rate", "spo2_data", "weight_scale",
     "max_met_data", "blood_pressure", "hrv_value", "hrv_status_summary", "body_battery"}
)  # fmt: skip
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
_ABOUT = frozenset({"timestamp", "timestamp_16", "local_timestamp", "activity_type", "message_index"})
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
        """Samples of records and monitoring, beat intervals one after the other, and a fact for each session."""
        messages = _messages(file)
        clock = _Clock(_offset([fields for _, _, fields in messages]), told.zone)
        kept, subject, device = Gathered(told.patient or "", told.zone), told.patient or "", "Garmin"
        for k, name, fields in messages:
            try:
                values = {field: value for field, (value, _) in fields.items()}
                clock.see(values)
                if name == "file_id" and values.get("garmin_product"):
                    device = f"Garmin {values['garmin_product']}"
                elif name == "session":
                    yield _session(values, clock, device, subject, k)
                elif name == "hrv":
                    _beats(values.get("time"), clock, device, k, kept)
                elif clock.now is not None:
                    _message(name, fields, clock.now, device, k, kept)
            except (DataError, *WRONG_FORM) as error:
                yield reject("garmin", k, error)
        yield from kept.batches()


Fields = dict[str, tuple[Any, str]]
"""Value and unit by the name of the field."""


def _messages(file: RawFile) -> list[tuple[int, str, Fields]]:
    """(number, name, fields) of all data messages; raises `DataError` for a file that is damaged."""
    import fitdecode

    found: list[tuple[int, str, Fields]] = []
    try:
        with file.open() as stream, fitdecode.FitReader(stream, error_handling=fitdecode.ErrorHandling.RAISE) as reader:
            for k, frame in enumerate(reader):
                if isinstance(frame, fitdecode.FitDataMessage):
                    fields = {f.name: (f.value, f.units or "") for f in frame.fields if f.value is not None}
                    found.append((k, frame.name, fields))
    except Exception as error:  # on damaged files the library fails in ways of its own
        raise DataError("the FIT file is damaged", got=f"{type(error).__name__}: {error}"[:200]) from error
    return found


def _offset(messages: Sequence[Fields]) -> int | None:
    """Minutes between local time and UTC, from the first message that tells both; None if none does."""
    for fields in messages:
        local, utc = (fields.get(name, (None, ""))[0] for name in ("local_timestamp", "timestamp"))
        if local is None or not isinstance(utc, datetime):
            continue
        there = local.replace(tzinfo=UTC) if isinstance(local, datetime) else None
        seconds = (there - utc).total_seconds() if there else local - (utc - _FIT_EPOCH).total_seconds()
        if abs(seconds) <= 14 * 3600:
            return round(seconds / 60)
    return None


class _Clock:
    """The time of the message that is read: some tell it in full, some only its lowest 16 bits, beats only how long."""

    def __init__(self, offset: int | None, zone: ZoneInfo | None) -> None:
        self._offset, self._zone = offset, zone
        self.now: Instant | None = None
        self.beat: int = 0

    def see(self, values: dict[str, Any]) -> None:
        """Take the time of a message, if it tells one."""
        at = values.get("timestamp")
        if isinstance(at, datetime):
            self.now = self.instant(round((at - _EPOCH).total_seconds() * 1000))
        elif isinstance(values.get("timestamp_16"), int) and self.now is not None:
            seconds = self.now.ms // 1000 - _FIT_START
            seconds += (values["timestamp_16"] - seconds) & 0xFFFF
            self.now = self.instant((seconds + _FIT_START) * 1000)

    def instant(self, ms: int) -> Instant:
        """A moment with the offset that the file or the zone tells."""
        offset = self._offset if self._offset is not None else int(utc_offsets(np.array([ms]), self._zone)[0])
        return Instant(ms, offset, "instant")


def _beats(intervals: Any, clock: _Clock, device: str, k: int, kept: Gathered) -> None:
    """Intervals between beats (s), each beginning where the one before ended."""
    if clock.now is None:
        return
    clock.beat = max(clock.beat, clock.now.ms)
    for interval in intervals if isinstance(intervals, tuple | list) else (intervals,):
        if interval is not None:
            start = clock.instant(clock.beat)
            clock.beat += round(float(interval) * 1000)
            kept.add("rr_interval", device, "s", start, clock.instant(clock.beat), interval, k)


def _message(name: str, fields: Fields, at: Instant, device: str, k: int, kept: Gathered) -> None:
    """The numbers of one message: those of a known signal under its name, others under the field's."""
    if name == "sleep_level" and "sleep_level" in fields:
        kept.add("sleep", device, "", at, at, None, k, str(fields["sleep_level"][0]))
        return
    if name not in _MEASURED:
        return
    known = {**_FIELDS, **(_COUNTS if name == "monitoring" else {})}
    kind = str(fields.get("activity_type", ("", ""))[0])
    for field, (value, unit) in fields.items():
        if field in _ABOUT or isinstance(value, bool) or not isinstance(value, int | float):
            continue
        signal, told = known.get(field, (f"garmin:{field}", unit))
        kept.add(signal, device, told, at, at, value, k, kind)


def _session(fields: dict[str, Any], clock: _Clock, device: str, subject: str, k: int) -> SourceRecord:
    began = fields.get("start_time")
    if not isinstance(began, datetime):
        raise DataError("a session has no start", got=str(began))
    start = clock.instant(round((began - _EPOCH).total_seconds() * 1000))
    seconds = float(fields.get("total_elapsed_time") or 0.0)
    end = clock.instant(start.ms + round(seconds * 1000))
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
