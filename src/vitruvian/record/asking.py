"""Asking a statement that was made once, again and again: compiled once, and on SQLite asked by the driver itself.

What SQLAlchemy does beside for each call costs ten times what such a question costs in the file.
"""

from __future__ import annotations

import re
import sqlite3
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, LargeBinary, Row

_Shape = tuple[str, tuple[str, ...], Mapping[str, Any], Callable[[Any], Any]]
_LIST = re.compile(r"__\[POSTCOMPILE_(\w+)\]")
_LONGEST = 64
"""Values of a list, at most: each length is a statement of its own."""


def rows_of(connection: Connection, statement: Any, values: Mapping[str, Any]) -> Sequence[Row[Any]]:
    """All rows of a SELECT; values of expanding parameters are lists. `statement` is kept: give one that is made once.

    On SQLite they are named tuples, with names, places and `_fields` as rows have them.
    """
    if connection.dialect.name == "sqlite":
        lists = tuple((name, len(one)) for name, one in values.items() if type(one) is list)
        short = all(0 < length <= _LONGEST for _, length in lists)
        if short and (shape := _shape(statement, connection.dialect, lists)):
            text, places, fixed, row = shape
            try:
                return list(
                    map(row, _driver(connection).execute(text, _placed(places, {**fixed, **values})).fetchall())
                )
            except sqlite3.Error:
                pass  # asked again below: SQLAlchemy says in its own errors what went wrong
    return connection.execute(statement, values).all()


def values_of(connection: Connection, statement: Any, values: Mapping[str, Any]) -> list[Any]:
    """The first column of all rows; see `rows_of`."""
    return [row[0] for row in rows_of(connection, statement, values)]


def _driver(connection: Connection) -> Any:
    """The driver's connection, within a transaction as SQLAlchemy begins it."""
    if not connection.in_transaction():
        connection.begin()
    return connection.connection.driver_connection


def _placed(places: Sequence[str], given: Mapping[str, Any]) -> list[Any]:
    found: list[Any] = []
    for one in places:
        value = given[one]
        if type(value) is list:
            found += value
        else:
            found.append(value)
    return found


@lru_cache(maxsize=1024)
def _shape(statement: Any, dialect: Any, lists: tuple[tuple[str, int], ...]) -> _Shape | None:
    """Text, names of the values in their order, values that it has itself, and what makes a row; None where a column is
    not as the driver gives it."""
    compiled = statement.compile(dialect=dialect)
    columns = statement.selected_columns
    for one in columns:
        kind = one.type.dialect_impl(dialect)
        if not isinstance(one.type, LargeBinary) and kind.result_processor(dialect, None) is not None:
            return None
    names, length = list(columns.keys()), dict(lists)
    expanding = {one.key for one in compiled.post_compile_params}
    if not compiled.positiontup or expanding != set(length) or len(set(names)) < len(names):
        return None
    text = _LIST.sub(lambda found: ", ".join("?" * length[found[1]]), str(compiled))
    fixed = {name: one.value for name, one in compiled.binds.items() if not one.required}
    row: Any = namedtuple("Found", names)  # type: ignore[misc]
    return text, tuple(compiled.positiontup), fixed, row._make
