"""The usual day of a sensor's glucose: readings by time of day, their percentiles, and time in range."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError
from vitruvian.physiology.glucose import Metrics, glucose_metrics, sensor_interval
from vitruvian.twin.glucose.evidence import Evidence

QUANTILES = (5, 25, 50, 75, 95)
_PER_DAY, _STEP = 288, 5.0
_WINDOW = 6  # edges on either side of a time of day whose readings are pooled: 30 minutes
_FEWEST = 5  # readings that a percentile is told from


@dataclass(frozen=True)
class Profile:
    """What the page tells of one person's window."""

    person: str
    days: tuple[date, ...]
    traces: Float[np.ndarray, "d 288"]
    """Readings of each day on the local clock, mg/dL; NaN where there is none."""
    quantiles: Float[np.ndarray, "5 96"]
    """5th, 25th, 50th, 75th and 95th percentile for each quarter of an hour; NaN below five readings."""
    metrics: Metrics
    interval: float
    """Minutes between readings."""
    remarks: tuple[str, ...]

    @property
    def latest(self) -> tuple[tuple[date, ...], Float[np.ndarray, "d 288"]]:
        """The days that are shown one by one: all, or the last five weeks from a Monday on."""
        first = max(0, len(self.days) - 28 - self.days[-1].weekday() - 1) if len(self.days) > 35 else 0
        return self.days[first:], self.traces[first:]


def profile(evidence: Evidence) -> Profile:
    """The profile of a person's evidence; raises `DataError` where there is less than one day of glucose."""
    there = np.flatnonzero(np.isfinite(evidence.glucose))
    if not len(there):
        raise DataError("there is no glucose to report", got=evidence.person, todo="Take in the export of a sensor.")
    days, traces = _by_day(evidence)
    interval = sensor_interval(evidence.glucose)
    if np.isfinite(traces).sum() * interval < 24 * 60:
        got = f"{np.isfinite(traces).sum()} readings"
        raise DataError("a glucose profile needs a day of readings", got=got, todo="Take in more days.")
    found = glucose_metrics(traces.ravel(), _STEP, interval)
    remarks = tuple(m.text for m in evidence.messages if m.code in ("compression-low", "gaps", "unsorted"))
    return Profile(evidence.person, days, traces, _quantiles(traces), found, interval, remarks)


def _by_day(evidence: Evidence) -> tuple[tuple[date, ...], Float[np.ndarray, "d 288"]]:
    """Readings by local day and time of day."""
    minute = evidence.minute_of_day
    day = np.cumsum(np.concatenate([[0], (np.diff(minute) < 0).astype(int)]))
    traces = np.full((int(day[-1]) + 1, _PER_DAY), np.nan)
    traces[day, (minute // _STEP).astype(int)] = evidence.glucose
    known = np.flatnonzero(np.isfinite(traces).any(1))
    first = evidence.start.date()
    kept = slice(int(known[0]), int(known[-1]) + 1)
    return tuple(first + timedelta(days=k) for k in range(kept.start, kept.stop)), traces[kept]


def _quantiles(traces: Float[np.ndarray, "d 288"]) -> Float[np.ndarray, "5 96"]:
    """Percentiles of the readings within 30 minutes around each quarter of an hour, over midnight too."""
    found = np.full((len(QUANTILES), 96), np.nan)
    for k in range(96):
        near = np.arange(3 * k - _WINDOW, 3 * k + _WINDOW + 1) % _PER_DAY
        pool = traces[:, near]
        pool = pool[np.isfinite(pool)]
        if len(pool) >= _FEWEST:
            found[:, k] = np.percentile(pool, QUANTILES)
    return found
