"""A small curve of the newest samples, drawn on the server; scripts only move it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vitruvian.serve.live.ward import Point
from vitruvian.twin.monitor import Span

WIDE, HIGH = 120, 30
_LEAST = 0.15
"""The picture spans at least this share of the values: noise of one beat does not look like a storm."""


@dataclass(frozen=True)
class Spark:
    """Points of the curve, where the usual band lies, and the values at the lower and upper edge."""

    points: str
    band_top: float
    band_height: float
    low: float
    high: float
    first: int
    last: int
    """Milliseconds at the left and right edge."""

    @property
    def words(self) -> str:
        """What the picture spans: "60 to 80 in 40 s"."""
        seconds = (self.last - self.first) // 1000
        span = f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"
        return f"scale {self.low:.3g} to {self.high:.3g}, {span}" if self.points else ""


def spark_of(points: Iterable[Point], band: Span | None) -> Spark:
    """The curve of some points; it shows the usual band, too, where that is near."""
    kept = list(points)
    if not kept:
        return Spark("", 0, 0, 0, 1, 0, 1)
    values = [one.value for one in kept]
    edges = [*values, *((band.low, band.high) if band else ())]
    low, high = min(edges), max(edges)
    room = max(0.08 * (high - low), (_LEAST * abs(high + low) / 2 - (high - low)) / 2) or 1.0
    low, high = low - room, high + room
    first, last = kept[0].at, max(kept[-1].at, kept[0].at + 1)

    def y(value: float) -> float:
        return round(HIGH * (high - value) / (high - low), 1)

    drawn = " ".join(f"{WIDE * (one.at - first) / (last - first):.4g},{y(one.value):.3g}" for one in kept)
    top, bottom = (y(band.high), y(band.low)) if band else (0.0, 0.0)
    return Spark(drawn, top, round(bottom - top, 1), round(low, 2), round(high, 2), first, last)
