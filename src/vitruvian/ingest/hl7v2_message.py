"""HL7 v2 messages: cut out of a file one by one, and their fields read by the `hl7` library."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

from vitruvian.core import DataError, Instant, UnsupportedError, parse_instant
from vitruvian.record import RawFile

_TIME = re.compile(
    r"^(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(\.\d{1,4})?)?)?)?)?)?(?:([+-])(\d{2})(\d{2}))?$"
)
_CHARSETS = {"": "utf-8", "ASCII": "utf-8", "UNICODE UTF-8": "utf-8", "UTF-8": "utf-8"}
_CHARSETS |= {f"8859/{n}": f"iso8859-{n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)}
_LIMIT = 1 << 26  # bytes of one message


@dataclass(frozen=True)
class Segment:
    """One segment: its name, its number in the message, and its fields."""

    name: str
    index: int
    message: Any
    raw: Any

    def field(self, number: int) -> list[list[str]]:
        """The repetitions of a field, each a list of components as text; [] where it is absent or null."""
        if number >= len(self.raw):
            return []
        repetitions = [one if isinstance(one, list) else [one] for one in self.raw[number]]
        found = [[self._text(str(part)) for part in one] for one in repetitions]
        return [one for one in found if any(one) and one != ['""']]

    def text(self, number: int, component: int = 1) -> str:
        """One component of the first repetition; "" where it is absent."""
        first = next(iter(self.field(number)), [])
        return first[component - 1].strip() if len(first) >= component else ""

    def whole(self, number: int) -> str:
        """The field as text, line breaks and repetitions as lines, components joined as they came."""
        if number >= len(self.raw):
            return ""
        repetitions = str(self.raw[number]).split(self.message.separators[2])
        return "\n".join(self._text(one) for one in repetitions)

    def _text(self, raw: str) -> str:
        if "\\" not in raw:
            return raw
        with warnings.catch_warnings():  # the library reports an unknown escape by a deprecated call
            warnings.simplefilter("ignore", DeprecationWarning)
            return str(self.message.unescape(raw.replace("\\.br\\", "\n")))


def messages(file: RawFile) -> Iterator[str]:
    """The text of each message in turn, segments ended by CR; batch envelopes are checked and left out.

    Raises `DataError` for text before the first message, a batch that is cut short, or a wrong character set.
    """
    found = 0
    lines: list[bytes] = []
    size = 0
    for line in _segments(file):
        if line[:3] in (b"MSH", b"BHS", b"FHS", b"BTS", b"FTS"):
            if lines:
                yield _decoded(lines)
            lines, size = [], 0
        if line[:3] == b"MSH":
            found += 1
        if line[:3] == b"BTS":
            announced = (line.split(line[3:4]) if len(line) > 4 else [b"", b""])[1].strip()
            if re.fullmatch(rb"\d{1,9}", announced) and int(announced) != found:
                got = f"{found} of {announced.decode()} messages"
                raise DataError("the batch is not whole", got=got, todo="Ask for it again.")
        elif line[:3] == b"MSH" or lines:
            size += len(line)
            if size > _LIMIT:
                raise DataError("a message is too long", got=f"> {_LIMIT} bytes", allowed=f"{_LIMIT} bytes")
            lines.append(line)
        elif line[:3] not in (b"FHS", b"BHS", b"FTS"):
            raise DataError("text before the first message", got=repr(line[:20]), allowed="MSH, or a batch of messages")
    if lines:
        yield _decoded(lines)


def _segments(file: RawFile) -> Iterator[bytes]:
    """Segments without their ends; CR, LF and CR LF all end one, MLLP's frame characters are dropped."""
    rest = b""
    with file.open() as stream:
        rest = stream.read(3).removeprefix(b"\xef\xbb\xbf")
        while block := stream.read(1 << 20):
            *whole, rest = re.split(rb"\r\n|\r|\n", rest + block)
            for line in whole:
                if line := line.strip(b"\x0b\x1c \t"):
                    yield line
            if len(rest) > _LIMIT:
                raise DataError("a segment is too long", got=f"> {_LIMIT} bytes", allowed=f"{_LIMIT} bytes")
    if line := rest.strip(b"\x0b\x1c \t"):
        yield line


def _decoded(lines: list[bytes]) -> str:
    if len(lines[0]) < 4:
        raise DataError("a message header without field separator", got=repr(lines[0]), allowed="MSH|^~\\&|…")
    fields = lines[0].split(lines[0][3:4])
    name = fields[17].split(b"~")[0].strip().decode("ascii", "replace").upper() if len(fields) > 17 else ""
    charset = _CHARSETS.get(name)
    if charset is None:
        raise UnsupportedError("this character set is not read", got=name, allowed=", ".join(filter(None, _CHARSETS)))
    try:
        return b"\r".join(lines).decode(charset)
    except UnicodeDecodeError as error:
        raise DataError("a message is not in the character set it says", got=f"{name or 'none'}: {error}") from error


def segments(text: str) -> list[Segment]:
    """The segments of a message; raises `DataError` for a broken one, `UnsupportedError` without the library."""
    try:
        import hl7
    except ImportError as error:
        raise UnsupportedError("HL7 v2 needs a library", todo="pip install vitruvian[hl7]") from error
    try:
        message = hl7.parse(text)
        return [Segment(str(one[0]), k, message, one) for k, one in enumerate(message)]
    except (hl7.HL7Exception, IndexError, ValueError, AssertionError, AttributeError) as error:
        raise DataError("a broken HL7 v2 message", got=f"{type(error).__name__}: {error}") from error


def instant(text: str, zone: tzinfo | None) -> Instant | None:
    """An HL7 time with its precision; without an offset it is in `zone`. None where empty; raises `DataError`."""
    if not text:
        return None
    match = _TIME.match(text)
    if match is None:
        raise DataError("not a time of HL7 v2", got=repr(text[:40]), allowed="YYYYMMDDHHMMSS+ZZZZ")
    year, month, day, hour, minute, second, part, sign, hours, minutes = match.groups()
    if hour is None:
        return parse_instant("-".join(filter(None, (year, month, day))))
    try:
        moment = datetime(int(year), int(month), int(day), int(hour), int(minute or 0), int(second or 0))
        moment += timedelta(seconds=float(part or 0))
        if sign:
            offset = timedelta(hours=int(hours), minutes=int(minutes))
            return parse_instant(moment.replace(tzinfo=timezone(-offset if sign == "-" else offset)).isoformat())
        return parse_instant((moment.replace(tzinfo=zone) if zone else moment).isoformat())
    except (ValueError, OverflowError) as error:
        raise DataError("not a time of HL7 v2", got=repr(text[:40])) from error


def zone_of(header: Segment, told: tzinfo | None) -> tzinfo | None:
    """The zone of times without offset: that of the message's own time (the standard's rule), else what was told."""
    match = re.search(r"([+-])(\d{2})(\d{2})$", header.text(7))
    if match is None:
        return told
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(-offset if match[1] == "-" else offset) if offset else UTC
