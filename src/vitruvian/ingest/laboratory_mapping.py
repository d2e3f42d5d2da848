"""A laboratory table's mapping, as the user confirms it: a TOML file that says what each column is.

confirmed = true
[[table]]
sheet = ""                    # of a workbook; "" for CSV
header = [1]                  # rows that hold the columns' names
layout = "long"               # a row per result; "wide": a column per analyte
decimal = "."                 # or ","
dates = ["%d.%m.%Y"]          # strptime formats, "iso", or "excel" (days since 1900)
[table.columns]               # subject (optional), date, time, analyte, code, value, unit, reference, interpretation
date = "Collected"
[table.units]                 # units as the file spells them, in UCUM
"Mio/µl" = "10*6/uL"
[table.analytes."Krea"]       # a name in the analyte column, or a column of a wide table
loinc = "2160-0"              # "" keeps it without a code
unit = "mg/dL"                # where no column gives it
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from vitruvian.core import DataError, UnitError, ucum

COLUMNS = frozenset(
    ("subject", "date", "time", "analyte", "code", "value", "unit", "reference", "interpretation")
)  # fmt: skip
_LOINC = re.compile(r"\d{1,7}-\d")
_DIRECTIVES = re.compile(r"%[a-zA-Z%]")


@dataclass(frozen=True)
class Mapped:
    """What an analyte of the file is: LOINC code ("" for none), and its unit where no column gives it."""

    loinc: str = ""
    unit: str = ""


@dataclass(frozen=True)
class TableMapping:
    """The mapping of one table of a file; `header`: numbers of the rows with the columns' names."""

    sheet: str
    header: tuple[int, ...]
    layout: Literal["long", "wide"]
    decimal: str
    dates: tuple[str, ...]
    columns: Mapping[str, str]
    units: Mapping[str, str] = field(default_factory=dict)
    analytes: Mapping[str, Mapped] = field(default_factory=dict)


def read_mapping(path: Path) -> tuple[TableMapping, ...]:
    """The tables of a confirmed mapping; raises `DataError` for one that is not confirmed, or says what it may not."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"{path.name}: the mapping cannot be read", got=error) from error
    if given.get("confirmed") is not True:
        raise DataError(
            f"{path.name}: the mapping is not confirmed",
            todo="Check every line of it, then set confirmed = true.",
        )
    tables = given.get("table")
    if not isinstance(tables, list) or not tables or not all(isinstance(one, dict) for one in tables):
        raise DataError(f"{path.name}: no [[table]]", todo="Make one: vitruvian laboratory propose FILE --out map.toml")
    return tuple(_table(one, f"{path.name}, table {k}") for k, one in enumerate(tables, 1))


def _table(given: Mapping[str, Any], where: str) -> TableMapping:
    _only(given, {"sheet", "header", "layout", "decimal", "dates", "columns", "units", "analytes"}, where)
    layout, decimal = given.get("layout"), given.get("decimal", ".")
    if layout not in ("long", "wide"):
        raise DataError(f"{where}: no such layout", got=layout, allowed='"long" or "wide"')
    if decimal not in (".", ","):
        raise DataError(f"{where}: no such decimal sign", got=decimal, allowed='"." or ","')
    columns = _texts(given.get("columns", {}), f"{where}, columns")
    _only(columns, COLUMNS, f"{where}, columns")
    needed = ["date", "value"] if layout == "long" else ["date"]
    missing = [one for one in needed if not columns.get(one)]
    if missing or (layout == "long" and not (columns.get("analyte") or columns.get("code"))):
        raise DataError(f"{where}: columns are missing", got=", ".join(columns), allowed="date, value, analyte or code")
    analytes = given.get("analytes", {})
    if not isinstance(analytes, dict) or (layout == "wide" and not analytes):
        raise DataError(f"{where}: no analytes", todo='Add [table.analytes."NAME"] with loinc and unit.')
    return TableMapping(
        str(given.get("sheet", "")),
        _header(given.get("header", [1]), where),
        "long" if layout == "long" else "wide",
        decimal,
        _dates(given.get("dates"), where),
        columns,
        {name: _unit(unit, where) for name, unit in _texts(given.get("units", {}), f"{where}, units").items()},
        {name: _mapped(one, f"{where}, {name}") for name, one in analytes.items()},
    )


def _header(given: object, where: str) -> tuple[int, ...]:
    if not isinstance(given, list) or not given or not all(isinstance(k, int) and 0 < k < 1000 for k in given):
        raise DataError(f"{where}: header names no rows", got=given, allowed="such as [1]")
    return tuple(sorted(given))


def _dates(given: object, where: str) -> tuple[str, ...]:
    if not isinstance(given, list) or not given or not all(isinstance(one, str) for one in given):
        raise DataError(
            f"{where}: the order of day, month and year is not declared",
            got=given,
            allowed='dates = ["%d/%m/%Y"], ["%m/%d/%Y"], ["iso"], ["excel"] …',
            todo="Say which it is; an ambiguous date is never guessed.",
        )
    for one in given:
        found = set(_DIRECTIVES.findall(one))
        if one not in ("iso", "excel") and not (
            {"%d"} <= found and found & {"%m", "%b", "%B"} and found & {"%Y", "%y"}
        ):
            raise DataError(
                f"{where}: not a date format", got=one, allowed='"%d.%m.%Y", "%m/%d/%Y %H:%M", "iso", "excel"'
            )
    return tuple(given)


def _mapped(given: object, where: str) -> Mapped:
    if not isinstance(given, dict):
        raise DataError(f"{where}: not a table of loinc and unit", got=given)
    _only(given, {"loinc", "unit"}, where)
    loinc, unit = (str(given.get(key, "")).strip() for key in ("loinc", "unit"))
    if loinc and not valid_loinc(loinc):
        raise DataError(f"{where}: not a LOINC code", got=loinc, allowed="such as 2160-0, with its check digit")
    return Mapped(loinc, _unit(unit, where) if unit else "")


def _unit(text: str, where: str) -> str:
    try:
        return ucum(text)
    except UnitError as error:
        raise DataError(f"{where}: not a unit", got=text, allowed="UCUM, such as mg/dL") from error


def valid_loinc(code: str) -> bool:
    """Whether a LOINC code's check digit is right (mod 10, LOINC Users' Guide, appendix A)."""
    if not _LOINC.fullmatch(code):
        return False
    digits = [int(one) for one in reversed(code[:-2])]
    doubled = [2 * d - 9 if 2 * d > 9 else 2 * d for d in digits[::2]]
    return (10 - (sum(doubled) + sum(digits[1::2])) % 10) % 10 == int(code[-1])


def _only(given: Mapping[str, Any], allowed: set[str] | frozenset[str], where: str) -> None:
    strange = sorted(set(given) - allowed)
    if strange:
        raise DataError(f"{where}: unknown names", got=", ".join(strange), allowed=", ".join(sorted(allowed)))


def _texts(given: object, where: str) -> dict[str, str]:
    if not isinstance(given, dict) or not all(isinstance(one, str) for one in given.values()):
        raise DataError(f"{where}: not names and texts", got=given)
    return {name: text for name, text in given.items() if text}


def names_of(header: Sequence[Sequence[str]]) -> list[str]:
    """Names of the columns from their rows: those above filled to the right (merged cells), joined; doubles counted."""
    width = max((len(row) for row in header), default=0)
    parts: list[list[str]] = [[] for _ in range(width)]
    for depth, row in enumerate(header):
        last = ""
        for k in range(width):
            cell = row[k] if k < len(row) else ""
            last = cell or (last if depth < len(header) - 1 else "")
            if last and last not in parts[k]:
                parts[k].append(last)
    names: list[str] = []
    for one in (" ".join(part) for part in parts):
        seen = sum(name == one or name.startswith(f"{one} (") for name in names) if one else 0
        names.append(f"{one} ({seen + 1})" if seen else one)
    return names
