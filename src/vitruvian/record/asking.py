"""Asking a statement that was made once, again and again: compiled once, and on SQLite asked by the driver itself.

What SQLAlchemy does beside for each call costs ten times what such a question costs in the file.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, LargeBinary, Row

_Shape = tuple[str, tuple[str, ...], Mapping[str, Any], Callable[[Any], Any]]


def rows_of(connection: Connection, statement: Any, values: Mapping[str, Any]) -> Sequence[Row[Any]]:
    """All rows of a SELECT without expanding parameters. `statement` is kept: give one that is made once.

    On SQLite they are named tuples, with names, places and `_fields` as rows have them.
    """
    if connection.dialect.name == "sqlite" and (shape := _shape(statement, connection.dialect)):
        text, places, fixed, row = shape
        given = {**fixed, **values} if fixed else values
        if not connection.in_transaction():
            connection.begin()
        driver: Any = connection.connection.driver_connection
        try:
            return list(map(row, driver.execute(text, [given[one] for one in places]).fetchall()))
        except sqlite3.Error:
            pass  # asked again below: SQLAlchemy says in its own errors what went wrong
    return connection.execute(statement, values).all()


def values_of(connection: Connection, statement: Any, values: Mapping[str, Any]) -> list[Any]:
    """The first column of all rows; see `rows_of`."""
    return [row[0] for row in rows_of(connection, statement, values)]


@lru_cache(maxsize=1024)
def _shape(statement: Any, dialect: Any) -> _Shape | None:
    """Text, names of the values in their order, values that it has itself, and what makes a row; None where a column is
    not as the driver gives it."""
    compiled = statement.compile(dialect=dialect)
    columns = statement.selected_columns
    for one in columns:
        kind = one.type.dialect_impl(dialect)
        if not isinstance(one.type, LargeBinary) and kind.result_processor(dialect, None) is not None:
            return None
    names = list(columns.keys())
    if not compiled.positiontup or compiled.post_compile_params or len(set(names)) < len(names):
        return None
    fixed = {name: one.value for name, one in compiled.binds.items() if not one.required}
    found: Any = namedtuple("Found", names)  # type: ignore[misc]
    return str(compiled), tuple(compiled.positiontup), fixed, found._make
