"""What the record knows of a person at a moment: covariates over time, what they rest on, other drugs taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vitruvian.model.schedule import Course
from vitruvian.pharmacology import Drug
from vitruvian.record import Fact
from vitruvian.twin.case import floor_of
from vitruvian.twin.covariates import Series, courses
from vitruvian.twin.reading import Clock, Taken, demographics, measured, taking
from vitruvian.twin.states import Shown, states


@dataclass(frozen=True)
class Person:
    """Covariates of one person for one drug. `floored` is creatinine clearance by (floor, age above); `newest` the
    newest fact behind each measured series; `others` courses of other drugs, `current` the names of those now taken."""

    age_y: float | None
    female: bool | None
    series: Mapping[str, Series]
    newest: Mapping[str, Fact]
    marks: Mapping[str, Shown]
    covariates: Mapping[str, Course]
    floored: Mapping[tuple[float, float], Course]
    others: Sequence[Taken]
    current: Sequence[str]


def read_person(facts: Sequence[Fact], drug: Drug, clock: Clock, now_ms: int, said: Mapping[str, float]) -> Person:
    """The person of trusted facts by `now_ms`; what is `said` of a covariate stands in place of the record's."""
    now = clock.hours(now_ms)
    series, newest = measured(facts, clock)
    age, female = demographics(facts, now_ms)
    known: dict[str, Course] = {}
    if age is not None:
        known = courses(series, age_y=age, female=female, start=0.0, now=now)
    floored = _floored(series, drug, known, age, female, now)
    others = [one for one in taking(facts, now_ms) if one.name != drug.name]
    current = sorted({one.name for one in others if one.end_ms is None})
    names = {c.name for m in drug.models for c in m.covariates} | {n for r in drug.label_rules for n in r.needs}
    marks = states(facts, current, names)
    known |= {name: mark.value for name, mark in marks.items()}
    known |= _baseline_inr(series, names)
    known |= said
    return Person(age, female, series, newest, marks, known, {} if "CRCL" in said else floored, others, current)


def _floored(
    series: Mapping[str, Series],
    drug: Drug,
    known: Mapping[str, Course],
    age: float | None,
    female: bool | None,
    now: float,
) -> dict[tuple[float, float], Course]:
    """Creatinine clearance for each way in which a model of the drug raises low creatinine."""
    floors = {floor_of(c) for m in drug.models for c in m.covariates if c.creatinine_floor > 0}
    found: dict[tuple[float, float], Course] = {}
    for floor, above in floors:
        if "CRCL" not in known or age is None or age <= above:
            continue
        creatinine = series["SCR"]
        raised = Series(creatinine.time, tuple(max(v, floor) for v in creatinine.value))
        found[floor, above] = courses({**series, "SCR": raised}, age_y=age, female=female, start=0.0, now=now)["CRCL"]
    return found


def _baseline_inr(series: Mapping[str, Series], names: set[str]) -> dict[str, float]:
    """INR before the first dose, where a model asks for it and it was measured."""
    if "INR_BASE" not in names or "INR" not in series:
        return {}
    before = [v for t, v in zip(series["INR"].time, series["INR"].value, strict=True) if t <= 0]
    return {"INR_BASE": before[-1]} if before else {}
