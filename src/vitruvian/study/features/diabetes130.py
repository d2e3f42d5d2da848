"""Diabetes 130-US hospitals 1999-2008 as a table: an admission a row, readmission within 30 days, the patient as group.

Strack B et al., BioMed Res Int 2014:781670, doi:10.1155/2014/781670; UCI Machine Learning Repository, data set 296. The
data have no dates, so that they are a table, not events: what came earlier is told by `encounter_id` alone.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from vitruvian.core import DataError
from vitruvian.learn import Feature, Rows
from vitruvian.study.features.diabetes130_columns import (
    ANY_OF,
    CATEGORIES,
    DRUGS,
    GONE,
    MEASURED,
    NUMBERS,
    diagnosis_group,
)

if TYPE_CHECKING:
    import polars as pl

TABLE = "diabetic_data.csv"
OUTCOMES = ("NO", "<30", ">30")


@dataclass(frozen=True)
class ReadmissionTable:
    """Admissions (rows) in order of `encounter_id`.

    `outcome`: 0 not readmitted, 1 within 30 days, 2 later; `group` is the patient, `left_out` counts admissions that
    ended in death or hospice, after which nobody is readmitted.
    """

    rows: Rows
    outcome: Int[np.ndarray, " rows"]
    group: tuple[str, ...]
    left_out: Mapping[str, int]

    @property
    def label(self) -> np.ndarray:
        """Readmitted within 30 days."""
        return self.outcome == 1


def readmission_table(path: str | Path, *, history: bool = True) -> ReadmissionTable:
    """The table of `dataset_diabetes.zip` or of its csv; with `history` also what the patient's earlier rows tell.

    How the previous admission ended is known by the next one, if the order of `encounter_id` is that of time, which the
    source does not say. Raises `DataError` for other columns or values.
    """
    table = _read(Path(path))
    if odd := table.filter(~table["readmitted"].is_in(OUTCOMES)).height:
        raise DataError("readmissions that are none", got=f"{odd:,} rows", allowed=", ".join(OUTCOMES))
    whole = _with_history(table) if history else table
    kept = whole.filter(~whole["discharge_disposition_id"].is_in(GONE))
    columns = [*_numbers(kept), *_categories(kept), *_diagnoses(kept), *(_history(kept) if history else ())]
    rows = Rows(
        tuple(feature for feature, _ in columns),
        np.column_stack([values for _, values in columns]),
        tuple(kept["encounter_id"]),
    )
    outcome = np.array([OUTCOMES.index(one) for one in kept["readmitted"]])
    left_out = {"death or hospice": table.height - kept.height}
    return ReadmissionTable(rows, outcome, tuple(kept["patient_nbr"]), left_out)


_Column = tuple[Feature, Float[np.ndarray, " rows"]]


def _read(path: Path) -> pl.DataFrame:
    import polars as pl

    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            (name,) = [one for one in archive.namelist() if one.endswith(TABLE)] or [TABLE]
            if name not in archive.namelist():
                raise DataError(f"{path.name} holds no {TABLE}", got=", ".join(archive.namelist()))
            content: bytes | Path = archive.read(name)
    else:
        content = path
    table = pl.read_csv(content, infer_schema=False, null_values="?")
    needed = {*NUMBERS, *CATEGORIES, *MEASURED, *DRUGS, "readmitted", "patient_nbr", "encounter_id", "diag_1"}
    if absent := needed - set(table.columns):
        raise DataError("columns are missing", got=", ".join(table.columns[:8]), todo=f"Needed: {sorted(absent)}.")
    return table.sort(pl.col("encounter_id").cast(pl.Int64))


def _numbers(table: pl.DataFrame) -> list[_Column]:
    import polars as pl

    found: list[_Column] = [(NUMBERS[one], table[one].cast(pl.Float64).to_numpy()) for one in NUMBERS]
    bands = table["age"].str.extract_all(r"\d+").list.eval(pl.element().cast(pl.Float64))
    visits = [table[one].cast(pl.Float64).to_numpy() for one in NUMBERS if one.startswith("number_") and one[-1] == "t"]
    changed = sum(
        (table[one].is_in(["Up", "Down"]).to_numpy().astype(np.float64) for one in DRUGS), np.zeros(len(table))
    )
    taken = sum(((table[one] != "No").to_numpy().astype(np.float64) for one in DRUGS), np.zeros(len(table)))
    return [
        *found,
        (Feature("age", "Age", "a", low=0, high=100, about="social"), bands.list.mean().to_numpy()),
        (Feature("visits", "Outpatient and inpatient visits in the year before", "1", low=0), np.sum(visits, axis=0)),
        (Feature("drugs_changed", "Diabetes drugs changed", "1", low=0), changed),
        (Feature("drugs_taken", "Diabetes drugs taken", "1", low=0), taken),
    ]


def _categories(table: pl.DataFrame) -> list[_Column]:
    return [
        _category(table, name, title, about) for name, (title, about) in {**CATEGORIES, **MEASURED, **DRUGS}.items()
    ]


def _category(table: pl.DataFrame, name: str, title: str, about: str) -> _Column:
    """A column of texts as places in the sorted texts; NaN where the source has ?, also where it has nothing else."""
    known = table[name].drop_nulls().unique().to_list() or ["none recorded"]
    labels = tuple(sorted(known, key=lambda text: (not text.isdigit(), int(text) if text.isdigit() else 0, text)))
    place = {text: float(k) for k, text in enumerate(labels)}
    values = np.array([np.nan if text is None else place[text] for text in table[name]])
    return Feature(name, title, kind="category", categories=labels, about=about), values


def _diagnoses(table: pl.DataFrame) -> list[_Column]:
    """Group of each diagnosis, its three-digit category, and whether any of the three is of some diseases."""
    import polars as pl

    names = ("diag_1", "diag_2", "diag_3")
    found: list[_Column] = []
    for k, name in enumerate(names, start=1):
        groups = table.select(pl.col(name).map_elements(diagnosis_group, pl.String).alias(f"{name}_group"))
        found.append(_category(groups, f"{name}_group", f"Diagnosis {k}, group", "ICD-9"))
        short = table.select(pl.col(name).str.extract(r"^([EV]?\d+)").alias(f"{name}_code"))
        found.append(_category(short, f"{name}_code", f"Diagnosis {k}, three digits", "ICD-9"))
    for what, starts in ANY_OF.items():
        held = np.any([table[name].fill_null("").str.contains(f"^({starts})").to_numpy() for name in names], axis=0)
        found.append((Feature(f"any_{what}", f"Any of: {what.replace('_', ' ')}", "1"), held.astype(np.float64)))
    return found


def _with_history(table: pl.DataFrame) -> pl.DataFrame:
    """What the earlier rows of the same patient tell, before any row is left out."""
    import polars as pl

    mine = "patient_nbr"
    days = pl.col("time_in_hospital").cast(pl.Float64)
    urgent = pl.col("number_emergency").cast(pl.Float64)
    soon = (pl.col("readmitted") == "<30").cast(pl.Float64)
    return table.with_columns(
        earlier=pl.int_range(pl.len()).over(mine).cast(pl.Float64),
        earlier_days=days.cum_sum().over(mine) - days,
        previous_days=days.shift(1).over(mine),
        previous_emergency=urgent.shift(1).over(mine),
        earlier_soon=soon.cum_sum().over(mine) - soon,
        previous_soon=soon.shift(1).over(mine),
    )


def _history(table: pl.DataFrame) -> list[_Column]:
    order = "by encounter_id, a stand-in for time"
    told = {
        "earlier": ("Earlier admissions in these data", order),
        "earlier_days": ("Days in hospital in earlier admissions", order),
        "previous_days": ("Days of the previous admission", order),
        "previous_emergency": ("Emergency visits in the year before the previous admission", order),
        "earlier_soon": ("Earlier admissions followed by one within 30 days", f"an earlier label, {order}"),
        "previous_soon": ("This admission came within 30 days of the previous", f"an earlier label, {order}"),
    }
    return [
        (Feature(name, title, "d" if name.endswith("days") else "1", low=0, about=about), table[name].to_numpy())
        for name, (title, about) in told.items()
    ]
