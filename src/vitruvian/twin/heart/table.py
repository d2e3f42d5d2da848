"""Evidence from plain tables: a CSV of quantities with their units, and CSVs of one beat of pressure or flow."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from vitruvian.core import DataError, InputError, Quantity
from vitruvian.twin.heart.evidence import Curve, Evidence, evidence_of, measure_of

_COLUMNS = ("quantity", "value", "unit")
_SEX = {"female": True, "f": True, "male": False, "m": False}


def read_table(path: str | Path, *, curves: Mapping[str, str | Path] | None = None) -> Evidence:
    """The evidence of a CSV file with the columns `quantity`, `value`, `unit` and, where known, `error` (an SD).

    A row `sex` holds female or male. `curves`: CSV files of `pressure` and `flow`, see `read_curve`. Raises
    `DataError` with row and rule.
    """
    values: dict[str, float | str | Quantity] = {}
    errors: dict[str, float] = {}
    female: bool | None = None
    for number, row in enumerate(_rows(path, _COLUMNS, ("error",)), start=2):
        name, text, unit = (row[column].strip() for column in _COLUMNS)
        if name == "sex":
            female = _sex(text, number)
            continue
        if name in values:
            raise DataError(f"row {number}: {name} is there twice", todo="Leave one row for each quantity.")
        value = _number(text, f"row {number}, {name}")
        if not unit:
            raise DataError(f"row {number}: {name} has no unit", got=text, todo='Give it; "1" for a share.')
        values[name] = Quantity(value, unit)
        if (row.get("error") or "").strip():
            errors[name] = Quantity(_number(row["error"], f"row {number}, error"), unit).to(measure_of(name).unit).value
    read = {name: read_curve(file) for name, file in (curves or {}).items()}
    return evidence_of(values, person=Path(path).stem, female=female, errors=errors, curves=read)


def read_curve(path: str | Path) -> Curve:
    """One beat of a curve: columns `time_s` (from the R wave) and `value` (mmHg or mL/s)."""
    rows = list(_rows(path, ("time_s", "value")))
    place = Path(path).name
    time = [_number(row["time_s"], f"{place}, row {k}") for k, row in enumerate(rows, start=2)]
    return Curve(
        np.array(time), np.array([_number(row["value"], f"{place}, row {k}") for k, row in enumerate(rows, 2)])
    )


def _rows(path: str | Path, needed: tuple[str, ...], optional: tuple[str, ...] = ()) -> list[dict[str, str]]:
    file = Path(path)
    if not file.is_file():
        raise InputError("no such file", got=file)
    try:
        rows = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))
    except UnicodeDecodeError as error:
        raise DataError(f"{file.name} is not UTF-8", got=f"byte {error.start}", todo="Save it as UTF-8.") from error
    names = set(rows[0]) if rows else set()
    if not set(needed) <= names or any(None in row or None in row.values() for row in rows):
        got = ", ".join(sorted(str(n) for n in names)) or "no rows"
        raise DataError(f"{file.name} is no such table", got=got, allowed="columns " + ", ".join(needed))
    if unknown := sorted(names - {*needed, *optional}):
        allowed = ", ".join(needed + optional)
        raise DataError(f"{file.name}: columns that nothing reads", got=", ".join(unknown), allowed=allowed)
    return rows


def _number(text: str, place: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise DataError(f"{place}: not a number", got=repr(text)) from error


def _sex(text: str, number: int) -> bool:
    if text.lower() not in _SEX:
        raise DataError(f"row {number}: no such sex", got=text, allowed="female, male")
    return _SEX[text.lower()]
