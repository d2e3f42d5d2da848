"""People of a simulation from a table: parameters named as in the equations, settings of treatment where given."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError, InputError
from vitruvian.model import Driven

_SETTINGS = {
    "basal": "basal",
    "carbohydrate_ratio": "carbohydrate_ratio",
    "correction": "correction",
    "total_daily": "total_daily",
    "CR": "carbohydrate_ratio",
    "CF": "correction",
    "TDI": "total_daily",
}
_DERIVED = {"i", "EGPb", "m5", "CL", "HEb", "Ipb", "Ilb", "Gpb", "Gtb", "Rdb", "PCRb", "dosekempt", "isc1ss", "isc2ss",
            "patient_history", "Age"}  # fmt: skip
"""Columns of simglucose's table that follow from others."""


@dataclass(frozen=True)
class Persons:
    """n people; `start` has the state at which each begins, `settings` what is known of their treatment, each (n,)."""

    names: tuple[str, ...]
    parameters: Mapping[str, Float[np.ndarray, " n"]]
    settings: Mapping[str, Float[np.ndarray, " n"]]
    start: Mapping[int, Float[np.ndarray, " n"]]
    """Compartment (1, 2 …, in the order of the equations) → amount; empty: at rest."""
    notes: tuple[str, ...] = ()
    """What was not told, and what was done about it."""

    def __len__(self) -> int:
        return len(self.names)


def read_persons(path: Path, model: Driven) -> Persons:
    """Of a CSV with a row per person: `Name` and parameters of `model`, each column named as in its equations.

    simglucose's columns are known, too (x0_1 … is the state at which a person begins, u2ss the basal rate). A
    parameter without a column has its published value, and that is noted. Raises `InputError`, `DataError`.
    """
    header, rows = _table(path)
    known = {one.name for one in model.parameters}
    names = tuple(row.get("Name") or row.get("person") or f"person {k + 1}" for k, row in enumerate(rows))
    if len(set(names)) < len(names):
        raise DataError(f"{path.name} has people of the same name", got=_twice(names))
    columns = {name: _column(path, rows, names, name) for name in header if name not in {"Name", "person"} | _DERIVED}
    parameters = {name: columns[name] for name in header if name in known}
    start = {int(name[3:]): columns[name] for name in header if name.startswith("x0_") and name[3:].isdigit()}
    settings = {_SETTINGS[name]: columns[name] for name in header if name in _SETTINGS}
    if "u2ss" in columns and "u2ss" not in known and "BW" in columns:
        settings["basal"] = columns["u2ss"] * columns["BW"] / 100.0
    unknown = [name for name in columns if name not in known | set(_SETTINGS) | {"u2ss"} and not name.startswith("x0_")]
    missing = [name for name in model.typical if name not in parameters]
    taken = [name for name in missing if name != "kp1"]
    for name in parameters:
        _within(path, model, names, name, parameters[name])
    notes = [f"columns that {model.name} does not know: {', '.join(unknown)}"] if unknown else []
    if taken:
        notes.append(f"published values were taken for {', '.join(taken)}")
    filled = {name: parameters.get(name, np.full(len(rows), value)) for name, value in model.typical.items()}
    if "kp1" in missing:
        filled = {name: np.asarray(value) for name, value in model.balanced(filled).items()}  # type: ignore[attr-defined]
        notes.append("kp1 is what holds Gb under basal insulin")
    return Persons(names, filled, settings, start, tuple(notes))


def _table(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            header = ["".join(name.split()) for name in next(reader, [])]
            cells = [row for row in reader if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"cannot read {path}", got=str(error)) from error
    if not cells or len(set(header)) < len(header):
        raise DataError(f"{path.name} must have a header of different names and a row per person", got=_twice(header))
    short = [k for k, row in enumerate(cells) if len(row) != len(header)]
    if short:
        raise DataError(f"{path.name}, row {short[0] + 2}, has not as many cells as the header",
                        got=len(cells[short[0]]), allowed=len(header))  # fmt: skip
    return header, [dict(zip(header, row, strict=True)) for row in cells]


def _column(path: Path, rows: list[dict[str, str]], names: tuple[str, ...], column: str) -> Float[np.ndarray, " n"]:
    found = []
    for name, row in zip(names, rows, strict=True):
        try:
            value = float(row[column])
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise DataError(f"{path.name}: {column} of {name} must be a number", got=repr(row[column]))
        found.append(value)
    return np.array(found)


def _within(path: Path, model: Driven, names: tuple[str, ...], column: str, values: Float[np.ndarray, " n"]) -> None:
    rule = model.parameter(column)
    outside = np.flatnonzero((values < rule.lower) | (values > rule.upper))
    if len(outside):
        value = values[outside[0]]
        todo = "Glucose is in mg/dL here; 1 mmol/L is 18.016 mg/dL." if rule.unit == "mg/dL" and value < 30 else None
        raise DataError(f"{path.name}: {column} of {names[outside[0]]} is not possible", got=f"{value:g}",
                        allowed=f"{rule.lower:g} to {rule.upper:g} {rule.unit}", todo=todo)  # fmt: skip


def _twice(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(sorted({name for name in names if list(names).count(name) > 1})) or "no rows"
