"""Events in parts, each of which holds all events of its subjects: what is worked on never grows with the whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vitruvian.core import DataError, InputError
from vitruvian.study.events.columns import ORDER, checked_events, event_schema
from vitruvian.study.events.moments import Moments

if TYPE_CHECKING:
    import polars as pl

PATTERN = "part-*.parquet"


@dataclass(frozen=True)
class Events:
    """Events of many people. A part holds whole subjects, in order of `ORDER`; parts share no subject."""

    parts: tuple[pl.LazyFrame, ...]

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Events:
        """Events that fit into memory, as one part; raises as `checked_events` does."""
        return cls((checked_events(frame).sort(ORDER).lazy(),))

    @classmethod
    def open(cls, folder: str | Path) -> Events:
        """Events that `write_events` wrote; raises `InputError` where there are none."""
        import polars as pl

        found = sorted(Path(folder).glob(PATTERN))
        if not found:
            raise InputError("no events here", got=folder, allowed=f"a folder with {PATTERN}")
        return cls(tuple(pl.scan_parquet(path) for path in found))

    def frames(self, columns: Sequence[str] | None = None, where: pl.Expr | None = None) -> Iterator[pl.DataFrame]:
        """Part after part in memory, or some columns and rows of each."""
        wanted = list(columns or event_schema())
        for part in self.parts:
            yield (part if where is None else part.filter(where)).select(wanted).collect()

    def known_by(self, moments: Moments) -> Events:
        """Events of some subjects, as known by a moment of each; raises `DataError` for two moments of one subject."""
        import polars as pl

        if len(set(moments.subject)) != len(moments):
            raise DataError("a subject has several moments", todo="Choose one for each.")
        by = pl.DataFrame({"subject_id": moments.subject, "by": moments.at}, schema_overrides={"subject_id": pl.String})
        limit = by.with_columns(pl.col("by").cast(pl.Datetime("us"))).lazy()
        cut = [part.join(limit, on="subject_id", maintain_order="left") for part in self.parts]
        return Events(tuple(part.filter(pl.col("known") <= pl.col("by")).drop("by") for part in cut))
