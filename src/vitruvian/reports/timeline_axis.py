"""The time axis of a person's timeline: positions in percent, ticks in years, months or days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from vitruvian.core import to_datetime, to_ms

_DAY = 86_400_000
_SHOWN = 10 * 365.25 * _DAY
_LEAST = 30 * _DAY
_MOST_TICKS = 8


@dataclass(frozen=True)
class Axis:
    """From `start` to `end` (milliseconds since 1970 UTC) as 0 to 100."""

    start: int
    end: int

    @classmethod
    def over(cls, moments: Iterable[int], since: str | None = None, until: str | None = None) -> Axis:
        """The last ten years that `moments` reach into (or all, where it is less), unless told otherwise."""
        known = list(moments)
        end = to_ms(until) if until else max(known, default=0) + _DAY
        start = to_ms(since) if since else max(int(end - _SHOWN), min(known, default=0) - _DAY)
        return cls(min(start, end - _LEAST), end)

    def at(self, ms: float) -> float:
        """Position in percent, clipped to the axis."""
        return round(100 * min(max((ms - self.start) / (self.end - self.start), 0.0), 1.0), 2)

    def holds(self, ms: int | None) -> bool:
        """Whether a moment lies on the axis."""
        return ms is not None and self.start <= ms <= self.end

    def ticks(self) -> list[tuple[float, str]]:
        """(position, label) of round moments: years, quarters or months, or days."""
        first, last = to_datetime(self.start), to_datetime(self.end)
        if self.end - self.start > 3 * 365 * _DAY:
            step = -(-(last.year - first.year) // _MOST_TICKS)
            moments = [datetime(year, 1, 1, tzinfo=UTC) for year in range(first.year + 1, last.year + 1, max(step, 1))]
            return [(self.at(to_ms(one)), str(one.year)) for one in moments]
        if self.end - self.start > 100 * _DAY:
            months = [divmod(m, 12) for m in range(first.year * 12 + first.month, last.year * 12 + last.month)]
            step = -(-len(months) // _MOST_TICKS)
            moments = [datetime(year, month + 1, 1, tzinfo=UTC) for year, month in months[:: max(step, 1)]]
            return [(self.at(to_ms(one)), f"{one:%b %Y}") for one in moments]
        days = max(1, -(-((last - first).days) // _MOST_TICKS))
        midnight = first.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        moments = [midnight + timedelta(days=days * k) for k in range(_MOST_TICKS + 1)]
        return [(self.at(to_ms(one)), f"{one.day} {one:%b}") for one in moments if to_ms(one) < self.end]


def day_text(ms: int | None, offset: int | None = None, precision: str | None = None) -> str:
    """A date as people write it, in the offset as received: "16 Sep 2025", "Sep 2025", "2025"."""
    if ms is None:
        return "no date"
    moment = to_datetime(ms, offset)
    if precision == "year":
        return str(moment.year)
    return f"{moment:%b %Y}" if precision == "month" else f"{moment.day} {moment:%b %Y}"


def moment_text(ms: int | None, offset: int | None = None, precision: str | None = None) -> str:
    """A date with its time of day where that is known: "13 May 2025, 23:20"."""
    day = day_text(ms, offset, precision)
    return day if ms is None or precision != "instant" else f"{day}, {to_datetime(ms, offset):%H:%M}"


def span_text(start: int, end: int, offset: int | None = None, precision: str | None = None) -> str:
    """From a moment to another; within one day the day is said once: "13 May 2025, 08:05–09:05"."""
    first, last = moment_text(start, offset, precision), moment_text(end, offset, precision)
    if day_text(start, offset) != day_text(end, offset):
        return f"{first} – {last}"
    return first if precision != "instant" or start == end else f"{first}–{to_datetime(end, offset):%H:%M}"
