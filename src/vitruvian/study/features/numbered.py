"""Events of one part as numbers: whose, of which variable of the recipe, when, known when, how much in its unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float, Int

from vitruvian.core import DataError, UnitError, scale_to
from vitruvian.study.events import has_code, is_meant
from vitruvian.study.features.recipe import OF_VALUES, Variable

if TYPE_CHECKING:
    import polars as pl

COLUMNS = ("subject_id", "time", "known", "code", "numeric_value", "unit", "kind", "text")
_IDENTITY = (1.0, 0.0, 1.0)
_Whole = Int[np.ndarray, " n"]
_Which = slice | np.ndarray


@dataclass(frozen=True)
class Numbered:
    """N pairs of an event and a variable that takes it, in the order of the events; times in µs since 1970.

    `run` is the place in `subjects`; `notes` counts what was left out or is doubtful, by variable and reason.
    """

    subjects: tuple[str, ...]
    run: Int[np.ndarray, " n"]
    variable: Int[np.ndarray, " n"]
    time: Int[np.ndarray, " n"]
    known: Int[np.ndarray, " n"]
    value: Float[np.ndarray, " n"]
    notes: Counter[str]

    def of(self, first: int, last: int) -> Numbered:
        """The pairs of the subjects from `first` to before `last`; the notes stay with the whole."""
        begin, end = np.searchsorted(self.run, [first, last])
        run, variable, time, known, value = (
            one[begin:end] for one in (self.run, self.variable, self.time, self.known, self.value)
        )
        return Numbered(self.subjects[first:last], run - first, variable, time, known, value, Counter())


def columns_of(variables: Sequence[Variable]) -> tuple[str, ...]:
    """The columns of events that `numbered` reads."""
    return COLUMNS if any(one.categories for one in variables) else COLUMNS[:-1]


def wanted(variables: Sequence[Variable]) -> pl.Expr:
    """Which events any of the variables takes."""
    return has_code(code for one in variables for code in one.codes)


def numbered(frame: pl.DataFrame, variables: Sequence[Variable]) -> Numbered:
    """The events of a part that the variables take; raises `DataError` where a unit does not lead to the declared."""
    notes: Counter[str] = Counter()
    which, variable = _taken(frame, variables)
    numbers = frame["numeric_value"]
    value = (numbers.fill_null(np.nan) if numbers.null_count() else numbers).to_numpy()[which]
    value = _in_units(value, frame["unit"], which, variable, variables)
    value = _categorised(value, frame, which, variable, variables, notes)
    kept = _possible(value, variable, variables, notes)
    if not kept.all():
        which, variable, value = np.arange(frame.height)[which][kept], variable[kept], value[kept]
    subject = frame["subject_id"]
    run = subject.rle_id().to_numpy()
    first = np.flatnonzero(np.concatenate([[True], run[1:] != run[:-1]])[: len(run)])
    time, known = (frame[name].to_physical().to_numpy()[which] for name in ("time", "known"))
    return Numbered(tuple(subject.gather(first)), run[which].astype(np.int64), variable, time, known, value, notes)


def _taken(frame: pl.DataFrame, variables: Sequence[Variable]) -> tuple[Any, _Whole]:
    """Each event as often as variables take it, in order: places of the events, and the variables."""
    names, code = _places(frame["code"])
    taking = [[v for v, one in enumerate(variables) if is_meant(name, one.codes)] for name in names]
    once = bool(taking) and all(len(one) == 1 for one in taking)
    which, variable = (slice(None), np.array(taking, np.int64)[code, 0]) if once else _paired(code, taking)
    extracted = (frame["kind"] == "extracted").to_numpy()
    if not extracted.any():
        return which, variable
    kept = ~extracted[which] | np.array([one.extracted for one in variables])[variable]
    return np.arange(frame.height)[which][kept], variable[kept]


def _places(texts: pl.Series) -> tuple[list[str], _Whole]:
    """The different texts of a categorical column ("" for none), and which of them each row holds."""
    import polars as pl

    if not len(texts):
        return [], np.zeros(0, np.int64)
    physical = texts.to_physical()
    held = (physical.cast(pl.Int64).fill_null(-1) if physical.null_count() else physical).to_numpy()
    if held.min() == held.max():
        return ["" if texts[0] is None else texts[0]], np.zeros(len(held), np.int64)
    row_of = np.full(int(held.max()) + 2, -1)  # the last place is that of -1
    row_of[held] = np.arange(len(held))
    there = np.flatnonzero(row_of >= 0)
    names = ["" if one is None else one for one in texts.gather(row_of[there]).cast(pl.String)]
    place = np.zeros(len(row_of), np.int64)
    place[there] = np.arange(len(there))
    return names, place[held]


def _paired(code: _Whole, taking: Sequence[Sequence[int]]) -> tuple[_Whole, _Whole]:
    """Each event as often as variables take its code: places of events, and the variables."""
    many = np.array([len(one) for one in taking], np.int64)
    flat = np.array([v for one in taking for v in one], np.int64)
    begins, times = np.cumsum(many) - many, many[code]
    which = np.repeat(np.arange(len(code)), times)
    within = np.arange(len(which)) - np.repeat(np.cumsum(times) - times, times)
    return which, flat[begins[code[which]] + within]


def _in_units(
    value: Float[np.ndarray, " n"],
    units: pl.Series,
    which: _Which,
    variable: _Whole,
    variables: Sequence[Variable],
) -> Float[np.ndarray, " n"]:
    """Values in the unit that each variable declares; a pair of units is looked up once."""
    names, unit = _places(units)
    pair = variable if len(names) == 1 else unit[which] * len(variables) + variable
    counts = np.bincount(pair, minlength=len(names) * len(variables))
    scales = np.tile(np.array(_IDENTITY), (len(counts), 1))
    for one in np.flatnonzero(counts).tolist():
        name, declared = names[one // len(variables)], variables[one % len(variables)]
        if declared.unit and name != declared.unit:
            rows = int(np.count_nonzero(~np.isnan(value[pair == one])))
            scales[one] = _scale(name, declared, rows) if rows else _IDENTITY
    if (scales == _IDENTITY).all():
        return value
    multiply, add, divide = scales[pair].T
    return (value * multiply + add) / divide


def _scale(unit: str, variable: Variable, rows: int) -> tuple[float, float, float]:
    if variable.unit == "1" and not unit:
        return _IDENTITY
    try:
        return scale_to(unit, variable.unit)
    except UnitError as error:
        todo = "Correct the events, or take these codes into a variable of their own."
        got = f"{rows:,} rows in {unit or 'no unit'}"
        raise DataError(f"a unit of {variable.name} differs", got=got, allowed=variable.unit, todo=todo) from error


def _categorised(
    value: Float[np.ndarray, " n"],
    frame: pl.DataFrame,
    which: _Which,
    variable: _Whole,
    variables: Sequence[Variable],
    notes: Counter[str],
) -> Float[np.ndarray, " n"]:
    """For categories the place of the category; one that the recipe does not know gets the place behind the last."""
    categories = [(place, one) for place, one in enumerate(variables) if one.categories]
    if not categories:
        return value
    value, places = value.copy(), np.arange(frame.height)[which]
    for place, one in categories:
        rows = np.flatnonzero(variable == place)
        texts = frame["text"].gather(places[rows]).to_list()
        said = [_said(text, number) for text, number in zip(texts, value[rows].tolist(), strict=True)]
        known = {name: float(k) for k, name in enumerate(one.categories)}
        value[rows] = [known.get(text, float(len(known))) for text in said]
        notes.update(f"{one.name}: new category {text!r}" for text in said if text not in known)
    return value


def _said(text: str | None, number: float) -> str:
    return text if text is not None else "" if np.isnan(number) else f"{number:g}"


def _possible(
    value: Float[np.ndarray, " n"], variable: _Whole, variables: Sequence[Variable], notes: Counter[str]
) -> Bool[np.ndarray, " n"]:
    """Which pairs count: values that can be, and events without value where no value is asked for."""
    kept = np.ones(len(value), bool)
    valued = np.array([any(set(some) & set(OF_VALUES) for some in one.take.values()) for one in variables], bool)
    absent = np.isnan(value)
    if absent.any():
        _leave_out(kept, absent & valued[variable], "no value", variable, variables, notes)
    if any(one.low is not None or one.high is not None for one in variables):
        low = np.array([-np.inf if one.low is None else one.low for one in variables])
        high = np.array([np.inf if one.high is None else one.high for one in variables])
        outside = (value < low[variable]) | (value > high[variable])
        _leave_out(kept, outside, "impossible value", variable, variables, notes)
    return kept


def _leave_out(
    kept: Bool[np.ndarray, " n"],
    wrong: Bool[np.ndarray, " n"],
    reason: str,
    variable: _Whole,
    variables: Sequence[Variable],
    notes: Counter[str],
) -> None:
    kept &= ~wrong
    counts = np.bincount(variable[wrong], minlength=len(variables))
    notes.update({f"{variables[v].name}: {reason}": int(counts[v]) for v in np.flatnonzero(counts).tolist()})
