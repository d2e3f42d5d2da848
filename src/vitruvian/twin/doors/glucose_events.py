"""Meals and boluses of the last day, and the same days with one of them moved or changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from vitruvian.core import UnknownNameError
from vitruvian.twin.doors.door import FieldError
from vitruvian.twin.glucose import Evidence, with_dose, with_meal

STEP = 5
_PER_DAY = 288


@dataclass(frozen=True)
class Event:
    """One meal or bolus; `step` of the evidence, `amount` in g or U."""

    kind: Literal["meal", "bolus"]
    step: int
    amount: float
    at: str
    """Local, "2025-09-14T12:10"."""

    @property
    def name(self) -> str:
        """The same event on any grid: "bolus@2025-09-14T12:10"."""
        return f"{self.kind}@{self.at}"

    @property
    def unit(self) -> str:
        """g or U."""
        return "g" if self.kind == "meal" else "U"

    @property
    def title(self) -> str:
        """For people."""
        what = "carbohydrates" if self.kind == "meal" else "bolus"
        return f"{self.at.replace('T', ' ')}: {self.amount:g} {self.unit} {what}"


def events_of(evidence: Evidence) -> tuple[Event, ...]:
    """Meals and boluses of the 24 hours before the newest reading, in order of time."""
    last = evidence.newest
    found = []
    for step in range(max(last - _PER_DAY, 0), last):
        at = f"{evidence.moment(step):%Y-%m-%dT%H:%M}"
        if evidence.carbohydrates[step] > 0:
            found.append(Event("meal", step, float(evidence.carbohydrates[step]), at))
        if evidence.bolus[step] > 0:
            found.append(Event("bolus", step, round(float(evidence.bolus[step]), 2), at))
    return tuple(found)


def event_named(evidence: Evidence, name: str) -> Event:
    """The event of a name; raises `UnknownNameError`."""
    known = {one.name: one for one in events_of(evidence)}
    if name not in known:
        raise UnknownNameError("no such meal or bolus in the last day", got=name, allowed=", ".join(known) or "none")
    return known[name]


def changed(evidence: Evidence, event: Event, later: float, amount: float | None) -> Evidence:
    """The days with the event so many minutes later, of another amount; raises `FieldError` beyond the days."""
    amount = event.amount if amount is None else amount
    step = event.step + round(later / STEP)
    if not 0 <= step < evidence.newest:
        raise FieldError("later", "later: the newest reading lies before that", got=f"{later:g} min")
    put = with_meal if event.kind == "meal" else with_dose
    array = evidence.carbohydrates if event.kind == "meal" else evidence.bolus
    there = float(array[step]) if step != event.step else 0.0
    return put(put(evidence, event.step, 0.0), step, there + amount)


def marks(evidence: Evidence, first: int, last: int) -> list[tuple[str, int, str]]:
    """(kind, step, amount in words) of what was eaten and injected between two edges."""
    said: list[tuple[str, int, str]] = []
    for step in np.flatnonzero(evidence.carbohydrates[first:last]) + first:
        said.append(("meal", int(step), f"{evidence.carbohydrates[step]:g} g"))
    for step in np.flatnonzero(evidence.bolus[first:last]) + first:
        said.append(("bolus", int(step), f"{evidence.bolus[step]:.3g} U"))
    return sorted(said, key=lambda one: one[1])
