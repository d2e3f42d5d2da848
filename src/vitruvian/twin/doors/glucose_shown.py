"""Pieces of the answers of the metabolic twin: the unit, curves with bands, the course around now, what was given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from vitruvian.core import convert, to_ms
from vitruvian.twin.answer import Band
from vitruvian.twin.doors.door import Line, Picture, Table
from vitruvian.twin.doors.glucose_events import STEP, marks
from vitruvian.twin.glucose import Evidence

LOW, HIGH = 70.0, 180.0
"""The target range, mg/dL."""
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
_MOLAR_MASS = 180.156
_BACK = 72  # steps of the past that are drawn: 6 hours
_PER_DAY = 288


@dataclass(frozen=True)
class Unit:
    """mg/dL or mmol/L; numbers come in mg/dL."""

    name: str

    def of(self, value: float) -> float:
        """The value in this unit."""
        return value if self.name == "mg/dL" else convert(value, "mg/dL", "mmol/L", molar_mass=_MOLAR_MASS)

    def all(self, values: Sequence[float] | Float[np.ndarray, n]) -> tuple[float, ...]:
        """Values in this unit."""
        factor = self.of(1.0)
        return tuple(float(factor * value) for value in values)

    def plain(self, value: float) -> str:
        """The number for people."""
        return f"{self.of(value):.0f}" if self.name == "mg/dL" else f"{self.of(value):.1f}"

    def text(self, value: float) -> str:
        """Number with unit for people."""
        return f"{self.plain(value)} {self.name}"

    @property
    def zone(self) -> tuple[float, float]:
        """The target range in this unit."""
        return self.of(LOW), self.of(HIGH)


def quantile_line(title: str, q: Float[np.ndarray, "5 n"], unit: Unit) -> Line:
    """Median and bands of quantiles (LEVELS)."""
    return Line(title, unit.all(q[2]), ((unit.all(q[0]), unit.all(q[4])), (unit.all(q[1]), unit.all(q[3]))))


def member_line(title: str, members: Float[np.ndarray, "h s"], unit: Unit) -> Line:
    """Median and bands of members, x in hours from now."""
    hours = tuple(STEP * (k + 1) / 60.0 for k in range(len(members)))
    return replace(quantile_line(title, np.quantile(members, LEVELS, axis=1), unit), x=hours)


def band_line(title: str, band: Band, unit: Unit) -> Line:
    """Median and bands of a band, x in hours from now."""
    q = np.array([band.q05, band.q25, band.q50, band.q75, band.q95])
    return replace(quantile_line(title, q, unit), x=band.time_h)


def course(evidence: Evidence, lines: Sequence[Line], unit: Unit) -> Picture:
    """The last hours as marks, the next ones as curves (x in hours from now); on the clock."""
    edge = evidence.newest
    edges = np.arange(max(edge - _BACK, 0), edge + 1)
    edges = edges[np.isfinite(evidence.glucose[edges])]
    now = to_ms(evidence.moment(edge)) / 1000.0
    drawn = [replace(one, x=tuple(now + 3600.0 * hour for hour in one.x or ())) for one in lines]
    read = Line("readings", unit.all(evidence.glucose[edges]), x=seconds(evidence, edges), marks=True)
    title = f"Glucose, six hours before and four after {evidence.moment(edge):%Y-%m-%d %H:%M}"
    return Picture(
        "course",
        title,
        "time",
        "",
        "glucose",
        unit.name,
        drawn[0].x or (),
        (*drawn, read),
        unit.zone,
        x_is_time=True,
        x_offset=clock_offset(evidence),
    )


def seconds(evidence: Evidence, edges: Float[np.ndarray, n]) -> tuple[float, ...]:
    """Edges in seconds since 1970 UTC."""
    start = to_ms(evidence.start) / 1000.0
    return tuple(start + 60.0 * STEP * float(k) for k in edges)


def clock_offset(evidence: Evidence) -> int:
    """Minutes that the person's clock is ahead of UTC."""
    shift = evidence.start.utcoffset()
    return 0 if shift is None else int(shift.total_seconds() // 60)


def given(evidence: Evidence) -> tuple[Table, ...]:
    """What was eaten and injected in the last day."""
    edge = evidence.newest
    found = marks(evidence, max(edge - _PER_DAY, 0), edge)
    rows = tuple((f"{evidence.moment(step):%Y-%m-%d %H:%M}", kind, amount) for kind, step, amount in reversed(found))
    return (Table("given", "Meals and boluses of the last day", ("When", "What", "Amount"), rows),) if rows else ()


def cell(members: Float[np.ndarray, "h s"], minutes: int, unit: Unit) -> str:
    """Median and 90 % so many minutes ahead."""
    low, middle, high = np.quantile(members[minutes // STEP - 1], (0.05, 0.5, 0.95))
    return f"{unit.plain(middle)} ({unit.plain(low)}–{unit.plain(high)})"
