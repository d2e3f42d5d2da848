"""One answer as one self-contained page: opens with one sentence, prints on paper, asks nothing of the network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from vitruvian.reports import figures
from vitruvian.reports.curve import curve, described, has_curve
from vitruvian.reports.files import write_whole
from vitruvian.reports.paper import PLAIN, Paper
from vitruvian.reports.svg import inline
from vitruvian.twin import Answer, Band, Interval, Option, shown, words

_FIRST = 7
_CURVE_ROWS = 24


def page(answer: Answer, paper: Paper = PLAIN) -> str:
    """The page as HTML text; raises `SolveError` if the answer holds a number that is not finite."""
    answer.to_dict()  # checks that every number is finite
    return environment().get_template("dose.html").render(_view(answer, paper))


def report(answer: Answer, path: str | Path, paper: Paper = PLAIN) -> Path:
    """Write the page to `path`, whole or not at all; returns the path."""
    return write_whole(Path(path), page(answer, paper))


def environment() -> Environment:
    """Templates of this room, with the words of people as filters."""
    made = Environment(
        loader=PackageLoader("vitruvian.reports"),
        autoescape=True,  # names and remarks come from records: never markup
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "percent": words.percent_text,
        "number": words.number_text,
        "unit": words.unit_text,
        "interval": words.interval_text,
        "age": words.age_text,
        "covariate": words.covariate_name,
        "parameter": words.parameter_name,
        "output": words.output_name,
        "worst": figures.worst,
    }
    return made


def _view(answer: Answer, paper: Paper) -> dict[str, Any]:
    """All that the template shows."""
    order = list(shown(answer, len(answer.options)))
    learned = figures.learned(answer)
    goal = answer.goal
    return {
        "a": answer,
        "paper": paper,
        "goal": None if goal is None else words.range_text(goal.low, goal.high, goal.unit),
        "metric": "" if goal is None else goal.title or words.metric_name(goal.metric),
        "first": [*([(None, paper.own)] if paper.own else ()), *order[:_FIRST]],
        "rest": order[_FIRST:],
        "scale": Scale.of(answer, [o for _, o in order[:_FIRST]]),
        "genes": [d for d in answer.data_used if d.origin == "genome"],
        "facts": [d for d in answer.data_used if d.origin != "genome"],
        "curves": _curves(answer),
        "numbers": {c: k for k, c in enumerate(answer.citations, start=1)},
        "spread": _model_range,
        "harms": words.harms_text,
        "curve": inline(curve(answer, paper.own), "curve", "Level over time", described(answer, paper.own))
        if has_curve(answer)
        else "",
        "trade_off": _trade_off(answer),
        "learned": inline(learned, "learned", "Before and after this person's data", _LEARNED) if learned else "",
    }


_LEARNED = "Each individual parameter before and after this person's data; the numbers are in the table below."


def _trade_off(answer: Answer) -> str:
    if len(answer.options) < 2:
        return ""
    text = f"{len(answer.options)} regimens; the numbers are in the table of regimens."
    return inline(figures.trade_off(answer), "trade", "Chance of target against chance of harm", text)


@dataclass(frozen=True)
class Scale:
    """A common scale for the small range pictures of the regimens: 0 to 100 from `start` to `end`."""

    start: float
    end: float
    low: float
    high: float

    @classmethod
    def of(cls, answer: Answer, options: Sequence[Option]) -> Scale | None:
        """Scale that holds the target and the intervals of the best regimens; `None` without goal or options."""
        goal = answer.goal
        if goal is None or not options:
            return None
        low = goal.low or 0.0
        widest = max(max(o.metric.median for o in options), goal.high or 0.0, 1.6 * low)
        high = widest * 1.25
        return cls(0.0, high, low, high if goal.high is None else goal.high)

    def at(self, value: float) -> float:
        """Position of a value in percent of the picture's width."""
        return round(100 * min(max((value - self.start) / (self.end - self.start), 0.0), 1.0), 1)

    def span(self, interval: Interval) -> tuple[float, float]:
        """Left end and width of an interval in percent."""
        left = self.at(interval.low)
        return left, round(max(self.at(interval.high) - left, 0.5), 1)


def _model_range(option: Option) -> str:
    """How far the models disagree on reaching the target: "49–72 %"; nothing for a single model."""
    if len(option.per_model) < 2:
        return ""
    chances = [p for p, _ in option.per_model.values()]
    low, high = words.percent_text(min(chances)), words.percent_text(max(chances))
    return low if low == high else f"{low.removesuffix(' %')}–{high}"


def _curves(answer: Answer) -> list[tuple[str, Band, list[int]]]:
    """The curves as tables: name, band, and the rows to print (the picture has them all)."""
    found = [("So far", answer.past)]
    for k, name in ((answer.recommended, "Recommended"), (answer.standard, "Standard")):
        if k is not None and (name == "Recommended" or k != answer.recommended):
            found.append((f"{name}: {answer.options[k].regimen}", answer.options[k].band))
    return [(name, band, _rows(len(band.time_h))) for name, band in found if band is not None]


def _rows(n: int) -> list[int]:
    step = max(1, -(-n // _CURVE_ROWS))
    return [k for k, _ in groupby([*range(0, n, step), n - 1])]
