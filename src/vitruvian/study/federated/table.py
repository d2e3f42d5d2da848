"""A site's own table: a CSV whose header says name and unit of each column; it never leaves the site."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int

from vitruvian.core import DataError, InputError, UnitError
from vitruvian.learn import Feature, Rows
from vitruvian.study.federated.plan import Plan

PERSON = "person"


@dataclass(frozen=True)
class SiteTable:
    """Rows of one site with their outcomes (0 or 1) and whose they are; `rows.ids` are people, perhaps repeated."""

    name: str
    rows: Rows
    outcome: Float[np.ndarray, " rows"]
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.rows.ids) != len(self.outcome) or len(self.rows.ids) != len(self.rows):
            raise DataError("rows, people and outcomes differ", got=f"{len(self.rows)} and {len(self.outcome)}")

    @property
    def people(self) -> Int[np.ndarray, " rows"]:
        """Whose each row is, as a number from 0."""
        return np.unique(np.array(self.rows.ids), return_inverse=True)[1].reshape(-1)

    def part(self, chosen: Bool[np.ndarray, " rows"]) -> SiteTable:
        """Some of the rows."""
        ids = tuple(one for one, kept in zip(self.rows.ids, chosen, strict=True) if kept)
        rows = Rows(self.rows.features, self.rows.values[chosen], ids)
        return replace(self, rows=rows, outcome=self.outcome[chosen])

    def parts(self, plan: Plan) -> tuple[SiteTable, SiteTable]:
        """For training, and held out for evaluation."""
        held = np.array([held_out(one, plan) for one in self.rows.ids], bool)
        return self.part(~held), self.part(held)


def held_out(person: str, plan: Plan) -> bool:
    """Whether a person's rows are kept for evaluation: by a hash, so that all sites hold the same person out."""
    return int.from_bytes(hashlib.sha256(person.encode()).digest()[:8], "big") % plan.folds == plan.fold


def read_table(path: Path, plan: Plan, name: str) -> SiteTable:
    """A site's CSV: column `person`, the target's, and each feature's as `name [unit]`, in any order; others are left.

    An empty cell is missing. Raises DataError where a column or all its values are missing, a value is no number, a
    category is new or an outcome is not 0 or 1, UnitError where a unit is another than the plan's; each with its
    number of rows.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *lines = list(csv.reader(file))
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"the table of {name} cannot be read", got=error) from error
    columns = _columns(header, plan, name, len(lines))
    wrong = [n for n, line in enumerate(lines, start=2) if len(line) != len(header)]
    if wrong or not lines:
        raise DataError(f"{name}: {len(wrong)} of {len(lines)} rows have another length than the header", got=wrong[:5])
    cells = {key: [line[at].strip() for line in lines] for key, at in columns.items()}
    if "" in cells[PERSON]:
        raise DataError(f"{name}: {cells[PERSON].count('')} rows do not say whose they are")
    values = np.column_stack([_values(one, cells[one.name], name) for one in plan.features])
    rows = Rows(plan.features, values, tuple(cells[PERSON]))
    return SiteTable(name, rows, _outcome(cells[plan.target.name], name), tuple(_warnings(rows, name)))


def write_table(path: Path, table: SiteTable, target: str) -> None:
    """What `read_table` reads."""
    features = table.rows.features
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([PERSON, target, *(f"{f.name} [{f.unit}]" if f.unit else f.name for f in features)])
        for person, outcome, row in zip(table.rows.ids, table.outcome, table.rows.values, strict=True):
            writer.writerow([person, int(outcome), *(_cell(f, v) for f, v in zip(features, row, strict=True))])


def _columns(header: Sequence[str], plan: Plan, name: str, rows: int) -> dict[str, int]:
    found = {}
    units: dict[str, str] = {}
    for at, cell in enumerate(header):
        title, _, unit = cell.strip().partition(" [")
        found[title], units[title] = at, unit.removesuffix("]")
    lacking = [key for key in (PERSON, plan.target.name, *(f.name for f in plan.features)) if key not in found]
    if lacking:
        raise DataError(f"{name} ({rows} rows) lacks {len(lacking)} columns", got=", ".join(lacking[:8]))
    other = [
        f"{f.name} in {units[f.name] or 'no unit'}, not {f.unit or 'no unit'}"
        for f in plan.features
        if units[f.name] != f.unit
    ]
    if other:
        raise UnitError(
            f"{name} ({rows} rows) has other units than the plan", got="; ".join(other), todo="Convert at the site."
        )
    return {key: found[key] for key in (PERSON, plan.target.name, *(f.name for f in plan.features))}


def _values(feature: Feature, cells: Sequence[str], name: str) -> Float[np.ndarray, " rows"]:
    if feature.kind == "category":
        places = {one: float(at) for at, one in enumerate(feature.categories)}
        new = [cell for cell in cells if cell and cell not in places]
        if new:
            raise DataError(
                f"{name}: {len(new)} of {len(cells)} rows have a new category of {feature.name}",
                got=", ".join(sorted(set(new))[:5]),
                allowed=", ".join(feature.categories),
            )
        values = np.array([places[cell] if cell else np.nan for cell in cells])
    else:
        values = np.array([_number(cell) for cell in cells])
        wrong = [cell for cell, value in zip(cells, values, strict=True) if cell and not np.isfinite(value)]
        if wrong:
            raise DataError(f"{name}: {len(wrong)} of {len(cells)} rows of {feature.name} are no numbers", got=wrong[0])
    if np.isnan(values).all():
        raise DataError(f"{name}: all {len(cells)} rows of {feature.name} are missing")
    return values


def _number(cell: str) -> float:
    try:
        return float(cell) if cell else np.nan
    except ValueError:
        return np.nan


def _outcome(cells: Sequence[str], name: str) -> Float[np.ndarray, " rows"]:
    wrong = [cell for cell in cells if cell not in ("0", "1")]
    if wrong:
        raise DataError(f"{name}: {len(wrong)} of {len(cells)} outcomes", got=wrong[0] or "none", allowed="0 or 1")
    return np.array([float(cell) for cell in cells])


def _warnings(rows: Rows, name: str) -> Iterator[str]:
    outside = rows.outside.sum(axis=0)
    for feature, count in zip(rows.features, outside, strict=True):
        if count:
            yield f"{name}: {count} of {len(rows)} rows of {feature.name} lie outside its bounds"


def _cell(feature: Feature, value: float) -> str:
    if np.isnan(value):
        return ""
    return feature.categories[int(value)] if feature.kind == "category" else f"{value:.10g}"


def partition(table: SiteTable, groups: Mapping[str, Bool[np.ndarray, " rows"]]) -> dict[str, SiteTable]:
    """A table as several sites."""
    return {name: replace(table.part(chosen), name=name) for name, chosen in groups.items()}
