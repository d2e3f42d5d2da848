"""From events and a cohort's definition to moments and what came after them; and who was left out, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Int

from vitruvian.learn import Target
from vitruvian.study.cohorts.checks import check_contradictions
from vitruvian.study.cohorts.cohort import Clause, Cohort, Condition
from vitruvian.study.cohorts.matching import matching, of_codes
from vitruvian.study.events import Events, Moments

if TYPE_CHECKING:
    import polars as pl

_HOUR = 3_600_000_000
_COLUMNS = ("subject_id", "time", "known", "code", "numeric_value", "unit", "text", "kind")
_KEY = ("subject_id", "moment")


@dataclass(frozen=True)
class Labelled:
    """Moments of a cohort in order of subject and time, and what came after each of them.

    `outcome`: 0 nothing up to the horizon, 1 the label, 2 and more what competes, in the order of the definition;
    `hours` from the moment to it, or to the horizon. `left_out` counts moments by reason.
    """

    cohort: Cohort
    moments: Moments
    outcome: Int[np.ndarray, " moments"]
    hours: Float[np.ndarray, " moments"]
    left_out: Mapping[str, int]

    @property
    def label(self) -> Bool[np.ndarray, " moments"]:
        """Whether the label came first, within the horizon."""
        return self.outcome == 1

    @property
    def groups(self) -> tuple[str, ...]:
        """Whose moment each is: rows of one person never go to both sides of a split."""
        return self.moments.subject

    @property
    def target(self) -> Target:
        """What a model of this cohort says."""
        return self.cohort.target


def label_events(cohort: Cohort, events: Events) -> Labelled:
    """The moments of a cohort and their outcomes, part after part of the events.

    An index event counts from when it was known, and conditions see only what was known by the moment. Raises
    `DataError` for events that contradict each other, with their number, and for a unit that differs.
    """
    import polars as pl

    left_out: Counter[str] = Counter()
    check_contradictions(cohort, events)
    found = [_part(cohort, frame, left_out) for frame in _relevant(cohort, events)]
    rows = pl.concat(found).sort(_KEY) if found else pl.DataFrame(schema=["subject_id", "moment", "outcome", "hours"])
    moments = Moments(tuple(rows["subject_id"]), rows["moment"].cast(pl.Int64).to_numpy())
    outcome, hours = rows["outcome"].cast(pl.Int64).to_numpy(), rows["hours"].cast(pl.Float64).to_numpy()
    return Labelled(cohort, moments, outcome, hours, dict(left_out))


def _relevant(cohort: Cohort, events: Events) -> Iterator[pl.DataFrame]:
    """Part after part the events that the definition speaks of, and when each subject was heard of last (`seen`)."""
    import polars as pl

    clauses = [*cohort.index, *(clause for one in cohort.outcomes for clause in one.any)]
    clauses += [clause for one in (*cohort.require, *cohort.exclude) for clause in one.any]
    for part in events.parts:
        frame = part.filter(of_codes(clauses)).select(_COLUMNS).collect()
        seen = part.group_by("subject_id").agg(pl.col("time").max().alias("seen")).collect(engine="streaming")
        yield frame.join(seen, on="subject_id", how="left", maintain_order="left")


def _part(cohort: Cohort, frame: pl.DataFrame, left_out: Counter[str]) -> pl.DataFrame:
    """(subject, moment, outcome, hours) of one part."""
    import polars as pl

    rows = _moments(cohort, frame)
    for one in cohort.require:
        rows = _kept(rows, _known_of(rows, frame, one), f"not: {one.name}", left_out)
    for one in cohort.exclude:
        rows = _kept(rows, ~_known_of(rows, frame, one), one.name, left_out)
    for place, outcome in enumerate(cohort.outcomes, start=1):
        rows = _first_after(rows, frame, outcome.any, f"t{place}")
        before = pl.col("moment") >= pl.col(f"t{place}_any")
        rows = _kept(
            rows, ~rows.select(before.fill_null(False)).to_series(), f"before the moment: {outcome.name}", left_out
        )
    times = [f"t{place}" for place in range(1, len(cohort.outcomes) + 1)]
    end = pl.col("moment") + pl.duration(hours=cohort.horizon_h)
    first = pl.min_horizontal(times)
    decided = first <= end
    which = pl.coalesce(pl.when(pl.col(one) == first).then(place) for place, one in enumerate(times, start=1))
    rows = rows.with_columns(
        outcome=pl.when(decided).then(which).otherwise(0).fill_null(0),
        hours=(pl.when(decided).then(first).otherwise(end) - pl.col("moment")).dt.total_microseconds() / _HOUR,
    )
    if cohort.follow_up == "observed":
        heard = rows.select((pl.col("outcome") > 0) | (pl.col("seen") >= end)).to_series()
        rows = _kept(rows, heard, "not followed up to the horizon", left_out)
    return rows.select(*_KEY, "outcome", "hours")


def _moments(cohort: Cohort, frame: pl.DataFrame) -> pl.DataFrame:
    """(subject, index, moment, seen), each moment once."""
    import polars as pl

    index = matching(frame, cohort.index)
    after = pl.duration(hours=cohort.after_h)
    rows = index.select(
        "subject_id",
        pl.col("time").alias("index"),
        pl.max_horizontal(pl.col("time") + after, "known").alias("moment"),
        "seen",
    ).sort("subject_id", "moment", "index")
    if cohort.which == "each":
        return rows.unique(_KEY, keep="first", maintain_order=True)
    return rows.unique("subject_id", keep=cohort.which, maintain_order=True)


def _known_of(rows: pl.DataFrame, frame: pl.DataFrame, condition: Condition) -> pl.Series:
    """Of each moment, whether the condition was known by then."""
    import polars as pl

    met = (
        rows.select(_KEY)
        .join(matching(frame, condition.any), on="subject_id")
        .filter((pl.col("known") <= pl.col("moment")) & (pl.col("time") <= pl.col("moment")))
    )
    if np.isfinite(condition.within_h):
        met = met.filter(pl.col("time") >= pl.col("moment") - pl.duration(hours=condition.within_h))
    held = met.select(_KEY).unique().with_columns(held=True)
    return rows.join(held, on=_KEY, how="left", maintain_order="left")["held"].fill_null(False)


def _first_after(rows: pl.DataFrame, frame: pl.DataFrame, clauses: Sequence[Clause], name: str) -> pl.DataFrame:
    """Adds the first time after the moment, and the first between index and moment (`_any`)."""
    import polars as pl

    pairs = rows.select(*_KEY, "index").join(matching(frame, clauses).select("subject_id", "time"), on="subject_id")
    late = pairs.filter(pl.col("time") > pl.col("moment")).group_by(_KEY).agg(pl.col("time").min().alias(name))
    early = pairs.filter((pl.col("time") > pl.col("index")) & (pl.col("time") <= pl.col("moment")))
    early = early.group_by(_KEY).agg(pl.col("time").min().alias(f"{name}_any"))
    for one in (late, early):
        rows = rows.join(one, on=_KEY, how="left", maintain_order="left")
    return rows


def _kept(rows: pl.DataFrame, which: pl.Series, reason: str, left_out: Counter[str]) -> pl.DataFrame:
    lost = rows.height - int(which.sum())
    if lost:
        left_out[reason] += lost
    return rows.filter(which)
