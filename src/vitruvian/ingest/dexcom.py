"""Dexcom Clarity: the export of a continuous glucose monitor (CSV, local times, values and events in one table).

Below and above the range of the sensor the file says "Low" and "High": such a sample has no number, its text says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from vitruvian.core import DataError, content_hash
from vitruvian.ingest.delimited import Row, head_rows, rows
from vitruvian.ingest.local_time import parse_local
from vitruvian.ingest.series import Column, Moments, numbers, rejects, samples
from vitruvian.ingest.whose import check_person
from vitruvian.record import Draft, Format, Item, RawFile, SourceRecord, Told

_TIME, _GLUCOSE = re.compile(r"^Timestamp \("), re.compile(r"^Glucose Value \((mg/dL|mmol/L)\)")
_ABOUT = ("FirstName", "LastName", "DateOfBirth", "Device", "Alert")
# event → column that holds its amount, signal, unit
_EVENTS = {
    "EGV": ("Glucose Value", "glucose", ""),
    "Calibration": ("Glucose Value", "blood_glucose", ""),
    "Insulin": ("Insulin Value", "insulin_bolus", "[iU]"),
    "Long-Acting": ("Insulin Value", "insulin_basal", "[iU]"),
    "Carbs": ("Carb Value", "carbohydrates", "g"),
}


class Dexcom(Format):
    """The format "dexcom"."""

    name = "dexcom"
    version = "1"
    needs_patient = True

    def claims(self, head: bytes) -> bool:
        """The header names a time stamp and a glucose value with its unit."""
        return any(_is_header(row.cells) for row in head_rows(head, 3))

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        """Samples of glucose, insulin and carbohydrates; other events as notes; account and device as facts."""
        with rows(file) as lines:
            table = list(lines)
        top = next((k for k, row in enumerate(table[:3]) if _is_header(row.cells)), None)
        if top is None:
            raise DataError("this is not a Clarity export", got=file.name, todo="Export it again.")
        header = table[top].cells
        if missing := {"Event Type", "Event Subtype"} - set(header):
            raise DataError("a column of the Clarity export is missing", got=", ".join(sorted(missing)))
        at = {key: k for k, name in enumerate(header) for key in (name, name.split(" (")[0])}
        kinds = ("Event Type", "Event Subtype")
        found = [row for row in table[top + 1 :] if _cell(row.cells, at[kinds[0]]) not in _ABOUT]
        for row in table[top + 1 :]:
            if _cell(row.cells, at[kinds[0]]) in _ABOUT:
                yield _about(row, told.patient or "", at[kinds[0]])
        check_person(_person(table[top + 1 :], at), told)
        lines_ = np.array([row.line for row in found], np.int64)
        texts = [_cell(row.cells, next(k for k, n in enumerate(header) if _TIME.match(n))) for row in found]
        local, read = parse_local([text.replace(" ", "T") for text in texts], "%Y-%m-%dT%H:%M:%S")
        yield from rejects("dexcom", "line", "its time cannot be read", lines_[~read])
        found, lines_ = [row for row, good in zip(found, read, strict=True) if good], lines_[read]
        when = Moments.local(local[read], told)
        glucose = next(found_[1] for name in header if (found_ := _GLUCOSE.match(name)))
        events = [_event(row.cells, at) for row in found]
        for event in dict.fromkeys(events):
            keep = np.array([one == event for one in events], bool)
            chosen = [found[k].cells for k in np.flatnonzero(keep).tolist()]
            column = _column(event, chosen, header, at, glucose)
            seconds = _durations([_cell(cells, at["Duration"]) for cells in chosen]) if "Duration" in at else 0.0
            yield from samples(told, "Dexcom", column, when[keep], lines_[keep], seconds)


def _person(table: Sequence[Row], at: dict[str, int]) -> dict[str, str]:
    """Name and birth date that the lines about the account say, "" where they do not."""
    info = at.get("Patient Info", at["Event Subtype"] + 1)
    told = {_cell(row.cells, at["Event Type"]): _cell(row.cells, info) for row in table}
    name = " ".join(told[key] for key in ("FirstName", "LastName") if told.get(key))
    return {"name": name, "birth_date": told.get("DateOfBirth", "")}


def _about(row: Row, subject: str, kind: int) -> SourceRecord:
    """A line about the account or the device, kept as it is."""
    text = ";".join(row.cells[kind:])
    fact = Draft("resource", "https://www.dexcom.com", row.cells[kind], row.cells[kind], status="final",
                 detail={"row": list(row.cells)})  # fmt: skip
    digest = content_hash(text.encode())[:32]
    return SourceRecord("Device", "dexcom", digest, digest, digest, subject, f"line[{row.line}]", (fact,))


def _is_header(cells: Sequence[str]) -> bool:
    return any(map(_TIME.match, cells)) and any(map(_GLUCOSE.match, cells))


def _cell(cells: Sequence[str], k: int) -> str:
    return cells[k] if k < len(cells) else ""


def _event(cells: Sequence[str], at: dict[str, int]) -> str:
    """Kind of a line; long-acting insulin is told by its subtype."""
    kind, subtype = (_cell(cells, at[name]) for name in ("Event Type", "Event Subtype"))
    return "Long-Acting" if kind == "Insulin" and subtype.startswith("Long") else kind


def _column(
    event: str, chosen: list[tuple[str, ...]], header: Sequence[str], at: dict[str, int], glucose: str
) -> Column:
    """Values of one kind of event; where no number is given, the words that stand in its place."""
    told = _EVENTS.get(event)
    subtype = [_cell(cells, at["Event Subtype"]) for cells in chosen]
    if told is None:
        words = tuple("; ".join(c for c in (event, *cells[at["Event Subtype"] :]) if c)[:200] for cells in chosen)
        return Column("note", "", np.full(len(chosen), np.nan), words)
    raw = [_cell(cells, at[told[0]]) if told[0] in at else "" for cells in chosen]
    values, there = numbers(raw)
    words = tuple(one if good else text for one, good, text in zip(subtype, there, raw, strict=True))
    return Column(told[1], told[2] or glucose, values, words)


def _durations(texts: Sequence[str]) -> np.ndarray:
    """Seconds of "hh:mm:ss"; 0 where there is none."""
    found = np.zeros(len(texts))
    for k, text in enumerate(texts):
        parts = text.split(":")
        if len(parts) == 3 and all(part.strip().isdecimal() for part in parts):
            hours, minutes, seconds = (int(part) for part in parts)
            found[k] = min(hours, 10_000) * 3600 + minutes * 60 + seconds
    return found
