"""A forecast as a page: the last hours with food and insulin, and what is expected next with its bands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian import __version__
from vitruvian.reports.files import write_whole
from vitruvian.reports.glucose_day import Expected, happenings
from vitruvian.reports.glucose_day_figure import day_figure
from vitruvian.reports.glucose_scale import LOW, GlucoseUnit, glucose_unit
from vitruvian.reports.page import environment
from vitruvian.reports.svg import inline
from vitruvian.twin import Band
from vitruvian.twin.glucose import Evidence
from vitruvian.twin.glucose.forecast import Ahead

_BEFORE = 8 * 12
"""Steps that are shown before now: eight hours."""


def forecast_page(evidence: Evidence, ahead: Ahead, unit: str = "mg/dL") -> str:
    """The page of a forecast from the newest reading of its evidence, as HTML text."""
    return environment().get_template("glucose_forecast.html").render(_view(evidence, ahead, glucose_unit(unit)))


def forecast_report(evidence: Evidence, ahead: Ahead, path: str | Path, unit: str = "mg/dL") -> Path:
    """Write the page to `path`, whole or not at all; returns the path."""
    return write_whole(Path(path), forecast_page(evidence, ahead, unit))


def _view(evidence: Evidence, ahead: Ahead, unit: GlucoseUnit) -> dict[str, Any]:
    now = int(np.flatnonzero(np.isfinite(evidence.glucose))[-1])
    quantiles = _quantiles(ahead.band)
    longer = _longer(evidence, now + 1 + len(quantiles))
    steps = np.arange(max(0, now - _BEFORE), now + 1 + len(quantiles))
    expected = Expected(now, quantiles, f"expected at {ahead.asked_at[-5:]}")
    figure = day_figure(longer, steps, unit, [expected])
    rows = [
        (minutes, unit.text(one.median), f"{unit.text(one.low)}–{unit.text(one.high)}")
        for minutes, one in ahead.horizons.items()
    ]
    words = "; ".join(f"in {m} min {median} ({band})" for m, median, band in rows)
    return {
        "person": ahead.person,
        "at": ahead.asked_at,
        "now": unit.text(ahead.now),
        "unit": unit,
        "rows": rows,
        "low": _chance_low(ahead.band, unit),
        "happened": happenings(longer, steps),
        "picture": inline(figure, "ahead", "What is expected", f"Glucose {words}, in {unit.name}."),
        "version": __version__,
    }


def _quantiles(band: Band) -> np.ndarray:
    return np.column_stack([band.q05, band.q25, band.q50, band.q75, band.q95])


def _chance_low(band: Band, unit: GlucoseUnit) -> str:
    """When the lower border of the band that holds nine tenths first falls below 70 mg/dL, in words."""
    low = f"low (below {unit.text(LOW)} {unit.name})"
    first = next((h for h, edge in zip(band.time_h, band.q05, strict=True) if edge < LOW), None)
    if first is None:
        return f"A {low} is unlikely: less than 1 in 20 at every time shown."
    half = next((h for h, mid in zip(band.time_h, band.q50, strict=True) if mid < LOW), None)
    if half is not None:
        return f"A {low} is to be expected in {60 * half:.0f} minutes."
    return f"A {low} is possible from {60 * first:.0f} minutes on: 1 in 20 or more."


def _longer(evidence: Evidence, count: int) -> Evidence:
    """The evidence with steps of nothing known until it has `count`."""
    more = count - len(evidence)
    if more <= 0:
        return evidence
    unknown = {"glucose", "speed", "heart_rate", "steps"}
    arrays: dict[str, Any] = {
        name: np.append(value, np.full(more, np.nan if name in unknown else 0.0))
        for name, value in vars(evidence).items()
        if isinstance(value, np.ndarray)
    }
    clock = (evidence.minute_of_day[-1] + 5.0 * np.arange(1, more + 1)) % 1440
    arrays["minute_of_day"] = np.append(evidence.minute_of_day, clock)
    return replace(evidence, **arrays)
