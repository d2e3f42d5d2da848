"""What the dose page shows of an answer, in words and positions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from vitruvian.twin import Answer, Option, answer_from, shown, words
from vitruvian.twin.doors import Question, Told, fields_for

_FIRST = 7
_STAYS = frozenset({"drug", "goal", "mic", "indication"})
"""What was asked stays; all else may be changed."""
_AMOUNTS = frozenset({"dose", "loading_dose"})
"""Fields in the unit in which the drug is labelled."""


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


def what_if_form(compare: Question, answer: Answer, values: Mapping[str, str]) -> dict[str, Any]:
    """For the template: fields that may be changed with what holds now, and what was asked and stays (hidden)."""
    start = answer.best or next((one for one in answer.options if one.allowed), None)
    now: dict[str, Any] = {"drug": answer.drug, **values}
    if start is not None:
        regimen = {"dose": start.dose, "interval": start.interval_h, "duration": start.duration_h, "route": start.route}
        now |= {name: _plain(value) for name, value in regimen.items() if value is not None}
    shown = [one for one in fields_for(compare.fields, answer.drug) if one.name not in _STAYS]
    fields = [replace(one, unit=start.dose_unit) if start and one.name in _AMOUNTS else one for one in shown]
    known = {"at", *(one.name for one in compare.fields)} - {one.name for one in shown}
    hidden = {name: value for name, value in now.items() if name in known and value}
    return {"fields": fields, "now": now, "hidden": hidden, "what": compare}


def supposed(values: Mapping[str, str]) -> str:
    """What an answer takes for granted that is not in the record: "Supposed: rifampicin started now.", or ""."""
    dose = f" ({values['start_dose']} mg)" if values.get("start_dose") else ""
    parts = [f"{values['start']}{dose} started now"] if values.get("start") else []
    parts += [f"{values['stop']} stopped now"] if values.get("stop") else []
    parts += [f"genotype {values['genotype'].replace('=', ' ')}"] if values.get("genotype") else []
    return f"Supposed: {', '.join(parts)}." if parts else ""


def _plain(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"
