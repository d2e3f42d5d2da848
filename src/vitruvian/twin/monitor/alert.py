"""What a watch says: an alert with cause, band, forecast and reason in plain words; or that one is over."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

Kind = Literal["limit", "outlier", "change", "residual", "missing", "quality"]
Severity = Literal["urgent", "warning", "technical"]
SEVERITY: dict[Kind, Severity] = {
    "limit": "urgent", "outlier": "warning", "change": "warning", "residual": "warning",
    "missing": "technical", "quality": "technical",
}  # fmt: skip
TITLES: dict[Kind, str] = {
    "limit": "beyond a limit", "outlier": "unusual for this person", "change": "has changed",
    "residual": "not as forecast", "missing": "no signal", "quality": "signal not reliable",
}  # fmt: skip


@dataclass(frozen=True)
class Span:
    """A value with the band in which it lies or was expected."""

    low: float
    median: float
    high: float

    @property
    def sound(self) -> bool:
        """Whether it is numbers in order; what is not is no band, and nothing lies outside it."""
        return -math.inf < self.low <= self.median <= self.high < math.inf


@dataclass(frozen=True)
class Alert:
    """Something that somebody should look at; values in `unit`.

    `band`: what is usual for the person at this time of day. `forecast`: what was expected of this moment (for a
    residual), else what is expected next; None where too little is known.
    """

    kind: Kind
    signal: str
    severity: Severity
    began_ms: int
    raised_ms: int
    value: float | None
    unit: str
    cause: str
    reason: str
    band: Span | None = None
    forecast: Span | None = None
    sources: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Over:
    """What an alert was raised for is no longer so."""

    kind: Kind
    signal: str
    at_ms: int


Event = Alert | Over
