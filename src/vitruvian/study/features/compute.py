"""Features at moments: part after part of the events, only what was known by the moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from vitruvian.learn import Rows
from vitruvian.study.events import Events, Moments
from vitruvian.study.features.numbered import Numbered, columns_of, numbered
from vitruvian.study.features.past import blocks, past_of
from vitruvian.study.features.recipe import Derived, Recipe, Window

_OF_NOTHING = {"n": 0.0, "any": 0.0, "missing": 1.0}


@dataclass(frozen=True)
class Featured:
    """Features of moments, and how many events were left out or are doubtful, by variable and reason."""

    rows: Rows
    notes: Mapping[str, int]


def features_of(recipe: Recipe, events: Events, moments: Moments) -> Featured:
    """The recipe's features at each moment, from events known by then; memory grows with the largest part.

    Raises `DataError` where a unit does not lead to the one that the recipe declares.
    """
    told = [(v, w, s) for v, one in enumerate(recipe.variables) for w, some in one.take.items() for s in some]
    values = np.tile(np.array([_OF_NOTHING.get(statistic, np.nan) for _, _, statistic in told]), (len(moments), 1))
    notes: Counter[str] = Counter()
    rows_of, plan = _rows_by_subject(moments.subject), _plan(recipe, told)
    for frame in events.frames(columns_of(recipe.variables)):
        part = numbered(frame, recipe.variables)
        notes.update(part.notes)
        for block in blocks(part):
            _fill(values, block, rows_of, moments.at, plan)
    made = [_derived(one, recipe, values) for one in recipe.derived]
    return Featured(
        Rows(recipe.features, np.column_stack([values, *made]) if made else values, moments.ids), dict(notes)
    )


@dataclass(frozen=True)
class _Plan:
    """What is computed, window by window: of which of the recipe's variables (their number), and which statistics.

    `order`: where each column of the matrix lies, statistics side by side, each of all variables of its window.
    """

    variables: int
    windows: Sequence[tuple[Window, Sequence[int], Sequence[str]]]
    order: Int[np.ndarray, " columns"]


def _plan(recipe: Recipe, told: Sequence[tuple[int, str, str]]) -> _Plan:
    windows: list[tuple[Window, Sequence[int], Sequence[str]]] = []
    at: dict[tuple[int, str, str], int] = {}
    for window in recipe.windows:
        mine = [(v, s) for v, w, s in told if w == window.name]
        chosen, statistics = sorted({v for v, _ in mine}), list(dict.fromkeys(s for _, s in mine))
        at |= {(v, window.name, s): len(at) + k for k, (s, v) in enumerate((s, v) for s in statistics for v in chosen)}
        windows.append((window, chosen, statistics))
    return _Plan(len(recipe.variables), windows, np.array([at[one] for one in told], np.int64))


def _rows_by_subject(subjects: Sequence[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for row, one in enumerate(subjects):
        found.setdefault(one, []).append(row)
    return found


def _fill(
    values: Float[np.ndarray, "rows features"],
    part: Numbered,
    rows_of: Mapping[str, Sequence[int]],
    at: Int[np.ndarray, " rows"],
    plan: _Plan,
) -> None:
    """Compute the rows of the subjects of one part."""
    rows, past = past_of(part, rows_of, at)
    found = []
    for window, chosen, statistics in plan.windows:
        told = past.within(window, chosen, plan.variables, len(rows)).of(statistics)
        found += [told[one][:-1].reshape(len(rows), len(chosen)) for one in statistics]
    values[rows] = np.concatenate(found, axis=1)[:, plan.order]


def _derived(made: Derived, recipe: Recipe, values: Float[np.ndarray, "rows features"]) -> Float[np.ndarray, " rows"]:
    names = [one.name for one in recipe.features]
    a, b = (values[:, names.index(one)] for one in made.of)
    with np.errstate(invalid="ignore", divide="ignore"):
        if made.operation == "ratio":
            return np.where(b == 0, np.nan, a / b)
        return a - b if made.operation == "difference" else a * b
