"""A picture as the JSON that static/chart.js draws, and as tables for those who read numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from vitruvian.core import to_datetime
from vitruvian.twin import words
from vitruvian.twin.doors import Line, Picture, Table

_ROWS = 24
_DIGITS = 5


def picture_json(picture: Picture) -> dict[str, Any]:
    """Plain data of a picture, values with five digits; what is not finite is absent (null)."""
    return {
        "name": picture.name, "title": picture.title,
        "x_title": picture.x_title, "x_unit": words.unit_text(picture.x_unit),
        "y_title": picture.y_title, "y_unit": words.unit_text(picture.y_unit),
        "x": list(picture.x), "x_is_time": picture.x_is_time, "x_offset": picture.x_offset, "x_zero": picture.x_zero,
        "zone": picture.zone,
        "lines": [_line(one) for one in picture.lines],
    }  # fmt: skip


def picture_tables(picture: Picture) -> tuple[Table, ...]:
    """One table of all lines that share the picture's x, one for each line with its own; some rows of many."""
    shared = [one for one in picture.lines if one.x is None]
    tables = [_table(picture, picture.title, picture.x, shared)] if shared else []
    tables += [_table(picture, one.title, one.x, [one]) for one in picture.lines if one.x is not None]
    return tuple(tables)


def _line(one: Line) -> dict[str, Any]:
    found: dict[str, Any] = {"title": one.title, "y": _rounded(one.y), "marks": one.marks, "role": one.role}
    found["bands"] = [[_rounded(low), _rounded(high)] for low, high in one.bands]
    return found if one.x is None else found | {"x": list(one.x)}


def _rounded(values: Sequence[float]) -> list[float | None]:
    return [float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None for value in values]


def _table(picture: Picture, title: str, x: Sequence[float], lines: Sequence[Line]) -> Table:
    unit = words.unit_text(picture.y_unit)
    first = (
        "When" if picture.x_is_time or picture.x_zero else _with_unit(picture.x_title, words.unit_text(picture.x_unit))
    )
    rows = tuple(
        (_place(picture, x[k]), *(_value(one, k) for one in lines)) for k in _some(len(x))
    )  # fmt: skip
    return Table("numbers", title, (first, *(_with_unit(one.title, unit) for one in lines)), rows)


def _value(one: Line, k: int) -> str:
    """The value, with the widest band in brackets."""
    if not math.isfinite(one.y[k]):
        return "–"
    text = words.number_text(one.y[k])
    low, high = (end[k] for end in one.bands[0]) if one.bands else (math.nan, math.nan)
    if not (math.isfinite(low) and math.isfinite(high)):
        return text
    return f"{text} ({words.number_text(low)}–{words.number_text(high)})"


def _place(picture: Picture, x: float) -> str:
    if picture.x_is_time:
        zone = " UTC" if picture.x_offset is None else ""
        return f"{to_datetime(round(1000 * x), picture.x_offset or 0):%Y-%m-%d %H:%M}{zone}"
    if picture.x_zero:
        return f"{datetime.fromisoformat(picture.x_zero) + timedelta(hours=x):%Y-%m-%d %H:%M}"
    return words.number_text(x)


def _with_unit(title: str, unit: str) -> str:
    return f"{title} ({unit})" if unit else title


def _some(n: int) -> list[int]:
    """At most about two dozen places of n, the last among them."""
    step = max(1, -(-n // _ROWS))
    return [k for k, _ in groupby([*range(0, n, step), n - 1])] if n else []
