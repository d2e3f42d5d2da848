"""Pictures of an answer, as SVG text (matplotlib), readable in print and by people who see colours differently."""

from __future__ import annotations

import io
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib.figure import Figure

from vitruvian.twin import Answer, Band, Option

BLUE, ORANGE, GREEN, RED, GREY = "#0072b2", "#d55e00", "#009e73", "#cc3311", "#666666"
_STYLE = {"font.size": 9, "svg.fonttype": "none", "axes.spines.top": False, "axes.spines.right": False,
          "svg.hashsalt": "vitruvian"}  # fmt: skip


def curve(answer: Answer) -> Figure:
    """Past and future of the output under the recommended and the standard regimen, with 50 % and 90 % bands."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(8.2, 3.6), layout="constrained")
        axes = figure.subplots()
        if answer.past is not None:
            _band(axes, answer.past, GREY, "given so far (fitted)")
        for position, colour in ((answer.standard, ORANGE), (answer.recommended, BLUE)):
            option = _option(answer, position)
            if option is not None and option.band is not None:
                _band(axes, option.band, colour, f"{option.label or 'recommended'}: {option.regimen}")
        _levels(axes, answer)
        _target(axes, answer)
        axes.axvline(0, color=GREY, linewidth=0.8, linestyle=":")
        axes.set_xlabel("hours from the moment asked about")
        axes.set_ylabel(_axis(answer))
        axes.set_ylim(bottom=0)
        axes.legend(loc="upper left", frameon=False, fontsize=8)
        return figure


def trade_off(answer: Answer) -> Figure:
    """Each regimen: probability of reaching the target against probability of harm."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(8.2, 3.0), layout="constrained")
        axes = figure.subplots()
        for position, option in enumerate(answer.options):
            x, y = 100 * max(option.p_harm.values(), default=0.0), 100 * option.p_target
            special = {answer.recommended: (BLUE, "o", 70), answer.standard: (ORANGE, "s", 60)}
            colour, marker, size = special.get(
                position, (GREY if option.allowed else RED, "." if option.allowed else "x", 40)
            )
            axes.scatter([x], [y], color=colour, marker=marker, s=size, zorder=3)
            if position in special:
                axes.annotate(
                    option.regimen, (x, y), xytext=(7, 3), textcoords="offset points", fontsize=8, color=colour
                )
        axes.set_xlabel("probability of harm (%)")
        axes.set_ylabel("probability of target (%)")
        axes.set_xlim(left=-2)
        axes.set_ylim(-4, 104)
        axes.grid(alpha=0.2)
        return figure


def learned(answer: Answer) -> Figure | None:
    """Each individual parameter before and after this person's data; `None` where nothing was learned."""
    if not answer.learned:
        return None
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(8.2, 0.5 + 0.42 * len(answer.learned)), layout="constrained")
        axes = figure.subplots()
        for row, item in enumerate(reversed(answer.learned)):
            scale = item.prior.median or 1.0
            for interval, colour, shift, width in ((item.prior, GREY, 0.14, 2), (item.posterior, BLUE, -0.14, 3)):
                axes.plot(
                    [interval.low / scale, interval.high / scale], [row + shift] * 2, color=colour, linewidth=width
                )
                axes.plot([interval.median / scale], [row + shift], "o", color=colour, markersize=4)
        axes.set_yticks(range(len(answer.learned)), [i.parameter for i in reversed(answer.learned)])
        axes.set_xscale("log")
        axes.set_xlabel("relative to the typical person like this one (grey: before, blue: after this person's data)")
        axes.grid(axis="x", alpha=0.2)
        return figure


def svg(figure: Figure) -> str:
    """The figure as an SVG element to stand inside a page (same figure, same text)."""
    text = io.StringIO()
    with matplotlib.rc_context(_STYLE):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    return text.getvalue()[text.getvalue().index("<svg") :]


def _band(axes: Any, band: Band, colour: str, label: str) -> None:
    axes.fill_between(band.time_h, band.q05, band.q95, color=colour, alpha=0.13, linewidth=0)
    axes.fill_between(band.time_h, band.q25, band.q75, color=colour, alpha=0.22, linewidth=0)
    axes.plot(band.time_h, band.q50, color=colour, linewidth=1.5, label=label)


def _levels(axes: Any, answer: Answer) -> None:
    if answer.levels:
        axes.plot([v.time_h for v in answer.levels], [v.value for v in answer.levels], "D", color="black", markersize=5,
                  label="measured", zorder=5)  # fmt: skip


def _target(axes: Any, answer: Answer) -> None:
    goal = answer.goal
    if goal is None or goal.metric not in ("trough", "peak", "average", "inr") or goal.low is None:
        return
    top = goal.high if goal.high is not None else axes.get_ylim()[1]
    axes.axhspan(goal.low, top, color=GREEN, alpha=0.12, linewidth=0, label=f"target {goal.metric}")


def _axis(answer: Answer) -> str:
    band = answer.past or next((o.band for o in answer.options if o.band), None)
    return f"{band.output} ({band.unit})" if band else ""


def _option(answer: Answer, position: int | None) -> Option | None:
    return None if position is None else answer.options[position]
