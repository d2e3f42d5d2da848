"""Which events a clause means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from vitruvian.core import DataError, UnitError, scale_to
from vitruvian.study.cohorts.cohort import Clause
from vitruvian.study.events import has_code

if TYPE_CHECKING:
    import polars as pl


def of_codes(clauses: Iterable[Clause]) -> pl.Expr:
    """Events that have a code of any of the clauses, whatever their values."""
    return has_code(code for one in clauses for code in one.codes)


def matching(frame: pl.DataFrame, clauses: Sequence[Clause]) -> pl.DataFrame:
    """The events of a frame that any of the clauses means, in order; raises `DataError` for a unit that differs."""
    import polars as pl

    if not clauses:
        return frame.clear()
    return frame.filter(pl.any_horizontal([_means(frame, one) for one in clauses]))


def _means(frame: pl.DataFrame, clause: Clause) -> pl.Expr:
    import polars as pl

    told = of_codes([clause])
    if not clause.extracted:
        told &= pl.col("kind") != "extracted"
    if clause.texts:
        told &= pl.col("text").is_in(clause.texts)
    if clause.above is None and clause.below is None:
        return told
    value = _in_unit(frame.filter(told & pl.col("numeric_value").is_not_null()), clause)
    if clause.above is not None:
        told &= value > clause.above
    if clause.below is not None:
        told &= value < clause.below
    return told.fill_null(False)


def _in_unit(chosen: pl.DataFrame, clause: Clause) -> pl.Expr:
    """The value in the unit of the clause, by the units that occur."""
    import polars as pl

    value = pl.lit(None, pl.Float64)
    for unit, count in chosen.group_by("unit").len().sort("unit").iter_rows():
        here = pl.col("unit").is_null() if unit is None else pl.col("unit") == unit
        try:
            identity = clause.unit == "1" and unit is None
            multiply, add, divide = (1.0, 0.0, 1.0) if identity else scale_to(unit or "", clause.unit)
        except UnitError as error:
            got = f"{count:,} rows in {unit or 'no unit'}"
            raise DataError(f"a unit of {', '.join(clause.codes)} differs", got=got, allowed=clause.unit) from error
        value = pl.when(here).then((pl.col("numeric_value") * multiply + add) / divide).otherwise(value)
    return value
