"""The text of single entries and lines of a FHIR file, byte for byte as received: decimals keep their zeros."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator
from functools import lru_cache
from pathlib import Path

from vitruvian.core import DataError
from vitruvian.ingest.fhir_json import slices
from vitruvian.record import RawFile

_BOM = b"\xef\xbb\xbf"


def entry_texts(file: RawFile, wanted: Collection[int]) -> Iterator[tuple[str, bytes]]:
    """("entry[3]", its text) of each entry that is wanted; raises `DataError` for one that is not there."""
    if not wanted:
        return
    content = file.content.removeprefix(_BOM)
    places = _entry_places(file.path, file.path.stat().st_mtime_ns)
    for k in sorted(wanted):
        if k not in places:
            raise DataError("there is no such entry", got=f"entry[{k}] of {file.name}")
        yield f"entry[{k}]", content[slice(*places[k])]


def line_texts(file: RawFile, wanted: Collection[int]) -> Iterator[tuple[str, bytes]]:
    """("line[7]", its text) of each line that is wanted; raises `DataError` for one that is not there."""
    if not wanted:
        return
    starts = _line_starts(file.path, file.path.stat().st_mtime_ns)
    with file.open() as stream:
        for k in sorted(wanted):
            if k >= len(starts):
                raise DataError("there is no such line", got=f"line[{k}] of {file.name}")
            stream.seek(starts[k])
            yield f"line[{k}]", stream.readline().removeprefix(_BOM).strip()


@lru_cache(maxsize=1)
def _entry_places(path: Path, changed: int) -> dict[int, tuple[int, int]]:
    """Where each entry lies; kept for the last file, which is asked once for each of its people."""
    found = slices(RawFile(path).content.removeprefix(_BOM))
    return {index: (start, end) for index, start, end in found.entries} if found else {}


@lru_cache(maxsize=1)
def _line_starts(path: Path, changed: int) -> array[int]:
    """Where each line begins; kept for the last file, which is asked once for each of its people."""
    starts, at = array("Q"), 0
    with RawFile(path).open() as stream:
        for line in stream:
            starts.append(at)
            at += len(line)
    return starts
