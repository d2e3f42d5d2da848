"""mySugr: the diary of a person with diabetes (CSV, newest first, local times, units in the header)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from vitruvian.core import DataError
from vitruvian.ingest.delimited import head_rows, rows
from vitruvian.ingest.local_time import parse_local
from vitruvian.ingest.series import Column, Moments, numbers, rejects, samples
from vitruvian.record import Format, Item, RawFile, Told

_SIGNS = {"Date", "Time", "Basal Injection Units"}
_FORMS = (
    "%b %d, %Y %I:%M:%S %p",
    "%d.%m.%Y %H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%d %b %Y %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
)
_MEAL, _CORRECTION, _PEN = "Insulin (Meal)", "Insulin (Correction)", "Insulin Injection Units (Pen)"
# (header begins with, signal, unit ("": in brackets in the header), text)
_COLUMNS = (
    ("Blood Sugar Measurement", "blood_glucose", "", ""),
    (_MEAL, "insulin_bolus", "[iU]", "meal"),
    (_CORRECTION, "insulin_bolus", "[iU]", "correction"),
    ("Basal Injection Units", "insulin_basal", "[iU]", "injection"),
    ("Insulin Injection Units (pump)", "insulin_bolus", "[iU]", "pump"),
    ("Meal Carbohydrates", "carbohydrates", "g", ""),
    ("Activity Duration", "activity", "min", ""),
    ("Steps", "steps", "1", ""),
    ("Body weight", "weight", "", ""),
    ("HbA1c", "hba1c", "%", ""),
    ("Ketones", "ketones", "mmol/L", ""),
    ("Temporary Basal Percentage", "temporary_basal", "%", ""),
)
_UNIT = re.compile(r"\((mmol/L|mg/dL|kg|lbs?)\)")
_UCUM = {"lb": "[lb_av]", "lbs": "[lb_av]"}


class MySugr(Format):
    """The format "mysugr"."""

    name = "mysugr"
    version = "1"
    needs_patient = True

    def claims(self, head: bytes) -> bool:
        """The header names date, time, and basal injection units."""
        first = head_rows(head, 1)
        return bool(first) and set(first[0].cells) >= _SIGNS

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        """Samples of glucose, insulin, carbohydrates, activity, weight; all else that a row says as a note."""
        with rows(file) as lines:
            table = list(lines)
        if not table or not set(table[0].cells) >= _SIGNS:
            raise DataError("this is not a mySugr export", got=file.name, allowed=", ".join(sorted(_SIGNS)))
        header, body = table[0].cells, [row.cells for row in table[1:]]
        at = np.array([row.line for row in table[1:]], np.int64)
        cell = {name: k for k, name in enumerate(header)}
        texts = [f"{row[cell['Date']]} {row[cell['Time']]}" if len(row) == len(header) else "" for row in body]
        local, read = parse_local([text.replace("\u202f", " ") for text in texts], _form(texts))
        yield from rejects("mysugr", "line", "its date and time cannot be read", at[~read])
        when = Moments.local(local[read], told)
        body, at = [row for row, good in zip(body, read, strict=True) if good], at[read]
        said = np.zeros((len(body), len(header)), bool)
        for column, there, used in _columns(header, body):
            for k in used:
                said[there, k] = True
            text = None if column.text is None else tuple(np.array(column.text, object)[there])
            part = Column(column.signal, column.unit, column.value[there], text)
            yield from samples(told, "mySugr", part, when[there], at[there])
        words = [_unsaid(header, row, done) for row, done in zip(body, said, strict=True)]
        rest = np.flatnonzero([bool(text) for text in words])
        nothing = Column("note", "", np.full(len(rest), np.nan), tuple(words[k] for k in rest))
        yield from samples(told, "mySugr", nothing, when[rest], at[rest])


def _unsaid(header: Sequence[str], row: Sequence[str], said: np.ndarray) -> str:
    """The cells of a row, after date and time, that no sample tells."""
    cells = zip(header[2:], row[2:], said[2:], strict=True)
    return "; ".join(f"{name}: {cell}" for name, cell, done in cells if cell and not done)


def _columns(
    header: Sequence[str], body: Sequence[Sequence[str]]
) -> Iterator[tuple[Column, np.ndarray, Sequence[int]]]:
    """Each known column, the rows that have it, and the cells that it tells; a pen's units if not told apart."""
    parts: dict[str, np.ndarray] = {}
    pen = [header.index(_PEN)] if _PEN in header else []
    for begins, signal, unit, text in _COLUMNS:
        for k, name in enumerate(header):
            if name.startswith(begins):
                values, there = numbers([row[k] for row in body])
                parts[begins] = there
                found = _UNIT.search(name)
                told = unit or (_UCUM.get(found[1], found[1]) if found else "")
                meal = signal == "carbohydrates"
                words = _meals(header, body) if meal else (text,) * len(body)
                beside = _described(header) if meal else pen if begins in (_MEAL, _CORRECTION) else []
                yield Column(signal, told, values, words), there, [k, *beside]
    if pen:
        values, there = numbers([row[pen[0]] for row in body])
        apart = parts.get(_MEAL, np.zeros(len(body), bool)) | parts.get(_CORRECTION, np.zeros(len(body), bool))
        yield Column("insulin_bolus", "[iU]", values, ("pen",) * len(body)), there & ~apart, pen


def _described(header: Sequence[str]) -> list[int]:
    """Columns that say what was eaten."""
    return [header.index(name) for name in ("Meal Descriptions", "Food type") if name in header]


def _meals(header: Sequence[str], body: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """What was eaten, in the words of the diary."""
    return tuple("; ".join(row[k] for k in _described(header) if row[k]) for row in body)


def _form(texts: Sequence[str]) -> str:
    some = [text.replace("\u202f", " ") for text in texts if text][:5000]
    share = {form: parse_local(some, form)[1].mean() if some else 0.0 for form in _FORMS}
    best = max(share, key=lambda form: share[form])
    if share[best] <= 0.5:
        shown = some[0] if some else "no row"
        raise DataError("the dates cannot be read", got=shown, allowed=", ".join(_FORMS))
    return best
