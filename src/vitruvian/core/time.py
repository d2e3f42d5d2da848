"""Instants as received (with their UTC offset and precision) and durations in hours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Literal

from vitruvian.core.errors import DataError
from vitruvian.core.units import Quantity

Precision = Literal["year", "month", "day", "instant"]
_PARTIAL = re.compile(r"^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment: milliseconds since 1970 UTC, the offset in minutes as received (None: none given), precision.

    A partial date ("2011-07") is its first moment in UTC, and keeps its precision.
    """

    ms: int
    offset: int | None
    precision: Precision

    def __str__(self) -> str:
        text = to_datetime(self.ms, self.offset).isoformat()
        return text[: {"year": 4, "month": 7, "day": 10, "instant": len(text)}[self.precision]]


@lru_cache(maxsize=65536)
def parse_instant(text: str) -> Instant:
    """Read a FHIR date, dateTime or instant; raises `DataError`."""
    partial = _PARTIAL.match(text)
    try:
        if partial:
            year, month, day = partial.groups()
            moment = datetime(int(year), int(month or 1), int(day or 1), tzinfo=UTC)
            return Instant(_ms(moment), None, "day" if day else "month" if month else "year")
        moment = datetime.fromisoformat(text)
    except (ValueError, TypeError) as error:
        raise DataError(
            "not a date or time", got=repr(text), allowed='"2026-03-01" or "2026-03-01T08:30:00+01:00"'
        ) from error
    offset = moment.utcoffset()
    if offset is None:
        return Instant(_ms(moment.replace(tzinfo=UTC)), None, "instant")
    return Instant(_ms(moment), int(offset.total_seconds() // 60), "instant")


def to_datetime(ms: int, offset: int | None = None) -> datetime:
    """The aware datetime of `ms`, in the offset (minutes) as received; UTC where none was given."""
    return (_EPOCH + timedelta(milliseconds=ms)).astimezone(_zone(offset or 0))


def to_ms(moment: datetime | str) -> int:
    """Milliseconds since 1970 UTC of a datetime (naive is read as UTC) or of a FHIR date text."""
    if isinstance(moment, str):
        return parse_instant(moment).ms
    return _ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def now_ms() -> int:
    """The clock, in milliseconds since 1970 UTC."""
    return _ms(datetime.now(UTC))


def hours(duration: float | str) -> float:
    """A duration in hours: 12, "12 h", "30 min", "2 d"; raises `UnitError`."""
    return Quantity.parse(duration).to("h").value if isinstance(duration, str) else float(duration)


@lru_cache(maxsize=2048)
def _zone(offset: int) -> timezone:
    return UTC if not offset else timezone(timedelta(minutes=offset))


def _ms(moment: datetime) -> int:
    return round((moment - _EPOCH) / timedelta(milliseconds=1))
