"""Laboratory tables (CSV and XLSX) → observations, by a mapping that the user has confirmed; without one, quarantine.

Each result is a record of its own, so that an export that overlaps an earlier one repeats nothing. A cell that cannot
be read is rejected with its row and reason; the rest goes on.
"""

from __future__ import annotations

import io
import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping
from typing import ClassVar

from vitruvian.core import DataError, Instant, UnitError, stable_id, ucum
from vitruvian.ingest.delimited import MAX_LINE, head_rows, rows
from vitruvian.ingest.laboratory_cells import (
    Cell,
    Result,
    UnreadableCell,
    is_empty,
    read_date,
    read_range,
    read_result,
)
from vitruvian.ingest.laboratory_mapping import Mapped, TableMapping, names_of, read_mapping, valid_loinc
from vitruvian.ingest.laboratory_sheet import ZIP, Sheet, SheetRow, sheets
from vitruvian.ingest.measured import NOTHING, measured
from vitruvian.record import Draft, Format, Item, RawFile, Rejected, SourceRecord, Told
from vitruvian.tables.codes import LOINC, analyte


class Laboratory(Format):
    """The format "laboratory": any delimited text that no other format claims; it is asked last."""

    name: ClassVar[str] = "laboratory"
    version = "1"
    needs_patient = True
    names_people = True
    broad = True

    def claims(self, head: bytes) -> bool:
        """Whether it is a table: a header and at least a row of as many cells."""
        if head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"{", b"[", b"<", b""):
            return False
        found = head_rows(head, 20)
        return len(found) > 1 and len(found[0].cells) > 1 and any(len(r.cells) > 1 for r in found[1:])

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        """One record per result; raises `InputError` without a mapping, or where it does not fit the file."""
        if told.mapping is None:
            from vitruvian.ingest.laboratory_propose import in_words, propose

            raise DataError(
                f"{file.name}: a laboratory table needs a mapping of its columns",
                todo="Make one: vitruvian laboratory propose FILE --out map.toml; check it; then --mapping map.toml. "
                f"Proposed: {in_words(propose(file))}",
            )
        mappings = {one.sheet: one for one in read_mapping(told.mapping)}
        with sheets(file) as every:
            seen = set()
            for sheet in every:
                seen.add(sheet.name)
                if sheet.name in mappings:
                    yield from _Reader(mappings[sheet.name], told, file.name).read(sheet)
        absent = sorted(set(mappings) - seen)
        if absent:
            raise DataError(f"{file.name}: no such sheet", got=", ".join(absent), allowed=", ".join(sorted(seen)))

    def part(self, file: RawFile, places: Collection[str]) -> bytes:
        """The file with only the header and the rows at `places`; other rows are left empty, so that places stay."""
        kept = _numbers(places)
        return _workbook_part(file, kept) if file.head.startswith(ZIP) else _text_part(file, kept.get("", ()))


class LaboratoryXlsx(Laboratory):
    """The format "laboratory_xlsx": a workbook."""

    name = "laboratory_xlsx"
    broad = False

    def claims(self, head: bytes) -> bool:
        """A zip archive with a part of a workbook among its first."""
        return head.startswith(ZIP) and re.search(rb"PK\x03\x04.{26}xl/", head, re.DOTALL) is not None


class _Reader:
    """One table, read row by row by its mapping."""

    def __init__(self, mapping: TableMapping, told: Told, file: str) -> None:
        self.mapping, self.told, self.file = mapping, told, file
        self.at: dict[str, int] = {}
        self.wide: dict[str, int] = {}

    def read(self, sheet: Sheet) -> Iterator[Item]:
        """Records and rejects of all rows below the header."""
        header: list[tuple[str, ...]] = []
        last = max(self.mapping.header)
        for row in sheet.rows:
            if row.number in self.mapping.header:
                header.append(row.texts)
            if row.number <= last:
                continue
            if not self.at:
                self._locate(names_of(header))
            yield from self._row(row, _place(sheet.name, row.number, self.mapping.header))
        if not self.at:
            raise DataError(f"{self.file}: no rows below the header", got=f"header in row {last}")

    def _locate(self, names: list[str]) -> None:
        wanted = dict(self.mapping.columns)
        if self.mapping.layout == "wide":
            wanted |= {f"analyte {name}": name for name in self.mapping.analytes}
        absent = sorted({name for name in wanted.values() if name not in names})
        if absent:
            raise DataError(
                f"{self.file}: columns of the mapping are not in the file",
                got=", ".join(absent),
                allowed=", ".join(filter(None, names)),
                todo="Propose a mapping for this file anew.",
            )
        self.at = {role: names.index(name) for role, name in self.mapping.columns.items()}
        if self.mapping.layout == "wide":
            self.wide = {name: names.index(name) for name in self.mapping.analytes}

    def _row(self, row: SheetRow, place: str) -> Iterator[Item]:
        cells = [("", self.at["value"])] if self.mapping.layout == "long" else list(self.wide.items())
        found = [(name, k) for name, k in cells if not is_empty(_cell(row, k)) or k in row.lost]
        if not found:
            if self.mapping.layout == "long" and any(map(str.strip, row.texts)):
                yield Rejected("laboratory", place, "the row has no result")
            return
        subject, known = self._subject(row)
        if not known:
            yield _nobodys(place, subject)
            return
        try:
            clock = _cell(row, self.at["time"]) if "time" in self.at else None
            moment = read_date(_cell(row, self.at["date"]), clock, self.mapping.dates, self.told.zone)
        except (UnreadableCell, OverflowError) as error:
            yield Rejected("laboratory", place, str(error), subject)
            return
        for name, k in found:
            where = f"{place}: {name}" if name else place
            try:
                yield self._result(row, k, name, where, subject, moment)
            except (UnreadableCell, UnitError, DataError) as error:
                yield Rejected("laboratory", where, str(error), subject)

    def _subject(self, row: SheetRow) -> tuple[str, bool]:
        """Whose the row is, by its column of people, else as told; False with the name of one whom nobody knows."""
        if "subject" not in self.at:
            if self.told.patient is None:
                raise DataError(
                    "the file does not say whose it is", todo="Ingest it again with --patient ID (patient=… in Python)."
                )
            return self.told.patient, True
        name = self._text(row, "subject")
        subject = (self.told.samples.get(name) or self.told.find(name)) if name else None
        return (name, False) if subject is None else (subject, True)

    def _result(self, row: SheetRow, k: int, name: str, place: str, subject: str, moment: Instant) -> SourceRecord:
        if k in row.lost:
            raise UnreadableCell("a formula that was never calculated; open the workbook, and save it")
        result = read_result(_cell(row, k), self.mapping.decimal)
        name = name or self._text(row, "analyte")
        mapped = self.mapping.analytes.get(name)
        code = self._text(row, "code") or (mapped.loinc if mapped else "")
        if not name and not code:
            raise UnreadableCell("the row does not say what was measured")
        draft = self._draft(row, result, name, code, mapped, moment)
        raw = row.texts[k]
        key = stable_id(subject, code or name, str(moment), raw, draft.unit_raw or "")
        return SourceRecord("Laboratory", "", key, key, key, subject, place, (draft,), known_ms=moment.ms)

    def _draft(
        self, row: SheetRow, result: Result, name: str, code: str, mapped: Mapped | None, moment: Instant
    ) -> Draft:
        known = analyte(LOINC, code) if code else None
        said = self._text(row, "unit") or result.unit
        unit = self._unit(said) if said else (mapped.unit if mapped else "")
        value = NOTHING if result.number is None else measured(result.number, unit or None, known)
        flags = value.flags if result.number is not None or result.code else ("no_value",)
        if not code:
            flags = (*flags, "no_code")
        elif not valid_loinc(code):
            flags = (*flags, "wrong_code")
        detail: dict[str, object] = {"category": ["laboratory"], "name": name}
        marks = self._text(row, "interpretation") or result.mark
        span = read_range(self._text(row, "reference"), self.mapping.decimal)
        more = {"comparator": result.comparator, "interpretation": marks, "referenceRange": [span] if span else None}
        detail |= {key: one for key, one in more.items() if one}
        return Draft(
            "observation",
            LOINC if code else "",
            code,
            known.display if known else name,
            "",
            value.value,
            value.unit,
            value.raw,
            said or value.unit_raw,
            result.code,
            result.text if result.number is None else None,
            moment,
            status="final",
            flags=flags,
            detail=detail,
        )

    def _unit(self, said: str) -> str:
        found = self.mapping.units.get(said)
        return found if found is not None else ucum(said)

    def _text(self, row: SheetRow, role: str) -> str:
        k = self.at.get(role, -1)
        return row.texts[k] if 0 <= k < len(row.cells) else ""


def _cell(row: SheetRow, k: int) -> Cell:
    return row.cells[k] if k < len(row.cells) else None


def _nobodys(place: str, name: str) -> Rejected:
    """A row of nobody known; its bytes are kept apart, under the name that it has."""
    todo = f"{name} is nobody that the record knows; ingest the file again with --sample {name}=PATIENT"
    return Rejected("laboratory", place, todo if name else "the row does not say whose it is", name)


def _place(sheet: str, number: int, header: Collection[int]) -> str:
    """Where a row is: its number, and those of its header, without which it says nothing."""
    return f"{sheet}!row {number}, header {'+'.join(map(str, header))}"


def _numbers(places: Collection[str]) -> dict[str, set[int]]:
    """Row numbers by sheet that the places speak of, their headers' included."""
    found: dict[str, set[int]] = {}
    for place in places:
        match = re.match(r"(.*)!row (\d+), header ([\d+]+)", place, re.DOTALL)
        if match:
            found.setdefault(match[1], set()).update(map(int, (match[2], *match[3].split("+"))))
    return found


def _text_part(file: RawFile, kept: Collection[int]) -> bytes:
    """The rows kept, byte for byte, and empty lines instead of the others."""
    with rows(file) as every:
        starts = sorted(row.line for row in every)
    out = io.BytesIO()
    with file.open() as stream:
        for number, line in enumerate(iter(lambda: stream.readline(MAX_LINE), b""), 1):
            begun = bisect_right(starts, number)
            own = begun > 0 and starts[begun - 1] in kept and not line.startswith(b"#")
            out.write(line if own else b"\n")
    return out.getvalue()


def _workbook_part(file: RawFile, kept: Mapping[str, Collection[int]]) -> bytes:
    """The rows kept of each sheet, with the values that their formulas had."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    with sheets(file) as every:
        for sheet in every:
            written = book.create_sheet(sheet.name)
            last = 0
            for row in sheet.rows if sheet.name in kept else ():
                if row.number in kept[sheet.name]:
                    for _ in range(row.number - last - 1):
                        written.append([])
                    written.append(row.cells)
                    last = row.number
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
