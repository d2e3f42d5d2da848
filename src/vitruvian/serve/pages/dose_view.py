"""What the dose page shows of an answer, in words and positions."""

from __future__ import annotations

from typing import Any

from vitruvian.twin import Answer, Option, answer_from, shown, words
from vitruvian.twin.doors import Told

_FIRST = 7


def dose_view(told: Told) -> dict[str, Any]:
    """For the template: the answer `a`, its regimens in order, the scale of their small pictures, goal and metric."""
    from vitruvian.reports import Scale

    answer = answer_from(told.data)
    order = list(shown(answer, len(answer.options)))
    goal = answer.goal
    return {
        "a": answer,
        "goal": "" if goal is None else words.range_text(goal.low, goal.high, goal.unit),
        "metric": "" if goal is None else goal.title or words.metric_name(goal.metric),
        "first": order[:_FIRST],
        "rest": order[_FIRST:],
        "scale": Scale.of(answer, [one for _, one in order[:_FIRST]]),
        "harms": [_harms(answer, one) for one in answer.options],
        "spreads": [_spread(one) for one in answer.options],
    }


def _harms(answer: Answer, option: Option) -> list[tuple[str, float]]:
    return words.harms_text(answer.goal, option)


def _spread(option: Option) -> str:
    """How far the models disagree on reaching the target: "49–72 %"; nothing for a single model."""
    chances = [p for p, _ in option.per_model.values()]
    if len(chances) < 2:
        return ""
    low, high = words.percent_text(min(chances)), words.percent_text(max(chances))
    return low if low == high else f"{low.removesuffix(' %')}–{high}"
