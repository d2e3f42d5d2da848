"""Events of people as windows of series and as histories of tokens: only what was known by the moment of asking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from vitruvian.core import InputError, UnknownNameError
from vitruvian.learn import Feature, Rows
from vitruvian.learn.history import Events as Known
from vitruvian.learn.sequence import Windows, series_windows
from vitruvian.study.events import Events, Moments
from vitruvian.study.features import COLUMNS, Recipe, Variable, numbered, wanted

_HOUR = 3_600_000_000


@dataclass(frozen=True)
class Told:
    """N values at moments of asking: of which row and variable, hours before the moment (≤ 0), how much."""

    row: Int[np.ndarray, " n"]
    variable: Int[np.ndarray, " n"]
    hours: Float[np.ndarray, " n"]
    value: Float[np.ndarray, " n"]
    notes: Mapping[str, int]


def told(variables: Sequence[Variable], events: Events, moments: Moments) -> Told:
    """What the variables take of the events, as known by each moment; memory grows with the number of those.

    Raises `InputError` for a subject with several moments, `DataError` where a unit does not lead to the declared one.
    """
    if len(set(moments.subject)) != len(moments):
        raise InputError("series are of one moment a subject", got=len(moments), todo="Ask for each moment by itself.")
    place = {one: k for k, one in enumerate(moments.subject)}
    parts: list[tuple[np.ndarray, ...]] = []
    notes: dict[str, int] = {}
    for frame in events.frames(COLUMNS, wanted(variables)):
        part = numbered(frame, variables)
        row = np.array([place.get(one, -1) for one in part.subjects], int)[part.run]
        at = moments.at[row]
        kept = (row >= 0) & (part.known <= at) & (part.time <= at)
        hours = (part.time - at) / _HOUR
        parts.append(tuple(one[kept] for one in (row, part.variable, hours, part.value)))
        notes |= {name: notes.get(name, 0) + count for name, count in part.notes.items()}
    row, variable, hours, value = (np.concatenate(one) for one in zip(*parts, strict=True))
    return Told(row, variable, hours, value, notes)


def windows_of(
    recipe: Recipe, events: Events, moments: Moments, fixed: Sequence[str], *, steps: int, every: float | None = None
) -> tuple[Windows, Mapping[str, int]]:
    """The recipe's variables as channels, in hours; those named `fixed` as what does not change (the newest value).

    A fixed category becomes one number for each of what it may be; other categories are no channels. Also says what was
    left out. Raises `UnknownNameError` for a fixed variable that the recipe has not, and as `told` does.
    """
    names = [one.name for one in recipe.variables]
    if odd := set(fixed) - set(names):
        raise UnknownNameError("fixed variables that the recipe has not", got=", ".join(sorted(odd)), allowed=names)
    found = told(recipe.variables, events, moments)
    series = [k for k, one in enumerate(recipe.variables) if one.name not in fixed and not one.categories]
    channel = np.full(len(names), -1)
    channel[series] = np.arange(len(series))
    mine = channel[found.variable] >= 0
    value = np.where(np.isnan(found.value), 1.0, found.value)  # an event without a value: that it was
    windows = series_windows(
        found.row[mine], found.hours[mine], channel[found.variable[mine]], value[mine],
        [_channel(recipe.variables[k]) for k in series], rows=len(moments), steps=steps, every=every,
        fixed=_fixed([k for k, one in enumerate(names) if one in fixed], recipe, found, len(moments)), ids=moments.ids,
    )  # fmt: skip
    return windows, found.notes


def _channel(one: Variable) -> Feature:
    low, high = (None, None) if one.low == one.high else (one.low, one.high)
    return Feature(one.name, one.title or one.name, one.unit, "number", low, high, about=one.about)


def _fixed(places: Sequence[int], recipe: Recipe, found: Told, rows: int) -> Rows:
    features: list[Feature] = []
    columns: list[np.ndarray] = []
    for k in places:
        one = recipe.variables[k]
        mine = found.variable == k
        order = np.argsort(found.hours[mine], kind="stable")
        newest = np.full(rows, np.nan)
        newest[found.row[mine][order]] = found.value[mine][order]
        if not one.categories:
            features.append(_channel(one))
            columns.append(newest)
        for place, title in enumerate(one.categories.values()):
            features.append(Feature(f"{one.name}_{place}", f"{one.title or one.name}: {title}", "1", "number", 0, 1))
            columns.append(np.where(np.isnan(newest), np.nan, newest == place))
    return Rows(tuple(features), np.stack(columns, axis=1) if columns else np.zeros((rows, 0)))


def known_of(
    recipe: Recipe, events: Events, moments: Moments, *, every: float | None = None
) -> tuple[Known, Mapping[str, str]]:
    """The recipe's variables as things known of people, in hours, and the kind of each code ("category" or "series").

    A category is a code of its own ("ICUType=3"). With `every`, the values of a variable in bins of that length,
    counted back from the moment, are one thing: their mean, at the newest time. Raises as `told` does.
    """
    found = told(recipe.variables, events, moments)
    names = np.array([one.name for one in recipe.variables])
    category = np.array([bool(one.categories) for one in recipe.variables])[found.variable]
    place = np.where(category, np.nan_to_num(found.value), 0).astype(int)
    label = np.where(
        category, np.char.add(np.char.add(names[found.variable], "="), place.astype(str)), names[found.variable]
    )
    value = np.where(category, np.nan, found.value)
    kinds = {str(one): "category" if told_by else "series" for one, told_by in zip(label, category, strict=True)}
    if every is None:
        return Known(found.row, found.hours, label.tolist(), value), kinds
    codes, at = np.unique(label, return_inverse=True)
    bins = np.floor(-found.hours / every).astype(int)
    cell, where = np.unique(np.stack([found.row, at.reshape(-1), bins]), axis=1, return_inverse=True)
    count = np.bincount(where, ~np.isnan(value))
    with np.errstate(invalid="ignore"):
        mean = np.bincount(where, np.nan_to_num(value)) / np.where(count > 0, count, np.nan)
    newest = np.full(cell.shape[1], -np.inf)
    np.maximum.at(newest, where, found.hours)
    return Known(cell[0], newest, codes[cell[1]].tolist(), mean), kinds
