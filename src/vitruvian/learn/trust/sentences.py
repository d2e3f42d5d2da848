"""An explanation as a sentence for the clinician and one for the patient, and what a picture of it shows."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from vitruvian.core import DataError, unit_text
from vitruvian.learn.shapes import Contributions, Feature, Rows, Scores
from vitruvian.learn.trust.counterfactual import CAUTION, Counterfactual

TOP = 3
_LEAST = 0.05  # log-odds below which nothing is said of a feature


@dataclass(frozen=True)
class Bar:
    """One feature in the picture: what it is, its value in words, and how far it moved the log-odds."""

    feature: Feature
    value: str
    moved: float


@dataclass(frozen=True)
class Explained:
    """One person's score in words; `bars` greatest first, the last one all others together (`feature.name` "")."""

    clinician: str
    patient: str
    bars: tuple[Bar, ...]


def explained(
    rows: Rows, scores: Scores, contributions: Contributions, i: int = 0, *, event: int = 1, most: int = 10,
    change: Counterfactual | None = None,
) -> Explained:  # fmt: skip
    """Row i in words, first of all what would change it where that is asked.

    Raises DataError where rows, scores and contributions differ, or the target is a number.
    """
    if not len(rows) == len(scores.probability) == len(contributions.values) or scores.target.kind == "number":
        raise DataError("rows, scores and contributions differ, or there is no event to speak of")
    bars = _bars(rows, contributions, i)
    return Explained(
        " ".join([*_changed(change), _score(scores, i, event), _moved(bars)]),
        " ".join([_plain(scores, i, event), _plainly_moved(bars), *_plainly_changed(change)]), _few(bars, most),
    )  # fmt: skip


def value_in_words(feature: Feature, value: float) -> str:
    """A value with its unit; a category by name; "not known" where it is missing."""
    if not math.isfinite(value):
        return "not known"
    if feature.kind == "category":
        index = int(value)
        return feature.categories[index] if 0 <= index < len(feature.categories) else "of an unknown kind"
    unit = "years" if feature.unit == "a" else unit_text(feature.unit)
    return f"{value:.4g} {unit}".strip()


def percent(p: float) -> str:
    """A probability in per cent with no more digits than it is worth."""
    if p < 0.001:
        return "below 0.1 %"
    if p > 0.999:
        return "above 99.9 %"
    return f"{100 * p:.1f} %" if p < 0.0995 else f"{100 * p:.0f} %"


def _bars(rows: Rows, contributions: Contributions, i: int) -> list[Bar]:
    moved = contributions.values[i]
    order = np.argsort(-np.abs(moved), kind="stable")
    return [Bar(one := rows.features[j], value_in_words(one, float(rows.values[i, j])), float(moved[j])) for j in order]


def _few(bars: list[Bar], most: int) -> tuple[Bar, ...]:
    if len(bars) <= most:
        return tuple(bars)
    rest = bars[most:]
    others = Bar(Feature("", f"{len(rest)} others together"), "", sum(one.moved for one in rest))
    return (*bars[:most], others)


def _horizon(scores: Scores) -> str:
    names = {
        "PT24H": "within 24 hours",
        "PT48H": "within 48 hours",
        "P5D": "within 5 days",
        "P30D": "within 30 days",
        "P1Y": "within a year",
    }
    horizon = scores.target.horizon
    return f" {names.get(horizon, f'within {horizon}')}" if horizon else ""


def _score(scores: Scores, i: int, event: int) -> str:
    target, p = scores.target, float(scores.probability[i, event])
    held = [name for name, there in zip(target.events, scores.sets[i], strict=True) if there]
    certain = f"{100 * scores.level:g} %"
    told = f"{target.title}{_horizon(scores)}: {percent(p)}; {certain} set: {{{', '.join(held)}}}."
    return f"{told} The model does not decide: {scores.why[i]}" if scores.abstained[i] else told


def _moved(bars: list[Bar]) -> str:
    parts = []
    for word, sign in (("Raised most by", 1.0), ("lowered most by", -1.0)):
        some = [one for one in bars if sign * one.moved >= _LEAST][:TOP]
        if some:
            parts.append(f"{word} {', '.join(f'{one.feature.title} ({one.value}; {one.moved:+.2f})' for one in some)}")
    told = "; ".join(parts)
    return f"{told[0].upper()}{told[1:]} (log-odds)." if told else "No single value moves it much."


def _changed(change: Counterfactual | None) -> list[str]:
    if change is None:
        return []
    if not change.steps:
        return [change.why]
    return [f"The model would say {percent(change.then)} with {_steps(change)}.", CAUTION]


def _plain(scores: Scores, i: int, event: int) -> str:
    target, p = scores.target, float(scores.probability[i, event])
    share = "fewer than 1" if p < 0.01 else "more than 99" if p > 0.99 else f"about {100 * p:.0f}"
    told = f"Of 100 people like you, {share} would have this{_horizon(scores)}: {_lower(target.title)}."
    if scores.abstained[i]:
        return f"{told} This estimate is too uncertain to rely on for you; please talk to your care team."
    return told


def _plainly_moved(bars: list[Bar]) -> str:
    things: dict[str, float] = {}  # what is told of one thing in several ways is one thing
    for one in bars:
        things[_thing(one.feature)] = things.get(_thing(one.feature), 0.0) + one.moved
    greatest = sorted(things, key=lambda name: -abs(things[name]))
    more = [name for name in greatest if things[name] >= _LEAST][:TOP]
    less = [name for name in greatest if things[name] <= -_LEAST][:TOP]
    parts = [f"{_and(more)} {_verb(more)} it up"] if more else []
    parts += [f"{_and(less)} {_verb(less)} it down"] if less else []
    return f"For you, {', and '.join(parts)}." if parts else "No single thing about you changes it much."


def _plainly_changed(change: Counterfactual | None) -> list[str]:
    if change is None:
        return []
    if not change.steps:
        return ["The model knows of nothing you could change that would lower it that far."]
    return [f"For people with {_steps(change)} it would be about {100 * change.then:.0f} of 100.",
            "Whether changing this would help you is a question for your care team."]  # fmt: skip


def _steps(change: Counterfactual) -> str:
    return _and([
        f"{_lower(one.feature.title)} {value_in_words(one.feature, one.then)} "
        f"(now {value_in_words(one.feature, one.now)})" for one in change.steps
    ])  # fmt: skip


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _verb(words: list[str]) -> str:
    return "pushes" if len(words) == 1 else "push"


def _thing(feature: Feature) -> str:
    """What a feature is of, without how it is told: "Creatinine, last (ever)" is creatinine."""
    return _lower(re.split(r"[,:(]", feature.title)[0].strip())


def _lower(title: str) -> str:
    """A title within a sentence: a word in capitals (BMI, HbA1c) stays."""
    first = title.split(" ")[0]
    return title if sum(one.isupper() for one in first) > 1 or len(first) == 1 else title[:1].lower() + title[1:]
