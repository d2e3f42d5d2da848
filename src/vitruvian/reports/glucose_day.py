"""One day as the person lived it: glucose with its target, food, insulin and activity under one clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from jaxtyping import Float, Int

from vitruvian import __version__
from vitruvian.core import InputError
from vitruvian.physiology.glucose import Metrics, glucose_metrics, sensor_interval
from vitruvian.reports.files import write_whole
from vitruvian.reports.glucose_agp import percent
from vitruvian.reports.glucose_day_figure import day_figure
from vitruvian.reports.glucose_scale import GlucoseUnit, glucose_unit
from vitruvian.reports.page import environment
from vitruvian.reports.style import STYLE
from vitruvian.reports.svg import inline
from vitruvian.twin.glucose import Evidence

_STEP = 5.0
_PER_DAY = 288
_LATER = 24  # steps: two hours


@dataclass(frozen=True)
class Expected:
    """Glucose expected at the edges after `first` of the evidence: a forecast, or a replay of something else done."""

    first: int
    quantiles: Float[np.ndarray, "t 5"]
    """5, 25, 50, 75 and 95 %, mg/dL."""
    name: str = "expected"


@dataclass(frozen=True)
class Happening:
    """What was eaten or injected at one time of the day, and glucose then and two hours later (mg/dL, NaN unknown)."""

    clock: str
    what: str
    then: float
    later: float


def day_page(evidence: Evidence, day: str | date, unit: str = "mg/dL", ahead: Sequence[Expected] = ()) -> str:
    """The page of one local day as HTML text; raises `InputError` for a day that the evidence does not hold."""
    view = _view(evidence, day, glucose_unit(unit), ahead)
    return environment().get_template("glucose_day.html").render(view)


def day_report(
    evidence: Evidence, day: str | date, path: str | Path, unit: str = "mg/dL", ahead: Sequence[Expected] = ()
) -> Path:
    """Write the page (.html) or the picture (.pdf, .svg, .png) of one local day to `path`; returns the path."""
    to = Path(path)
    kind = to.suffix.lower()
    if kind in (".html", ".htm"):
        return write_whole(to, day_page(evidence, day, unit, ahead))
    if kind not in (".pdf", ".svg", ".png"):
        raise InputError("a day is a page or a picture", got=to.name, allowed=".html, .pdf, .svg, .png")
    steps = _steps(evidence, day)
    undated = {} if kind == ".png" else {"Date": None} if kind == ".svg" else {"CreationDate": None}
    to.parent.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context(STYLE):
        figure = day_figure(evidence, steps, glucose_unit(unit), ahead)
        figure.suptitle(f"{_date(day):%A %-d %B %Y}", x=0.02, ha="left", fontsize=12, weight="bold")
        figure.savefig(to, dpi=150, metadata=undated)
    return to


def happenings(evidence: Evidence, steps: Int[np.ndarray, T]) -> list[Happening]:
    """Meals and insulin of the steps in order of time; what was entered within 15 minutes stands together."""
    amount = evidence.carbohydrates + evidence.bolus + evidence.long_acting
    found: list[list[int]] = []
    for k in steps[amount[steps] > 0]:
        if found and k - found[-1][0] <= 3:
            found[-1].append(int(k))
        else:
            found.append([int(k)])
    return [_happening(evidence, group) for group in found]


def _happening(evidence: Evidence, group: list[int]) -> Happening:
    parts = (
        (evidence.carbohydrates, "g carbohydrates"),
        (evidence.bolus, "U fast insulin"),
        (evidence.long_acting, "U long-acting insulin"),
    )
    said = [f"{array[group].sum():g} {name}" for array, name in parts if array[group].sum() > 0]
    minute = int(evidence.minute_of_day[group[0]])
    clock = f"{minute // 60:02d}:{minute % 60:02d}"
    then, later = _near(evidence.glucose, group[0]), _near(evidence.glucose, group[0] + _LATER)
    return Happening(clock, ", ".join(said), then, later)


def _near(glucose: Float[np.ndarray, T], step: int) -> float:
    """The reading nearest to an edge, at most 15 minutes away; NaN where there is none."""
    order = [step + d for d in (0, -1, 1, -2, 2, -3, 3)]
    return next((float(glucose[k]) for k in order if 0 <= k < len(glucose) and np.isfinite(glucose[k])), float("nan"))


def _steps(evidence: Evidence, day: str | date) -> Int[np.ndarray, T]:
    """Steps of a local day."""
    wanted = (_date(day) - evidence.start.date()).days
    number = np.cumsum(np.concatenate([[0], (np.diff(evidence.minute_of_day) < 0).astype(int)]))
    steps = np.flatnonzero(number == wanted)
    if not len(steps):
        held = f"{evidence.start:%Y-%m-%d} to {evidence.moment(len(evidence) - 1):%Y-%m-%d}"
        raise InputError("no such day in the evidence", got=str(day), allowed=held)
    return steps


def _date(day: str | date) -> date:
    if isinstance(day, date):
        return day
    try:
        return date.fromisoformat(day)
    except ValueError as error:
        raise InputError("a day is written as a date", got=repr(day), allowed="2026-03-01") from error


def _view(evidence: Evidence, day: str | date, unit: GlucoseUnit, ahead: Sequence[Expected]) -> dict[str, Any]:
    steps = _steps(evidence, day)
    glucose = evidence.glucose[steps]
    m = glucose_metrics(glucose, _STEP, sensor_interval(evidence.glucose)) if np.isfinite(glucose).any() else None
    figure = day_figure(evidence, steps, unit, ahead)
    rows = happenings(evidence, steps)
    title = f"{_date(day):%A} {_date(day).day} {_date(day):%B %Y}"
    return {
        "person": evidence.person,
        "title": title,
        "unit": unit,
        "lead": _lead(title, evidence, steps, m),
        "rows": rows,
        "partial": m is not None and float(m.coverage) < 90.0,
        "coverage": 0.0 if m is None else float(m.coverage),
        "ahead": ahead,
        "picture": inline(figure, "day", title, _described(glucose, rows, unit)),
        "version": __version__,
    }


def _lead(title: str, evidence: Evidence, steps: Int[np.ndarray, T], m: Metrics | None) -> str:
    parts = ["no glucose readings"] if m is None else [f"in range {percent(float(m.in_range))}"]
    if m is not None and float(m.below_70) > 0:
        parts.append(f"low {percent(float(m.below_70))}")
    if m is not None and float(m.above_180) > 0:
        parts.append(f"high {percent(float(m.above_180))}")
    fast = float(evidence.bolus[steps].sum() + evidence.basal[steps].sum())
    for amount, name in (
        (float(evidence.carbohydrates[steps].sum()), "g carbohydrates"),
        (fast, "U fast insulin"),
        (float(evidence.long_acting[steps].sum()), "U long-acting insulin"),
    ):
        if amount > 0:
            parts.append(f"{amount:.3g}\u00a0{name}")
    return f"{title}: {', '.join(parts)}."


def _described(glucose: Float[np.ndarray, T], rows: Sequence[Happening], unit: GlucoseUnit) -> str:
    if not np.isfinite(glucose).any():
        return f"No glucose readings; {len(rows)} meals and injections, in the table below."
    low, high = unit.text(float(np.nanmin(glucose))), unit.text(float(np.nanmax(glucose)))
    return f"Glucose from {low} to {high} {unit.name}; {len(rows)} meals and injections, in the table below."
