"""How glucose is drawn and told: its unit, its levels and their colours, the axes of glucose and of the day."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from jaxtyping import Float

from vitruvian.core import UnknownNameError
from vitruvian.reports.style import GREEN, GREY, ORANGE, RED

LOW, HIGH = 70.0, 180.0
"""The target range, mg/dL."""


@dataclass(frozen=True)
class GlucoseUnit:
    """A unit that people read glucose in."""

    name: str
    per_mg: float
    """Of this unit in 1 mg/dL."""
    decimals: int

    def of(self, glucose: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
        """Values in mg/dL in this unit."""
        return np.asarray(glucose) * self.per_mg

    def text(self, glucose: float) -> str:
        """A value in mg/dL as a number of this unit."""
        return f"{glucose * self.per_mg:.{self.decimals}f}"


UNITS = {one.name: one for one in (GlucoseUnit("mg/dL", 1.0, 0), GlucoseUnit("mmol/L", 1 / 18.016, 1))}


def glucose_unit(name: str) -> GlucoseUnit:
    """The unit `name`; raises `UnknownNameError`."""
    if name not in UNITS:
        raise UnknownNameError("no such unit of glucose", got=name, allowed=", ".join(UNITS))
    return UNITS[name]


@dataclass(frozen=True)
class Level:
    """A level of glucose: what it is called, its bounds in mg/dL, how it is coloured, and what adults aim for."""

    name: str
    low: float | None
    high: float | None
    colour: str
    strength: float
    goal: str = ""

    def words(self, unit: GlucoseUnit) -> str:
        """Bounds in words: "70–180", "below 54"."""
        if self.low is None:
            return f"below {unit.text(self.high or 0.0)}"
        if self.high is None:
            return f"above {unit.text(self.low)}"
        least = self.low + (1 if self.low > HIGH - 1 else 0)
        most = self.high - (1 if self.high <= LOW else 0)
        return f"{unit.text(least)}–{unit.text(most)}"


LEVELS = (
    Level("Very high", 250.0, None, ORANGE, 1.0, "below 5 %"),
    Level("High", 180.0, 250.0, ORANGE, 0.55),
    Level("In range", 70.0, 180.0, GREEN, 0.8, "above 70 %"),
    Level("Low", 54.0, 70.0, RED, 0.6),
    Level("Very low", None, 54.0, RED, 1.0, "below 1 %"),
)
"""From the highest to the lowest."""


def glucose_axis(axes: Any, unit: GlucoseUnit, top: float) -> None:
    """Vertical axis to `top` mg/dL with the target range as a band and ticks where decisions change."""
    edges = [v for v in (54.0, LOW, HIGH, 250.0, 350.0, 450.0) if v <= top]
    axes.set_ylim(unit.of(np.array(36.0)), unit.of(np.array(top)))
    axes.axhspan(LOW * unit.per_mg, HIGH * unit.per_mg, color=GREEN, alpha=0.12, linewidth=0)
    for edge, dashes, colour in ((LOW, "-", GREEN), (HIGH, "-", GREEN), (54.0, ":", RED)):
        axes.axhline(edge * unit.per_mg, color=colour, linewidth=0.9, linestyle=dashes)
    axes.set_yticks([v * unit.per_mg for v in edges], [unit.text(v) for v in edges])


def hours_axis(axes: Any, *, first: float = 0.0, last: float = 24.0, every: int = 3) -> None:
    """Horizontal axis of the clock, data in hours since midnight of the first day."""
    hours = range(every * ceil(first / every - 1e-9), int(last + 1e-9) + 1, every)
    axes.set_xlim(first, last)
    axes.set_xticks(list(hours), [f"{h % 24:02d}:00" for h in hours])
    axes.grid(axis="x", color=GREY, alpha=0.2, linewidth=0.6)


def broken(
    hours: Float[np.ndarray, T], glucose: Float[np.ndarray, T], longest: float = 0.5
) -> tuple[Float[np.ndarray, M], Float[np.ndarray, M]]:
    """Readings to draw as a line: what lies between readings more than `longest` hours apart is left open."""
    there = np.flatnonzero(np.isfinite(glucose))
    if not len(there):
        return hours[:0], glucose[:0]
    cuts = np.flatnonzero(np.diff(hours[there]) > longest + 1e-9) + 1
    return np.insert(hours[there], cuts, np.nan), np.insert(glucose[there], cuts, np.nan)


def top_of(glucose: Float[np.ndarray, "*n"]) -> float:
    """Upper end of an axis that holds these values, mg/dL: the same for most people, so that pages compare."""
    highest = float(np.nanmax(glucose, initial=0.0))
    return next((edge for edge in (300.0, 350.0, 420.0) if highest <= edge - 5), 520.0)
