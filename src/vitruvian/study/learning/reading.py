"""Rows of each task: from folders of public data sets, and from a record's events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from vitruvian.core import DataError, InputError, UnsupportedError
from vitruvian.learn import Rows
from vitruvian.study.cohorts import Cohort, label_events, read_cohort
from vitruvian.study.events import Events, Moments, icu2012_events
from vitruvian.study.features import features_of, read_recipe, readmission_table
from vitruvian.study.learning.examples import EMPTY, Examples, md5_of, only, valued, with_copies
from vitruvian.study.learning.folds import held_back
from vitruvian.study.learning.thinning import thinned

_SETS = {"train": "a", "test": "b"}
OF_CHARTING = ("since", "n")
"""Statistics of how often and how late something was charted; they differ between the sets of the challenge."""
OWN_LABELS = ("earlier_soon", "previous_soon")
"""Columns of earlier labels, which need not have been known by then: the source has no dates."""


def icu_death_examples(where: Path, part: str) -> Examples:
    """Stays of set a (train) or b (test), 48 hours after admission."""
    return _icu(where, part, "icu2012_death")


def icu_deterioration_examples(where: Path, part: str) -> Examples:
    """Stays of set a (train) or b (test), 24 hours after admission, of those who have not deteriorated yet."""
    return _icu(where, part, "icu2012_deterioration")


def _icu(where: Path, part: str, cohort: str) -> Examples:
    folder = where / "icu2012" if (where / "icu2012").is_dir() else where
    series, outcomes = folder / f"set_{_SETS[part]}.csv.gz", folder / f"outcomes_{_SETS[part]}.csv"
    md5 = md5_of(series, outcomes)
    _no_death_after_discharge(outcomes)
    events = icu2012_events(series, outcomes)
    found, moments = labelled(events, read_cohort(cohort), md5, "icu2012_48h")
    found = replace(found, rows=without(found.rows, OF_CHARTING))
    if part != "train":
        return found
    whole = features_of(read_recipe("icu2012_48h"), thinned(events), moments).rows
    return with_copies(found, only(whole, found.rows.features))


def _no_death_after_discharge(outcomes: Path) -> None:
    import polars as pl

    died, stay, day = (pl.col(name).cast(pl.Int64) for name in ("In-hospital_death", "Length_of_stay", "Survival"))
    late = pl.read_csv(outcomes, infer_schema=False).filter((died == 1) & (stay >= 0) & (day > stay)).height
    if late:
        raise DataError(f"deaths in hospital after discharge in {outcomes.name}", got=f"{late:,} rows")


def of_events(events: Events, cohort: Cohort, recipe: str, data: Mapping[str, str]) -> Examples:
    """Moments of a cohort with the features of a recipe. Raises DataError where there are none."""
    return labelled(events, cohort, data, recipe)[0]


def labelled(events: Events, cohort: Cohort, data: Mapping[str, str], recipe: str) -> tuple[Examples, Moments]:
    """Examples as `of_events`, and their moments."""
    found = label_events(cohort, events)
    if not len(found.moments):
        left_out = ", ".join(f"{reason}: {count:,}" for reason, count in found.left_out.items())
        raise DataError(f"nobody is in the cohort {cohort.name}", got=left_out or "no index event")
    featured = features_of(read_recipe(recipe), events, found.moments)
    rows = valued(featured.rows)
    empty = len(featured.rows.features) - len(rows.features)
    notes = {**featured.notes, **({EMPTY: empty} if empty else {})}
    told = Examples(rows, found.label, found.groups, data, found.left_out, notes)
    return told, found.moments


def without(rows: Rows, statistics: tuple[str, ...]) -> Rows:
    """Without the features of some statistics of a recipe."""
    kept = [k for k, one in enumerate(rows.features) if not set(statistics) & set(one.name.split("_")[1:-1])]
    return Rows(tuple(rows.features[k] for k in kept), rows.values[:, kept], rows.ids)


def readmission_examples(where: Path, part: str) -> Examples:
    """Admissions of the diabetes-130 table; one in five patients is the test part.

    Left out are columns of earlier labels (`OWN_LABELS`): counts of earlier admissions stay.
    """
    folder = where / "readmission" if (where / "readmission").is_dir() else where
    file = next(
        (folder / name for name in ("dataset_diabetes.zip", "diabetic_data.csv") if (folder / name).is_file()), None
    )
    if file is None:
        raise InputError("the readmission table is not here", got=where.name, allowed="dataset_diabetes.zip")
    table = readmission_table(file)
    kept = [k for k, one in enumerate(table.rows.features) if one.name not in OWN_LABELS]
    rows = Rows(tuple(table.rows.features[k] for k in kept), table.rows.values[:, kept], table.rows.ids)
    whole = Examples(rows, table.label, table.group, md5_of(file), table.left_out)
    test = held_back(whole.people)
    return whole.taken(test if part == "test" else ~test)


def heart_failure_examples(where: Path, part: str) -> Examples:
    """Discharges of people with heart failure, from events that were written from a record."""
    if part == "test":
        raise UnsupportedError(
            "a record has no test part of its own", todo="Judge it on another record, or later rows."
        )
    files = sorted(where.glob("part-*.parquet"))
    cohort = read_cohort("chf_readmission_30d")
    if part == "score":
        cohort = replace(cohort, follow_up="complete")  # the newest discharges have no outcome yet
    found = of_events(Events.open(where), cohort, "chf_30d", md5_of(*files))
    if part == "train" and not found.label.any():
        got = f"0 of {len(found):,} moments are followed by a readmission"
        todo = "People can be scored by a model from elsewhere; nothing is claimed of its performance here."
        raise DataError("this record has no outcome to learn from or to judge by", got=got, todo=todo)
    return found
