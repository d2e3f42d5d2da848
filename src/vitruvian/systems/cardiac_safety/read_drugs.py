"""Drugs from a table: one row a drug, units in the column names; refused whole where a cell cannot be."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from vitruvian.core import DataError, InputError, UnitError, UnknownNameError
from vitruvian.systems.cardiac_safety.block import CURRENTS
from vitruvian.systems.cardiac_safety.drug import Binding, CardiacDrug, Potency, Risk

_PLAIN: Mapping[str, tuple[str, str]] = {
    "name": ("name", ""),
    "cmax": ("Cmax", "nM"),
    "class": ("class", ""),
    "source": ("source", ""),
    "dataset": ("dataset", ""),
    "kmax": ("Kmax", ""),
    "ku": ("Ku", "1/ms"),
    "n": ("n", ""),
    "halfmax": ("halfmax", "nM^n"),
    "vhalf": ("Vhalf", "mV"),
}
_NEEDS_UNIT = ("Cmax", "IC50", "IC50 low", "IC50 high", "Ku", "halfmax", "Vhalf")
_CURRENT = {name.lower(): name for name in CURRENTS} | {"herg": "IKr"}
_OF_CURRENT = re.compile(r"(\S+)\s+(ic50|hill)(?:\s+(low|high))?(?:\s+(\S+))?", re.IGNORECASE)
_KINETICS = ("Kmax", "Ku", "n", "halfmax", "Vhalf")
_MAX_ROWS = 10_000


def read_drugs(path: str | Path) -> tuple[CardiacDrug, ...]:
    """Drugs of a CSV file.

    Columns: `name`, `Cmax nM` (free); for each current of `CURRENTS` (or hERG for IKr) `<current> IC50 nM`,
    `<current> Hill`, and optionally their 90 % intervals `<current> IC50 low nM`, `… high nM`, `<current> Hill low`,
    `… high`; hERG kinetics `Kmax`, `Ku 1/ms`, `n`, `halfmax nM^n`, `Vhalf mV` (all or none); `class`, `source`,
    `dataset` (as thresholds name it).
    Raises `UnknownNameError` for a column, `UnitError` for its unit, `DataError` naming line, column and rule.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError("no such file of drugs", got=path)
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            lines = csv.reader(stream)
            columns = [_column(one) for one in next(lines, [])]
            _check_columns(columns)
            rows = [(lines.line_num, cells) for cells in lines if any(cell.strip() for cell in cells)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError("the file of drugs is no readable CSV", got=error, todo="Save it as UTF-8 CSV.") from error
    if not rows or len(rows) > _MAX_ROWS:
        raise DataError("drugs in the file", got=len(rows), allowed=f"1 to {_MAX_ROWS}")
    return _unique([(line, _drug(line, _cells(line, columns, cells))) for line, cells in rows])


def _column(title: str) -> str:
    """The column's own name, e.g. "IKr IC50 low"."""
    words = title.split()
    plain = _PLAIN.get(words[0].lower()) if words else None
    if plain is not None and len(words) <= 2:
        return _with_unit(title, plain[0], plain[1], words[1] if len(words) == 2 else "")
    match = _OF_CURRENT.fullmatch(title.strip())
    if match is None or match[1].lower() not in _CURRENT:
        known = [name for name, _ in _PLAIN.values()]
        allowed = ", ".join([*known, "<current> IC50 nM", "<current> Hill"]) + f" of {', '.join(_CURRENT.values())}"
        raise UnknownNameError("no such column of a table of drugs", got=repr(title), allowed=allowed)
    quantity = "IC50" if match[2].lower() == "ic50" else "Hill"
    end = f" {match[3].lower()}" if match[3] else ""
    own = _with_unit(title, quantity + end, "nM" if quantity == "IC50" else "", match[4] or "")
    return f"{_CURRENT[match[1].lower()]} {own}"


def _with_unit(title: str, own: str, unit: str, given: str) -> str:
    given = given.strip("()[]")
    if (given and given != unit) or (not given and own in _NEEDS_UNIT):
        todo = f'Write the column as "{title.split()[0]} … {unit}" and give its numbers so.' if unit else None
        raise UnitError(f"unit of column {title!r}", got=given or "none", allowed=unit or "none", todo=todo)
    return own


def _check_columns(columns: list[str]) -> None:
    twice = sorted({one for one in columns if columns.count(one) > 1})
    if twice:
        raise DataError("a column appears twice", got=", ".join(twice))
    missing = [one for one in ("name", "Cmax") if one not in columns]
    if missing:
        raise DataError("a table of drugs lacks a column", got=", ".join(columns), allowed=f"with {', '.join(missing)}")


def _cells(line: int, columns: list[str], cells: list[str]) -> dict[str, str]:
    if len(cells) != len(columns):
        raise DataError(f"line {line}: cells", got=len(cells), allowed=f"{len(columns)}, one a column")
    return {name: cell.strip() for name, cell in zip(columns, cells, strict=True) if cell.strip()}


def _drug(line: int, row: Mapping[str, str]) -> CardiacDrug:
    for name in ("name", "Cmax"):
        if name not in row:
            raise DataError(f"line {line}, column {name}: empty", allowed="a value for every drug")
    texts = ("name", "class", "source", "dataset")
    numbers = {name: _number(line, name, cell) for name, cell in row.items() if name not in texts}
    risk = cast("Risk | None", row.get("class"))
    potency, binding = _potencies(line, numbers), _binding(line, numbers)
    try:
        drug = CardiacDrug(
            row["name"], numbers["Cmax"], potency, binding, risk, row.get("source", ""), row.get("dataset", "")
        )
    except DataError as error:
        raise DataError(f"line {line}, {error.what}", got=error.got, allowed=error.allowed, todo=error.todo) from error
    if not drug.potency and drug.binding is None:
        raise DataError(f"line {line}, {drug.name}: no block", allowed="IC50 and Hill of a current, or hERG kinetics")
    return drug


def _number(line: int, column: str, cell: str) -> float:
    try:
        return float(cell)
    except ValueError as error:
        raise DataError(f"line {line}, column {column}: no number", got=repr(cell)) from error


def _potencies(line: int, numbers: Mapping[str, float]) -> dict[str, Potency]:
    found = {}
    for current in CURRENTS:
        own = {name.removeprefix(f"{current} "): x for name, x in numbers.items() if name.startswith(f"{current} ")}
        if not own:
            continue
        if not {"IC50", "Hill"} <= set(own):
            half = f"line {line}, {current}: half a block"
            raise DataError(half, got=", ".join(own), allowed="IC50 and Hill together, or neither")
        found[current] = Potency(
            own["IC50"], own["Hill"], _interval(line, current, "IC50", own), _interval(line, current, "Hill", own)
        )
    return found


def _interval(line: int, current: str, quantity: str, own: Mapping[str, float]) -> tuple[float, float] | None:
    ends = [own.get(f"{quantity} {end}") for end in ("low", "high")]
    if ends == [None, None]:
        return None
    if ends[0] is None or ends[1] is None:
        raise DataError(f"line {line}, {current} {quantity}: half an interval", got=ends, allowed="low and high")
    return ends[0], ends[1]


def _binding(line: int, numbers: Mapping[str, float]) -> Binding | None:
    given = [name for name in _KINETICS if name in numbers]
    if not given:
        return None
    if len(given) < len(_KINETICS):
        raise DataError(
            f"line {line}, hERG kinetics: not whole", got=", ".join(given), allowed=f"all of {', '.join(_KINETICS)}"
        )
    return Binding(*(numbers[name] for name in _KINETICS))


def _unique(drugs: list[tuple[int, CardiacDrug]]) -> tuple[CardiacDrug, ...]:
    first: dict[str, int] = {}
    for line, drug in drugs:
        key = drug.name.casefold()
        if key in first:
            raise DataError(
                f"line {line}, column name: a drug twice", got=drug.name, allowed=f"once (line {first[key]})"
            )
        first[key] = line
    return tuple(drug for _, drug in drugs)
