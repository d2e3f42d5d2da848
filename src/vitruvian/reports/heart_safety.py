"""Picture and page of drugs on the heart: each torsade metric score with its band between the thresholds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from vitruvian import __version__
from vitruvian.reports.files import write_whole
from vitruvian.reports.page import environment
from vitruvian.reports.style import BLUE, GREEN, GREY, INK, ORANGE, RED, STYLE, WIDTH
from vitruvian.reports.svg import inline
from vitruvian.systems.cardiac_safety import Assessed, Thresholds

_COLOURS = {"low": GREEN, "intermediate": ORANGE, "high": RED, None: BLUE}
_MARKS = {"low": "o", "intermediate": "s", "high": "D", None: "o"}


def safety_figure(found: Sequence[Assessed], thresholds: Thresholds) -> Figure:
    """Scores, the riskiest drug first; colour and shape tell the class that is known of a drug."""
    ordered = by_risk(found)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 1.7 + 0.26 * len(ordered)), layout="constrained")
        axes = figure.subplots()
        ends = _span(ordered, thresholds)
        _zones(axes, thresholds, ends)
        for row, one in enumerate(ordered):
            _row(axes, row, one, ends)
        axes.set_yticks(range(len(ordered)), [one.drug.name for one in ordered])
        axes.set(ylim=(len(ordered) - 0.4, -0.6), xlim=ends, xlabel="torsade metric score, µC/µF  (higher is safer)")
        _legend(figure, axes, ordered)
        return figure


def plot_safety(found: Sequence[Assessed], thresholds: Thresholds, path: str | Path) -> Path:
    """Write the picture (.svg, .png, .pdf); returns the path."""
    figure = safety_figure(found, thresholds)
    to = Path(path)
    to.parent.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context(STYLE):
        figure.savefig(to, dpi=150)
    return to


def safety_page(found: Sequence[Assessed], thresholds: Thresholds) -> str:
    """The page as HTML text."""
    return environment().get_template("heart_safety.html").render(_view(found, thresholds))


def safety_report(found: Sequence[Assessed], thresholds: Thresholds, path: str | Path) -> Path:
    """Write the page to `path`, whole or not at all; returns the path."""
    return write_whole(Path(path), safety_page(found, thresholds))


def by_risk(found: Sequence[Assessed]) -> list[Assessed]:
    """Those whose repolarisation fails first, then by score from the lowest."""
    return sorted(found, key=lambda one: (_place(one) is not None, _place(one) or 0.0))


def _place(one: Assessed) -> float | None:
    return one.score if one.score is not None or one.band is None else one.band.median


def _span(found: Sequence[Assessed], thresholds: Thresholds) -> tuple[float, float]:
    values = [thresholds.low_intermediate, thresholds.intermediate_high]
    values += [
        x for one in found for x in ((one.band.low, one.band.high) if one.band else (one.score,)) if x is not None
    ]
    room = 0.06 * (max(values) - min(values)) + 0.002
    return min(values) - room, max(values) + room


def _zones(axes: Any, thresholds: Thresholds, ends: tuple[float, float]) -> None:
    low, high = thresholds.intermediate_high, thresholds.low_intermediate
    for left, right, risk in ((ends[0], low, "high"), (low, high, "intermediate"), (high, ends[1], "low")):
        axes.axvspan(left, right, color=_COLOURS[risk], alpha=0.08, linewidth=0)
        axes.annotate(f"{risk} risk", ((left + right) / 2, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 3),
                      textcoords="offset points", ha="center", fontsize=9, color=_COLOURS[risk])  # fmt: skip
    for end in (low, high):
        axes.axvline(end, color=INK, linewidth=0.8, linestyle=":")


def _row(axes: Any, row: int, one: Assessed, ends: tuple[float, float]) -> None:
    colour = _COLOURS[one.drug.risk]
    if one.band is not None:
        axes.plot([one.band.low, one.band.high], [row, row], color=colour, linewidth=2.4, alpha=0.55)
    if one.score is not None:
        axes.plot([one.score], [row], _MARKS[one.drug.risk], color=colour, markersize=6)
    failing = [dose for dose in one.doses if dose.abnormal]
    if failing:
        text = f"abnormal beats at {failing[0].times_cmax:g} × Cmax: not ranked"
        at = one.band.high if one.band else ends[0]
        axes.annotate(text, (at, row), xytext=(6, 0), textcoords="offset points", va="center", fontsize=8, color=INK)


def _legend(figure: Figure, axes: Any, found: Sequence[Assessed]) -> None:
    for risk in dict.fromkeys(one.drug.risk for one in found):
        label = f"known to be of {risk} risk" if risk else "class not known"
        axes.plot([], [], _MARKS[risk], color=_COLOURS[risk], markersize=6, label=label)
    if any(one.band for one in found):
        axes.plot([], [], color=GREY, linewidth=2.4, alpha=0.55, label="90 % of the samples")
    figure.legend(loc="outside upper left", ncols=2)


def _view(found: Sequence[Assessed], thresholds: Thresholds) -> Mapping[str, Any]:
    ordered = by_risk(found)
    words = f"Scores of {len(found)} drugs with bands, riskiest first; the table below holds the numbers."
    known = [one for one in found if one.drug.risk is not None and one.risk is not None]
    return {
        "drugs": ordered,
        "t": thresholds,
        "figure": inline(safety_figure(found, thresholds), "score", "Torsade metric scores", words),
        "known": len(known),
        "right": sum(one.risk == one.drug.risk for one in known),
        "samples": max(one.samples for one in found),
        "version": __version__,
    }
