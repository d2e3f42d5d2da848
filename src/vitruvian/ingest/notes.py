"""Clinical notes as plain text: kept whole, and what they mention extracted (`notes_mentions`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import blake2b

from vitruvian.core import DataError, Instant, parse_instant
from vitruvian.ingest.notes_mentions import mentions
from vitruvian.ingest.notes_text import is_text
from vitruvian.record import Draft, Format, Item, RawFile, SourceRecord, Told
from vitruvian.tables.codes import LOINC

NOTE = "34109-9"  # LOINC "Note"
LIMIT = 1 << 22  # bytes of one note
_DATE = re.compile(
    r"^[ \t]{0,9}(?:\w{4,9} )?date(?: of \w{4,9})?[ \t]{0,3}[:=][ \t]{0,3}"
    r"(\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?)?)",
    re.IGNORECASE | re.MULTILINE,
)
_WORD = re.compile(r"[^\W\d_]{2,}")


class Note(Format):
    """The format "note"."""

    name = "note"
    version = "1"
    needs_patient = True
    broad = True

    def claims(self, head: bytes) -> bool:
        """Prose: words in sentences or under headings; no table, no mark-up, no data format."""
        try:
            text = head.decode("utf-8-sig") if len(head) < 65536 else head[:65000].decode("utf-8-sig", "ignore")
        except UnicodeDecodeError:
            return False
        start = text.lstrip()[:1]
        if not start or start in "{[<#@" or text.startswith(("MSH|", "FHS|", "BHS|")) or not is_text(text):
            return False
        words = _WORD.findall(text)
        return len(words) >= 8 and bool(re.search(r"[.:!?]\s|[.!?]$", text)) and not _is_table(text)

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        """One record: the note, and its mentions; raises `DataError` for one that is too long or no UTF-8."""
        if len(file.content) > LIMIT:
            raise DataError("the note is too long", got=f"{len(file.content)} bytes", allowed=f"{LIMIT} bytes")
        try:
            text = file.content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise DataError("the note is not UTF-8", got=str(error), todo="Save it as UTF-8.") from error
        start = _written(text)
        digest = blake2b(file.content, digest_size=16).hexdigest()
        note = Draft(
            "document", LOINC, NOTE, "Note", value_text=text, start=start, status="final",
            flags=() if start else ("no_time",), detail={"contentType": "text/plain"},
        )  # fmt: skip
        known = start.ms if start else None
        facts = (note, *mentions(text, "", start, known))
        rank = f"{max(known or 0, 0):015d}"
        yield SourceRecord("note", "note", digest, digest, rank, told.patient or "", "", facts, known)


def _written(text: str) -> Instant | None:
    """When the note says it was written ("Date: 2025-03-01 08:30"); None where it does not."""
    match = next((one for one in _DATE.finditer(text) if "birth" not in one[0].lower()), None)
    return parse_instant(match[1].replace(" ", "T")) if match else None


def _is_table(text: str) -> bool:
    """Whether most lines hold the same number (two or more) of tabs, semicolons, commas or bars."""
    lines = [line for line in text.splitlines()[:200] if line.strip()]
    for mark in "\t;,|":
        counts = [line.count(mark) for line in lines]
        usual = max(set(counts), key=counts.count) if counts else 0
        if usual >= 2 and counts.count(usual) * 2 >= len(counts):
            return True
    return False
