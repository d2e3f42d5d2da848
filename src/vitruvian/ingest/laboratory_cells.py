"""Cells of laboratory tables: results with comparators, words and marks, and dates in the declared order only."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from vitruvian.core import Instant, parse_instant
from vitruvian.ingest.laboratory_names import NEGATIVE, POSITIVE

Cell = str | int | float | datetime | date | time | timedelta | bool | None
_RESULT = re.compile(
    r"(?P<comparator><=|>=|<|>|≤|≥)?\s*(?P<number>[+-]?[\d.,]+(?:[eE][+-]?\d+)?)\s*(?P<rest>.*)", re.DOTALL
)
_MARK = re.compile(r"\(?(HH|LL|H|L|\*{1,3}|\+{1,3}|-{1,3}|↑{1,2}|↓{1,2})\)?")
_SIGNS = {"≤": "<=", "≥": ">="}
_EXCEL = datetime(1899, 12, 30)
_EMPTY = frozenset(("", "-", "--", "n/a", "na", "n.a.", "nd", "n.d.", "null", "none", "."))


class UnreadableCell(ValueError):
    """A cell that cannot be read; the message is the reason."""


@dataclass(frozen=True)
class Result:
    """A result: a number (with "<" or ">"), or a code or text; `unit` and `mark` where the cell itself has them."""

    number: float | None = None
    comparator: str = ""
    code: str | None = None
    text: str | None = None
    unit: str = ""
    mark: str = ""


def is_empty(cell: Cell) -> bool:
    """Whether a cell holds no result."""
    return cell is None or (isinstance(cell, str) and cell.strip().casefold() in _EMPTY)


def read_result(cell: Cell, decimal: str) -> Result:
    """A cell as a result; raises `UnreadableCell` for a number that the declared decimal sign does not fit."""
    if isinstance(cell, bool):
        return Result(code=str(cell).lower(), text=str(cell))
    if isinstance(cell, int | float):
        if not math.isfinite(cell):
            raise UnreadableCell(f"not a finite number: {cell}")
        return Result(float(cell))
    if isinstance(cell, datetime | date | time | timedelta):
        raise UnreadableCell(f"a date or time where a result is expected: {cell}")
    text = str(cell).strip()
    if text.startswith("#"):
        raise UnreadableCell(f"an error of the spreadsheet: {text}")
    word = text.casefold()
    if word in POSITIVE or word in NEGATIVE:
        return Result(code="positive" if word in POSITIVE else "negative", text=text)
    match = _RESULT.fullmatch(text)
    if match is None or re.match(r"\d+\s*[-:/]\s*\d", text):
        return Result(text=text[:2000])
    mark = _MARK.fullmatch(match["rest"])
    unit = "" if mark else re.sub(r"\s*\(?(HH|LL|H|L|\*+)\)?$", "", match["rest"])
    comparator = match["comparator"] or ""
    number = _number(match["number"], decimal)
    return Result(number, _SIGNS.get(comparator, comparator), unit=unit, mark=mark[1] if mark else "", text=text)


def _number(text: str, decimal: str) -> float:
    other = "," if decimal == "." else "."
    if other in text or text.count(decimal) > 1:
        raise UnreadableCell(f"{text!r} does not fit the declared decimal sign {decimal!r}; it is never guessed")
    try:
        found = float(text.replace(decimal, "."))
    except ValueError:
        raise UnreadableCell(f"not a number: {text!r}") from None
    if not math.isfinite(found):
        raise UnreadableCell(f"not a finite number: {text!r}")
    return found


def read_date(cell: Cell, clock: Cell, formats: Sequence[str], zone: ZoneInfo | None) -> Instant:
    """When, from a date cell and perhaps a time cell; in `zone` if told. Raises `UnreadableCell`."""
    moment, has_time = _moment(cell, formats)
    if not is_empty(clock):
        moment, has_time = datetime.combine(moment.date(), _clock(clock)), True
    if moment.tzinfo is None and not 1900 <= moment.year < 2200:
        raise UnreadableCell(f"a year that cannot be: {moment.year}")
    if not has_time:
        return parse_instant(moment.date().isoformat())
    aware = moment.replace(tzinfo=zone) if zone is not None and moment.tzinfo is None else moment
    return parse_instant(aware.isoformat())


def _moment(cell: Cell, formats: Sequence[str]) -> tuple[datetime, bool]:
    if isinstance(cell, datetime):
        return cell, cell.time() != time()
    if isinstance(cell, date):
        return datetime.combine(cell, time()), False
    serial = _serial(cell)
    if serial is not None and "excel" in formats:
        if not 61 <= serial < 110_000:  # 1900 has no 29 February, though the spreadsheet thinks so
            raise UnreadableCell(f"not a spreadsheet's day number: {cell}")
        moment = _EXCEL + timedelta(seconds=round(serial * 86400))
        return moment, serial != int(serial)
    text = "" if cell is None else str(cell).strip()
    for one in formats:
        try:
            if one == "iso":
                found = datetime.fromisoformat(text)
                return found, len(text) > 10
            if one != "excel":
                return datetime.strptime(text, one), any(part in one for part in ("%H", "%I"))
        except ValueError:
            continue
    raise UnreadableCell(
        f"{text!r} is no date as the mapping declares them ({', '.join(formats)})" if text else "no date"
    )


def _serial(cell: Cell) -> float | None:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return float(cell)
    if isinstance(cell, str) and re.fullmatch(r"\d{2,6}([.,]\d+)?", cell.strip()):
        return float(cell.strip().replace(",", "."))
    return None


def _clock(cell: Cell) -> time:
    if isinstance(cell, datetime):
        return cell.time()
    if isinstance(cell, time):
        return cell
    if isinstance(cell, float) and 0 <= cell < 1:
        return (_EXCEL + timedelta(seconds=round(cell * 86400))).time()
    for one in ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p", "%H.%M", "%H:%M Uhr"):
        try:
            return datetime.strptime(str(cell).strip(), one).time()
        except ValueError:
            continue
    raise UnreadableCell(f"not a time of day: {cell}")


def read_range(text: str, decimal: str) -> dict[str, object] | None:
    """A reference range as FHIR has it, low and high where the text shows them; None for an empty cell."""
    text = text.strip()
    if not text:
        return None
    found: dict[str, object] = {"text": text}
    match = re.search(r"([<>≤≥]=?)?\s*(\d+(?:[.,]\d+)?)(?:\s*[-–]\s*(\d+(?:[.,]\d+)?))?", text)
    if match is None:
        return found
    try:
        first = _number(match[2], decimal)
        if match[3]:
            return found | {"low": {"value": first}, "high": {"value": _number(match[3], decimal)}}
    except UnreadableCell:
        return found
    if match[1]:
        return found | {"high" if match[1][0] in "<≤" else "low": {"value": first}}
    return found
