"""Dates of FHIR as spans of time, and how a search compares them.

A date is the whole span that it may mean: "2015-02" is a month. Without an offset it is read as UTC.
Source: HL7 FHIR R4, Search, "date" and "Prefixes".
"""

from __future__ import annotations

import math
import re
from typing import Any

from vitruvian.core import DataError, parse_instant, to_ms
from vitruvian.serve.fhir.elements import Json

Span = tuple[float, float]
"""First millisecond and the one after the last, since 1970 UTC; infinite where open."""
_CLOCK = re.compile(r"T\d{2}:\d{2}(:\d{2})?([.,]\d+)?")


def span(text: str) -> Span:
    """What a date or dateTime may mean; raises `DataError`."""
    found = parse_instant(text)
    if found.precision == "instant":
        clock = _CLOCK.search(text)
        width = 60_000 if clock and not clock[1] else 1 if clock and clock[2] else 1000
        return found.ms, found.ms + width
    return found.ms, to_ms(_next(text, found.precision))


def span_of(value: Any) -> Span | None:
    """The span of a date, a Period or a Timing of a resource; None where it says none."""
    if isinstance(value, str):
        return _span_or_none(value)
    if not isinstance(value, dict):
        return None
    if "event" in value or "repeat" in value:
        return _timing(value)
    start, end = (_span_or_none(value[name]) if name in value else None for name in ("start", "end"))
    if start is None and end is None:
        return None
    return start[0] if start else -math.inf, end[1] if end else math.inf


def compares(prefix: str, wanted: Span, found: Span, now: float) -> bool:
    """Whether a span that was found fulfils one that is wanted."""
    low, high = found
    match prefix:
        case "eq":
            return wanted[0] <= low and high <= wanted[1]
        case "ne":
            return not (wanted[0] <= low and high <= wanted[1])
        case "gt":
            return high > wanted[1]
        case "lt":
            return low < wanted[0]
        case "ge":
            return high > wanted[1] or (wanted[0] <= low and high <= wanted[1])
        case "le":
            return low < wanted[0] or (wanted[0] <= low and high <= wanted[1])
        case "sa":
            return low >= wanted[1]
        case "eb":
            return high <= wanted[0]
    slack = 0.1 * abs(now - wanted[0])  # ap
    return low < wanted[1] + slack and high > wanted[0] - slack


def _next(text: str, precision: str) -> str:
    year, month = int(text[:4]), int(text[5:7] or 1)
    if precision == "year":
        return f"{year + 1:04d}"
    if precision == "month":
        return f"{year + month // 12:04d}-{month % 12 + 1:02d}"
    from datetime import date, timedelta

    return (date.fromisoformat(text) + timedelta(days=1)).isoformat()


def _timing(value: Json) -> Span | None:
    spans = [one for one in map(_span_or_none, value.get("event") or ()) if one]
    bounds = (value.get("repeat") or {}).get("boundsPeriod")
    spans += [one] if bounds and (one := span_of(bounds)) else []
    return (min(low for low, _ in spans), max(high for _, high in spans)) if spans else None


def _span_or_none(text: Any) -> Span | None:
    try:
        return span(text) if isinstance(text, str) else None
    except (DataError, OverflowError):
        return None
