"""Features of a cohort beside a pandas group-by; events of many people in bounded memory, in a process of its own."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from bench.timing import Row, best, once
from vitruvian.study.events import Events, Moments, event_schema, write_events
from vitruvian.study.features import Recipe, Variable, Window, features_of

if TYPE_CHECKING:
    import pandas as pd

LEAST = 5.0
MOST_MB = 4096
STATISTICS = ("first", "last", "mean", "min", "max", "n", "sd", "slope")
VARIABLES = tuple(f"LAB//{number}" for number in range(37))
RECIPE = Recipe(
    "bench",
    "37 variables, nine features of each",
    (Window("all"), Window("last12", 12.0)),
    tuple(
        Variable(f"v{k}", (code,), {"all": STATISTICS, "last12": ("mean",)}, unit="1")
        for k, code in enumerate(VARIABLES)
    ),
)
_HOUR, _STAY = 3_600_000_000, 48


def rows(people: int, events: tuple[int, int], rounds: int) -> list[Row]:
    """Ratio to pandas on `people` stays of 400 events; then (people, events) written, and features made of them."""
    return [_beside_pandas(people, rounds), _memory(*events)]


def _beside_pandas(people: int, rounds: int) -> Row:
    what, limit = f"features of a cohort, {people:,} stays, {400 * people:,} events", f"≥ {LEAST:g}× pandas"
    frame = made(people, 400, np.random.default_rng(1), 0)
    events, moments = Events.of(frame), moments_of(people)
    ours = best(lambda: features_of(RECIPE, events, moments), rounds)
    if find_spec("pandas") is None:
        return Row(what, limit, f"{ours.cpu:.2f} s", None, "pandas is not installed")
    (ordered,) = events.frames()
    table = ordered.select("subject_id", "time", "known", "code", "numeric_value").cast({"code": pl.String}).to_pandas()
    theirs = best(lambda: by_pandas(table, moments), rounds)
    _same(features_of(RECIPE, events, moments).rows.values, by_pandas(table, moments))
    ratio = theirs.cpu / ours.cpu
    return Row(
        what, limit, f"{ratio:.1f}×", ratio >= LEAST, f"{ours.cpu:.2f} s, pandas {theirs.cpu:.2f} s; equal values"
    )


def by_pandas(table: pd.DataFrame, moments: Moments) -> np.ndarray:
    """The same features with pandas, each step on whole columns; the table is in order of subject and time."""
    import pandas as pd

    at = pd.Series(moments.at.astype("datetime64[us]"), index=list(moments.subject), name="at")
    told = table.join(at, on="subject_id")
    told = told[(told["known"] <= told["at"]) & (told["time"] <= told["at"])]
    told["t"] = (told["time"] - told["at"]).dt.total_seconds() / 3600
    key = ["subject_id", "code"]
    by = told.groupby(key, sort=False)
    found = by["numeric_value"].agg(["first", "last", "mean", "min", "max", "count", "std"])
    told["dt"] = told["t"] - by["t"].transform("mean")
    told["tv"] = told["dt"] * told["numeric_value"]
    told["tt"] = told["dt"] ** 2
    sums = told.groupby(key, sort=False)[["tv", "tt"]].sum()
    found["slope"] = (sums["tv"] / sums["tt"]).where(sums["tt"] > 1e-9)
    found["late"] = told[told["t"] >= -12].groupby(key, sort=False)["numeric_value"].mean()
    wide = found.unstack("code").reindex(list(moments.subject))
    columns = [(statistic, code) for code in VARIABLES for statistic in found.columns]
    wide = wide.reindex(columns=pd.MultiIndex.from_tuples(columns))
    wide["count"] = wide["count"].fillna(0)
    return wide.to_numpy()


def _same(ours: np.ndarray, theirs: np.ndarray) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)


def _memory(people: int, count: int) -> Row:
    spent = once([sys.executable, "-m", "bench.features", str(people), str(count)])
    said = f"written in {spent.cpu:.0f} CPU-s with features of all"
    what = f"events of {people:,} people, {count:,} in all: written in any order, features of everybody"
    return Row(what, f"< {MOST_MB / 1024:g} GB", f"{spent.megabytes / 1024:.2f} GB", spent.megabytes < MOST_MB, said)


def made(people: int, each: int, draw: np.random.Generator, begin: int) -> pl.DataFrame:
    """Events of some stays in any order: who, when, of which variable, and a value; known within two hours."""
    size = people * each
    when = draw.integers(0, 60 * _STAY, size) * 60_000_000
    who = draw.integers(begin, begin + people, size)
    codes = pl.Series(VARIABLES)
    return (
        pl.DataFrame(
            {
                "subject_id": pl.Series(who).cast(pl.String),
                "time": pl.Series(when).cast(pl.Datetime("us")),
                "known": pl.Series(when + draw.integers(0, 120, size) * 60_000_000).cast(pl.Datetime("us")),
                "code": codes.gather(draw.integers(0, len(VARIABLES), size)),
                "numeric_value": draw.normal(100, 20, size).round(1),
            }
        )
        .with_columns(unit=pl.lit("1"), text=pl.lit(None, pl.String), kind=pl.lit("measured"))
        .cast(event_schema())
        .select(list(event_schema()))
    )


def moments_of(people: int) -> Moments:
    """48 hours after the begin of each stay."""
    return Moments(tuple(str(number) for number in range(people)), np.full(people, _STAY * _HOUR))


def frames(people: int, count: int, size: int = 500_000) -> Iterator[pl.DataFrame]:
    """`count` events of everybody, in frames in which anybody may occur."""
    draw = np.random.default_rng(7)
    for begin in range(0, count, size):
        rows = min(size, count - begin)
        frame = made(rows, 1, draw, 0)
        who = pl.Series(draw.integers(0, people, rows)).cast(pl.String)
        yield frame.with_columns(subject_id=who)


def main() -> None:
    """Write events of so many people, make features of everybody, and say what it took."""
    people, count = int(sys.argv[1]), int(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        events = write_events(frames(people, count), Path(folder) / "events", parts=max(1, count // 1_500_000))
        written = time.process_time()
        found = features_of(RECIPE, events, moments_of(people)).rows
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        computed = time.process_time() - written
        print(f"{found.values.shape}: {written:.0f} CPU-s to write, {computed:.0f} to compute, peak {peak:.0f} MB")


if __name__ == "__main__":
    main()
