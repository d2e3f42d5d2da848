"""The text of single entries and lines of a FHIR file, byte for byte as received: decimals keep their zeros."""

from __future__ import annotations

import base64
from array import array
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from vitruvian.core import DataError
from vitruvian.ingest.fhir_json import slices
from vitruvian.record import RawFile

_BOM = b"\xef\xbb\xbf"


def entry_texts(file: RawFile, wanted: Collection[int]) -> Iterator[tuple[str, bytes]]:
    """("entry[3]", its text) of each entry that is wanted; raises `DataError` for one that is not there."""
    if not wanted:
        return
    content = file.content.removeprefix(_BOM)
    count, places = _entry_places(file.path, file.path.stat().st_mtime_ns)
    for k in sorted(wanted):
        if k >= count:
            raise DataError("there is no such entry", got=f"entry[{k}] of {file.name}")
        yield f"entry[{k}]", _json(content[slice(*places[k])]) if k in places else b"null"


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
            yield f"line[{k}]", _json(stream.readline().removeprefix(_BOM).strip())


def _json(text: bytes) -> bytes:
    """The text, if a part can hold it as it is; what is not JSON becomes {"base64": …}, so that nothing is lost."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return b'{"base64": "' + base64.b64encode(text) + b'"}'
    return text


def part_entries(part: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """(place, text) of what `entry_texts` and `line_texts` put together, when a part is read again."""
    for place, value in part.items():
        broken = value.get("base64") if isinstance(value, dict) and len(value) == 1 else None
        yield place, base64.b64decode(broken) if isinstance(broken, str) else orjson.dumps(value)


@lru_cache(maxsize=1)
def _entry_places(path: Path, changed: int) -> tuple[int, dict[int, tuple[int, int]]]:
    """How many entries there are and where each lies; kept for the last file, asked once for each of its people."""
    found = slices(RawFile(path).content.removeprefix(_BOM))
    return (found.count, {index: (start, end) for index, start, end in found.entries}) if found else (0, {})


@lru_cache(maxsize=1)
def _line_starts(path: Path, changed: int) -> array[int]:
    """Where each line begins; kept for the last file, which is asked once for each of its people."""
    starts, at = array("Q"), 0
    with RawFile(path).open() as stream:
        for line in stream:
            starts.append(at)
            at += len(line)
    return starts
