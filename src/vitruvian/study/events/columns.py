"""The columns of events: those of MEDS (subject, time, code, value), and when a thing became known, unit, text, kind.

MEDS numbers its subjects; here a subject has the name that the record or the file gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vitruvian.core import DataError

if TYPE_CHECKING:
    import polars as pl

KINDS = ("measured", "derived", "extracted")
"""How a fact came about; "extracted" was read from text."""
ORDER = ("subject_id", "time", "known", "code", "numeric_value", "text", "unit", "kind")
"""Events lie in this order, so that no feature depends on the order in which they arrived."""


def event_schema() -> dict[str, Any]:
    """Columns of events and their types: times in UTC without zone; value, unit and text are null where absent."""
    import polars as pl

    return {
        "subject_id": pl.String,
        "time": pl.Datetime("us"),
        "known": pl.Datetime("us"),
        "code": pl.Categorical,
        "numeric_value": pl.Float64,
        "unit": pl.Categorical,
        "text": pl.String,
        "kind": pl.Enum(KINDS),
    }


def checked_events(frame: pl.DataFrame) -> pl.DataFrame:
    """The columns of events of a table, in order; one without `known` is refused: it cannot rule out the future.

    Raises `DataError` for a missing column, another type, an event without subject, code or time, an unknown kind.
    """
    import polars as pl

    schema = event_schema()
    if absent := [name for name in schema if name not in frame.columns]:
        raise DataError("events lack columns", got=", ".join(frame.columns), todo=f"Add {', '.join(absent)}.")
    if odd := frame.filter(~pl.col("kind").cast(pl.String).is_in(KINDS)).height:
        raise DataError("events of an unknown kind", got=f"{odd:,} rows", allowed=", ".join(KINDS))
    try:
        found = frame.select(pl.col(name).cast(kind) for name, kind in schema.items())
    except pl.exceptions.PolarsError as error:
        raise DataError("a column of the events has another type", got=str(error).splitlines()[0]) from error
    for name in ("subject_id", "time", "known", "code", "kind"):
        if nulls := found[name].null_count():
            raise DataError(f"events without {name}", got=f"{nulls:,} of {found.height:,} rows")
    if odd := found.filter(pl.col("numeric_value").is_infinite() | pl.col("numeric_value").is_nan()).height:
        raise DataError("events with a value that is no number", got=f"{odd:,} rows", todo="Leave the value out.")
    return found
