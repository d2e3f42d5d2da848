"""Pictures beside the curve: target against harm for each regimen, and what this person's data taught."""

from __future__ import annotations

from typing import Any

import matplotlib
from matplotlib.figure import Figure

from vitruvian.reports.style import BLUE, GREY, INK, ORANGE, RED, STYLE, WIDTH
from vitruvian.twin import Answer, Option, words


def worst(option: Option) -> float:
    """Largest probability of any harm of a regimen; 0 where no harm is defined."""
    return max(option.p_harm.values(), default=0.0)


def trade_off(answer: Answer) -> Figure:
    """Each regimen: probability of reaching the target against probability of harm; the best corner is upper left."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 3.0), layout="constrained")
        axes = figure.subplots()
        special = {k for k in (answer.recommended, answer.standard) if k is not None}
        others = [o for k, o in enumerate(answer.options) if k not in special]
        _dots(axes, [o for o in others if o.allowed], GREY, "o", 22, "other regimens")
        _dots(axes, [o for o in others if not o.allowed], RED, "x", 30, "not allowed")
        if answer.standard is not None and answer.standard != answer.recommended:
            _marked(axes, answer.options[answer.standard], ORANGE, "s", "standard")
        if answer.recommended is not None:
            _marked(axes, answer.options[answer.recommended], BLUE, "D", "recommended")
        axes.set(xlabel="chance of harm (%)", ylabel="chance of target (%)", xlim=(-3, 103), ylim=(-5, 108))
        axes.grid(color=GREY, alpha=0.2, linewidth=0.6)
        figure.legend(loc="outside upper left", ncols=4)
        return figure


def learned(answer: Answer) -> Figure | None:
    """Each individual parameter before and after this person's data; `None` where nothing was learned."""
    if not answer.learned:
        return None
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 1.0 + 0.46 * len(answer.learned)), layout="constrained")
        axes = figure.subplots()
        for row, item in enumerate(answer.learned):
            typical = item.prior.median
            for interval, colour, shift, width, name in (
                (item.prior, GREY, -0.15, 2.0, "before: people like this one"),
                (item.posterior, BLUE, 0.15, 3.2, "after: with this person's data"),
            ):
                ends = [interval.low / typical, interval.high / typical]
                axes.plot(ends, [row + shift] * 2, color=colour, linewidth=width, label=name if row == 0 else None)
                axes.plot([interval.median / typical], [row + shift], "o", color=colour, markersize=6)
        axes.axvline(1.0, color=INK, linewidth=0.8, linestyle=":")
        axes.set_yticks(range(len(answer.learned)), [words.parameter_name(i.parameter) for i in answer.learned])
        axes.set_ylim(len(answer.learned) - 0.5, -0.5)
        _ratio_axis(axes, answer)
        axes.grid(axis="x", color=GREY, alpha=0.2, linewidth=0.6)
        figure.legend(loc="outside upper left", ncols=2)
        return figure


def _ratio_axis(axes: Any, answer: Answer) -> None:
    ratios = [v / i.prior.median for i in answer.learned for x in (i.prior, i.posterior) for v in (x.low, x.high)]
    low, high = min(0.45, *ratios) / 1.1, max(2.2, *ratios) * 1.1
    axes.set_xscale("log")
    axes.minorticks_off()
    steps = [s for s in (0.01, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 100.0) if low <= s <= high]
    axes.set_xticks(steps, [f"×{s:g}" for s in steps])
    axes.set_xlim(low, high)
    axes.set_xlabel("relative to the expectation before (line: 90 % interval, dot: median)")


def _dots(axes: Any, options: list[Option], colour: str, marker: str, size: int, name: str) -> None:
    if options:
        x, y = [100 * worst(o) for o in options], [100 * o.p_target for o in options]
        axes.scatter(x, y, color=colour, marker=marker, s=size, zorder=3, label=name, alpha=0.75)


def _marked(axes: Any, option: Option, colour: str, marker: str, name: str) -> None:
    x, y = 100 * worst(option), 100 * option.p_target
    axes.scatter([x], [y], color=colour, marker=marker, s=75, zorder=4, label=name)
    side = {"ha": "right", "xytext": (-9, 5)} if x > 55 else {"ha": "left", "xytext": (9, 5)}
    axes.annotate(option.regimen, (x, y), textcoords="offset points", fontsize=9, color=colour, **side)
