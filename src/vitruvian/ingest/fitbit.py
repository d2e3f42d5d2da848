"""Fitbit: the files of an account's export (Google Takeout), JSON and CSV, one kind of measurement a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import orjson

from vitruvian.core import DataError, Instant, UnsupportedError
from vitruvian.ingest.delimited import rows
from vitruvian.ingest.fitbit_tables import TABLES, Csv, Json, json_table
from vitruvian.ingest.local_time import parse_local, utc_offsets
from vitruvian.ingest.series import Column, Moments, numbers, rejects, samples
from vitruvian.record import Draft, Format, Item, RawFile, SourceRecord, Told

_DATED = re.compile(rb'^\s*\[\s*\{.{0,600}?"dateTime"\s*:\s*"\d\d/\d\d/\d\d \d\d:\d\d:\d\d"', re.S)
_LOGGED = re.compile(rb'^\s*\[\s*\{\s*"logId"\s*:')
_SOURCE = "Fitbit"
_JSON_TIME = "%m/%d/%y %H:%M:%S"


class Fitbit(Format):
    """The format "fitbit"."""

    name = "fitbit"
    version = "1"
    needs_patient = True

    def claims(self, head: bytes) -> bool:
        """The first element of the array, or the header of the table."""
        return bool(_DATED.match(head) or _LOGGED.match(head)) or _table(head) is not None

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        """Samples of one kind; sleep as its stages, exercises as facts; raises `DataError`, `UnsupportedError`."""
        table = _table(file.head)
        if table is not None:
            yield from _csv(file, table, told)
            return
        try:
            elements = orjson.loads(file.content)
        except orjson.JSONDecodeError as error:
            raise DataError("malformed JSON", got=str(error), todo="Export the file again.") from error
        if not isinstance(elements, list) or not all(isinstance(one, dict) for one in elements):
            raise DataError("this is not a Fitbit export", got=file.name, allowed="an array of objects")
        yield from _elements(file.name, elements, told)


def _table(head: bytes) -> Csv | None:
    first = head.split(b"\n", 1)[0].decode("utf-8-sig", "replace").strip()
    return next((one for header, one in TABLES.items() if first.startswith(header)), None)


def _elements(name: str, elements: Sequence[dict[str, Any]], told: Told) -> Iterator[Item]:
    first = elements[0] if elements else {}
    if "levels" in first:
        yield from _sleep(elements, told)
    elif "activityName" in first:
        yield from _exercises(elements, told)
    elif "weight" in first:
        yield from _weights(elements, told)
    elif isinstance(first.get("value"), dict) and "valuesInZones" in first["value"]:
        yield from _zones(elements, told)
    else:
        table = json_table(name.removesuffix(".json"), first.get("value"))
        if table is None:
            todo = "Keep the name that the export gave it (steps-2022-02-07.json)."
            raise UnsupportedError("neither content nor name tell what this Fitbit file holds", got=name, todo=todo)
        yield from _values(table, elements, told)


def _values(table: Json, elements: Sequence[dict[str, Any]], told: Told) -> Iterator[Item]:
    local, read = parse_local([str(one.get("dateTime")) for one in elements], _JSON_TIME)
    for key, signal, unit, factor in table.keys:
        cells: list[Any] = [one.get("value") for one in elements]
        values, there = numbers([c.get(key) if key and isinstance(c, dict) else None if key else c for c in cells])
        keep = read & there
        text = None
        if signal == "heart_rate":
            text = tuple(f"confidence {cells[k].get('confidence')}" for k in np.flatnonzero(keep).tolist())
        column = Column(signal, unit, values[keep] * factor, text)
        places = np.flatnonzero(keep)
        at = Moments.utc(local[keep], told) if table.utc else Moments.local(local[keep], told)
        yield from samples(told, _SOURCE, column, at, places, table.seconds)
        yield from rejects("fitbit", "element", "its time or value cannot be read", np.flatnonzero(~keep))


def _csv(file: RawFile, table: Csv, told: Told) -> Iterator[Item]:
    with rows(file) as lines:
        found = list(lines)
    header, body = found[0].cells, found[1:]
    cells = {name: [row.cells[k] if k < len(row.cells) else "" for row in body] for k, name in enumerate(header)}
    lines_ = np.array([row.line for row in body], np.int64)
    local, read = parse_local([one.removesuffix("Z").split(".")[0] for one in cells[table.time]], table.form)
    if not read.all() and table.form.endswith(":%S"):  # a full minute is written without seconds
        more, also = parse_local(cells[table.time], table.form.removesuffix(":%S"))
        local, read = np.where(read, local, more), read | also
    seconds = _lasting(table, cells, local)
    said, when = np.zeros(len(body), bool), Moments.local(np.where(read, local, local[read].max(initial=0)), told)
    for name, signal, unit, text in table.columns:
        values, there = numbers(cells.get(name, [""] * len(body)))
        keep = read & (there | (unit == ""))
        said |= keep
        words = tuple(np.array(cells[text], object)[keep]) if text else None
        column = Column(signal, unit, values[keep] if unit else np.full(int(keep.sum()), np.nan), words)
        yield from samples(told, _SOURCE, column, when[keep], lines_[keep], seconds[keep])
    yield from rejects("fitbit", "line", "its time or values cannot be read", lines_[~said])


def _lasting(table: Csv, cells: dict[str, list[str]], local: np.ndarray) -> np.ndarray:
    if not table.end:
        return np.full(len(local), table.seconds)
    end = np.zeros(len(local), np.int64)
    for form in (table.form, table.form.removesuffix(":%S")):
        found, read = parse_local([one.split(".")[0] for one in cells[table.end]], form)
        end = np.where(read, found, end)
    return np.maximum(end - local, 0) / 1000.0


def _sleep(elements: Sequence[dict[str, Any]], told: Told) -> Iterator[Item]:
    """Stages of each night; short wakes lie beside the stages, as the export has them."""
    times, levels, lasting, places, bad = [], [], [], [], []
    for k, night in enumerate(elements):
        data = night.get("levels", {})
        parts = [data.get(name) for name in ("data", "shortData")] if isinstance(data, dict) else []
        stages = [one for part in parts if isinstance(part, list) for one in part if isinstance(one, dict)]
        if not stages:
            bad.append(k)
        for one in stages:
            times.append(str(one.get("dateTime")).split(".")[0])
            levels.append(str(one.get("level")))
            lasting.append(one.get("seconds"))
            places.append(k)
    local, read = parse_local(times, "%Y-%m-%dT%H:%M:%S")
    seconds, there = numbers(lasting)
    keep = read & there
    words = tuple(level for level, good in zip(levels, keep, strict=True) if good)
    column = Column("sleep", "min", seconds[keep] / 60.0, words)
    at = np.array(places, np.int64)
    yield from samples(told, _SOURCE, column, Moments.local(local[keep], told), at[keep], seconds[keep])
    yield from rejects("fitbit", "element", "a stage of sleep cannot be read", at[~keep])
    yield from rejects("fitbit", "element", "a night without stages", bad)


def _zones(elements: Sequence[dict[str, Any]], told: Told) -> Iterator[Item]:
    local, read = parse_local([str(one.get("dateTime")) for one in elements], _JSON_TIME)
    for k in np.flatnonzero(read).tolist():
        zones = elements[k]["value"].get("valuesInZones") or {}
        values, there = numbers(list(zones.values()))
        words = tuple(name for name, good in zip(zones, there, strict=True) if good)
        column = Column("heart_rate_zone_time", "min", values[there], words)
        n = int(there.sum())
        yield from samples(told, _SOURCE, column, Moments.local(np.full(n, local[k]), told), np.full(n, k), 86_400.0)
    yield from rejects("fitbit", "element", "its time cannot be read", np.flatnonzero(~read))


def _weights(elements: Sequence[dict[str, Any]], told: Told) -> Iterator[Item]:
    """Weights; the export gives them in pounds whatever the account shows."""
    local, read = parse_local([f"{one.get('date')} {one.get('time')}" for one in elements], _JSON_TIME)
    values, there = numbers([one.get("weight") for one in elements])
    keep = read & there
    column = Column("weight", "[lb_av]", values[keep])
    yield from samples(told, _SOURCE, column, Moments.local(local[keep], told), np.flatnonzero(keep))
    yield from rejects("fitbit", "element", "its time or weight cannot be read", np.flatnonzero(~keep))


def _exercises(elements: Sequence[dict[str, Any]], told: Told) -> Iterator[Item]:
    """Each exercise as a fact of kind "activity": what, how long, with which heart rate."""
    local, read = parse_local([str(one.get("startTime")) for one in elements], _JSON_TIME)
    seconds, there = numbers([(one.get("duration") or 0) / 1000 for one in elements])
    offsets = utc_offsets(local, told.zone)
    keep = read & there
    for k in np.flatnonzero(keep).tolist():
        one = elements[k]
        start, offset = int(local[k]), int(offsets[k])
        kept = ("averageHeartRate", "calories", "steps", "distance", "logType", "elevationGain")
        fact = Draft(
            "activity", "https://www.fitbit.com", str(one.get("activityTypeId", "")), str(one.get("activityName", "")),
            value=float(seconds[k]) / 60, unit="min", value_raw=float(seconds[k]), unit_raw="s",
            start=Instant(start, offset, "instant"), end=Instant(start + int(seconds[k] * 1000), offset, "instant"),
            status="final", detail={name: one[name] for name in kept if name in one},
        )  # fmt: skip
        digest = f"{start}-{one.get('activityTypeId', '')}-{one.get('duration')}"
        number = str(one.get("logId", ""))
        yield SourceRecord(
            "Exercise", "fitbit", number, digest, digest, told.patient or "", f"element[{k}]", (fact,), start
        )
    yield from rejects("fitbit", "element", "its time or duration cannot be read", np.flatnonzero(~keep))
