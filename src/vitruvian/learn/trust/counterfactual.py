"""What would lower this risk, as the model sees it: the fewest, smallest changes of what can be acted on, or none.

A change counts only within plausible values, where the model says less with every step towards it. It is what the
model would say of such a person, no proof that changing the value changes the outcome; `CAUTION` says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError, InputError
from vitruvian.learn.shapes import Feature, Rows
from vitruvian.learn.trust.plausible import Plausible

CAUTION = "This is what the model says of people with such values; it is no proof that changing them changes the risk."
GRID = 7
MOST = 3
_BEST = 6  # features that lower most alone, of which pairs and triples are made
_SLACK = 1e-6
_ON_THE_WAY = 5
Predict = Callable[[Rows], Float[np.ndarray, " n"]]


@dataclass(frozen=True)
class Step:
    """One value that would be another."""

    feature: Feature
    now: float
    then: float


@dataclass(frozen=True)
class Counterfactual:
    """Steps that bring the risk from `now` to `then`; without steps `why` says why there are none."""

    now: float
    target: float
    then: float
    steps: tuple[Step, ...] = ()
    why: str = ""


def counterfactual(predict: Predict, row: Rows, usual: Plausible, target: float, *, most: int = MOST) -> Counterfactual:
    """The fewest and smallest changes of actionable features that bring the risk to `target` or below.

    `usual`: what people of the model have, whose central nine tenths are what is plausible.
    Raises DataError for other than one row, InputError for a target that is no probability.
    """
    if len(row) != 1:
        raise DataError("a counterfactual is of one row", got=len(row), allowed=1)
    if not 0.0 < target < 1.0:
        raise InputError("target of a counterfactual", got=target, allowed="above 0 and below 1")
    now = float(predict(row)[0])
    if now <= target:
        return Counterfactual(now, target, now, why="The risk is already as low.")
    options = {j: _options(one, float(row.values[0, j]), usual)
               for j, one in enumerate(row.features) if one.actionable and np.isfinite(row.values[0, j])}  # fmt: skip
    options = {j: values for j, values in options.items() if len(values)}
    if not options:
        return Counterfactual(now, target, now, why="Nothing that the model knows of this person can be acted on.")
    alone = _lowest_alone(predict, row, options)
    able = [j for j in sorted(alone, key=lambda one: alone[one]) if alone[j] < now - _SLACK][:_BEST]
    for size in range(1, min(most, len(able)) + 1):
        if (found := _of_size(predict, row, usual, {j: options[j] for j in able}, size, now, target)) is not None:
            return found
    lowest = min(alone.values(), default=now)
    why = f"No plausible change of at most {most} values that can be acted on brings the risk to {100 * target:.3g} %"
    return Counterfactual(
        now, target, now, why=f"{why}; the most that one alone does is {100 * min(lowest, now):.3g} %."
    )


def _options(feature: Feature, now: float, usual: Plausible) -> Float[np.ndarray, " k"]:
    """Other plausible values: of a number a grid over the central nine tenths, of a category those that people have."""
    seen = np.array(usual.values.get(feature.name, ()))
    if not len(seen):
        return np.zeros(0)
    if feature.kind == "category":
        return seen[(seen != now) & (seen >= 0) & (seen < len(feature.categories))]
    low, high = seen[0], seen[-1]
    low = low if feature.low is None else max(low, feature.low)
    high = high if feature.high is None else min(high, feature.high)
    grid = np.unique(np.linspace(low, high, GRID)) if low < high else np.zeros(0)
    return grid[np.abs(grid - now) > 1e-9 * (1.0 + abs(now))]


def _asked(predict: Predict, row: Rows, changes: list[dict[int, float]]) -> Float[np.ndarray, " n"]:
    values = np.repeat(row.values, len(changes), 0)
    for i, change in enumerate(changes):
        for j, value in change.items():
            values[i, j] = value
    return np.asarray(predict(Rows(row.features, values)), float)


def _lowest_alone(predict: Predict, row: Rows, options: dict[int, np.ndarray]) -> dict[int, float]:
    changes = [{j: float(value)} for j, values in options.items() for value in values]
    risks = _asked(predict, row, changes)
    found: dict[int, float] = {}
    for change, risk in zip(changes, risks, strict=True):
        (j,) = change
        found[j] = min(found.get(j, np.inf), float(risk))
    return found


def _of_size(
    predict: Predict, row: Rows, usual: Plausible, options: dict[int, np.ndarray], size: int, now: float, target: float
) -> Counterfactual | None:
    """The cheapest change of so many features that is enough and goes down all the way."""
    changes = [
        dict(zip(which, map(float, values), strict=True))
        for which in combinations(options, size) for values in product(*(options[j] for j in which))
    ]  # fmt: skip
    risks = _asked(predict, row, changes)
    enough = [i for i in range(len(changes)) if risks[i] <= target]
    for i in sorted(enough, key=lambda one: (_cost(row, usual, changes[one]), one)):
        if _goes_down(predict, row, changes[i], now):
            steps = tuple(Step(row.features[j], float(row.values[0, j]), value) for j, value in changes[i].items())
            return Counterfactual(now, target, float(risks[i]), steps)
    return None


def _cost(row: Rows, usual: Plausible, change: dict[int, float]) -> float:
    """Sum of changes in interquartile ranges of people; another category counts as one."""
    total = 0.0
    for j, value in change.items():
        if row.features[j].kind == "category":
            total += 1.0
        else:
            total += abs(value - float(row.values[0, j])) / usual.spread(row.features[j])
    return total


def _goes_down(predict: Predict, row: Rows, change: dict[int, float], now: float) -> bool:
    """Whether each part of the change, and going all the way by steps, never raises the risk."""
    kinds = {j: row.features[j].kind for j in change}
    way = [
        {j: value if kinds[j] == "category" else float(row.values[0, j] + share * (value - row.values[0, j]))
         for j, value in change.items()}
        for share in np.linspace(0, 1, _ON_THE_WAY)[1:]
    ]  # fmt: skip
    parts = [{j: value} for j, value in change.items()]
    risks = _asked(predict, row, [*way, *parts])
    course = np.concatenate([[now], risks[: len(way)]])
    return bool((np.diff(course) <= _SLACK).all() and (risks[len(way) :] < now - _SLACK / 10).all())
