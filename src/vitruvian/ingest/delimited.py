"""Delimited text (CSV, TSV) as rows with line numbers, streamed: separator and encoding found, sizes bounded."""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from vitruvian.core import DataError
from vitruvian.record import RawFile

MAX_LINE = 1 << 24
MAX_COLUMNS = 200_000
SEPARATORS = "\t;,|"


@dataclass(frozen=True)
class Row:
    """A line of a table: its number in the file (from 1) and its cells, blanks around them gone."""

    line: int
    cells: tuple[str, ...]


def text_of(head: bytes) -> str:
    """The beginning of a file as text; "" for what is no text."""
    encoding = _encoding(head)
    text = head.decode(encoding, "replace").lstrip("\ufeff")
    return "" if "\0" in text else text


def separator(text: str) -> str | None:
    """What separates the cells: of tab, semicolon, comma, bar the one that the first lines have most of; or None."""
    lines = [line for line in text.splitlines()[:40] if line.strip() and not line.startswith("#")]
    if not lines:
        return None
    medians = {one: sorted(line.count(one) for line in lines)[len(lines) // 2] for one in SEPARATORS}
    best = max(medians, key=lambda one: medians[one])
    return best if medians[best] else None


def head_rows(head: bytes, most: int = 60) -> list[Row]:
    """The first whole rows of a table, comments left out; [] for what is no table."""
    if head[:1] in (b"{", b"[", b"<"):  # JSON and XML: asked by every format that reads tables
        return []
    text = text_of(head)
    lines = text.splitlines()
    if len(head) >= 65536 and len(lines) > 1:
        lines = lines[:-1]
    kept = [(k, line) for k, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")][:most]
    by = separator("\n".join(line for _, line in kept))
    if by is None:
        return []
    return [Row(k, tuple(map(str.strip, next(csv.reader([line], delimiter=by), [])))) for k, line in kept]


@contextmanager
def rows(file: RawFile) -> Iterator[Iterator[Row]]:
    """All rows but comments and empty lines, the header first; raises `DataError` for what is no table."""
    with io.TextIOWrapper(file.open(), encoding=_encoding(file.head), errors="replace", newline="") as text:
        yield _rows(text, file.name, separator(text_of(file.head)))


def _rows(text: io.TextIOWrapper, name: str, by: str | None) -> Iterator[Row]:
    if by is None:
        raise DataError(f"{name}: not a table", got="no columns", allowed="cells between tabs, commas, semicolons")
    lines = _Lines(text, name)
    reader = csv.reader(lines, delimiter=by)
    while True:
        start = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(f"{name}, line {start}: not a row of a table", got=error) from error
        if len(cells) > MAX_COLUMNS:
            raise DataError(f"{name}, line {start}: too many columns", got=len(cells), allowed=MAX_COLUMNS)
        if cells and any(cells) and not cells[0].startswith("#"):
            yield Row(start, tuple(map(str.strip, cells)))


class _Lines:
    """Lines with a bound on their length, counted."""

    def __init__(self, text: io.TextIOWrapper, name: str) -> None:
        self.text, self.name, self.number = text, name, 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            line = self.text.readline(MAX_LINE)
        except (EOFError, OSError, zlib.error) as error:
            raise DataError(f"{self.name}: the compressed file is cut off or damaged", got=error) from error
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) >= MAX_LINE:
            raise DataError(f"{self.name}, line {self.number}: the line is too long", allowed=f"{MAX_LINE} characters")
        return line.lstrip("\ufeff") if self.number == 1 else line


def _encoding(head: bytes) -> str:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    try:
        head[: len(head) - 4 if len(head) >= 65536 else None].decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def column_of(header: Sequence[str], names: Sequence[str]) -> int | None:
    """The first column with one of these names, whatever their case, blanks, dots and underscores."""
    wanted = {plain(name) for name in names}
    return next((k for k, cell in enumerate(header) if plain(cell) in wanted), None)


def plain(name: str) -> str:
    """A name without case, blanks, dots, dashes and underscores."""
    return "".join(one for one in name.casefold() if one not in " ._-\t")
