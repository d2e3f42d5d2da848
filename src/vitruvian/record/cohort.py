"""Cohort questions: views and SQL over what the actor may see of everybody, each one audited as one search."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from vitruvian.core import InputError, UnknownNameError, now_ms
from vitruvian.record.analytic import Analytic
from vitruvian.record.analytic_grant import grant_of
from vitruvian.record.analytic_query import check_select, tables_in, workspace
from vitruvian.record.sql_on_fhir import compile_view, read_view, run_query

if TYPE_CHECKING:
    import duckdb
    import polars as pl

    from vitruvian.record.record import Record

_DEFINITIONS = files("vitruvian.record.sql_on_fhir") / "definitions"


def view_names() -> list[str]:
    """Views that come with the package."""
    return sorted(one.name.removesuffix(".json") for one in _DEFINITIONS.iterdir() if one.name.endswith(".json"))


def load_view(view: Mapping[str, Any] | str | Path) -> Any:
    """A ViewDefinition: itself, a file of JSON, or one that comes with the package, by name; raises `InputError`."""
    if isinstance(view, Mapping):
        return view
    path = Path(view)
    if str(view) in view_names():
        text = (_DEFINITIONS / f"{view}.json").read_bytes()
    elif path.is_file():
        text = path.read_bytes()
    else:
        raise UnknownNameError("no such view", got=str(view), allowed=f"a file, or {', '.join(view_names())}")
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InputError("the view is not JSON", got=str(error), todo="Correct the file.") from error


def run_view(record: Record, view: Mapping[str, Any] | str | Path) -> pl.DataFrame:
    """The rows of a ViewDefinition over the resources that may be seen."""
    told = read_view(load_view(view))
    compiled = compile_view(told)
    wanted = frozenset({("resources", told.resource)})
    return _ask(
        record,
        wanted,
        {"of": "view", "type": told.resource.lower()},
        lambda connection: run_query(connection, compiled),
    )


def run_sql(record: Record, sql: str) -> pl.DataFrame:
    """The rows of one SELECT over `people`, `facts`, `resources` and `samples`, as far as they may be seen."""
    return _ask(record, tables_in(sql), {"of": "sql"}, lambda c: _select(c, sql))


def _select(connection: duckdb.DuckDBPyConnection, sql: str) -> pl.DataFrame:
    import duckdb

    check_select(connection, sql)
    try:
        return connection.sql(sql).pl()
    except duckdb.Error as error:
        raise InputError("the query does not run", got=str(error).splitlines()[0]) from error


def _ask(
    record: Record,
    wanted: frozenset[tuple[str, str]],
    detail: Mapping[str, Any],
    work: Callable[[duckdb.DuckDBPyConnection], pl.DataFrame],
) -> pl.DataFrame:
    """Rights, then consents, then rows and their audit row in one transaction."""
    for action in ("search", "read"):
        record._demand(action, "")
    record.seal_samples()
    copy = Analytic.of(record.engine, record.keys, record.blobs)
    index = copy.current()
    with record.transaction() as connection:
        grant = grant_of(connection, record.keys, record.actor, now_ms(), index.generation)
        with workspace(copy.parts, index, grant, wanted) as cursor:
            rows = work(cursor)
        record._note(connection, "search", "", {**detail, "rows": rows.height})
    return rows
