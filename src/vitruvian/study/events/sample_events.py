"""Samples of streams as events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING

from vitruvian.record import DOUBTFUL
from vitruvian.study.events.columns import event_schema
from vitruvian.tables.signals import signals

if TYPE_CHECKING:
    import polars as pl

SIGNAL = "SIGNAL//"


def sample_events(samples: pl.DataFrame, names: Collection[str], left_out: Counter[str]) -> pl.DataFrame:
    """Events of the samples of some signals, known at their end, in the signal's unit; doubtful ones are counted."""
    import polars as pl

    mine = samples.filter(pl.col("signal").is_in(list(names)))
    sure = mine.filter((pl.col("flags") & DOUBTFUL) == 0)
    if lost := mine.height - sure.height:
        left_out["doubtful sample"] += lost
    units = {name: one.unit for name, one in signals().items()}
    told = sure.select(
        pl.col("person").alias("subject_id"),
        (pl.col("start") * 1000).cast(pl.Datetime("us")).alias("time"),
        (pl.col("end") * 1000).cast(pl.Datetime("us")).alias("known"),
        (pl.lit(SIGNAL) + pl.col("signal")).alias("code"),
        pl.col("value").fill_nan(None).alias("numeric_value"),
        pl.coalesce(pl.col("signal").replace_strict(units, default=None, return_dtype=pl.String), "unit").alias("unit"),
        pl.when(pl.col("text") == "").then(None).otherwise("text").alias("text"),
        pl.lit("measured").alias("kind"),
    )
    return told.select(pl.col(name).cast(kind) for name, kind in event_schema().items())
