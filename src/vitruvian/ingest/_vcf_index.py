"""The index of a bgzipped VCF (tabix .tbi or .csi): where it is, and whether it is this file's.

An index of another file makes look-ups find nothing, in silence. So some lines from all over the file are looked up
through it first; a true index finds every one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pysam

from vitruvian.core import DataError

PROBES = 8
_BLOCK = b"\x1f\x8b\x08\x04"
_REACH = 1 << 17  # two blocks of bgzip
_EMPTY = 28  # bytes of a block that holds nothing


def beside(path: Path) -> list[Path]:
    """The indexes that lie beside a file, under its name."""
    return [one for end in (".tbi", ".csi") if (one := path.with_name(path.name + end)).is_file()]


def find_index(path: Path, given: Path | None, blocked: bool) -> Path | None:
    """The index to use, None where there is none; raises `DataError` for one that is named and cannot be used."""
    if given is None:
        return next(iter(beside(path)), None) if blocked else None
    if not given.is_file():
        raise DataError("no such index", got=given, todo="Make one: tabix -p vcf FILE")
    if not blocked:
        raise DataError(f"{path.name}: only a bgzipped file has an index", todo="Compress it: bgzip FILE")
    return given


def check_index(path: Path, table: pysam.TabixFile) -> None:
    """Raises `DataError` unless lines taken from all over the file, and its last, are found through its index."""
    size = path.stat().st_size
    offsets = [size * k // PROBES for k in range(PROBES)]
    for line in (*(_line_after(path, one) for one in offsets), _last_line(path)):
        if line is None:
            continue
        chrom, position = line.split("\t", 2)[:2]
        start = int(position) - 1
        try:
            found = any(one == line for one in table.fetch(chrom, start, start + 1))
        except (OSError, ValueError):
            found = False
        if not found:
            raise DataError(
                f"{path.name}: the index is damaged, or that of another file",
                got=f"{chrom}:{position} is in the file and not in the index",
                todo="Index it again (tabix -p vcf FILE).",
            )


def _line_after(path: Path, offset: int) -> str | None:
    """The first whole record line of the first block at or after a byte of the file."""
    window = _window(path, offset)
    at = _block_start(window)
    if at is None:
        return None
    for line in _lines(path, offset + at):
        return line
    return None


def _last_line(path: Path) -> str | None:
    """The last record line that begins in the last block with any."""
    offset = max(path.stat().st_size - _REACH, 0)
    window = _window(path, offset)
    last = None
    at = _block_start(window)
    while at is not None and at + 18 <= len(window):
        size = int.from_bytes(window[at + 16 : at + 18], "little") + 1
        last = at if size > _EMPTY else last
        at += size
    line = None
    for line in _lines(path, offset + last) if last is not None else ():  # noqa: B007
        pass
    return line


def _lines(path: Path, block: int) -> Iterator[str]:
    """Record lines that begin in or after the block at a byte of the file."""
    with pysam.BGZFile(str(path), "rb", None) as blocks:
        blocks.seek(block << 16)
        if block:
            blocks.readline()
        for raw in iter(blocks.readline, b""):
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            fields = line.split("\t", 2)
            if not line.startswith("#") and len(fields) == 3 and fields[1].isdecimal():
                yield line


def _window(path: Path, offset: int) -> bytes:
    with path.open("rb") as raw:
        raw.seek(offset)
        return raw.read(_REACH)


def _block_start(window: bytes) -> int | None:
    """Where a bgzip block begins: its signs, and another block (or the end) where it says that it ends."""
    at = window.find(_BLOCK)
    while at >= 0:
        size = int.from_bytes(window[at + 16 : at + 18], "little") + 1
        if window[at + 12 : at + 14] == b"BC" and window[at + size : at + size + 4] in (_BLOCK, b""):
            return at
        at = window.find(_BLOCK, at + 1)
    return None
