"""May these sites train together? What each says of its table, compared before anything is trained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from vitruvian.core import DataError
from vitruvian.study.federated.design import numbers
from vitruvian.study.federated.plan import Plan
from vitruvian.study.federated.table import SiteTable

FEWEST = 20
"""Below so many values a site's middle is not told."""
FACTOR = 3.0
"""Middles that differ by more than this are a sign of another unit."""


def told(table: SiteTable, plan: Plan) -> dict[str, Any]:
    """What a site tells of its table: rows, and, unless the plan is private, events and rounded middles of numbers.

    A middle is the median at two digits, so that it is no person's value; rows are told to all.
    """
    about: dict[str, Any] = {"rows": len(table.rows), "people": len(set(table.rows.ids)), "warnings": table.warnings}
    if plan.privacy is None:
        about["events"] = int(table.outcome.sum())
        about["middles"] = {plan.features[at].name: _middle(table.rows.values[:, at]) for at in numbers(plan.features)}
    return about


def _middle(values: np.ndarray) -> float | None:
    known = values[~np.isnan(values)]
    return float(f"{np.median(known):.1e}") if len(known) >= FEWEST else None


def refused(refusals: Mapping[str, str], sites: int) -> None:
    """Raises DataError where any site cannot take part: nothing is trained on fewer sites than were asked."""
    if refusals:
        raise DataError(
            f"{len(refusals)} of {sites} sites cannot take part",
            got=" ".join(refusals[name] for name in sorted(refusals)),
            todo="Mend the tables, or train without these sites; nothing was trained.",
        )


def warnings(told_by: Mapping[str, Mapping[str, Any]], plan: Plan) -> Iterator[str]:
    """What a person should look at before the result is believed."""
    for name in sorted(told_by):
        about = told_by[name]
        yield from about["warnings"]
        if about.get("events") == 0:
            yield f"{name}: none of {about['rows']} rows has the event; the site trains, its own model cannot be judged"
        elif about.get("events") == about["rows"]:
            yield f"{name}: all {about['rows']} rows have the event; the site trains, its own model cannot be judged"
    for at in numbers(plan.features):
        yield from _suspicious(plan.features[at].name, plan.features[at].unit, told_by)


def _suspicious(feature: str, unit: str, told_by: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    middles = {name: about.get("middles", {}).get(feature) for name, about in told_by.items()}
    known = {name: value for name, value in middles.items() if value is not None}
    if len(known) < 3 or min(known.values()) <= 0:  # no ratio of numbers around zero
        return
    usual = float(np.median(list(known.values())))
    for name, value in sorted(known.items()):
        if not 1 / FACTOR <= value / usual <= FACTOR:
            yield (
                f"{name} ({told_by[name]['rows']} rows): the median of {feature} is about {value:g} {unit}, at other "
                f"sites about {usual:g}: is it the same unit?"
            )
