"""JSON exports that are lists of small objects: read whole or refused, each object one record with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import orjson

from vitruvian.core import DataError, Instant, parse_instant
from vitruvian.ingest.local_time import local_to_utc
from vitruvian.record import NO_OFFSET, RawFile, Rejected, Samples

BATCH = 20_000
_FIRST, _LAST = -62_135_596_800_000, 253_402_300_799_999  # ms of the years 1 to 9999


def load(file: RawFile, what: str) -> Any:
    """The content as JSON or JSON lines; raises `DataError`."""
    try:
        return orjson.loads(file.content)
    except orjson.JSONDecodeError as error:
        try:
            return [orjson.loads(line) for line in file.content.splitlines() if line.strip()]
        except orjson.JSONDecodeError:
            raise DataError(f"malformed JSON in {what}", got=str(error), todo="Export it again.") from error


def moment(value: Any) -> Instant:
    """A time: ISO 8601 text, or milliseconds, microseconds or nanoseconds since 1970; raises `DataError`."""
    if isinstance(value, str) and not value.lstrip("-").isdecimal():
        return parse_instant(value)
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError("not a time", got=repr(value)[:60], allowed="ISO 8601, or a number since 1970") from error
    while abs(number) > 32_503_680_000_000:  # the year 3000 in milliseconds
        number //= 1000
    return Instant(number, 0, "instant")


@dataclass
class Gathered:
    """Samples of any signals, gathered one by one and given in batches."""

    subject: str
    zone: ZoneInfo | None = None
    rows: dict[tuple[str, str, str], list[tuple[int, int, int, float, int, str]]] = field(default_factory=dict)

    def add(
        self, signal: str, source: str, unit: str, start: Instant, end: Instant, value: Any, place: int, text: str = ""
    ) -> None:
        """Keep one sample; raises `DataError` for a value that is no number (None: a text only)."""
        if value is None:
            number = float("nan")
        else:
            try:
                number = float(value)
            except (TypeError, ValueError, OverflowError) as error:
                raise DataError(f"the value of {signal} is not a number", got=repr(value)[:60]) from error
        if not all(_FIRST <= one.ms <= _LAST for one in (start, end)):
            raise DataError(f"the time of {signal} lies outside the calendar", got=f"{start.ms} to {end.ms} ms")
        offset = NO_OFFSET if start.offset is None else start.offset
        self.rows.setdefault((signal, source, unit), []).append((start.ms, end.ms, offset, number, place, text))

    def batches(self) -> Iterator[Samples]:
        """All that was gathered."""
        for (signal, source, unit), rows in self.rows.items():
            for a in range(0, len(rows), BATCH):
                start, end, offset, value, place, text = zip(*rows[a : a + BATCH], strict=True)
                times = _placed(
                    np.array(start, np.int64), np.array(end, np.int64), np.array(offset, np.int16), self.zone
                )
                yield Samples(
                    self.subject, signal, source, unit, *times, np.array(value, float), np.array(place, np.int64), text
                )


def _placed(
    start: np.ndarray, end: np.ndarray, offset: np.ndarray, zone: ZoneInfo | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Starts, ends and offsets; times that came without offset are read in the zone that was told."""
    bare = offset == NO_OFFSET
    if zone is None or not bare.any():
        return start, end, offset
    utc, found = local_to_utc(start[bare], zone)
    end[bare] += utc - start[bare]
    start[bare], offset[bare] = utc, found
    return start, end, offset


def reject(kind: str, place: int, error: Exception) -> Rejected:
    """A record of an export that cannot be read."""
    reason = str(error) if isinstance(error, DataError) else f"an element has the wrong form: {error!r}"
    return Rejected(kind, f"element[{place}]", reason)


WRONG_FORM = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError)
