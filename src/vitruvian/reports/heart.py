"""A heart twin as a page: its beat, what the data taught, and an intervention beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vitruvian import __version__
from vitruvian.reports.files import write_whole
from vitruvian.reports.heart_figures import loop_figure, wiggers_figure
from vitruvian.reports.page import environment
from vitruvian.reports.svg import inline
from vitruvian.twin import words
from vitruvian.twin.heart import UNITS, Beat, HeartTwin, WhatIf, resting, title_of


def heart_page(twin: HeartTwin, found: WhatIf | None = None) -> str:
    """The page of a twin, with an intervention where one was asked about, as HTML text."""
    return environment().get_template("heart.html").render(_view(twin, found))


def heart_report(twin: HeartTwin, path: str | Path, found: WhatIf | None = None) -> Path:
    """Write the page to `path`, whole or not at all; returns the path."""
    return write_whole(Path(path), heart_page(twin, found))


def _view(twin: HeartTwin, found: WhatIf | None) -> dict[str, Any]:
    before = resting(twin) if found is None else found.before
    after = None if found is None else found.after
    said = found.messages if found is not None else twin.messages
    told = "Numbers are in the table."
    return {
        "person": twin.evidence.person,
        "at": twin.evidence.at,
        "headline": _headline(before, after, found),
        "found": found,
        "rows": [_row(name, before, after) for name in UNITS],
        "learned": sorted(twin.learned, key=lambda one: -one.shrinkage),
        "used": twin.evidence.used,
        "messages": said,
        "loop": inline(loop_figure(before, after, twin.evidence), "loop", "Pressure–volume loop", told),
        "wiggers": inline(wiggers_figure(before, after), "wiggers", "Wiggers diagram", told),
        "version": __version__,
    }


def _headline(before: Beat, after: Beat | None, found: WhatIf | None) -> str:
    def said(beat: Beat) -> str:
        pressure = f"{beat.interval('systolic').median:.0f}/{beat.interval('diastolic').median:.0f} mmHg"
        output, filling = beat.interval("cardiac_output").median, beat.interval("left_atrial").median
        return f"{pressure}, output {output:.1f} L/min, left atrial pressure {filling:.0f} mmHg"

    if after is None or found is None:
        return f"Now: {said(before)}, ejection fraction {before.interval('ejection_fraction').median:.0f} %."
    title = found.intervention.title
    return f"{title[0].upper()}{title[1:]}: from {said(before)} to {said(after)}."


def _row(name: str, before: Beat, after: Beat | None) -> dict[str, str]:
    def shown(beat: Beat) -> str:
        return words.interval_text(beat.interval(name), unit=False)

    return {
        "title": title_of(name),
        "unit": UNITS[name],
        "before": shown(before),
        "after": "" if after is None else shown(after),
    }
