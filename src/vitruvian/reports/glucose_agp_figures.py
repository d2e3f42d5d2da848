"""Pictures of the ambulatory glucose profile: the usual day, each day small, and the sheet of A4."""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from vitruvian.reports.glucose_scale import HIGH, LOW, GlucoseUnit, broken, glucose_axis, hours_axis, top_of
from vitruvian.reports.style import BLUE, GREEN, GREY, INK, ORANGE, RED, STYLE, WIDTH

if TYPE_CHECKING:
    from vitruvian.twin.glucose import Profile

_HOURS = np.arange(97) / 4


def profile_picture(shown: Profile, unit: GlucoseUnit) -> Figure:
    """The usual day: median and the bands of half and nine tenths of the readings."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 3.3), layout="constrained")
        draw_profile(figure.subplots(), shown, unit)
        return figure


def days_picture(shown: Profile, unit: GlucoseUnit) -> Figure:
    """Each day on its own, weeks in rows."""
    rows = _weeks(shown)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 0.35 + 0.85 * rows), layout="constrained")
        draw_days(figure.subplots(rows, 7, squeeze=False), shown, unit)
        return figure


def draw_profile(axes: Any, shown: Profile, unit: GlucoseUnit) -> None:
    """The usual day on `axes`."""
    curves = unit.of(np.concatenate([shown.quantiles, shown.quantiles[:, :1]], axis=1))
    glucose_axis(axes, unit, top_of(shown.quantiles[4]))
    hours_axis(axes)
    axes.fill_between(_HOURS, curves[0], curves[4], color=BLUE, alpha=0.18, linewidth=0)
    axes.fill_between(_HOURS, curves[1], curves[3], color=BLUE, alpha=0.38, linewidth=0)
    axes.plot(_HOURS, curves[2], color=BLUE, linewidth=2.4)
    axes.set_ylabel(unit.name)
    _named(axes, curves, unit)


def _named(axes: Any, curves: np.ndarray, unit: GlucoseUnit) -> None:
    """Names of the five curves at the right border, moved apart where they are close."""
    ends = [row[np.isfinite(row)][-1] if np.isfinite(row).any() else np.nan for row in curves]
    names = ("5 %", "25 %", "half of the days", "75 %", "95 %")
    lowest = -np.inf
    for end, name in zip(ends, names, strict=True):
        if np.isfinite(end):
            at = max(float(end), lowest + 15 * unit.per_mg)
            bold = "bold" if name.startswith("half") else "normal"
            axes.annotate(name.replace("half of the days", "median"), (24, at), xytext=(4, 0), va="center",
                          textcoords="offset points", fontsize=8.5, color=BLUE, weight=bold)  # fmt: skip
            lowest = at


def draw_days(grid: Any, shown: Profile, unit: GlucoseUnit) -> None:
    """Small pictures of all days on a grid of axes with seven columns, Monday first."""
    hours = np.arange(288) / 12
    days, traces = shown.latest
    before = days[0].weekday()
    top = top_of(shown.traces)
    for k, axes in enumerate(grid.flat):
        axes.set_axis_off()
        if k < 7:
            axes.set_title(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[k], fontsize=9, color=GREY, pad=3)
        if not 0 <= k - before < len(days):
            continue
        day, trace = days[k - before], traces[k - before]
        axes.set_axis_on()
        axes.set(xlim=(0, 24), ylim=unit.of(np.array([36.0, top])), xticks=[], yticks=[])
        axes.spines[["left", "bottom"]].set_color(GREY)
        axes.axhspan(LOW * unit.per_mg, HIGH * unit.per_mg, color=GREEN, alpha=0.16, linewidth=0)
        x, y = broken(hours, unit.of(trace))
        axes.fill_between(x, y, HIGH * unit.per_mg, where=y > HIGH * unit.per_mg, interpolate=True, color=ORANGE,
                          alpha=0.75, linewidth=0)  # fmt: skip
        axes.fill_between(x, y, LOW * unit.per_mg, where=y < LOW * unit.per_mg, interpolate=True, color=RED,
                          alpha=0.9, linewidth=0)  # fmt: skip
        axes.plot(x, y, color=INK, linewidth=0.9)
        name = f"{day.day} {day:%b}" if k == before or day.day == 1 else f"{day.day}"
        axes.annotate(name, (0, 1), xycoords="axes fraction", xytext=(3, -2), textcoords="offset points", va="top",
                      fontsize=8, color=INK)  # fmt: skip


def sheet(shown: Profile, unit: GlucoseUnit, told: dict[str, Any], path: Path) -> None:
    """The report as a PDF of one page of A4."""
    with matplotlib.rc_context({**STYLE, "font.size": 9, "pdf.fonttype": 42}):
        figure = Figure(figsize=(8.27, 11.69))
        _heading(figure, told)
        _bars(figure.add_axes((0.08, 0.645, 0.10, 0.20)), told)
        _numbers(figure, told)
        draw_profile(figure.add_axes((0.08, 0.39, 0.83, 0.21)), shown, unit)
        figure.text(0.08, 0.61, "The usual day: all days laid over "
                    "each other", fontsize=10.5, weight="bold")  # fmt: skip
        rows = _weeks(shown)
        figure.text(0.08, 0.343, told["each"], fontsize=10.5, weight="bold")
        height = min(0.265, 0.075 * rows)
        grid = figure.add_gridspec(rows, 7, left=0.08, right=0.94, top=0.322, bottom=0.322 - height, wspace=0.08,
                                   hspace=0.12)  # fmt: skip
        draw_days(np.array([[figure.add_subplot(grid[r, c]) for c in range(7)] for r in range(rows)]), shown, unit)
        figure.text(0.08, 0.02, told["foot"], fontsize=7, color=GREY, va="bottom")
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format="pdf", metadata={"CreationDate": None, "Title": f"Glucose report {shown.person}"})


def _weeks(shown: Profile) -> int:
    days = shown.latest[0]
    return -(-(days[0].weekday() + len(days)) // 7)


def _heading(figure: Figure, told: dict[str, Any]) -> None:
    figure.text(0.08, 0.955, f"Glucose report: {told['p'].person}", fontsize=15, weight="bold", parse_math=False)
    coverage = float(told["m"].coverage)
    figure.text(
        0.08, 0.936, f"{told['period']}, {told['count']}, readings for {coverage:.0f} % of the time", color=GREY
    )
    figure.text(0.08, 0.926, "\n".join(wrap(told["lead"], 95)), fontsize=10.5, va="top")
    if told["thin"]:
        figure.text(0.08, 0.896, told["thin"], color=RED, va="top")


def _bars(axes: Any, told: dict[str, Any]) -> None:
    """Time in each level as one stacked bar with its names and shares."""
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(0, 100))
    bottom = 100.0
    middles = []
    for level, _, _, _, height in told["levels"]:
        bottom -= height
        axes.bar(0.5, height, 0.9, bottom, color=level.colour, alpha=level.strength, align="center")
        middles.append(bottom + height / 2)
    spread = _apart(middles, 7.0)
    for (level, bounds, share, clock, _), at, place in zip(told["levels"], middles, spread, strict=True):
        axes.annotate("", (1.0, at), (1.25, place), arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.6},
                      annotation_clip=False)  # fmt: skip
        axes.text(1.3, place, f"{share:.1f} %" if 0 < share < 10 else f"{share:.0f} %", va="center", weight="bold")
        axes.text(1.95, place, f"{level.name}, {bounds}", va="center")
        axes.text(4.0, place, clock, va="center", color=GREY)
    axes.text(1.3, max(spread[0] + 7, 106), f"Time in each level ({told['unit'].name}), and what it is of a day",
              va="bottom", color=GREY, fontsize=8.5)  # fmt: skip


def _apart(middles: list[float], least: float) -> list[float]:
    """Heights of labels near `middles`, at least so far apart."""
    placed = list(middles)
    lowest = 2.0
    for k in range(len(placed) - 1, -1, -1):
        placed[k] = max(placed[k], lowest)
        lowest = placed[k] + least
    return placed


def _numbers(figure: Figure, told: dict[str, Any]) -> None:
    """Averages, and goals with a mark where they are reached."""
    m, unit = told["m"], told["unit"]
    rows = [("Mean glucose", f"{unit.text(float(m.mean))} {unit.name}", "", None),
            ("HbA1c expected (GMI)", f"{float(m.gmi):.1f} %", "", None), *told["goals"]]  # fmt: skip
    for k, (name, value, goal, reached) in enumerate(rows):
        y = 0.835 - 0.031 * k
        figure.text(0.585, y, name, color=GREY)
        figure.text(0.765, y, value, weight="bold")
        if goal:
            colour = GREEN if reached else RED
            figure.text(0.85, y, f"{'✓' if reached else '✗'} {goal}", color=colour, family="DejaVu Sans")
