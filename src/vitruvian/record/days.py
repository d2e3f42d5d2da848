"""Samples summed up by the days that the person lived: local dates, by the offset recorded with each sample.

Travel and daylight saving lose and double nothing: the days of a sum add up to the sum of all samples. A sample that
passes midnight is shared between the days by time; a night's sleep counts for the day on which it ends (from 18:00 on).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vitruvian.record.fact import NO_OFFSET
from vitruvian.record.sample_frame import DOUBTFUL
from vitruvian.record.source_priority import with_priority
from vitruvian.tables.signals import Signal

if TYPE_CHECKING:
    import polars as pl
    from jaxtyping import Int

DAY_MS = 86_400_000
_EVENING_MS = 6 * 3_600_000
_MINUTE_MS = 60_000
_AWAKE = re.compile(r"awake|wake|in.?bed|out.?of.?bed", re.I)


def days(samples: pl.DataFrame, signal: Signal, priority: Sequence[str] = ()) -> pl.DataFrame:
    """One row a local day: date, value, unit, low, high, samples (how many count), left_out (doubtful ones), sources.

    `value` is the sum of signals that are summed (steps; minutes asleep for sleep), each moment from the source of
    highest priority (see `source_priority`), else the mean of the day's samples; `low` and `high` are their extremes.
    """
    import polars as pl

    doubtful = (pl.col("flags") & DOUBTFUL) != 0
    counted = samples.filter(~doubtful).pipe(_minutes_asleep if signal.name == "sleep" else _with_value)
    shift = _EVENING_MS if signal.name == "sleep" else 0
    if signal.join == "sum":
        counted = _split_at_midnight(with_priority(counted, priority), shift).filter(pl.col("share") > 0)
        value = pl.col("counted").sum()
    else:
        counted = counted.with_columns(day=_day(_local(counted) + shift))
        value = pl.col("value").mean()
    rows = counted.group_by("day").agg(
        value.alias("value"),
        pl.col("value").min().alias("low"),
        pl.col("value").max().alias("high"),
        pl.len().alias("samples"),
        pl.col("source").unique().sort().str.join("; ").alias("sources"),
    )
    left = samples.filter(doubtful)
    left = left.with_columns(day=_day(_local(left) + shift)).group_by("day").agg(pl.len().alias("left_out"))
    joined = rows.join(left, on="day", how="full", coalesce=True).sort("day")
    return joined.select(
        pl.col("day").cast(pl.Int32).cast(pl.Date).alias("date"),
        "value",
        pl.lit(signal.unit).alias("unit"),
        "low",
        "high",
        pl.col("samples").fill_null(0),
        pl.col("left_out").fill_null(0),
        pl.col("sources").fill_null(""),
    )


def _with_value(samples: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    return samples.filter(pl.col("value").is_not_nan())


def _minutes_asleep(samples: pl.DataFrame) -> pl.DataFrame:
    """Sleep stages as minutes: their length, none for the time awake or merely in bed."""
    import polars as pl

    awake = pl.col("text").str.contains(f"(?i){_AWAKE.pattern}")
    minutes = (pl.col("end") - pl.col("start")) / _MINUTE_MS
    return samples.with_columns(value=pl.when(awake).then(0.0).otherwise(minutes))


def _local(samples: pl.DataFrame) -> Int[np.ndarray, N]:
    offset = samples["offset"].to_numpy().astype(np.int64)
    return samples["start"].to_numpy() + np.where(offset == NO_OFFSET, 0, offset) * _MINUTE_MS


def _day(local: Int[np.ndarray, N]) -> pl.Series:
    import polars as pl

    return pl.Series(np.floor_divide(local, DAY_MS), dtype=pl.Int64)


def _split_at_midnight(samples: pl.DataFrame, shift: int) -> pl.DataFrame:
    """Each sample once for every local day that it touches, `counted` shared by time."""
    import polars as pl

    start = _local(samples) + shift
    length = samples["end"].to_numpy() - samples["start"].to_numpy()
    end = start + length
    first = np.floor_divide(start, DAY_MS)
    pieces = np.maximum(np.floor_divide(end - 1, DAY_MS) - first, 0) + 1
    row = np.repeat(np.arange(len(start)), pieces)
    within = np.arange(len(row)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    day = first[row] + within
    inside = np.minimum(end[row], (day + 1) * DAY_MS) - np.maximum(start[row], day * DAY_MS)
    fraction = np.where(length[row] > 0, inside / np.maximum(length[row], 1), 1.0)
    spread = samples[row] if len(row) else samples
    return spread.with_columns(day=pl.Series(day, dtype=pl.Int64), counted=spread["counted"] * pl.Series(fraction))
