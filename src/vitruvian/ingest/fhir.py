"""FHIR R4 in JSON: Bundle (transaction, batch, collection, searchset, document, history), bulk NDJSON, one resource.

Every resource becomes one source record. Types that twins use are read into facts; all others are kept whole. NDJSON
is read line by line; its lines are read each for itself, so a drug that another line defines stays a reference.
https://hl7.org/fhir/R4
"""

from __future__ import annotations

import gc
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from vitruvian.core import DataError, UnsupportedError
from vitruvian.ingest.fhir_entries import Entry, entries, is_lines, lines
from vitruvian.ingest.fhir_part import entry_texts, line_texts
from vitruvian.ingest.fhir_resource import item
from vitruvian.ingest.fhir_subject import Context, context_of
from vitruvian.ingest.fhir_version import other_version
from vitruvian.record import Format, Item, RawFile, Told

_START = re.compile(rb"^(?:\xef\xbb\xbf)?\s*[{\[]")
_PLACE = re.compile(r"^(entry|line)\[(\d+)\]")


class FhirJson(Format):
    """The format "fhir"."""

    name = "fhir"
    version = "2"
    needs_patient = False
    broad = True

    def claims(self, head: bytes) -> bool:
        """JSON; whether it is FHIR is settled by reading it, so that broken JSON is refused for the right reason."""
        return _START.match(head) is not None

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        """All resources of the file; raises `DataError` or `UnsupportedError` for a file that is wrong as a whole."""
        if is_lines(file):
            context = Context(find=told.find)
            for entry in lines(file):
                yield item(_of_this_version(entry), context)
            return
        with _uncollected():
            found = entries(file.content)
            context = context_of(map(_of_this_version, found), told.find)
            for entry in found:
                yield item(entry, context)

    def part(self, file: RawFile, places: Collection[str]) -> bytes:
        """`{"entry[3]": …, "line[7]": …}`: the entries and lines of `places`, byte for byte as received."""
        wanted: dict[str, set[int]] = {"entry": set(), "line": set()}
        for place in places:
            match = _PLACE.match(place)
            if match is None:
                raise DataError("no entry and no line of a FHIR file", got=place, allowed="entry[3] or line[7]")
            wanted[match[1]].add(int(match[2]))
        found = [*entry_texts(file, wanted["entry"]), *line_texts(file, wanted["line"])]
        return b"{" + b",\n".join(b'"' + name.encode() + b'": ' + text for name, text in found) + b"}\n"


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the cycle collector: a parsed Bundle is a million objects without a cycle, walked again and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _of_this_version(entry: Entry) -> Entry:
    """The entry; raises `UnsupportedError` if it is of another version of FHIR."""
    if isinstance(entry.resource, dict) and (version := other_version(entry.resource)):
        raise UnsupportedError(
            "this is another version of FHIR",
            got=f"FHIR {version} at {entry.place or 'the top'}",
            allowed="FHIR R4 (4.0.1)",
            todo="Export it as R4.",
        )
    return entry
