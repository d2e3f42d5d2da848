"""The index of a bgzipped VCF (tabix .tbi or .csi): where it is, and whether it is this file's.

An index of another file makes look-ups find nothing, in silence. So some lines from all over the file are looked up
through it first; a true index finds every one.
"""

from __future__ import annotations

from pathlib import Path

import pysam

from vitruvian.core import DataError

PROBES = 8
_BLOCK = b"\x1f\x8b\x08\x04"
_REACH = 1 << 17  # two blocks of bgzip


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
    """Raises `DataError` unless lines taken from the file are found through its index."""
    size = path.stat().st_size
    for k in range(PROBES):
        line = _line_after(path, size * k // PROBES)
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
    with path.open("rb") as raw:
        raw.seek(offset)
        window = raw.read(_REACH)
    at = _block_start(window)
    if at is None:
        return None
    with pysam.BGZFile(str(path), "rb", None) as blocks:
        blocks.seek(offset + at << 16)
        if offset + at:
            blocks.readline()
        for line in iter(blocks.readline, b""):
            if not line.startswith(b"#") and line.count(b"\t") > 1:
                text = line.decode("utf-8", "replace").rstrip("\r\n")
                return text if text.split("\t", 2)[1].isdigit() else None
    return None


def _block_start(window: bytes) -> int | None:
    """Where a bgzip block begins: its signs, and another block (or the end) where it says that it ends."""
    at = window.find(_BLOCK)
    while at >= 0:
        size = int.from_bytes(window[at + 16 : at + 18], "little") + 1
        if window[at + 12 : at + 14] == b"BC" and window[at + size : at + size + 4] in (_BLOCK, b""):
            return at
        at = window.find(_BLOCK, at + 1)
    return None
