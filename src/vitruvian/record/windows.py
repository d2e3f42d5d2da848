"""Where a stream is cut into chunks, and which chunks are joined again.

A chunk holds the samples of one signal that start within one window: a UTC calendar month, or a whole UTC year where a
signal is sparse. Chunks of one window and one tier (sizes within a factor of eight) are joined when there are more than
eight of them: the many small batches of a monitor become few chunks, and no sample is rewritten more than five times.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import polars as pl

SPARSE = 20_000
"""Samples that one chunk of a whole year may hold."""
MOST = 8
"""Chunks of one window and tier that are left apart."""
FULL = 5
"""Tier (32,768 rows and more) whose chunks are never joined."""


class Window(NamedTuple):
    """From `start` up to but not including `end`, milliseconds since 1970 UTC."""

    start: int
    end: int


def cut(frame: pl.DataFrame) -> Iterator[tuple[Window, pl.DataFrame]]:
    """The rows window by window, each in order of start: a year where few, else its months."""

    ordered = frame.sort("start", "end", "place", maintain_order=True)
    for year in _by(ordered, "1y"):
        if year.height <= SPARSE:
            yield _window(year, "1y"), year
        else:
            yield from ((_window(month, "1mo"), month) for month in _by(year, "1mo"))


def tier(rows: int) -> int:
    """0 for 1–7 rows, 1 for 8–63, 2 for 64–511 …"""
    return (max(rows, 1).bit_length() - 1) // 3


def _by(ordered: pl.DataFrame, every: str) -> list[pl.DataFrame]:
    """The ordered rows in pieces of one calendar period each."""
    import polars as pl

    if ordered.is_empty():
        return []
    moment = pl.col("start").cast(pl.Datetime("ms"))
    period = ordered.select(moment.dt.truncate(every)).to_series()
    if period[0] == period[-1]:
        return [ordered]
    lengths = period.rle().struct.field("len").to_list()
    places = [0]
    for length in lengths:
        places.append(places[-1] + length)
    return [ordered.slice(start, length) for start, length in zip(places, lengths, strict=False)]


def _window(rows: pl.DataFrame, every: str) -> Window:
    import polars as pl

    first = pl.Series([rows["start"][0]]).cast(pl.Datetime("ms")).dt.truncate(every)
    return Window(first.cast(pl.Int64)[0], first.dt.offset_by(every).cast(pl.Int64)[0])
