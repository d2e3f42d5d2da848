"""Writing many rows at once, on SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect, Table, insert

T = TypeVar("T")
CHUNK = 500


def keep_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows whose key is not there yet."""
    if rows:
        many(connection, _keep_new(connection.dialect, table, tuple(rows[0])), rows)


def many(connection: Connection, compiled: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Run a compiled statement for all rows (of the same columns), by the driver: saves a tenth of an ingest."""
    if compiled.positional:
        connection.exec_driver_sql(str(compiled), list(map(itemgetter(*compiled.positiontup), rows)))
    else:
        connection.exec_driver_sql(str(compiled), list(rows))


def present(connection: Connection, table: Table, column: str, values: Sequence[str]) -> set[str]:
    """Those of `values` that are in a column."""
    found: set[str] = set()
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    for some in chunks(values):
        query = f"SELECT {column} FROM {table.name} WHERE {column} IN ({','.join([mark] * len(some))})"
        found.update(row[0] for row in connection.exec_driver_sql(query, tuple(some)))
    return found


@lru_cache(maxsize=32)
def _keep_new(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> Any:
    statement = upsert(dialect, table).on_conflict_do_nothing()
    return statement.compile(dialect=dialect, column_keys=list(columns))


def insert_tuples(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows that are tuples in the order of the table's columns: the fastest way in."""
    text, positional = _insert_text(table, connection.dialect)
    if positional:
        connection.exec_driver_sql(text, list(rows))
    else:
        names = [column.name for column in table.columns]
        connection.exec_driver_sql(text, [dict(zip(names, row, strict=True)) for row in rows])


@lru_cache(maxsize=32)
def _insert_text(table: Table, dialect: Dialect) -> tuple[str, bool]:
    compiled = insert(table).compile(dialect=dialect)
    return str(compiled), bool(compiled.positional)


def upsert(dialect: Dialect, table: Table) -> Any:
    """The dialect's own INSERT, which knows ON CONFLICT."""
    if dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # costs 0.1 s to import

    return postgresql.insert(table)


def chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Pieces that fit into one IN (…)."""
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
