"""Google: Health Connect records and Google Fit data points (Takeout), as JSON.

Health Connect: https://developer.android.com/health-and-fitness/guides/health-connect; Google Fit data types:
https://developers.google.com/fit/datatypes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from vitruvian.core import DataError, Instant
from vitruvian.ingest.json_records import WRONG_FORM, Gathered, load, moment, reject
from vitruvian.record import Format, Item, RawFile, Told

_FIT = re.compile(rb'"(Data Points|dataTypeName|dataSourceId)"\s*:')
_CONNECT = re.compile(rb'"(HeartRateRecord|StepsRecord|recordType|healthConnect\w*)"')
# Google Fit: data type → signal, unit, factor
_FIT_TYPES = {
    "com.google.heart_rate.bpm": ("heart_rate", "/min", 1.0),
    "com.google.step_count.delta": ("steps", "1", 1.0),
    "com.google.distance.delta": ("distance", "m", 1.0),
    "com.google.calories.expended": ("active_energy", "kcal", 1.0),
    "com.google.weight": ("weight", "kg", 1.0),
    "com.google.height": ("height", "m", 1.0),
    "com.google.oxygen_saturation": ("oxygen_saturation", "%", 1.0),
    "com.google.blood_glucose": ("blood_glucose", "mmol/L", 1.0),
    "com.google.body.temperature": ("body_temperature", "Cel", 1.0),
    "com.google.respiratory_rate": ("respiratory_rate", "/min", 1.0),
    "com.google.sleep.segment": ("sleep", "", 1.0),
}
_SLEEP = {1: "awake", 2: "asleep", 3: "out of bed", 4: "light", 5: "deep", 6: "rem"}
# Health Connect: record type → (path of the value, signal, unit)
_CONNECT_TYPES: dict[str, tuple[tuple[tuple[str, ...], str, str], ...]] = {
    "StepsRecord": ((("count",), "steps", "1"),),
    "DistanceRecord": ((("distance", "inMeters"), "distance", "m"),),
    "ActiveCaloriesBurnedRecord": ((("energy", "inKilocalories"), "active_energy", "kcal"),),
    "WeightRecord": ((("weight", "inKilograms"), "weight", "kg"),),
    "HeightRecord": ((("height", "inMeters"), "height", "m"),),
    "OxygenSaturationRecord": (
        (("percentage", "value"), "oxygen_saturation", "%"),
        (("percentage",), "oxygen_saturation", "%"),
    ),
    "RestingHeartRateRecord": ((("beatsPerMinute",), "resting_heart_rate", "/min"),),
    "HeartRateVariabilityRmssdRecord": ((("heartRateVariabilityMillis",), "hrv_rmssd", "ms"),),
    "RespiratoryRateRecord": ((("rate",), "respiratory_rate", "/min"),),
    "BodyTemperatureRecord": ((("temperature", "inCelsius"), "body_temperature", "Cel"),),
    "BloodGlucoseRecord": (
        (("level", "inMillimolesPerLiter"), "blood_glucose", "mmol/L"),
        (("level", "inMilligramsPerDeciliter"), "blood_glucose", "mg/dL"),
    ),
    "FloorsClimbedRecord": ((("floors",), "floors", "1"),),
}  # fmt: skip


class Google(Format):
    """The format "google"."""

    name = "google"
    version = "1"
    needs_patient = True

    def claims(self, head: bytes) -> bool:
        """Data points with a data type name, or records of Health Connect."""
        listed = head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"[", b"{"))
        return listed and (_FIT.search(head) is not None or _CONNECT.search(head) is not None)

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        """Samples; points of unknown types are kept as notes that name the type."""
        kept = Gathered(told.patient or "", told.zone)
        for k, one in enumerate(_points(load(file, "a Google export"))):
            try:
                _fit(one, k, kept) if "dataTypeName" in one or "fitValue" in one else _connect(one, k, kept)
            except (DataError, *WRONG_FORM) as error:
                yield reject("google", k, error)
        yield from kept.batches()


def _points(found: Any) -> Sequence[Any]:
    if isinstance(found, list):
        return found
    if not isinstance(found, dict):
        raise DataError("this is not a Google export", got=type(found).__name__, allowed="records or data points")
    for name in ("Data Points", "records", "point", "dataPoints"):
        if isinstance(found.get(name), list):
            return list(found[name])
    typed = [
        {"recordType": name, **one}
        for name, records in found.items()
        if name.endswith("Record") and isinstance(records, list)
        for one in records
        if isinstance(one, dict)
    ]
    return typed or [found]


def _fit(one: dict[str, Any], k: int, kept: Gathered) -> None:
    kind, source = one["dataTypeName"], str(one.get("originDataSourceId") or one.get("dataSourceId") or "Google Fit")
    start, end = moment(one["startTimeNanos"]), moment(one["endTimeNanos"])
    if kind not in _FIT_TYPES:
        kept.add("note", source, "", start, end, None, k, str(kind))
        return
    signal, unit, factor = _FIT_TYPES[kind]
    first = one["fitValue"][0]["value"] if "fitValue" in one else one["value"][0]
    number = next((v for n in ("fpVal", "intVal", "floatVal") if (v := first.get(n)) is not None), None)
    if number is None:
        raise DataError("a data point without a value", got=str(first)[:60], allowed="fpVal or intVal")
    if signal == "sleep":
        kept.add(
            "sleep", source, "min", start, end, (end.ms - start.ms) / 60_000, k, _SLEEP.get(int(number), str(number))
        )
    else:
        kept.add(signal, source, unit, start, end, float(number) * factor, k)


def _connect(one: dict[str, Any], k: int, kept: Gathered) -> None:
    kind = str(one.get("recordType") or one.get("type") or "")
    origin = (one.get("metadata") or {}).get("dataOrigin") or {}
    source = str((origin.get("packageName") if isinstance(origin, dict) else origin) or "Health Connect")
    start = _zoned(one.get("startTime") or one["time"], one.get("startZoneOffset") or one.get("zoneOffset"))
    end = _zoned(one.get("endTime") or one.get("time") or one["startTime"], one.get("endZoneOffset"))
    if kind == "HeartRateRecord":
        for sample in one["samples"]:
            at = _zoned(sample["time"], one.get("startZoneOffset"))
            kept.add("heart_rate", source, "/min", at, at, sample["beatsPerMinute"], k)
        return
    if kind == "SleepSessionRecord":
        for stage in one.get("stages") or (
            {"startTime": one["startTime"], "endTime": one["endTime"], "stage": "asleep"},
        ):
            a, b = (_zoned(stage[name], one.get("startZoneOffset")) for name in ("startTime", "endTime"))
            kept.add("sleep", source, "min", a, b, (b.ms - a.ms) / 60_000, k, str(stage["stage"]))
        return
    if kind == "BloodPressureRecord":
        for part in ("systolic", "diastolic"):
            pressure = one[part]["inMillimetersOfMercury"] if isinstance(one[part], dict) else one[part]
            kept.add(f"{part}_blood_pressure", source, "mm[Hg]", start, end, pressure, k)
        return
    for path, signal, unit in _CONNECT_TYPES.get(kind, ()):
        value: Any = one
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        if value is not None and not isinstance(value, dict):
            kept.add(signal, source, unit, start, end, value, k)
            return
    kept.add("note", source, "", start, end, None, k, kind or "record")


def _zoned(text: Any, offset: Any) -> Instant:
    """A time with the zone offset that stands beside it ("+01:00")."""
    at = moment(text)
    if at.offset in (None, 0) and isinstance(offset, str) and len(offset) == 6 and offset[0] in "+-":
        minutes = (int(offset[1:3]) * 60 + int(offset[4:6])) * (-1 if offset[0] == "-" else 1)
        return Instant(at.ms, minutes, at.precision)
    return at
