"""Features at moments: part after part of the events, only what was known by the moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int

from vitruvian.learn import Rows
from vitruvian.study.events import Events, Moments
from vitruvian.study.features.numbered import Numbered, columns_of, numbered
from vitruvian.study.features.recipe import Derived, Recipe, Window
from vitruvian.study.features.segments import Segments

_BLOCK = 100_000
"""Events that are worked on at once, about."""
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
    rows_of, plan = _rows_by_subject(moments.subject), _plan(recipe, told)
    for frame in events.frames(columns_of(recipe.variables)):
        part = numbered(frame, recipe.variables)
        notes.update(part.notes)
        for block in _blocks(part):
            _fill(values, block, rows_of, moments.at, plan)
    made = [_derived(one, recipe, values) for one in recipe.derived]
    return Featured(Rows(recipe.features, np.column_stack([values, *made]), moments.ids), dict(notes))


@dataclass(frozen=True)
class _InWindow:
    """What is computed in one window: of which of the recipe's variables, and statistic by statistic to which columns
    of the matrix from which of these variables."""

    window: Window
    variables: int
    chosen: Sequence[int]
    columns: Mapping[str, tuple[Sequence[int], Sequence[int]]]


def _plan(recipe: Recipe, told: Sequence[tuple[int, str, str]]) -> list[_InWindow]:
    found = []
    for window in recipe.windows:
        mine = [(column, v, s) for column, (v, w, s) in enumerate(told) if w == window.name]
        chosen = sorted({v for _, v, _ in mine})
        columns = {
            statistic: (
                [column for column, _, s in mine if s == statistic],
                [chosen.index(v) for _, v, s in mine if s == statistic],
            )
            for statistic in dict.fromkeys(s for _, _, s in mine)
        }
        if mine:
            found.append(_InWindow(window, len(recipe.variables), chosen, columns))
    return found


def _blocks(part: Numbered) -> Iterator[Numbered]:
    """A part in pieces of whole subjects that fit into the cache of a processor."""
    cuts = np.unique(part.run[::_BLOCK]).tolist()
    for first, last in pairwise([*cuts, len(part.subjects)]):
        yield part.of(first, last)


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
    plan: Sequence[_InWindow],
) -> None:
    """Compute the rows of the subjects of one part."""
    rows, past = _past(part, rows_of, at)
    for one in plan:
        found = past.within(one.window, one.chosen, one.variables, len(rows)).of(one.columns)
        for statistic, (columns, places) in one.columns.items():
            values[rows[:, None], columns] = found[statistic].reshape(len(rows), len(one.chosen))[:, places]


@dataclass(frozen=True)
class _Past:
    """What each moment knows: events with their row, variable, hours before the moment (negative) and value."""

    row: Int[np.ndarray, " n"]
    variable: Int[np.ndarray, " n"]
    t: Float[np.ndarray, " n"]
    value: Float[np.ndarray, " n"]

    def within(self, window: Window, chosen: Sequence[int], variables: int, rows: int) -> Segments:
        """The series of some variables in a window, row after row."""
        if len(chosen) == variables:
            key, which = self.row * variables + self.variable, None
        else:
            place = np.full(variables, -1)
            place[chosen] = np.arange(len(chosen))
            series = place[self.variable]
            key, which = self.row * len(chosen) + series, series >= 0
        if window.end_h > 0:
            early = self.t <= -window.end_h
            which = early if which is None else which & early
        if np.isfinite(window.start_h):
            late = self.t >= -window.start_h
            which = late if which is None else which & late
        if which is None:
            return Segments(key, self.t, self.value, rows * len(chosen))
        kept = np.flatnonzero(which)
        return Segments(key[kept], self.t[kept], self.value[kept], rows * len(chosen))


def _past(
    part: Numbered, rows_of: Mapping[str, Sequence[int]], at: Int[np.ndarray, " rows"]
) -> tuple[Int[np.ndarray, " rows"], _Past]:
    """Rows of the subjects of a part; and each event as often as its subject has moments that know it."""
    lists = [rows_of.get(one, ()) for one in part.subjects]
    rows = np.array([row for one in lists for row in one], np.int64)
    many = np.array([len(one) for one in lists], np.int64)
    moment = at[rows]
    if len(many) and (many == 1).all():
        which = np.flatnonzero(np.maximum(part.known, part.time) <= moment[part.run])
        row = part.run[which]
    else:
        begins, times = np.cumsum(many) - many, many[part.run]
        pairs = np.repeat(np.arange(len(part.run)), times)
        row = begins[part.run[pairs]] + np.arange(len(pairs)) - np.repeat(np.cumsum(times) - times, times)
        kept = np.flatnonzero(np.maximum(part.known, part.time)[pairs] <= moment[row])
        which, row = pairs[kept], row[kept]
    t = (part.time[which] - moment[row]) / _HOUR
    return rows, _Past(row, part.variable[which], t, part.value[which])


def _derived(made: Derived, recipe: Recipe, values: Float[np.ndarray, "rows features"]) -> Float[np.ndarray, " rows"]:
    names = [one.name for one in recipe.features]
    a, b = (values[:, names.index(one)] for one in made.of)
    with np.errstate(invalid="ignore", divide="ignore"):
        if made.operation == "ratio":
            return np.where(b == 0, np.nan, a / b)
        return a - b if made.operation == "difference" else a * b
