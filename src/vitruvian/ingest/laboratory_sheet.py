"""Rows of a laboratory file, alike from CSV and from a workbook (XLSX): numbered cells, the values that formulas had.

A workbook is a zip archive: what it says of its own size is checked before it is opened.
"""

from __future__ import annotations

import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from vitruvian.core import DataError
from vitruvian.ingest.delimited import rows
from vitruvian.ingest.laboratory_cells import Cell
from vitruvian.record import RawFile

MAX_BYTES = 1 << 28
MAX_RATIO = 200
MAX_MEMBERS = 10_000
ZIP = b"PK\x03\x04"


@dataclass(frozen=True)
class SheetRow:
    """A row and its number from 1, as the user sees it; `lost`: columns whose formula was never calculated."""

    number: int
    cells: tuple[Cell, ...]
    lost: frozenset[int] = frozenset()

    @property
    def texts(self) -> tuple[str, ...]:
        """The cells as text."""
        return tuple("" if cell is None else str(cell).strip() for cell in self.cells)


@dataclass(frozen=True)
class Sheet:
    """A table of a file, "" for the only one of a text file; its rows go by once."""

    name: str
    rows: Iterator[SheetRow]


@contextmanager
def sheets(file: RawFile) -> Iterator[Iterator[Sheet]]:
    """The tables of a file, one after the other; raises `DataError` for a workbook that is broken or too large."""
    if not file.head.startswith(ZIP):
        with rows(file) as every:
            yield iter([Sheet("", (SheetRow(row.line, row.cells) for row in every))])
        return
    with _workbook(file.path, True) as values, _workbook(file.path, False) as formulas:
        yield (Sheet(name, _rows(values[name], formulas[name])) for name in values.sheetnames)


def _rows(values: Any, formulas: Any) -> Iterator[SheetRow]:
    """Rows with the cached values of formulas; a formula without one is marked as lost."""
    if not hasattr(values, "iter_rows"):
        return
    both = zip_longest(values.iter_rows(values_only=True), formulas.iter_rows(values_only=True), fillvalue=())
    try:
        for number, (cells, written) in enumerate(both, 1):
            if any(cell is not None for cell in (*cells, *written)):
                lost = frozenset(
                    k
                    for k, (cell, text) in enumerate(zip_longest(cells, written))
                    if cell is None and text is not None and str(text).startswith("=")
                )
                yield SheetRow(number, tuple(cells), lost)
    except (KeyError, ValueError, TypeError, IndexError, SyntaxError, OSError, zipfile.BadZipFile) as error:
        raise DataError("the workbook is damaged", got=str(error)[:200], todo="Save it again.") from error


@contextmanager
def _workbook(path: Path, cached: bool) -> Iterator[Any]:
    check_workbook(path)
    import openpyxl

    with path.open("rb") as raw:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                book = openpyxl.load_workbook(raw, read_only=True, data_only=cached)
        except Exception as error:  # the library raises what its parsers raise
            raise DataError("the workbook cannot be opened", got=str(error)[:200], todo="Save it again.") from error
        try:
            yield book
        finally:
            book.close()


def check_workbook(path: Path) -> None:
    """Raises `DataError` for an archive that is damaged, would grow too large, or brings its own XML entities."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            size = sum(one.file_size for one in members)
            packed = max(path.stat().st_size, 1)
            if len(members) > MAX_MEMBERS or size > MAX_BYTES or (size > 1 << 24 and size > MAX_RATIO * packed):
                raise DataError(
                    "the workbook is too large once unpacked",
                    got=f"{size} bytes in {len(members)} parts",
                    allowed=f"{MAX_BYTES} bytes",
                )
            for one in members:
                with archive.open(one) as stream:
                    start = stream.read(4096)
                if b"<!DOCTYPE" in start or b"<!ENTITY" in start:
                    raise DataError("the workbook declares XML entities", got=one.filename)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise DataError("the workbook is damaged", got=str(error)[:200], todo="Save it again.") from error
