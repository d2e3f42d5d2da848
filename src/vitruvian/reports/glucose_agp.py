"""Ambulatory glucose profile: two weeks or more of sensor glucose on one page, for the person and for the clinic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from vitruvian import __version__
from vitruvian.core import InputError
from vitruvian.physiology.glucose import TARGETS, Metrics
from vitruvian.reports import glucose_agp_figures as figures
from vitruvian.reports.files import write_whole
from vitruvian.reports.glucose_scale import HIGH, LEVELS, LOW, GlucoseUnit, Level, glucose_unit
from vitruvian.reports.page import environment
from vitruvian.reports.svg import inline
from vitruvian.twin.glucose import Evidence, Profile, profile

DAYS, COVERAGE = 14.0, 70.0
"""Days and percent of readings from which the profile speaks for the usual weeks (Danne T, et al. Diabetes Care
2017;40:1631)."""
_FOOT = (
    "Line: half of the readings at that time are above it, half below. Dark band: half of all readings; pale band: "
    "nine tenths. Green: the target range.\nGoals of most adults with type 1 diabetes (Battelino T, et al. Diabetes "
    f"Care 2019;42:1593); a person's own may differ. Vitruvian {__version__}.\n"
    "For a talk with the care team; no dose is to be changed by this page alone."
)


def agp_page(evidence: Evidence, unit: str = "mg/dL") -> str:
    """The page as HTML text, self-contained, for light and dark, screen and paper."""
    shown, scale = profile(evidence), glucose_unit(unit)
    templates = environment()
    templates.filters["share"] = percent
    return templates.get_template("agp.html").render(_told(shown, scale) | _pictures(shown, scale))


def agp_report(evidence: Evidence, path: str | Path, unit: str = "mg/dL") -> Path:
    """Write the report to `path`, as its ending says: .html or .pdf (one page of A4); returns the path."""
    to = Path(path)
    match to.suffix.lower():
        case ".html" | ".htm":
            return write_whole(to, agp_page(evidence, unit))
        case ".pdf":
            shown, scale = profile(evidence), glucose_unit(unit)
            figures.sheet(shown, scale, _told(shown, scale), to)
            return to
    raise InputError("a glucose report is a page or a PDF", got=to.name, allowed=".html, .pdf")


def _told(shown: Profile, unit: GlucoseUnit) -> dict[str, Any]:
    """All that page and sheet tell in words and numbers."""
    first, last = shown.days[0], shown.days[-1]
    return {
        "p": shown,
        "m": shown.metrics,
        "unit": unit,
        "period": f"{first.day} {first:%b %Y} – {last.day} {last:%b %Y}",
        "count": _days(len(shown.days)),
        "lead": _lead(shown.metrics),
        "levels": [(level, level.words(unit), share, _clock(share), width) for level, share, width in _bars(shown)],
        "goals": _goals(shown.metrics, unit),
        "thin": _thin(shown),
        "each": "Each day" if shown.latest[0] == shown.days else f"Each of the last {len(shown.latest[0])} days",
        "foot": _FOOT,
        "version": __version__,
    }


def _pictures(shown: Profile, unit: GlucoseUnit) -> dict[str, str]:
    """The pictures of the page."""
    day, week = figures.profile_picture(shown, unit), figures.days_picture(shown, unit)
    many = f"{len(shown.latest[0])} days, one small picture each, weeks in rows."
    return {
        "profile": inline(day, "profile", "Usual day", _described(shown, unit)),
        "days": inline(week, "days", "Each day", many),
    }


def level_shares(m: Metrics) -> list[tuple[Level, float]]:
    """Percent of readings in each level, from the highest to the lowest."""
    shares = (m.above_250, m.above_180 - m.above_250, m.in_range, m.below_70 - m.below_54, m.below_54)
    return [(level, float(share)) for level, share in zip(LEVELS, shares, strict=True)]


def _bars(shown: Profile) -> list[tuple[Level, float, float]]:
    """Levels with their share, and with a height that can be seen."""
    shares = level_shares(shown.metrics)
    seen = [max(share, 1.2) for _, share in shares]
    return [(level, share, 100 * s / sum(seen)) for (level, share), s in zip(shares, seen, strict=True)]


def _goals(m: Metrics, unit: GlucoseUnit) -> list[tuple[str, str, str, bool]]:
    """What is told beside the bars: name, value, goal, reached."""
    rows = [
        ("In range", m.in_range, "in_range"),
        (f"Below {unit.text(LOW)} in all", m.below_70, "below_70"),
        (f"Above {unit.text(HIGH)} in all", m.above_180, "above_180"),
        ("Variation (CV)", m.cv, "cv"),
    ]
    words = {">": "above", "<": "below", "<=": "at most"}
    found = []
    for name, value, key in rows:
        sign, goal = TARGETS[key]
        reached = value > goal if sign == ">" else value <= goal if sign == "<=" else value < goal
        found.append((name, percent(float(value)), f"{words[sign]} {goal:g} %", bool(reached)))
    return found


def _lead(m: Metrics) -> str:
    """The page in one sentence."""
    low, inside = float(m.below_70), float(m.in_range)
    text = f"In range {percent(inside)} of the time (goal above 70\u00a0%), low {percent(low)} (goal below 4\u00a0%)"
    if inside > 70 and low < 4 and float(m.below_54) < 1:
        return f"{text}: both goals are reached."
    return f"{text}: {'fewer lows' if low >= 4 or float(m.below_54) >= 1 else 'fewer highs'} would be the first aim."


def _thin(shown: Profile) -> str:
    """Why the page does not speak for the usual weeks, or nothing."""
    reasons = []
    if len(shown.days) < DAYS:
        reasons.append(f"{_days(len(shown.days))} instead of {DAYS:g}")
    if float(shown.metrics.coverage) < COVERAGE:
        reasons.append(f"readings for {percent(float(shown.metrics.coverage))} of the time instead of {COVERAGE:g} %")
    return f"Too little to speak for the usual weeks: {' and '.join(reasons)}." if reasons else ""


def _described(shown: Profile, unit: GlucoseUnit) -> str:
    median = shown.quantiles[2]
    if not np.isfinite(median).any():
        return "Too few readings for percentiles."
    low, high = int(np.nanargmin(median)), int(np.nanargmax(median))
    return (
        f"Median by time of day, from {unit.text(median[low])} {unit.name} at {low // 4:02d}:{low % 4 * 15:02d} to "
        f"{unit.text(median[high])} {unit.name} at {high // 4:02d}:{high % 4 * 15:02d}, with the bands that hold half "
        "and nine tenths of the readings."
    )


def percent(share: float) -> str:
    """ "77 %", "4.1 %"; a tenth where it matters."""
    if not np.isfinite(share):
        return "–"
    return f"{share:.0f}\u00a0%" if share >= 10 or share == 0 else f"{share:.1f}\u00a0%"


def _days(count: int) -> str:
    return f"{count} day{'s' if count != 1 else ''}"


def _clock(share: float) -> str:
    """A share of the day as time: "18 h 30 min"."""
    minutes = round(share / 100 * 24 * 60)
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest:02d} min" if hours else f"{rest} min"
