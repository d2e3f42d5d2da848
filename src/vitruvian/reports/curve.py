"""The picture of one answer over time: what was given and measured, and what each regimen would do."""

from __future__ import annotations

from typing import Any

import matplotlib
from matplotlib.figure import Figure

from vitruvian.reports import time_axis
from vitruvian.reports.style import BLUE, GREEN, GREY, INK, ORANGE, STYLE, VIOLET, WIDTH
from vitruvian.twin import Answer, Band, Option, words

_PAST_AT_MOST = 1.5


def has_curve(answer: Answer) -> bool:
    """Whether there is anything to draw over time."""
    return any(band is not None for band in (answer.past, *(o.band for o in answer.options)))


def curve(answer: Answer, own: Option | None = None) -> Figure:
    """Past and future of the output under the recommended and the standard regimen, and one's own, with 50 % and 90 %
    bands."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 3.7), layout="constrained")
        axes = figure.subplots()
        first, last = _span(answer)
        _goal(axes, answer)
        if (past := _past(answer)) is not None:
            _band(axes, past, GREY, "so far, fitted to this person", "-")
        for k, colour, name, line in (
            (answer.standard, ORANGE, "standard", "--"),
            (answer.recommended, BLUE, "recommended", "-"),
        ):
            if k is None or (k == answer.standard and k == answer.recommended and name == "standard"):
                continue
            option = answer.options[k]
            if option.band is not None:
                _band(axes, option.band, colour, f"{name}: {option.regimen}", line)
        if own is not None and own.band is not None:
            _band(axes, own.band, VIOLET, f"tried: {own.regimen}", "-.")
        _levels(axes, answer)
        _doses(axes, answer, last)
        axes.axvline(0, color=INK, linewidth=0.9, linestyle=":")
        time_axis.label(axes, answer.asked_at, first, last)
        axes.set_ylabel(_quantity(answer))
        axes.set_ylim(0, _top(answer, own, first))
        axes.annotate("now", (0, 1), xycoords=("data", "axes fraction"), xytext=(3, -9), textcoords="offset points",
                      fontsize=9)  # fmt: skip
        figure.legend(loc="outside upper left", ncols=2)
        return figure


def described(answer: Answer, own: Option | None = None) -> str:
    """What the picture shows, in words, for those who do not see it."""
    parts = [f"{_quantity(answer)} over local time; now is {answer.asked_at}."]
    roles = ((answer.standard, "standard"), (answer.recommended, "recommended"))
    drawn = [(answer.options[k], name) for k, name in roles if k is not None]
    for option, name in (*drawn, *([(own, "tried")] if own is not None else ())):
        band = option.band
        if band is not None:
            parts.append(
                f"Under the {name} regimen, {option.regimen}, the median runs from {min(band.q50):.3g} to "
                f"{max(band.q50):.3g} {words.unit_text(band.unit)}".rstrip()
                + "."
            )
    if answer.levels:
        parts.append(f"Measured levels: {len(answer.levels)}.")
    return " ".join(parts)


def _span(answer: Answer) -> tuple[float, float]:
    """First and last hour drawn: all that is ahead, and of the past what does not crowd it out."""
    last = max((o.band.time_h[-1] for o in answer.options if o.band), default=0.0)
    past = _past(answer)
    levels = [v.time_h for v in answer.levels]
    newest = max(levels, default=0.0) - 0.05 * last
    if past is None:
        first = newest if last == 0 or newest >= -_PAST_AT_MOST * last else 0.0
    else:
        first = min([past.time_h[0], *levels])
        if last > 0:
            first = max(first, min(-_PAST_AT_MOST * last, max(newest, -2 * _PAST_AT_MOST * last)))
    margin = 0.015 * (last - first or 24.0)
    return first - margin, last + margin


def _past(answer: Answer) -> Band | None:
    """The past curve, unless its times are too few to show what happens between two doses."""
    band, best = answer.past, answer.best
    if band is None or best is None or answer.goal is None or answer.goal.metric == "inr":
        return band
    step = (band.time_h[-1] - band.time_h[0]) / max(len(band.time_h) - 1, 1)
    return band if step <= best.interval_h / 6 else None


def _top(answer: Answer, own: Option | None, first: float) -> float:
    """Upper end of the axis: everything drawn but the outermost tail of the standard's light band."""
    tops = [v.value for v in answer.levels if v.time_h >= first]
    bands = [(o.band, k == answer.recommended) for k, o in enumerate(answer.options) if o.band is not None]
    bands += [(band, True) for band in (_past(answer), own.band if own else None) if band is not None]
    for band, whole in bands:
        seen = [q for t, q in zip(band.time_h, band.q95 if whole else band.q75, strict=True) if t >= first]
        tops += [max(seen, default=0.0)]
    if answer.goal is not None and answer.goal.high is not None and _on_axis(answer.goal.metric):
        tops.append(answer.goal.high)
    return 1.08 * max(tops, default=1.0) or 1.0


def _band(axes: Any, band: Band, colour: str, name: str, line: str) -> None:
    axes.fill_between(band.time_h, band.q05, band.q95, color=colour, alpha=0.14, linewidth=0)
    axes.fill_between(band.time_h, band.q25, band.q75, color=colour, alpha=0.24, linewidth=0)
    axes.plot(band.time_h, band.q50, line, color=colour, linewidth=1.6, label=name)


def _levels(axes: Any, answer: Answer) -> None:
    usual = [v for v in answer.levels if not v.remark]
    odd = [v for v in answer.levels if v.remark]
    for levels, face, name in ((usual, INK, "measured"), (odd, "none", "measured, does not fit")):
        if levels:
            axes.plot([v.time_h for v in levels], [v.value for v in levels], "D", color=INK, markerfacecolor=face,
                      markersize=5, label=name, zorder=5)  # fmt: skip


def _doses(axes: Any, answer: Answer, last: float) -> None:
    """Marks on the time axis: doses given, and those to come under the recommended and, above it, the standard."""
    marks = [([d.time_h for d in answer.given], GREY, 0.02)]
    for k, colour, height in (
        (answer.recommended, BLUE, 0.02),
        (None if answer.standard == answer.recommended else answer.standard, ORANGE, 0.065),
    ):
        option = None if k is None else answer.options[k]
        if option is not None and option.first_h is not None:
            count = int((last - option.first_h) // option.interval_h) + 1
            marks.append(([option.first_h + n * option.interval_h for n in range(count)], colour, height))
    for times, colour, height in marks:
        axes.plot(times, [height] * len(times), "^", color=colour, markersize=5, zorder=6,
                  transform=axes.get_xaxis_transform())  # fmt: skip


def _on_axis(metric: str) -> bool:
    return metric in ("trough", "peak", "average", "inr")


def _goal(axes: Any, answer: Answer) -> None:
    """The target as a zone: of the level itself, or of its average where the goal is an AUC over 24 hours."""
    goal = answer.goal
    if goal is None or goal.low is None:
        return
    name = f"target {goal.title or words.metric_name(goal.metric)} {words.range_text(goal.low, goal.high, goal.unit)}"
    low, high = goal.low, goal.high
    if goal.metric == "auc24" and _per_day(answer):
        low, high = low / 24, None if high is None else high / 24
        name += f": {words.range_text(round(low, 1), None if high is None else round(high, 1))} on average"
    elif not _on_axis(goal.metric):
        return
    axes.axhspan(low, 1e9 if high is None else high, color=GREEN, alpha=0.15, linewidth=0, label=name)


def _per_day(answer: Answer) -> bool:
    """Whether the unit of the goal is that of the curve times hours."""
    bands = [b for b in (answer.past, *(o.band for o in answer.options)) if b is not None]
    return answer.goal is not None and bool(bands) and answer.goal.unit.replace(".h", "") == bands[0].unit


def _quantity(answer: Answer) -> str:
    band = next(b for b in (answer.past, *(o.band for o in answer.options)) if b is not None)
    unit = words.unit_text(band.unit)
    name = words.output_name(band.output)
    name = f"{answer.drug} {name}" if name != "INR" else name
    return f"{name} ({unit})" if unit else name
