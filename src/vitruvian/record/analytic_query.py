"""Asking the analytic copy: a workspace in memory that holds only what the actor may see, and a gate for SQL.

What is withheld is not in the workspace, so no count, join or error can tell of it. DuckDB there reads and writes no
file, loads nothing, sees no variable of Python, and spills nothing to disk.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Any

from vitruvian.core import InputError
from vitruvian.record.analytic_grant import Grant
from vitruvian.record.analytic_parts import TABLES, Index, Parts
from vitruvian.record.analytic_source import fact_schema, resource_schema
from vitruvian.record.sample_frame import sample_schema

if TYPE_CHECKING:
    import duckdb
    import polars as pl

_SETTINGS = (
    "temp_directory = ''", "autoinstall_known_extensions = false", "autoload_known_extensions = false",
    "python_enable_replacements = false", "enable_external_access = false", "lock_configuration = true",
)  # fmt: skip
_KEPT = 3
_workspaces: OrderedDict[tuple[Any, ...], duckdb.DuckDBPyConnection] = OrderedDict()
_lock = Lock()


def workspace(
    parts: Parts, index: Index, grant: Grant, wanted: frozenset[tuple[str, str]]
) -> duckdb.DuckDBPyConnection:
    """A connection to `people` and the wanted tables: (table, kind), kind "" for all of it.

    The last few are kept in memory; one serves as long as neither the copy nor the grant changed.
    """
    key = (str(parts.folder.root), index.generation, grant.key, wanted)
    with _lock:
        if key not in _workspaces:
            _workspaces[key] = _fill(parts, index, grant, wanted)
            while len(_workspaces) > _KEPT:
                _workspaces.popitem(last=False)[1].close()
        _workspaces.move_to_end(key)
        return _workspaces[key].cursor()


def tables_in(sql: str) -> frozenset[tuple[str, str]]:
    """Tables that a query may mean: those whose name is a word of it."""
    return frozenset((one, "") for one in TABLES if re.search(rf"\b{one}\b", sql, re.I))


def check_select(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Raise `InputError` unless `sql` is one query that reads."""
    import duckdb

    try:
        found = connection.extract_statements(sql)
    except duckdb.ParserException as error:
        raise InputError("this is not SQL", got=str(error).splitlines()[0]) from error
    if len(found) != 1 or found[0].type != duckdb.StatementType.SELECT:
        raise InputError("only one query that reads is allowed", got=sql[:60], allowed="SELECT …")


def _fill(parts: Parts, index: Index, grant: Grant, wanted: frozenset[tuple[str, str]]) -> duckdb.DuckDBPyConnection:
    import duckdb

    connection = duckdb.connect(":memory:")
    _table(connection, "people", grant.subjects())
    for table in TABLES:
        kinds = {kind for name, kind in wanted if name == table}
        if kinds:
            _table(connection, table, _visible(parts, index, grant, table, kinds))
    for setting in _SETTINGS:
        connection.execute(f"SET {setting}")
    return connection


def _visible(parts: Parts, index: Index, grant: Grant, table: str, kinds: set[str]) -> pl.DataFrame:
    import polars as pl

    chosen = [one for one in index.parts if one.table == table and ("" in kinds or one.kind in kinds)]
    if not chosen:
        return pl.DataFrame(schema={"person": pl.String, **_schema(table)})
    return pl.concat([grant.filter(parts.read(one)) for one in chosen])


def _schema(table: str) -> dict[str, Any]:
    import polars as pl

    if table == "samples":
        return {**sample_schema(), **dict.fromkeys(("subject", "signal", "line"), pl.String)}
    return fact_schema() if table == "facts" else resource_schema()


def _table(connection: duckdb.DuckDBPyConnection, name: str, rows: pl.DataFrame) -> None:
    connection.register("rows_", rows)
    connection.execute(f"CREATE TABLE {name} AS SELECT * FROM rows_")
    connection.unregister("rows_")


def forget_workspaces() -> None:
    """Let go of all that is held in memory."""
    with _lock:
        while _workspaces:
            _workspaces.popitem()[1].close()
