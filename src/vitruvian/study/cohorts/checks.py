"""What contradicts itself before anything is learned from it: impossible orders of events, units between sites."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitruvian.core import DataError
from vitruvian.study.cohorts.cohort import Cohort, Contradiction
from vitruvian.study.cohorts.matching import matching, of_codes
from vitruvian.study.events import Events

if TYPE_CHECKING:
    import polars as pl

FOLD = 3.0
"""Medians of two sites that differ so many times are not of the same unit, or not of the same thing."""
FEWEST = 30
"""Values of a site below which its median is not compared."""


@dataclass(frozen=True)
class UnitDoubt:
    """Values of a code at a site that look like another unit: median there and at all other sites."""

    code: str
    site: str
    unit: str
    rows: int
    median: float
    elsewhere: float


def check_contradictions(cohort: Cohort, events: Events) -> None:
    """Raise `DataError` where events are later than they can be, with the number of rows and subjects."""
    for one in cohort.contradictions:
        counted = [_later(frame, one) for frame in _of(events, one)]
        rows, people = sum(n for n, _ in counted), sum(m for _, m in counted)
        if rows:
            todo = "Correct these events, or leave these subjects out."
            raise DataError(
                f"events contradict each other: {one.name}", got=f"{rows:,} rows of {people:,} subjects", todo=todo
            )


def _of(events: Events, one: Contradiction) -> Iterator[pl.DataFrame]:
    return events.frames(where=of_codes((*one.any, *one.after)))


def _later(frame: pl.DataFrame, one: Contradiction) -> tuple[int, int]:
    """Number of events, and of their subjects."""
    import polars as pl

    last = matching(frame, one.after).group_by("subject_id").agg(pl.col("time").min().alias("last"))
    late = matching(frame, one.any).join(last, on="subject_id").filter(pl.col("time") > pl.col("last"))
    return late.height, late["subject_id"].n_unique()


def check_units(events: Events, site_of: Mapping[str, str]) -> tuple[UnitDoubt, ...]:
    """What each site measures in which unit: raises `DataError` where a code has different units at different sites.

    Where the unit is said to be the same but the median of a site is `FOLD` times that of all others, or a part of it,
    the doubt is given back. A subject of no site is refused.
    """
    import polars as pl

    sites = pl.DataFrame({"subject_id": list(site_of), "site": list(site_of.values())})
    valued = pl.col("numeric_value").is_not_null()
    found = [_by_site(frame, sites) for frame in events.frames(("subject_id", "code", "numeric_value", "unit"), valued)]
    values = pl.concat(found)
    _same_units(values.group_by("code", "site", "unit").agg(pl.col("values").list.len().sum().alias("rows")))
    return tuple(doubt for one in values.partition_by("code", maintain_order=True) for doubt in _doubts(one))


def _by_site(frame: pl.DataFrame, sites: pl.DataFrame) -> pl.DataFrame:
    """(code, site, unit, values) of one part."""
    import polars as pl

    joined = frame.join(sites, on="subject_id", how="left")
    if lost := joined["site"].null_count():
        raise DataError("subjects of no site", got=f"{lost:,} rows", todo="Say the site of every subject.")
    return joined.group_by("code", "site", "unit").agg(pl.col("numeric_value").alias("values"))


def _same_units(counts: pl.DataFrame) -> None:
    import polars as pl

    several = counts.group_by("code").agg(pl.col("unit").fill_null("").n_unique().alias("n")).filter(pl.col("n") > 1)
    if several.height:
        code = several["code"].sort()[0]
        told = counts.filter(code=code).sort("site", "unit", nulls_last=True)
        got = ", ".join(f"{site}: {rows:,} rows in {unit or 'no unit'}" for _, site, unit, rows in told.iter_rows())
        todo = "Convert them, or correct the unit at the source."
        raise DataError(f"the unit of {code} differs between sites", got=got, allowed="one unit", todo=todo)


def _doubts(of_code: pl.DataFrame) -> list[UnitDoubt]:
    import polars as pl

    found: list[UnitDoubt] = []
    each = of_code.explode("values")
    for site in each["site"].unique().sort():
        mine, others = each.filter(pl.col("site") == site), each.filter(pl.col("site") != site)
        if min(mine.height, others.height) < FEWEST:
            continue
        median, elsewhere = float(mine["values"].median()), float(others["values"].median())  # type: ignore[arg-type]
        if median * elsewhere <= 0 or max(median / elsewhere, elsewhere / median) < FOLD:
            continue
        found.append(UnitDoubt(mine["code"][0], site, mine["unit"][0] or "", mine.height, median, elsewhere))
    return found
