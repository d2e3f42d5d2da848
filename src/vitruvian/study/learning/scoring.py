"""Scores of many rows as a table, and rows read from a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vitruvian.core import DataError, InputError
from vitruvian.learn import Feature, Learned, Rows
from vitruvian.learn.table import empty, matched, strange

if TYPE_CHECKING:
    import polars as pl

ID = "id"


def read_rows(path: str | Path, features: tuple[Feature, ...], *, more: bool = False) -> Rows:
    """Rows of a CSV or Parquet file with a column for each feature and `id`; categories by name, empty is missing.

    A category that the model does not know is kept, and its row abstains. Raises DataError for a column that is missing
    or holds no numbers, with the count of rows; and for other columns, unless there may be `more`.
    """
    import polars as pl

    table = read_table(path)
    names = {ID, *(one.name for one in features)}
    if absent := sorted(names - set(table.columns)):
        raise DataError(
            f"{len(absent)} columns are missing", got=", ".join(absent[:6]), todo="Add them, empty if unknown."
        )
    if not more and (extra := sorted(set(table.columns) - names)):
        raise DataError(f"{len(extra)} columns are not the model's", got=", ".join(extra[:6]), todo="Leave them out.")
    columns = [_column(table[one.name], one) for one in features]
    values = np.column_stack(columns) if columns else np.zeros((table.height, 0))
    return Rows(features, values, tuple(table[ID].cast(pl.String)))


def read_table(path: str | Path) -> pl.DataFrame:
    """A CSV (all texts) or Parquet file as a table. Raises InputError where there is none."""
    import polars as pl

    path = Path(path)
    if path.suffix not in (".csv", ".parquet") or not path.is_file():
        raise InputError("rows are read from a .csv or .parquet file that is there", got=path.name)
    return pl.read_csv(path, infer_schema=False) if path.suffix == ".csv" else pl.read_parquet(path)


def _column(series: pl.Series, feature: Feature) -> np.ndarray:
    import polars as pl

    if feature.kind == "category":
        place = {name: float(k) for k, name in enumerate(feature.categories)}
        texts = series.cast(pl.String).replace("", None)
        return np.array([np.nan if one is None else place.get(one, float(len(place))) for one in texts])
    texts = series.replace("", None) if series.dtype == pl.String else series
    numbers = texts.cast(pl.Float64, strict=False)
    if lost := numbers.null_count() - texts.null_count():
        raise DataError(f"{feature.name} holds texts", got=f"{lost:,} of {len(series):,} rows", allowed="numbers")
    return numbers.fill_null(np.nan).to_numpy()


def score_table(model: Learned, rows: Rows) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """(a row for each: id, probability of each event, its set, whether and why the model abstains; remarks)."""
    import polars as pl

    told = matched(model.features, rows)
    scores = model.predict(told)
    events = scores.target.events
    held = [" or ".join(name for name, there in zip(events, one, strict=True) if there) for one in scores.sets]
    probabilities = {f"p_{name}": scores.probability[:, k] for k, name in enumerate(events)}
    ids = list(rows.ids) or [str(k) for k in range(len(rows))]
    table = pl.DataFrame(
        {ID: ids, **probabilities, "set": held, "abstained": scores.abstained, "why": list(scores.why)}
    )
    return table, (*empty(told), *strange(told))
