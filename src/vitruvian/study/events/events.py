"""Events in parts, each of which holds all events of its subjects: what is worked on never grows with the whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vitruvian.core import InputError
from vitruvian.study.events.columns import ORDER, checked_events, event_schema

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
