"""Picture of one day: glucose, food, insulin and activity above each other on the clock of the person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from jaxtyping import Float, Int
from matplotlib.figure import Figure

from vitruvian.reports.glucose_scale import HIGH, LOW, GlucoseUnit, broken, glucose_axis, hours_axis, top_of
from vitruvian.reports.style import BLUE, GREEN, GREY, INK, ORANGE, RED, STYLE, WIDTH
from vitruvian.twin.glucose import Evidence

if TYPE_CHECKING:
    from vitruvian.reports.glucose_day import Expected

_CLOSE = 0.7  # hours: a label of the same height nearer than this steps aside
_BANDS = (BLUE, ORANGE, GREY)


def day_figure(
    evidence: Evidence, steps: Int[np.ndarray, T], unit: GlucoseUnit, ahead: Sequence[Expected] = ()
) -> Figure:
    """Successive steps, usually of one day; panels without data are left out."""
    hours = evidence.minute_of_day[steps[0]] / 60 + (steps - steps[0]) / 12
    drawn = [_food, _insulin, _activity]
    told = [_has_food(evidence, steps), _has_insulin(evidence, steps), _has_activity(evidence, steps)]
    panels = [draw for draw, has in zip(drawn, told, strict=True) if has]
    with matplotlib.rc_context(STYLE):
        heights = [3.4, *[1.0] * len(panels)]
        figure = Figure(figsize=(WIDTH, 0.85 * sum(heights) + 0.5), layout="constrained")
        column = figure.subplots(len(heights), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": heights})
        axes = list(column[:, 0])
        _glucose(axes[0], evidence, steps, hours, unit, ahead)
        for draw, one in zip(panels, axes[1:], strict=True):
            draw(one, evidence, steps, hours)
        for one in axes:
            hours_axis(one, first=float(hours[0]), last=float(hours[-1]) + 1 / 12)
            one.tick_params(axis="x", length=0)
        figure.align_ylabels(axes)
        return figure


def _glucose(
    axes: Any, evidence: Evidence, steps: Any, hours: Any, unit: GlucoseUnit, ahead: Sequence[Expected]
) -> None:
    glucose = evidence.glucose[steps]
    tops = [glucose, *(one.quantiles[_places(one, steps)[1], 3] for one in ahead)]
    glucose_axis(axes, unit, top_of(np.concatenate([*tops, [0.0]])))
    for one, colour in zip(ahead, _BANDS, strict=False):
        here, rows = _places(one, steps)
        curves = unit.of(one.quantiles[rows].T)
        axes.fill_between(hours[here], curves[0], curves[4], color=colour, alpha=0.16, linewidth=0)
        axes.fill_between(hours[here], curves[1], curves[3], color=colour, alpha=0.26, linewidth=0)
        axes.plot(hours[here], curves[2], "--", color=colour, linewidth=1.6, label=one.name)
    x, y = broken(hours, unit.of(glucose))
    axes.plot(x, y, color=GREY, linewidth=1.2, zorder=3)
    for where, colour in (
        ((glucose >= LOW) & (glucose <= HIGH), GREEN),
        (glucose > HIGH, ORANGE),
        (glucose < LOW, RED),
    ):
        axes.plot(hours[where], unit.of(glucose[where]), "o", color=colour, markersize=3.2, zorder=4)
    axes.set_ylabel(f"Glucose\n({unit.name})")
    if ahead:
        axes.legend(loc="upper left")


def _places(one: Expected, steps: Int[np.ndarray, T]) -> tuple[Int[np.ndarray, M], Int[np.ndarray, M]]:
    """Which of the steps a band covers, and its rows there."""
    row = steps - one.first - 1
    here = np.flatnonzero((row >= 0) & (row < len(one.quantiles)))
    return here, row[here]


def _has_food(evidence: Evidence, steps: Any) -> bool:
    return bool((evidence.carbohydrates[steps] > 0).any())


def _has_insulin(evidence: Evidence, steps: Any) -> bool:
    return bool((evidence.bolus[steps] + evidence.basal[steps] + evidence.long_acting[steps] > 0).any())


def _has_activity(evidence: Evidence, steps: Any) -> bool:
    return bool(np.isfinite(evidence.heart_rate[steps]).any() or (np.nan_to_num(evidence.steps[steps]) > 0).any())


def _food(axes: Any, evidence: Evidence, steps: Any, hours: Any) -> None:
    grams = evidence.carbohydrates[steps]
    _stems(axes, hours, grams, GREEN)
    _bare(axes, "Carbs\n(g)", [amount for _, amount in _groups(hours, grams)])


def _insulin(axes: Any, evidence: Evidence, steps: Any, hours: Any) -> None:
    bolus, slow = evidence.bolus[steps], evidence.long_acting[steps]
    rate = evidence.basal[steps] * 12.0
    if (rate > 0).any():
        axes.fill_between(hours, rate, step="post", color=BLUE, alpha=0.3, linewidth=0)
        axes.annotate(
            "basal (U/h)", (hours[0] + 0.3, rate[0]), xytext=(0, 3), textcoords="offset points", fontsize=8, color=BLUE
        )
    _stems(axes, hours, bolus, BLUE)
    tall = max(float(bolus.max()), float(rate.max()), 1.0)
    for at, units in zip(hours[slow > 0], slow[slow > 0], strict=True):
        axes.plot([at], [1.42 * tall], "D", color=INK, markersize=6)
        side = {"ha": "right", "xytext": (-7, 0)} if at > hours[-1] - 5 else {"ha": "left", "xytext": (7, 0)}
        axes.annotate(f"{units:g} long-acting", (at, 1.42 * tall), textcoords="offset points", va="center", fontsize=8,
                      **side)  # fmt: skip
    _bare(axes, "Insulin\n(U)", [float(rate.max()), *(amount for _, amount in _groups(hours, bolus))])


def _activity(axes: Any, evidence: Evidence, steps: Any, hours: Any) -> None:
    walked, heart = evidence.steps[steps], evidence.heart_rate[steps]
    quarter = np.arange(len(steps)) // 3
    if np.isfinite(walked).any():
        sums = np.bincount(quarter, np.nan_to_num(walked))
        most = max(float(sums.max()), 600.0)
        axes.bar(hours[::3], sums, 0.25, align="edge", color=GREY, alpha=0.45)
        axes.set_ylim(0, most * 1.25)
        axes.set_ylabel("Steps in\n15 min")
        axes.set_yticks([0, 500, 1000] if most < 1500 else [0, 1000, 2000])
    if np.isfinite(heart).any():
        other = axes.twinx() if np.isfinite(walked).any() else axes
        x, y = broken(hours, heart)
        other.plot(x, y, color=RED, linewidth=0.8)
        other.set_ylim(40, max(160.0, float(np.nanmax(heart)) + 10))
        other.set_yticks([60, 100, 140])
        other.set_ylabel("Heart rate\n(1/min)", color=RED)
        if other is not axes:
            other.spines["right"].set_visible(True)


def _stems(axes: Any, hours: Float[np.ndarray, T], amounts: Float[np.ndarray, T], colour: str) -> None:
    """Bars at single times with their amounts above: one bar for 15 minutes; labels of close ones step aside."""
    last, above = -9.0, 0.0
    for at, amount in _groups(hours, amounts):
        axes.plot([at, at], [0, amount], color=colour, linewidth=4, solid_capstyle="butt")
        beside = at - last < _CLOSE and 0.6 * above < amount <= above
        axes.annotate(f"{round(amount, 1):g}", (at, amount), xytext=(7, 2) if beside else (0, 2), ha="center",
                      fontsize=8, textcoords="offset points", color=INK)  # fmt: skip
        last, above = at, amount


def _groups(hours: Float[np.ndarray, T], amounts: Float[np.ndarray, T]) -> list[tuple[float, float]]:
    """Time and sum of what lies within 15 minutes."""
    found: list[tuple[float, float]] = []
    for at, amount in zip(hours[amounts > 0], amounts[amounts > 0], strict=True):
        if found and at - found[-1][0] <= 0.25 + 1e-9:
            found[-1] = (found[-1][0], found[-1][1] + float(amount))
        else:
            found.append((float(at), float(amount)))
    return found


def _bare(axes: Any, name: str, amounts: Sequence[float]) -> None:
    axes.set_ylabel(name)
    axes.set_ylim(0, max(*amounts, 1.0) * 1.65)
    axes.set_yticks([])
