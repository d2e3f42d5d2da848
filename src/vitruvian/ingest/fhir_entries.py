"""The resources of a FHIR file one after the other: a Bundle, bulk NDJSON (line by line), or one resource."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple

import orjson

from vitruvian.core import DataError, UnsupportedError
from vitruvian.ingest.fhir_json import Slices, doubled, fault, slices
from vitruvian.ingest.fhir_part import part_entries
from vitruvian.record import RawFile

BUNDLES = ("transaction", "batch", "collection", "searchset", "document", "history")
LINE = 1 << 26  # bytes of one line
_TREE = 1 << 25  # bytes of a Bundle that is parsed in one piece; above it, entry by entry
_PLACE = re.compile(r"(?:entry|line)\[\d+\]")
_BOM = b"\xef\xbb\xbf"


class Entry(NamedTuple):
    """One resource, where it lies, the URL it came under, its canonical JSON, what is wrong with it ("" if nothing)."""

    place: str
    full_url: str
    resource: Any
    text: bytes
    fault: str = ""


@contextmanager
def _opened(file: RawFile) -> Iterator[BinaryIO]:
    """The content as a stream; raises `DataError` where its compression is truncated or damaged."""
    try:
        with file.open() as stream:
            yield stream
    except (EOFError, OSError, zlib.error) as error:
        raise DataError("the compressed file is truncated or damaged", got=str(error)) from error


def is_lines(file: RawFile) -> bool:
    """Whether the file is NDJSON: its first line is a whole JSON object, and another line follows."""
    with _opened(file) as stream:
        first = stream.readline(LINE + 1).removeprefix(_BOM)
        while first and not first.strip():
            first = stream.readline(LINE + 1)
        if not first.startswith(b"{") or not first.endswith(b"\n") or not first.rstrip().endswith(b"}"):
            return False
        return any(line.strip() for line in iter(lambda: stream.readline(LINE), b""))


def lines(file: RawFile) -> Iterator[Entry]:
    """Bulk NDJSON, one line in memory at a time; raises `DataError` for a line that no resource can have."""
    with _opened(file) as stream:
        k = -1
        while text := stream.readline(LINE + 1):
            k += 1
            if len(text) > LINE:
                raise DataError("a line is too long", got=f"line {k + 1} > {LINE} bytes", allowed=f"{LINE} bytes")
            text = text.removeprefix(_BOM) if k == 0 else text
            if text.strip():
                yield _entry(f"line[{k}]", text)


def _entry(place: str, text: bytes) -> Entry:
    try:
        resource = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return Entry(place, "", None, b"", f"malformed JSON: {fault(text) or error}")
    parsed = canonical(resource)
    return Entry(place, "", resource, parsed, fault(text) if doubled(text, [parsed]) else "")


def entries(content: bytes) -> Iterable[Entry]:
    """A Bundle's entries, or one resource, as often as asked; a large Bundle is parsed anew each time.

    Raises `DataError` or `UnsupportedError` for what is neither.
    """
    content = content.removeprefix(_BOM)
    if len(content) <= _TREE:
        try:
            return _of_tree(content)
        except DataError:
            parts = slices(content)
            if parts is None:
                raise
    elif (parts := slices(content)) is None:
        raise DataError("malformed JSON", got="no whole Bundle", todo="Export the file again, or as NDJSON.")
    _check_bundle(parts.bundle)
    return _Sliced(content, parts)


def canonical(resource: Any) -> bytes:
    """The resource as JSON with sorted names: the same content always gives the same bytes."""
    return orjson.dumps(resource, option=orjson.OPT_SORT_KEYS)


def _of_tree(content: bytes) -> list[Entry]:
    """Everything parsed in one piece; raises `DataError` if it is malformed or gives an element twice."""
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise DataError("malformed JSON", got=fault(content) or error, todo="Export the file again.") from error
    if isinstance(found, dict) and found and all(map(_PLACE.fullmatch, found)):
        return list(_of_part(found))
    if not isinstance(found, dict) or not isinstance(found.get("resourceType"), str):
        raise DataError("this JSON is not FHIR", got="no resourceType", allowed="a FHIR R4 resource or Bundle")
    if found["resourceType"] != "Bundle":
        entries = [Entry("", "", found, canonical(found))]
        frame = b""
    else:
        _check_bundle(found)
        entries = [_of_entry(k, entry) for k, entry in enumerate(found.get("entry", []))]
        for one in found.get("entry", []):
            if isinstance(one, dict) and "resource" in one:
                one["resource"] = 0
        frame = orjson.dumps(found)
    if doubled(content, [frame, *(one.text for one in entries)]):
        raise DataError("malformed JSON", got=fault(content), todo="Export the file again.")
    return entries


def _of_part(part: dict[str, Any]) -> Iterator[Entry]:
    """What was cut out of a file about several people (`fhir_part`), under its old places."""
    for place, text in part_entries(part):
        one = _entry(place, text)
        if place.startswith("entry"):
            found = _of_entry(int(place[6:-1]), one.resource)
            one = found._replace(fault=one.fault or found.fault)
        yield one


@dataclass(frozen=True)
class _Sliced:
    """Each entry parsed apart, so that a bad one is named and the others go on."""

    content: bytes
    parts: Slices

    def __iter__(self) -> Iterator[Entry]:
        at = {index: (start, end) for index, start, end in self.parts.entries}
        for k in range(self.parts.count):
            if k not in at:
                yield _of_entry(k, None)
                continue
            one = _entry("", self.content[slice(*at[k])])
            found = _of_entry(k, one.resource)
            yield found._replace(fault=one.fault) if one.fault else found


def _of_entry(k: int, entry: Any) -> Entry:
    inner = entry if isinstance(entry, dict) else {}
    url = inner.get("fullUrl")
    if (
        "resource" not in inner
        and isinstance(inner.get("request"), dict)
        and inner["request"].get("method") == "DELETE"
    ):
        why = "the server deleted it; a deletion is not applied. Send the resource with status entered-in-error"
        return Entry(f"entry[{k}]", "", inner["request"].get("url"), b"", why)
    resource = inner.get("resource")
    text = b"" if resource is None else canonical(resource)
    return Entry(f"entry[{k}].resource", url if isinstance(url, str) else "", resource, text)


def _check_bundle(bundle: dict[str, Any]) -> None:
    if bundle.get("type") not in BUNDLES:
        raise UnsupportedError("this type of Bundle is not read", got=bundle.get("type"), allowed=", ".join(BUNDLES))
    if not isinstance(bundle.get("entry", []), list):
        raise DataError("Bundle.entry is not a list", got=type(bundle["entry"]).__name__)
