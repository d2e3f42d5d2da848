"""A proposed mapping of a laboratory table, each line with its reason, for the user to check and confirm."""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from pathlib import Path

from vitruvian.core import DataError, UnitError, is_tabled, ucum
from vitruvian.ingest.delimited import plain
from vitruvian.ingest.laboratory_cells import Cell, UnreadableCell, is_empty, read_date, read_result
from vitruvian.ingest.laboratory_mapping import names_of, valid_loinc
from vitruvian.ingest.laboratory_names import ANALYTES, RANGES, ROLES, UNITS
from vitruvian.ingest.laboratory_sheet import SheetRow, sheets
from vitruvian.record import RawFile
from vitruvian.tables.codes import analytes, codes_of

LOOK = 500
TOP = 20
_LOINC = re.compile(r"\b(\d{3,5}-\d)\b")
_UNIT = re.compile(r"[\[(]\s*([^\])]+?)\s*[\])]\s*$|\s(?:in\s)?([^\s()\[\]]*[/%][^\s()\[\]]*)$")
_DATES = (
    "iso", "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%d/%m/%y", "%m/%d/%y",
    "%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y", "%Y%m%d",
)  # fmt: skip
_CLOCKS = ("", " %H:%M", " %H:%M:%S", ", %H:%M", " %I:%M %p")


@dataclass
class Proposal:
    """A proposed table: values as they go into the mapping, and the reason of each; `open` are left for the user."""

    sheet: str
    header: tuple[int, ...]
    layout: str = "wide"
    decimal: tuple[str, str] = (".", "no decimal sign seen")
    dates: tuple[tuple[str, ...], str] = ((), "no column of dates found")
    columns: dict[str, tuple[str, str]] = field(default_factory=dict)
    units: dict[str, tuple[str, str]] = field(default_factory=dict)
    analytes: dict[str, tuple[str, str, str]] = field(default_factory=dict)


def propose(file: RawFile) -> list[Proposal]:
    """One proposal for each table of the file that has a header and rows; raises `DataError` if none has."""
    found = []
    with sheets(file) as every:
        for sheet in every:
            one = _table(sheet.name, list(islice(sheet.rows, LOOK)))
            found += [one] if one else []
    if not found:
        raise DataError(f"{file.name}: no table with a header and rows", todo="Export it with the columns' names.")
    return found


def _table(sheet: str, rows: Sequence[SheetRow]) -> Proposal | None:
    at = _header(rows)
    if at is None:
        return None
    header = [rows[k] for k in at]
    body = rows[at[-1] + 1 :]
    names = names_of([row.texts for row in header])
    columns = {name: [_at(row, k) for row in body] for k, name in enumerate(names) if name}
    found = Proposal(sheet, tuple(row.number for row in header))
    for name, cells in columns.items():
        role = ROLES.get(plain(re.sub(_UNIT, "", name))) or ROLES.get(plain(name))
        if role == "code" and not any(map(valid_loinc, map(str, cells))):
            role = None
        if role and role not in found.columns and any(not is_empty(cell) for cell in cells):
            found.columns[role] = (name, "by its name")
    _dates(found, columns)
    found.decimal = _decimal(columns, found)
    if {"value", "date"} <= set(found.columns) and {"analyte", "code"} & set(found.columns):
        _long(found, columns)
    else:
        _wide(found, columns)
    return found


def _header(rows: Sequence[SheetRow]) -> list[int] | None:
    """Positions of the header's rows: the one with most known names, and the row of groups above it."""

    def known(row: SheetRow) -> int:
        named = [_named(text) for text in row.texts]
        return sum(2 * bool(one) for one in named) + sum(bool(text) and not _number(text) for text in row.texts) // 4

    top = [k for k, row in enumerate(rows[:TOP]) if sum(map(bool, row.texts)) > 1]
    if not top:
        return None
    best = max(top, key=lambda k: (known(rows[k]), -k))
    if best + 1 >= len(rows):
        return None
    above = rows[best - 1].texts if best and rows[best - 1].number == rows[best].number - 1 else ()
    groups = sum(map(bool, above)) > 1 and not any(map(_number, above))
    return [best - 1, best] if groups else [best]


def _named(text: str) -> bool:
    bare = plain(re.sub(_UNIT, "", text))
    return bool(bare) and (bare in ROLES or bare in ANALYTES or bool(_LOINC.search(text)))


def _number(text: str) -> bool:
    return re.fullmatch(r"[<>]?\s*[+-]?\d+([.,]\d+)?", text) is not None


def _at(row: SheetRow, k: int) -> Cell:
    return row.cells[k] if k < len(row.cells) else None


def _dates(found: Proposal, columns: Mapping[str, Sequence[Cell]]) -> None:
    """The column of dates, and the formats that read all of it; several orders that fit are left open."""
    candidates = [found.columns["date"][0]] if "date" in found.columns else list(columns)
    for name in candidates:
        cells = [cell for cell in columns[name] if not is_empty(cell)]
        if cells and all(isinstance(cell, datetime | date) for cell in cells):
            found.columns.setdefault("date", (name, "its cells are dates"))
            found.dates = (("iso",), "the workbook's own dates")
            return
        fitting = _formats(cells) if cells else ()
        if fitting:
            found.columns.setdefault("date", (name, "its cells read as dates"))
            open_ = len(fitting) > 1
            said = f"day or month first? {' and '.join(fitting)} both fit: choose one" if open_ else "fits every row"
            found.dates = (() if open_ else fitting, said)
            return
        if cells and name in [one for one, _ in found.columns.values()] and all(map(_serial, cells)):
            found.dates = (("excel",), "numbers like a spreadsheet's days")
            return


def _serial(cell: Cell) -> bool:
    return re.fullmatch(r"[2-6]\d{4}(\.\d+)?", str(cell)) is not None


def _formats(cells: Sequence[Cell]) -> tuple[str, ...]:
    if not all(isinstance(cell, str) for cell in cells):
        return ()
    found = []
    for day in _DATES:
        for clock in _CLOCKS if day != "iso" else ("",):
            if all(_reads(cell, day + clock) for cell in cells):
                found.append(day + clock)
                break
    return tuple(found)


def _reads(cell: Cell, form: str) -> bool:
    try:
        read_date(cell, None, (form,), None)
    except (UnreadableCell, OverflowError, DataError):
        return False
    return True


def _decimal(columns: Mapping[str, Sequence[Cell]], found: Proposal) -> tuple[str, str]:
    texts = [str(cell) for cells in columns.values() for cell in cells if isinstance(cell, str)]
    counts = {sign: sum(re.fullmatch(rf"[<>]?\s*\d+\{sign}\d+", text) is not None for text in texts) for sign in ".,"}
    if not any(counts.values()):
        return ".", "no decimal sign seen"
    best = "," if counts[","] > counts["."] else "."
    doubt = f", {min(counts.values())} the other way: those are rejected" if all(counts.values()) else ""
    return best, f"{counts[best]} cells have it{doubt}"


def _long(found: Proposal, columns: Mapping[str, Sequence[Cell]]) -> None:
    found.layout = "long"
    names = columns[found.columns["analyte" if "analyte" in found.columns else "code"][0]]
    values = columns[found.columns["value"][0]]
    units = columns[found.columns["unit"][0]] if "unit" in found.columns else [None] * len(values)
    for said in dict.fromkeys(str(unit).strip() for unit in units if not is_empty(unit)):
        code, why = _unit(said)
        if code != said:
            found.units[said] = (code, why)
    if "analyte" not in found.columns:
        return
    for name in dict.fromkeys(str(one).strip() for one in names if not is_empty(one)):
        rows = [k for k, one in enumerate(names) if str(one).strip() == name]
        said = next((str(units[k]).strip() for k in rows if not is_empty(units[k])), "")
        found.analytes[name] = _analyte(name, said, [values[k] for k in rows], found.decimal[0])


def _wide(found: Proposal, columns: Mapping[str, Sequence[Cell]]) -> None:
    taken = {name for name, _ in found.columns.values()}
    found.columns = {role: one for role, one in found.columns.items() if role in ("subject", "date", "time")}
    taken = {name for name, _ in found.columns.values()}
    for name, cells in columns.items():
        numbers = [cell for cell in cells if _value(cell, found.decimal[0]) is not None]
        if name not in taken and (_named(name) or numbers) and any(not is_empty(cell) for cell in cells):
            found.analytes[name] = _analyte(name, "", cells, found.decimal[0])


def _analyte(name: str, unit: str, cells: Sequence[Cell], decimal: str) -> tuple[str, str, str]:
    """(LOINC, unit, reason) of an analyte by its name, its header, and its values."""
    in_name = _UNIT.search(name)
    said = unit or next((one for one in (in_name.groups() if in_name else ()) if one), "")
    words = re.sub(_UNIT, "", name).split()
    code = _LOINC.search(name)
    known = next((found for k in range(len(words)) if (found := ANALYTES.get(plain(" ".join(words[k:]))))), None)
    why = [f"the name says {known}"] if known else []
    if code and valid_loinc(code[1]):
        known_code = analytes().get(code[1])
        known = known_code.name if known_code else known
        why = [f"LOINC {code[1]} in the name"]
    found, reason = _unit(said) if said else ("", "")
    if reason:
        why.append(reason)
    if found == said and "not known" in reason:
        found = ""
    if not said and known:
        found, reason = _by_range(known, [v for cell in cells if (v := _value(cell, decimal)) is not None])
        why.append(reason)
    loinc = code[1] if code and valid_loinc(code[1]) else _loinc(known, found)
    if not loinc:
        why.append("not recognised: give its LOINC code, or leave it empty to keep it without one")
    return loinc, "" if unit else found, "; ".join(why)


def _by_range(name: str, values: Sequence[float]) -> tuple[str, str]:
    if not values or name not in RANGES:
        return "", "no unit is given: say it"
    limit, below, above = RANGES[name]
    middle = statistics.median(values)
    unit = below if middle < limit else above
    return unit, f"NO UNIT IS GIVEN; values around {middle:g} look like {unit}: check"


def _unit(said: str) -> tuple[str, str]:
    if said in UNITS:
        return UNITS[said], f"unit {said}"
    try:
        code = ucum(said)
    except UnitError:
        return said, f"unit {said} is not known: correct it"
    return code, f"unit {said}" if is_tabled(code) else f"unit {said} is not known: correct it"


def _loinc(name: str | None, unit: str) -> str:
    """The code of an analyte; where there is one for mass and one for amount, that of the unit."""
    codes = [code for _, code in codes_of(name)] if name else []
    molar = "mol" in unit
    table = analytes()
    fitting = [code for code in codes if molar == ("Moles/volume" in table[code].display)]
    return next(iter(fitting or codes), "")


def _value(cell: Cell, decimal: str) -> float | None:
    try:
        return None if is_empty(cell) else read_result(cell, decimal).number
    except UnreadableCell:
        return None


def propose_mapping(path: Path) -> str:
    """The text of a mapping file for a laboratory table, to be checked and confirmed by the user."""
    return to_toml(propose(RawFile(path)), path.name)


def in_words(found: Sequence[Proposal]) -> str:
    """The proposals in a sentence."""
    parts = []
    for one in found:
        roles = ", ".join(f"{role} = {name}" for role, (name, _) in one.columns.items())
        names = ", ".join(f"{name} = {loinc or '?'} {unit}".strip() for name, (loinc, unit, _) in one.analytes.items())
        parts.append(f"{one.sheet + ': ' if one.sheet else ''}{one.layout}; {roles}; {names}"[:600])
    return " | ".join(parts)


def to_toml(found: Sequence[Proposal], name: str) -> str:
    """The proposals as a mapping that is not confirmed yet."""
    return "\n".join(
        [
            f"# A proposed mapping of {_comment(name)}. Check every line; then set confirmed = true and run",
            "# vitruvian ingest FILE --mapping THIS_FILE --patient ID   (no --patient where a column says whose)",
            "confirmed = false",
            *(line for one in found for line in _lines(one)),
            "",
        ]
    )


def _lines(one: Proposal) -> Iterator[str]:
    yield from ("", "[[table]]", f"sheet = {_text(one.sheet)}", f"header = {list(one.header)}")
    yield f'layout = "{one.layout}"'
    yield f'decimal = "{one.decimal[0]}"  # {_comment(one.decimal[1])}'
    formats, why = one.dates
    shown = f"dates = [{', '.join(map(_text, formats))}]" if formats else '# dates = ["…"]'
    yield f"{shown}  # {_comment(why)}"
    yield "[table.columns]"
    yield from (f"{role} = {_text(name)}  # {_comment(why)}" for role, (name, why) in one.columns.items())
    if one.units:
        yield "[table.units]"
        yield from (f"{_text(said)} = {_text(code)}  # {_comment(why)}" for said, (code, why) in one.units.items())
    for name, (loinc, unit, why) in one.analytes.items():
        yield f"[table.analytes.{_text(name)}]  # {_comment(why)}"
        yield f"loinc = {_text(loinc)}"
        if unit:
            yield f"unit = {_text(unit)}"


def _text(value: str) -> str:
    """A TOML string; JSON's are."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _comment(text: str) -> str:
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())[:300]
