"""Events of one part as numbers: whose, of which variable of the recipe, when, known when, how much in its unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from vitruvian.core import DataError, UnitError, scale_to
from vitruvian.study.events import has_code, is_meant
from vitruvian.study.features.recipe import OF_VALUES, Variable

if TYPE_CHECKING:
    import polars as pl

COLUMNS = ("subject_id", "time", "known", "code", "numeric_value", "unit", "text", "kind")
_IDENTITY = (1.0, 0.0, 1.0)


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


def wanted(variables: Sequence[Variable]) -> pl.Expr:
    """Which events any of the variables takes."""
    return has_code(code for one in variables for code in one.codes)


def numbered(frame: pl.DataFrame, variables: Sequence[Variable]) -> Numbered:
    """The events of a part that the variables take; raises `DataError` where a unit does not lead to the declared."""
    codes, code = _places(frame["code"])
    taking = [[v for v, one in enumerate(variables) if is_meant(name, one.codes)] for name in codes]
    which, variable = _paired(code, taking)
    extracted = (frame["kind"] == "extracted").to_numpy()
    if extracted.any():
        lets_in = np.array([one.extracted for one in variables])
        kept = ~extracted[which] | lets_in[variable]
        which, variable = which[kept], variable[kept]
    notes: Counter[str] = Counter()
    value = frame["numeric_value"].fill_null(np.nan).to_numpy()[which]
    value = _in_units(value, frame["unit"], which, variable, variables)
    value = _categorised(value, frame, which, variable, variables, notes)
    kept = _possible(value, variable, variables, notes)
    run = frame["subject_id"].rle_id().to_numpy().astype(np.int64)
    first = np.concatenate([[True], run[1:] != run[:-1]]) if len(run) else np.zeros(0, bool)
    subjects = tuple(frame["subject_id"].filter(first).to_list())
    which, variable, value = (which, variable, value) if kept.all() else (which[kept], variable[kept], value[kept])
    time, known = (frame[name].to_physical().to_numpy()[which] for name in ("time", "known"))
    return Numbered(subjects, run[which], variable, time, known, value, notes)


def _places(texts: pl.Series) -> tuple[list[str], Int[np.ndarray, " n"]]:
    """The different texts ("" for none), and which of them each row holds."""
    import polars as pl

    filled = texts.fill_null("")
    names = sorted(filled.unique().to_list())
    return names, filled.cast(pl.Enum(names)).to_physical().to_numpy().astype(np.int64)


def _paired(
    code: Int[np.ndarray, " n"], taking: Sequence[Sequence[int]]
) -> tuple[Int[np.ndarray, " m"], Int[np.ndarray, " m"]]:
    """Each event as often as variables take it: places of events, and the variables."""
    many = np.array([len(one) for one in taking], np.int64)
    if len(code) and (many == 1).all():
        return np.arange(len(code)), np.array([one[0] for one in taking])[code]
    flat = np.array([v for one in taking for v in one], np.int64)
    begins = np.concatenate([[0], np.cumsum(many)])[:-1] if len(many) else np.zeros(0, np.int64)
    times = many[code]
    which = np.repeat(np.arange(len(code)), times)
    within = np.arange(len(which)) - np.repeat(np.cumsum(times) - times, times)
    return which, flat[begins[code[which]] + within]


def _in_units(
    value: Float[np.ndarray, " n"],
    units: pl.Series,
    which: Int[np.ndarray, " n"],
    variable: Int[np.ndarray, " n"],
    variables: Sequence[Variable],
) -> Float[np.ndarray, " n"]:
    """Values in the unit that each variable declares; a pair of units is looked up once."""
    names, unit = _places(units)
    pair = unit[which] * len(variables) + variable
    counts = np.bincount(pair[~np.isnan(value)], minlength=len(names) * len(variables))
    scales = np.tile(np.array(_IDENTITY), (len(counts), 1))
    for one in np.flatnonzero(counts).tolist():
        scales[one] = _scale(names[one // len(variables)], variables[one % len(variables)], int(counts[one]))
    if (scales == _IDENTITY).all():
        return value
    multiply, add, divide = scales[pair].T
    return (value * multiply + add) / divide


def _scale(unit: str, variable: Variable, rows: int) -> tuple[float, float, float]:
    if not variable.unit or (variable.unit == "1" and not unit):
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
    which: Int[np.ndarray, " n"],
    variable: Int[np.ndarray, " n"],
    variables: Sequence[Variable],
    notes: Counter[str],
) -> Float[np.ndarray, " n"]:
    """For categories the place of the category; one that the recipe does not know gets the place behind the last."""
    for place, one in enumerate(variables):
        if not one.categories:
            continue
        rows = np.flatnonzero(variable == place)
        texts = frame["text"].gather(which[rows]).to_list()
        said = [
            text if text is not None else "" if np.isnan(v) else f"{v:g}"
            for text, v in zip(texts, value[rows], strict=True)
        ]
        known = {name: float(k) for k, name in enumerate(one.categories)}
        value = value.copy()
        value[rows] = [known.get(text, float(len(known))) for text in said]
        if new := Counter(text for text in said if text not in known):
            notes.update({f"{one.name}: new category {text!r}": count for text, count in new.items()})
    return value


def _possible(
    value: Float[np.ndarray, " n"],
    variable: Int[np.ndarray, " n"],
    variables: Sequence[Variable],
    notes: Counter[str],
) -> np.ndarray:
    """Which pairs count: values that can be, and events without value where no value is asked for."""
    low = np.array([-np.inf if one.low is None else one.low for one in variables])
    high = np.array([np.inf if one.high is None else one.high for one in variables])
    valued = np.array([any(set(some) & set(OF_VALUES) for some in one.take.values()) for one in variables], bool)
    outside = (value < low[variable]) | (value > high[variable])
    absent = np.isnan(value) & valued[variable]
    for reason, wrong in (("impossible value", outside), ("no value", absent)):
        counts = np.bincount(variable[wrong], minlength=len(variables))
        notes.update({f"{variables[v].name}: {reason}": int(counts[v]) for v in np.flatnonzero(counts).tolist()})
    return ~(outside | absent)
