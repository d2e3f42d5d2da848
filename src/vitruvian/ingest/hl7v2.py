"""HL7 v2 messages ORU^R01 (results) and the person of ADT and ORM messages; single, batched, or framed by MLLP.

One record per person segment (PID), per order (OBR) and per result (OBX; lines of one text together). A result is
named by its order, code and sub-id, so that a corrected result takes the place of the preliminary one.
https://www.hl7.org/implement/standards/product_brief.cfm?product_id=185
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import orjson

from vitruvian.core import DataError, InputError, Instant, UnsupportedError
from vitruvian.ingest.hl7v2_message import Segment, instant, messages, segments, zone_of
from vitruvian.ingest.hl7v2_person import person, subject_of
from vitruvian.ingest.hl7v2_result import TEXT, best, result, status_of
from vitruvian.record import Draft, Format, Item, RawFile, Rejected, SourceRecord, Told

TYPES = ("ORU^R01", "ORU^R30", "ORU^R31", "ORU^R32", "ORM^O01", "ADT")
_START = re.compile(rb"""(?:\xef\xbb\xbf)?[\x0b\s]*(?:MSH|FHS|BHS)([^\w\s,;"'])[^\w\s]{3,5}\1""")
_PLACE = re.compile(r"^message\[(\d+)\]")


@dataclass
class _Message:
    """What the segments read so far say about those that follow."""

    number: int
    header: Segment
    zone: Any
    subject: str = ""
    order: str = ""
    shared: dict[str, Any] = field(default_factory=dict)
    taken: Instant | None = None
    known_ms: int | None = None
    seen: dict[tuple[str, ...], int] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """Application and facility that sent it."""
        return "/".join(filter(None, (self.header.text(3), self.header.text(4))))


class Hl7v2(Format):
    """The format "hl7v2"."""

    name = "hl7v2"
    version = "1"
    needs_patient = False

    def claims(self, head: bytes) -> bool:
        """A message header, or a batch's, perhaps in an MLLP frame; or a part of such a file."""
        return _START.match(head) is not None or head.startswith(b'{"message[')

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        """Records of all messages; raises `UnsupportedError` for a message of a type that is not read."""
        for k, text in _numbered(file):
            yield from _message(k, segments(text), told)

    def part(self, file: RawFile, places: Collection[str]) -> bytes:
        """`{"message[3]": text}` of the messages at `places`."""
        wanted = {int(match[1]) for place in places if (match := _PLACE.match(place))}
        return orjson.dumps({f"message[{k}]": text for k, text in _numbered(file) if k in wanted})


def _numbered(file: RawFile) -> Iterator[tuple[int, str]]:
    """Messages with their numbers: of a file as received, or of a part that was cut out of one."""
    if not file.head.startswith(b"{"):
        yield from enumerate(messages(file))
        return
    part = orjson.loads(file.content)
    for place, text in part.items():
        yield int(place[8:-1]), text


def _message(number: int, parts: list[Segment], told: Told) -> Iterator[Item]:
    header = parts[0]
    kind = "^".join(filter(None, (header.text(9, 1), header.text(9, 2))))
    if not kind.startswith(TYPES):
        raise UnsupportedError("this HL7 v2 message is not read", got=kind or "no type", allowed=", ".join(TYPES))
    state = _Message(number, header, zone_of(header, told.zone))
    state.known_ms = _ms(instant(header.text(7), state.zone))
    for group in _groups(parts[1:]):
        try:
            yield from _records(group, state)
        except InputError as error:
            place = f"message[{number}].{group[0].name}[{group[0].index}]"
            yield Rejected(f"{kind} {group[0].name}", place, str(error), state.subject)
            if group[0].name == "PID":  # nobody can say whose the rest is
                state.subject = ""


def _groups(parts: list[Segment]) -> Iterator[list[Segment]]:
    """Segments that make one record: PID, OBR, OBX (with the lines of its text that follow) and its notes (NTE)."""
    group: list[Segment] = []
    for one in parts:
        follows = group and group[0].name == "OBX" and _continues(group, one)
        if follows:
            group.append(one)
            continue
        if group:
            yield group
        group = [one] if one.name in ("PID", "OBR", "OBX") else []
    if group:
        yield group


def _continues(group: list[Segment], one: Segment) -> bool:
    if one.name == "NTE":
        return True
    first = group[0]
    same = one.name == "OBX" and one.text(2) == first.text(2) in TEXT and group[-1].name == "OBX"
    return same and one.field(3) == first.field(3) and one.text(4) == first.text(4) and not first.text(6)


def _records(group: list[Segment], state: _Message) -> Iterator[SourceRecord]:
    first = group[0]
    place = f"message[{state.number}].{first.name}[{first.index}]"
    if first.name == "PID":
        state.subject = ""
        state.subject = subject_of(first)
        facts, names = person(first, state.zone)
        yield _record("PID", state.subject, place, group, facts, state, names)
        return
    if not state.subject:
        raise DataError("a result before or without a person", got=first.name, allowed="a PID segment with PID-3")
    if first.name == "OBR":
        _begin_order(first, state)
        yield _record("OBR", state.order, place, group, (_report(first, state),), state)
        return
    start = instant(first.text(14), state.zone) or state.taken
    notes = [one.whole(3) for one in group if one.name == "NTE" and one.whole(3)]
    more = state.shared | ({"note": notes} if notes else {})
    fact = result([one for one in group if one.name == "OBX"], start, state.known_ms, more)
    key = (state.order, fact.system, fact.code, fact.display if not fact.code else "", first.text(4))
    state.seen[key] = count = state.seen.get(key, 0) + 1
    yield _record("OBX", "|".join((*key, str(count))), place, group, (fact,), state)


def _begin_order(one: Segment, state: _Message) -> None:
    system, code, display = best(next(iter(one.field(4)), [""]))
    state.order = one.text(3) or one.text(2) or f"{state.header.text(10)}:{one.index}"
    state.shared = {"panel": [system, code, display], "order": state.order}
    if specimen := one.text(15):
        state.shared["specimen"] = specimen
    state.taken = instant(one.text(7), state.zone)
    state.known_ms = _ms(instant(one.text(22), state.zone)) or state.known_ms


def _report(one: Segment, state: _Message) -> Draft:
    system, code, display = best(next(iter(one.field(4)), [""]))
    letter = {"A": "P", "Y": "", "Z": ""}.get(one.text(25), one.text(25))
    end = instant(one.text(8), state.zone)
    return Draft(
        "report", system, code, display, start=state.taken, end=end, known_ms=state.known_ms,
        status=status_of(letter), detail={"order": state.order},
    )  # fmt: skip


def _record(
    kind: str,
    key: str,
    place: str,
    group: list[Segment],
    facts: tuple[Draft, ...],
    state: _Message,
    names: tuple[tuple[str, str], ...] = (),
) -> SourceRecord:
    text = "\r".join(str(one.raw) for one in group)
    digest = blake2b(text.encode(errors="replace"), digest_size=16).hexdigest()
    rank = f"{max(state.known_ms or 0, 0):015d}{state.header.text(10):0>20}"
    return SourceRecord(kind, state.source, key, digest, rank, state.subject, place, facts, state.known_ms, names)


def _ms(moment: Instant | None) -> int | None:
    return None if moment is None else moment.ms
