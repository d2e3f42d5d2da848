"""Exposures and ways of life by place and day: a CSV or TSV with date, place, measure, value, unit, source.

    date,place,measure,value,unit,source
    2025-03-01,CH-4056,pm2_5,12.5,ug/m3,Federal monitoring network
    2025-03-01/2025-03-31,CH-4056,deprivation_decile,4,1,SNEP 2021

`date` is a day, a month, a year, a time, or two of them joined by "/". `measure` is a name of
`tables/codes/exposures.tsv`; another name is kept and flagged. `value` may be text ("carpenter") where `unit` is empty
and the measure has none. `source` says who measured it; every row needs one.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

from vitruvian.core import DataError, InputError, Instant, UnitError, convert, parse_instant, ucum
from vitruvian.ingest.delimited import Row, head_rows, rows
from vitruvian.record import Draft, Format, Item, RawFile, Rejected, SourceRecord, Told
from vitruvian.tables.codes import EXPOSURE, Exposure, exposures

COLUMNS = ("date", "place", "measure", "value", "unit", "source")


class Exposome(Format):
    """The format "exposome"."""

    name = "exposome"
    version = "1"
    needs_patient = True

    def claims(self, head: bytes) -> bool:
        """A table whose header names all six columns, in any order."""
        found = head_rows(head, 1)
        return bool(found) and set(COLUMNS) <= {cell.lower() for cell in found[0].cells}

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        """One record per row; a row that cannot be read is rejected alone."""
        with rows(file) as lines:
            header = next(lines)
            names = [cell.lower() for cell in header.cells]
            if repeated := {name for name in names if name and names.count(name) > 1}:
                raise DataError("a column is there twice", got=", ".join(sorted(repeated)))
            if missing := set(COLUMNS) - set(names):
                raise DataError("a column is missing", got=", ".join(sorted(missing)), allowed=", ".join(COLUMNS))
            for row in lines:
                try:
                    yield _record(row, names, told)
                except InputError as error:
                    yield Rejected("exposure", f"line {row.line}", str(error), told.patient or "")


def _record(row: Row, names: list[str], told: Told) -> SourceRecord:
    if len(row.cells) != len(names):
        raise DataError("a row of another length than the header", got=len(row.cells), allowed=len(names))
    cells = dict(zip(names, row.cells, strict=True))
    for name in ("date", "measure", "value", "source"):
        if not cells[name]:
            raise DataError(f"{name} is empty", allowed=", ".join(COLUMNS))
    start, end = _span(cells["date"])
    known = exposures().get(cells["measure"].lower())
    fact = _fact(cells, known, start, end)
    key = "|".join((cells["measure"].lower(), cells["date"], cells["place"]))
    digest = blake2b("|".join(row.cells).encode(), digest_size=16).hexdigest()
    when = start if end is None else end
    return SourceRecord(
        "exposure", cells["source"], key, digest, f"{max(when.ms, 0):015d}", told.patient or "", f"line {row.line}",
        (fact,), when.ms,
    )  # fmt: skip


def _fact(cells: dict[str, str], known: Exposure | None, start: Instant, end: Instant | None) -> Draft:
    flags = () if known else ("unknown_code",)
    code, title = (known.code, known.title) if known else (cells["measure"], cells["measure"])
    more = {name: text for name, text in cells.items() if name not in COLUMNS and text}
    detail = {"place": cells["place"], "source": cells["source"], **more}
    try:
        number = float(cells["value"])
    except ValueError:
        if cells["unit"] or (known and known.unit):
            raise DataError("a number is not one", got=cells["value"][:40], allowed=f"a number for {title}") from None
        return Draft("exposure", EXPOSURE, code, title, "", value_text=cells["value"], start=start, end=end,
                     status="final", flags=flags, detail=detail)  # fmt: skip
    value, unit, doubts = _canonical(number, cells["unit"], known)
    return Draft(
        "exposure", EXPOSURE, code, title, "", value, unit, number, cells["unit"] or None, start=start, end=end,
        status="final", flags=(*flags, *doubts), detail=detail,
    )  # fmt: skip


def _canonical(number: float, unit: str, known: Exposure | None) -> tuple[float | None, str | None, tuple[str, ...]]:
    """(value, unit, flags); a number without the unit that its measure needs is refused, one out of range flagged."""
    if number != number or number in (float("inf"), float("-inf")):
        raise DataError("not a finite number", got=number)
    if known is None:
        return (number, ucum(unit), ()) if unit else (None, None, ("no_unit",))
    if not unit and known.unit != "1":
        raise UnitError(f"{known.title} has no unit", got=f"{number:g}", allowed=known.unit or "text")
    try:
        value = convert(number, unit or "1", known.unit or "1")
    except UnitError:
        return None, None, ("wrong_unit",)
    far = (known.low is not None and value < known.low) or (known.high is not None and value > known.high)
    return value, known.unit, ("implausible",) if far else ()


def _span(text: str) -> tuple[Instant, Instant | None]:
    first, joined, last = text.partition("/")
    start, end = parse_instant(first.strip()), parse_instant(last.strip()) if joined else None
    if end is not None and end.ms < start.ms:
        raise DataError("a span that ends before it begins", got=text)
    return start, end
