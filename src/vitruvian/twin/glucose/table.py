"""Entries from a plain table (CSV): for people without a record, and for the files that simglucose writes.

Columns by name: `time` (ISO 8601; or minutes from the start), `glucose_mg_dl` or `glucose_mmol_l`, `bolus_u`,
`basal_u_per_h`, `long_acting_u`, `carbohydrates_g`, `heart_rate`, `steps`; amounts are those since the row before.
simglucose's own columns are `Time`, `BG`, `CGM`, `CHO` (g/min over the step) and `insulin` (U/min over the step).
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from vitruvian.core import DataError, to_ms
from vitruvian.twin.glucose.checks import MMOL
from vitruvian.twin.glucose.entries import MINUTE, Entries
from vitruvian.twin.glucose.evidence import Evidence, evidence_of

_COLUMNS = {
    "glucose_mg_dl": ("glucose", 1.0),
    "glucose_mmol_l": ("glucose", MMOL),
    "cgm": ("glucose", 1.0),
    "bolus_u": ("insulin_bolus", 1.0),
    "basal_u_per_h": ("insulin_basal_rate", 1.0),
    "insulin": ("insulin_basal_rate", 60.0),
    "long_acting_u": ("insulin_basal", 1.0),
    "carbohydrates_g": ("carbohydrates", 1.0),
    "cho": ("carbohydrates", 1.0),
    "heart_rate": ("heart_rate", 1.0),
    "steps": ("steps", 1.0),
}
_TIMES = ("time", "minute", "timestamp", "date")


def read_table(path: str | Path, *, person: str = "") -> Evidence:
    """The evidence of a CSV file; of several people (a column `person` or `name`) that of the one named.

    Raises `DataError` for a file without time or glucose, or with several people of whom none is named.
    """
    file = Path(path)
    with file.open(newline="", encoding="utf-8-sig") as lines:
        rows = list(csv.DictReader(lines))
    names = {name.strip().lower(): name for name in (rows[0] if rows else {}) if name}
    rows = _of_one(rows, names, person, file.name)
    at = next((names[name] for name in _TIMES if name in names), None)
    known = {names[name]: target for name, target in _COLUMNS.items() if name in names}
    if at is None or "glucose" not in {signal for signal, _ in known.values()}:
        raise DataError("this is no table of glucose", got=", ".join(names) or file.name, allowed=_allowed())
    start = _times([row[at] or "" for row in rows])
    after = np.append(start[1:], start[-1] + np.median(np.diff(start)) if len(start) > 1 else start[-1] + 5 * MINUTE)
    entries = {}
    for column, (signal, scale) in known.items():
        value = scale * _numbers([row[column] or "" for row in rows], column)
        if column.lower() == "cho":  # a rate over the step
            value = value * np.maximum(after - start, 0) / MINUTE
        said = np.isfinite(value) & ((value != 0) | (signal not in ("insulin_bolus", "insulin_basal", "carbohydrates")))
        end = after if signal == "insulin_basal_rate" else start
        text = ("long-acting",) if signal == "insulin_basal" else ("",)
        none = np.zeros(len(start), np.int64)
        whole = Entries(start, np.maximum(end, start), none, value, (file.name,) * len(start), text * len(start))
        entries[signal] = whole.only(said)
    return evidence_of(person or file.stem, entries)


def _of_one(rows: list[dict[str, str]], names: dict[str, str], person: str, file: str) -> list[dict[str, str]]:
    """The rows of one person."""
    column = next((names[name] for name in ("person", "name") if name in names), None)
    people = dict.fromkeys(row[column] for row in rows) if column else {}
    if column is None or len(people) < 2:
        return rows
    if person not in people:
        raise DataError(f"{file} holds several people", got=person or "no name", allowed=", ".join(people))
    return [row for row in rows if row[column] == person]


def _allowed() -> str:
    return ", ".join(("time", *_COLUMNS))


def _times(texts: list[str]) -> Int[np.ndarray, N]:
    """Milliseconds of each row: dates and times, or minutes from the start (then on 2000-01-01)."""
    try:
        if all(_is_number(text) for text in texts):
            return (np.array(texts, float) * MINUTE).astype(np.int64) + to_ms("2000-01-01")
        return np.array([to_ms(text.strip().replace(" ", "T", 1)) for text in texts], np.int64)
    except DataError as error:
        raise DataError("a time cannot be read", got=error.got, allowed="2026-03-01 08:30 or minutes") from error


def _numbers(texts: list[str], column: str) -> Float[np.ndarray, N]:
    try:
        return np.array([float(text) if text.strip() else np.nan for text in texts])
    except ValueError as error:
        raise DataError(f"column {column} holds what is no number", got=str(error)) from error


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
