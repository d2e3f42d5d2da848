"""The frozen set on which an old and a new model are compared, from a table with what came true."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vitruvian.core import DataError
from vitruvian.learn.trust import Frozen
from vitruvian.study.learning.scoring import ID, read_table

CAME_TRUE, PERSON = "came_true", "person"


def read_frozen(path: str | Path) -> Frozen:
    """Ids, outcomes (`came_true`, 0 or 1) and, where there is such a column, whose each row is (`person`).

    Raises DataError for a column that is missing, or an outcome that is neither.
    """
    import polars as pl

    table = read_table(path)
    if absent := [name for name in (ID, CAME_TRUE) if name not in table.columns]:
        raise DataError("the frozen set lacks columns", got=", ".join(absent), todo="Add them.")
    came = table[CAME_TRUE].cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
    if (odd := ~np.isin(came, (0.0, 1.0))).any():
        raise DataError(f"{CAME_TRUE} is neither 0 nor 1", got=f"{int(odd.sum()):,} of {len(came):,} rows")
    ids = table[ID].cast(pl.String).to_list()
    if len(set(ids)) != len(ids):
        raise DataError("a row is there twice", got=f"{len(ids) - len(set(ids)):,} rows")
    people = np.array(table[PERSON].cast(pl.String).to_list()) if PERSON in table.columns else None
    return Frozen(ids, came == 1.0, people)
