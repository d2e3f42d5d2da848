"""Parts of statements that are made once and asked many times, with other values."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ColumnElement, bindparam


def one_of(column: Column[Any], name: str, count: int) -> ColumnElement[bool]:
    """`column` is one of the values name0, name1 …; with one of them the plainest form, which an index serves best."""
    places: list[Any] = [bindparam(f"{name}{k}") for k in range(count)]
    return column == places[0] if count == 1 else column.in_(places)
