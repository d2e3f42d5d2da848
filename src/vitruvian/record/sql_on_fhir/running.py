"""Running a compiled view in DuckDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitruvian.core import DataError
from vitruvian.record.sql_on_fhir.query import Query

if TYPE_CHECKING:
    import duckdb
    import polars as pl


def run_query(connection: duckdb.DuckDBPyConnection, query: Query) -> pl.DataFrame:
    """The rows of a view; raises `DataError` where the data do not fit it (two values in a column, a wrong type)."""
    import duckdb

    try:
        return connection.sql(query.sql).pl()
    except duckdb.InvalidInputException as error:
        what = str(error).removeprefix("Invalid Input Error: ").splitlines()[0]
        raise DataError(f"the view does not fit the data: {what}", todo="Correct the view's paths.") from error
