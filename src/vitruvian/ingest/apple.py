"""Apple Health: export.xml, streamed: records of a stream become samples, workouts and correlations facts.

Every <Record>, <Workout>, <Correlation>, <ActivitySummary>, <ClinicalRecord>, <Audiogram> and <VisionPrescription>
directly below the root counts as one record. Times carry their offset.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

import numpy as np

from vitruvian.core import DataError, InputError
from vitruvian.ingest.apple_facts import fact_record
from vitruvian.ingest.apple_repair import repaired
from vitruvian.ingest.apple_types import UNITS, signal_of
from vitruvian.ingest.whose import check_person, said_in
from vitruvian.record import Format, Item, RawFile, Rejected, Samples, SourceRecord, Told

BATCH = 20_000
MOST_HELD = 60_000
"""Records of all kinds that wait for their batch to fill."""
_DEPTH = 8

Key = tuple[str, str, str]
"""(type, source, unit)."""


class AppleHealth(Format):
    """The format "apple"."""

    name = "apple"
    version = "1"
    needs_patient = True

    def claims(self, head: bytes) -> bool:
        """The root element is HealthData."""
        return b"<HealthData" in head and head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        """Samples and facts as they come; raises `DataError` for XML that is broken beyond repair."""
        reader = _Reader(told)
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = reader.start
        parser.EndElementHandler = reader.end
        parser.EntityDeclHandler = _no_entities
        try:
            with file.open() as stream:
                for block in repaired(stream):
                    parser.Parse(block, False)
                    yield from reader.full()
            parser.Parse(b"", True)
        except InputError:
            raise
        except (expat.ExpatError, LookupError, ValueError) as error:  # an encoding that nobody knows is no ExpatError
            raise DataError("the export is not whole XML", got=str(error), todo="Export it again.") from error
        yield from reader.rest()


def _no_entities(*_: object) -> None:
    raise DataError("the export defines XML entities", got="<!ENTITY", allowed="none", todo="Export it again.")


class _Reader:
    """Collects what the parser sees: attributes of records by type, source and unit, until a batch is full."""

    def __init__(self, told: Told) -> None:
        self.told, self.subject = told, told.patient or ""
        self.depth = 0
        self.number = 0
        self.exported = ""
        self.held: dict[Key, list[tuple[str, str, str | None, int]]] = {}
        self.open: dict[str, Any] | None = None
        self.ready: list[Item] = []
        self.large: set[Key] = set()
        self.waiting = 0
        self.inside: dict[int, list[str]] = {}  # what stands inside a record, by its number

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth == 2:
            if name == "Record":
                self._record(attributes)
            elif name not in ("ExportDate", "Me"):
                self.open = {"name": name, "attributes": attributes, "parts": []}
            else:
                self._about(name, attributes)
        elif self.depth > _DEPTH:
            raise DataError("the export nests too deeply", got=name, allowed=f"{_DEPTH} levels")
        elif self.depth > 2 and self.open is not None:
            self.open["parts"].append((name, attributes))
        elif self.depth > 2:
            self.inside.setdefault(self.number, []).append("=".join(attributes.values()) or name)

    def end(self, name: str) -> None:
        self.depth -= 1
        if self.depth == 1 and self.open is not None:
            self.number += 1
            self.ready.append(fact_record(self.open, self.subject, self.number))
            self.open = None

    def _record(self, a: dict[str, str]) -> None:
        """Called for every record of an export: millions of times."""
        self.number = number = self.number + 1
        try:
            key = (a["type"], a.get("sourceName", ""), a.get("unit", ""))
            row = (a["startDate"], a["endDate"], a.get("value"), number)
        except KeyError as error:
            self.ready.append(Rejected("Record", f"record[{number}]", f"it has no {error.args[0]}"))
            return
        rows = self.held.get(key)
        if rows is None:
            rows = self.held[key] = []
        rows.append(row)
        self.waiting += 1
        if len(rows) == BATCH:
            self.large.add(key)

    def _about(self, name: str, attributes: dict[str, str]) -> None:
        if name == "ExportDate":
            self.exported = attributes.get("value", "")
            return
        self.number += 1
        whole = {"name": name, "attributes": {**attributes, "creationDate": self.exported}, "parts": []}
        me = fact_record(whole, self.subject, self.number)
        if isinstance(me, SourceRecord):
            check_person(said_in(me.facts), self.told)
        self.ready.append(me)

    def full(self) -> Iterator[Item]:
        """What can be handed on by now."""
        for key in list(self.held) if self.waiting > MOST_HELD else self.large:
            rows = self.held.pop(key)
            self.waiting -= len(rows)
            yield from _samples(key, rows, self.inside, self.subject)
        self.large.clear()
        if self.ready:
            ready, self.ready = self.ready, []
            yield from ready

    def rest(self) -> Iterator[Item]:
        """All that is left."""
        for key, rows in self.held.items():
            yield from _samples(key, rows, self.inside, self.subject)
        self.held = {}
        yield from self.ready


def _samples(
    key: Key, rows: list[tuple[str, str, str | None, int]], inside: dict[int, list[str]], subject: str
) -> Iterator[Item]:
    """Batches of one key: times and numbers read by column; rows whose times cannot be read are rejected."""
    kind, source, unit = key
    starts, ends, values, places = zip(*rows, strict=True)
    start, offset, read = _moments(starts)
    end, _, also = _moments(ends)
    read &= also
    for k in np.flatnonzero(~read).tolist():
        yield Rejected(kind, f"record[{places[k]}]", f"its times cannot be read: {starts[k]} to {ends[k]}")
    place = np.array(places, np.int64)
    numbers, words = _numbers(values)
    more = ["; ".join(inside.pop(number, ())) for number in places] if inside else []
    if any(more):
        words = tuple("; ".join(filter(None, pair)) for pair in zip(words or [""] * len(more), more, strict=True))
    if kind.endswith("SleepAnalysis"):
        numbers, unit = (end - start) / 60_000.0, "min"
    shares = numbers <= 1.0 if unit == "%" else np.zeros(len(numbers), bool)  # 0.97 where the unit says per cent
    for chosen, told in ((read & ~shares, UNITS.get(unit, unit)), (read & shares, "1")):
        if chosen.any():
            text = None if words is None else tuple(words[k] for k in np.flatnonzero(chosen).tolist())
            yield Samples(
                subject, signal_of(kind), source, told, start[chosen], end[chosen], offset[chosen], numbers[chosen],
                place[chosen], text,
            )  # fmt: skip


def _moments(texts: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(ms UTC, offset in minutes, whether it was read) of "2022-02-07 08:00:00 +0100"."""
    import polars as pl

    column = pl.Series(texts, dtype=pl.String)
    local = column.str.slice(0, 19).str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="ms", strict=False).dt.epoch("ms")
    sign = column.str.slice(20, 1).replace_strict({"+": 1, "-": -1}, default=None, return_dtype=pl.Int64)
    hours = column.str.slice(21, 2).cast(pl.Int64, strict=False)
    minutes = column.str.slice(23, 2).cast(pl.Int64, strict=False)
    offset = sign * (hours * 60 + minutes)
    read = (local.is_not_null() & offset.is_not_null()).to_numpy()
    shift = offset.fill_null(0).to_numpy()
    return local.fill_null(0).to_numpy() - shift * 60_000, shift.astype(np.int16), read


def _numbers(values: tuple[str | None, ...]) -> tuple[np.ndarray, tuple[str, ...] | None]:
    """Numbers of a quantity; of a category its value as text."""
    import polars as pl

    column = pl.Series(values, dtype=pl.String)
    found = column.cast(pl.Float64, strict=False)
    numbers = found.fill_null(float("nan")).to_numpy()
    if found.null_count() == 0:
        return numbers, None
    return numbers, tuple("" if good else (text or "") for good, text in zip(found.is_not_null(), values, strict=True))
