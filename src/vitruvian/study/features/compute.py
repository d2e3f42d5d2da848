"""Features at moments: part after part of the events, only what was known by the moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from vitruvian.learn import Rows
from vitruvian.study.events import Events, Moments
from vitruvian.study.features.numbered import COLUMNS, Numbered, numbered, wanted
from vitruvian.study.features.recipe import Derived, Recipe
from vitruvian.study.features.segments import Segments

_HOUR = 3_600_000_000
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
    blank = np.array([_OF_NOTHING.get(statistic, np.nan) for _, _, statistic in told])
    values = np.tile(blank, (len(moments), 1))
    notes: Counter[str] = Counter()
    rows_of = _rows_by_subject(moments.subject)
    for frame in events.frames(COLUMNS, wanted(recipe.variables)):
        part = numbered(frame, recipe.variables)
        notes.update(part.notes)
        _fill(values, part, rows_of, moments.at, recipe, told)
    made = [_derived(one, recipe, values) for one in recipe.derived]
    return Featured(Rows(recipe.features, np.column_stack([values, *made]), moments.ids), dict(notes))


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
    recipe: Recipe,
    told: Sequence[tuple[int, str, str]],
) -> None:
    """Compute the rows of the subjects of one part."""
    rows, which, local = _moments_of(part, rows_of)
    moment = at[rows][local]
    told_by = part.known[which] <= moment
    which, local = which[told_by], local[told_by]
    t = (part.time[which] - moment[told_by]) / _HOUR
    for window in recipe.windows:
        mine = [(column, v, s) for column, (v, w, s) in enumerate(told) if w == window.name]
        if mine:
            kept = (t <= -window.end_h) & (t >= -window.start_h)
            chosen = sorted({v for _, v, _ in mine})
            place = np.full(len(recipe.variables), -1)
            place[chosen] = np.arange(len(chosen))
            series = place[part.variable[which]]
            kept &= series >= 0
            key = local[kept] * len(chosen) + series[kept]
            segments = Segments(key, t[kept], part.value[which][kept], len(rows) * len(chosen))
            found = segments.of({s for _, _, s in mine})
            for column, v, statistic in mine:
                values[rows, column] = found[statistic].reshape(len(rows), len(chosen))[:, place[v]]


def _moments_of(
    part: Numbered, rows_of: Mapping[str, Sequence[int]]
) -> tuple[Int[np.ndarray, " rows"], Int[np.ndarray, " m"], Int[np.ndarray, " m"]]:
    """Rows of the subjects of a part; then each event as often as its subject has moments: its place, and its row."""
    lists = [rows_of.get(one, ()) for one in part.subjects]
    rows = np.array([row for one in lists for row in one], np.int64)
    many = np.array([len(one) for one in lists], np.int64)
    begins = np.cumsum(many) - many
    if len(many) and (many == 1).all():
        return rows, np.arange(len(part.run)), part.run
    times = many[part.run]
    which = np.repeat(np.arange(len(part.run)), times)
    within = np.arange(len(which)) - np.repeat(np.cumsum(times) - times, times)
    return rows, which, begins[part.run[which]] + within


def _derived(made: Derived, recipe: Recipe, values: Float[np.ndarray, "rows features"]) -> Float[np.ndarray, " rows"]:
    names = [one.name for one in recipe.features]
    a, b = (values[:, names.index(one)] for one in made.of)
    with np.errstate(invalid="ignore", divide="ignore"):
        if made.operation == "ratio":
            return np.where(b == 0, np.nan, a / b)
        return a - b if made.operation == "difference" else a * b
