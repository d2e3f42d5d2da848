"""Pictures of a closed-loop study: a ladder of systems, the usual day of each stratum, the grid of extremes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from vitruvian.physiology.glucose import CVGA_ZONES, HIGH_EDGES, LOW_EDGES, Estimate, cvga_place, extremes
from vitruvian.reports.glucose_published import PUBLISHED
from vitruvian.reports.glucose_scale import GlucoseUnit, glucose_axis, hours_axis
from vitruvian.reports.style import BLUE, GREEN, GREY, INK, ORANGE, RED, STYLE, WIDTH

if TYPE_CHECKING:
    from vitruvian.reports.glucose_loop import Comparison, Studied

_ZONES = {"A": (GREEN, 0.35), "B": (GREEN, 0.14), "C": (ORANGE, 0.16), "D": (ORANGE, 0.38), "E": (RED, 0.38)}


def ladder(found: Comparison) -> Figure:
    """Each stratum and each published system: from before (open) to the closed loop (filled), with intervals."""
    from vitruvian.reports.glucose_loop import people_words

    rows = [f"{people_words(s)}, virtual" for s in found.strata] + [f"{p.system}, {p.who}" for p in PUBLISHED]
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 0.9 + 0.27 * len(rows)), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1.5, 1])
        for axes, metric in ((left, "in_range"), (right, "below_70")):
            for k, stratum in enumerate(found.strata):
                before, after = (found.reached[stratum, p][metric] for p in (found.against, found.ours))
                _rung(axes, k, before.mean, after.mean, BLUE, before, after)
            for k, one in enumerate(PUBLISHED, start=len(found.strata)):
                pair = (one.before, one.in_range) if metric == "in_range" else (one.below_70_before, one.below_70)
                if pair[1] is not None:
                    _rung(axes, k, pair[0], pair[1], GREY)
            axes.axhline(len(found.strata) - 0.5, color=GREY, linewidth=0.6)
            axes.grid(axis="x", color=GREY, alpha=0.2, linewidth=0.6)
        left.axvline(70, color=GREEN, linewidth=0.9, linestyle="--")
        right.axvline(4, color=GREEN, linewidth=0.9, linestyle="--")
        left.set_yticks(range(len(rows)), rows)
        left.set_ylim(len(rows) - 0.4, -0.6)
        left.set_xlabel("time in 70–180 mg/dL (%)")
        right.set_xlabel("time below 70 mg/dL (%)")
        right.set_xlim(left=0)
        return figure


def _rung(axes: Any, row: int, before: float | None, after: float, colour: str, *intervals: Estimate) -> None:
    if before is not None:
        arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.4, "shrinkA": 4, "shrinkB": 4}
        axes.annotate("", (after, row), (before, row), arrowprops=arrow)
        axes.plot([before], [row], "o", markerfacecolor="none", color=colour, markersize=6)
    axes.plot([after], [row], "o", color=colour, markersize=6.5)
    for one in intervals:
        axes.plot([one.low, one.high], [row + 0.22] * 2, color=colour, linewidth=1.6)


def curves(found: Comparison, result: Studied, unit: GlucoseUnit) -> Figure:
    """Glucose of all people and days by time of day: median, and the band of nine tenths, under both policies."""
    from vitruvian.reports.glucose_loop import people_words, policy_words

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 2.9), layout="constrained")
        row = figure.subplots(1, len(found.strata), sharey=True, squeeze=False)[0]
        hours = np.arange(49) / 2
        for axes, stratum in zip(row, found.strata, strict=True):
            for policy, colour, line in ((found.against, ORANGE, "--"), (found.ours, BLUE, "-")):
                low, median, high = unit.of(_by_half_hour(result.glucose[stratum, policy]))
                axes.fill_between(hours, low, high, color=colour, alpha=0.18, linewidth=0)
                axes.plot(hours, median, line, color=colour, linewidth=1.8, label=policy_words(policy))
            glucose_axis(axes, unit, 350.0)
            hours_axis(axes, every=6)
            axes.tick_params(labelsize=8)
            axes.set_title(people_words(stratum), fontsize=10)
        row[0].set_ylabel(unit.name)
        figure.legend(*row[0].get_legend_handles_labels(), loc="outside upper left", ncols=2)
        return figure


def _by_half_hour(glucose: Float[np.ndarray, "k n"]) -> Float[np.ndarray, "3 49"]:
    """5, 50 and 95 % of all people and days in each half-hour of the day, the first again at its end."""
    half = (np.arange(len(glucose)) % 288) // 6
    found = np.stack([np.nanpercentile(glucose[half == k], [5, 50, 95]) for k in range(48)], axis=1)
    return np.concatenate([found, found[:, :1]], axis=1)


def grid(found: Comparison, result: Studied) -> Figure:
    """The control-variability grid of each stratum, people under both policies."""
    from vitruvian.reports.glucose_loop import people_words, policy_words

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 3.1), layout="constrained")
        row = figure.subplots(1, len(found.strata), sharey=True, squeeze=False)[0]
        for axes, stratum in zip(row, found.strata, strict=True):
            for k, zone in enumerate(CVGA_ZONES):
                left, bottom = 20 * (k % 3), 20 * (k // 3)
                colour, strength = _ZONES[zone[-1]]
                axes.add_patch(Rectangle((left, bottom), 20, 20, color=colour, alpha=strength, linewidth=0))
                axes.annotate(zone, (left + 1, bottom + 19), fontsize=7.5, va="top", color=INK)
            for policy, colour, mark in ((found.against, ORANGE, "x"), (found.ours, BLUE, "o")):
                x, y = cvga_place(*extremes(result.glucose[stratum, policy]))
                axes.plot(x, y, mark, color=colour, markersize=3.4, alpha=0.8, label=policy_words(policy))
            axes.set(xlim=(0, 60), ylim=(0, 60), aspect="equal", title=people_words(stratum))
            axes.title.set_fontsize(10)
            axes.set_xticks([0, 20, 40, 60], [f"{'<' if v == LOW_EDGES[-1] else ''}{v:g}" for v in LOW_EDGES])
            axes.set_yticks([0, 20, 40, 60], [f"{'>' if v == HIGH_EDGES[-1] else ''}{v:g}" for v in HIGH_EDGES])
            axes.tick_params(labelsize=8)
        row[len(row) // 2].set_xlabel("lowest glucose (2.5th percentile, mg/dL)", fontsize=9)
        row[0].set_ylabel("highest (97.5th, mg/dL)", fontsize=9)
        figure.legend(*row[0].get_legend_handles_labels(), loc="outside upper left", ncols=2)
        return figure
