"""A regimen of somebody's own: its fields, and the candidate that they say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vitruvian.pharmacology import Drug
from vitruvian.twin.answer import Option
from vitruvian.twin.candidates import Candidate
from vitruvian.twin.case import Case
from vitruvian.twin.doors.door import Field, FieldError

_LATELY_H = 21 * 24.0


def regimen_fields(*, optional: bool) -> tuple[Field, ...]:
    """Dose, interval, duration and first dose; with `optional` a regimen may be left out."""
    return (
        Field("dose", "Dose", unit="of the drug, usually mg", low=1e-3, high=1e6, optional=optional,
              about="Amount of each dose, in the unit in which the drug is labelled."),
        Field("interval", "Every", unit="h", low=1.0, high=24 * 60.0, optional=optional),
        Field("duration", "Infused over", unit="h", low=0.05, high=24.0, optional=True,
              about="Only for a dose into a vein; left out, the usual time."),
        Field("loading_dose", "First dose", unit="of the drug, usually mg", low=1e-3, high=1e6, optional=True,
              about="Where the first dose differs."),
    )  # fmt: skip


def own_regimen(case: Case, values: Mapping[str, Any]) -> Candidate:
    """The regimen that the values say; one given as now where they leave it out.

    Raises `FieldError` where half of it is missing, or the drug is not given now.
    """
    amount, interval = values.get("dose"), values.get("interval")
    if (amount is None) != (interval is None):
        name = "interval" if interval is None else "dose"
        raise FieldError(name, f"{name} is missing", todo="Give both dose and interval.")
    if amount is None or interval is None:
        return _as_now(case)
    unit = case.drug.products[0].unit
    duration = values.get("duration", _usual(case.drug, case.route)) if case.route == "iv" else None
    return Candidate(amount, unit, interval, case.route, duration, values.get("loading_dose"), label="own")


def candidate_of(one: Option) -> Candidate:
    """The regimen of an option."""
    return Candidate(one.dose, one.dose_unit, one.interval_h, one.route, one.duration_h, one.loading_dose)


def _as_now(case: Case) -> Candidate:
    """The last dose given, at the interval between the last two."""
    given = case.given.given(case.now) if case.given.doses else []
    if len(given) < 2 or case.now - given[-1][0] > _LATELY_H:
        raise FieldError(
            "dose", "dose is missing", got=f"{case.drug.name} is not given now", todo="Give a dose and an interval."
        )
    (before, _, _), (last, amount, unit) = given[-2:]
    interval = max(round(2 * (last - before)) / 2, 0.5)
    duration = case.given.doses[-1].duration
    return Candidate(amount, unit, interval, case.route, duration, label="as now")


def _usual(drug: Drug, route: str) -> float | None:
    return next((s.duration for s in drug.standard if s.route == route and s.duration), None)
