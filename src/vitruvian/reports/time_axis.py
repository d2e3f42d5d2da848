"""A time axis with dates: hours from the moment asked about, labelled as a clock and calendar."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil
from typing import Any

from vitruvian.reports.style import GREY

_DAY_STEPS = (1, 2, 3, 7, 14, 28, 56, 112, 364)
_MOST = 9


def label(axes: Any, now: str, first: float, last: float) -> None:
    """Set limits, ticks and labels of the x axis of `axes`, whose data are in hours from `now`.

    `now` is local time, such as "2025-05-14 08:02". Spans of up to eight days also show hours of the day.
    """
    origin = datetime.fromisoformat(now)
    days = (last - first) / 24
    step = next((s for s in _DAY_STEPS if days / s <= _MOST), ceil(days / _MOST))
    midnights = _midnights(origin, first, last, step)
    clock = 6 if days <= 4 else 12
    hours = [h for h in _midnights(origin, first - 24, last, 1, every=clock) if h >= first] if days <= 8 else []
    hours = [h for h in hours if h not in midnights]
    lower = "\n" if hours else ""
    dates = [_at(origin, h) for h in midnights]
    axes.set_xticks(midnights, [f"{lower}{d:%a} {d.day} {d:%b}" for d in dates])
    axes.set_xticks(hours, [f"{_at(origin, h):%H}" for h in hours], minor=True)
    axes.tick_params(axis="x", which="minor", labelsize=8, labelcolor=GREY)
    axes.set_xlim(first, last)
    axes.set_xlabel(f"local time, {origin.year}" + (" (hours and dates)" if hours else ""))


def _midnights(origin: datetime, first: float, last: float, step: int, every: int = 24) -> list[float]:
    """Hours from `origin` of each `step`-th midnight (or each `every` hours of those days) within the span."""
    begin = origin + timedelta(hours=first)
    day = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    found = []
    while (h := (day - origin).total_seconds() / 3600) <= last:
        if h >= first:
            found.append(h)
        day += timedelta(days=step) if every == 24 else timedelta(hours=every)
    return found


def _at(origin: datetime, hours: float) -> datetime:
    return origin + timedelta(hours=hours)
