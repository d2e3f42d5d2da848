"""Facts of one person → plain numbers on the twin's clock. Only facts that start by the moment asked about are seen."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vitruvian.core import DataError, UnitError, convert, now_ms, parse_instant, same_dimension
from vitruvian.model import Dose, Schedule
from vitruvian.pharmacology import Drug
from vitruvian.record import Fact
from vitruvian.tables.codes import LOINC, analyte
from vitruvian.twin.answer import Message, Used
from vitruvian.twin.case import Measured
from vitruvian.twin.covariates import MEASURED, Series

HOUR_MS = 3_600_000
_YEAR_H = 365.25 * 24
_ANALYTES = {
    "weight": "WT",
    "height": "HT",
    "creatinine": "SCR",
    "albumin": "ALB",
    "haematocrit": "HCT",
    "inr": "INR",
    "bilirubin": "BILI",
    "c_reactive_protein": "CRP",
}
_ROUTES = {
    "oral": ("26643006", "oral", "by mouth"),
    "iv": ("47625008", "intravenous", "iv"),
    "sc": ("34206005", "subcutaneous", "sc"),
}
_ACTIVE = frozenset({"active", "on-hold", "completed", "in-progress"})
_NOT_CARE = frozenset({"demographic", "consent", "provenance"})
_BEYOND = 10.0
"""A recorded dose above this many times the highest single dose is a mistake, not an overdose."""


@dataclass(frozen=True)
class Clock:
    """Hours from the origin: the first known dose of the drug, or the moment asked about."""

    origin_ms: int
    offset: int | None = None

    def hours(self, ms: int) -> float:
        """A moment in hours."""
        return (ms - self.origin_ms) / HOUR_MS


def trusted(facts: Iterable[Fact], now_ms: int) -> list[Fact]:
    """Facts a twin may use: nothing doubtful, started by `now_ms` where they have a start."""
    return [f for f in facts if f.trusted and (f.start_ms is None or f.start_ms <= now_ms)]


def doubtful(facts: Iterable[Fact]) -> list[Message]:
    """What was left out because its unit, value or time is doubtful, as notes."""
    found = []
    for f in facts:
        if f.kind == "observation" and not f.trusted and f.flags and f.code and analyte(f.system, f.code):
            raw = f"{f.value_raw:g} {f.unit_raw or '(no unit)'}" if f.value_raw is not None else "no value"
            text = f"{f.display or f.code} of {f.start} is not used: {raw} ({', '.join(f.flags)})."
            found.append(Message("warning", "doubtful-fact", text, "Correct it at its source and ingest it again."))
    return found


def demographics(facts: Sequence[Fact], now_ms: int) -> tuple[float | None, bool | None]:
    """Age in years at `now_ms`, and whether the sex at birth is female; `None` where not recorded."""
    born = next((f.start_ms for f in facts if f.kind == "demographic" and f.code == "birth_date"), None)
    coded = {f.code: (f.value_code or "").lower() for f in facts if f.kind == "demographic"}
    sex = coded.get("birth_sex") or coded.get("sex") or ""
    female = {"f": True, "female": True, "m": False, "male": False}.get(sex)
    return (None if born is None else (now_ms - born) / HOUR_MS / _YEAR_H), female


def newest_ms(facts: Iterable[Fact]) -> int | None:
    """Moment of the newest fact of the person's care, none of the future; `None` where there is none.

    What the system itself kept (alerts, answers of twins), consents and demographics say nothing of the person's state.
    """
    clock = now_ms()
    care = (f.start_ms for f in facts if f.basis != "derived" and f.kind not in _NOT_CARE)
    return max((start for start in care if start is not None and start <= clock), default=None)


def death(facts: Iterable[Fact], by_ms: int | None = None) -> str | None:
    """When the person died, by a moment if one is given: "on 2021-02-21", "at an unknown time"; `None`: alive."""
    found = [f for f in facts if f.kind == "demographic" and f.code == "death"]
    found = [f for f in found if (f.value_code or "").lower() not in ("false", "n", "no")]
    if by_ms is not None:
        found = [f for f in found if f.start_ms is None or f.start_ms <= by_ms]
    dated = [f.start for f in found if f.start is not None]
    return f"on {min(dated):%Y-%m-%d}" if dated else "at an unknown time" if found else None


def measured(facts: Sequence[Fact], clock: Clock) -> tuple[dict[str, Series], dict[str, Fact]]:
    """Series of everything measured that covariates need, and the newest fact of each."""
    rows: dict[str, list[tuple[float, float]]] = {}
    newest: dict[str, Fact] = {}
    for f in facts:
        known = analyte(f.system, f.code) if f.kind == "observation" else None
        name = _ANALYTES.get(known.name) if known else None
        if name is None or known is None or f.value is None or f.unit is None or f.start_ms is None:
            continue
        value = convert(f.value, f.unit, MEASURED[name], molar_mass=known.molar_mass) if name != "INR" else f.value
        rows.setdefault(name, []).append((clock.hours(f.start_ms), value))
        newest[name] = f
    series = {}
    for name, points in rows.items():
        by_time = dict(sorted(points))  # of two values at one moment the later version stands
        series[name] = Series(tuple(by_time), tuple(by_time.values()))
    return series, newest


def given(facts: Sequence[Fact], drug: Drug, clock: Clock, now_ms: int) -> tuple[Schedule, list[Message]]:
    """Doses of the drug given by now, and a refusal for each that cannot be read (doubtful facts are not left out).

    Administrations count as given. Statements of what the person takes are written out dose by dose, but for the time
    from the first administration to the last: there the administrations are what is known.
    """
    own = [f for f in facts if f.detail.get("drug") == drug.name]
    administered = [f for f in own if f.kind == "medication_administration"]
    times = [clock.hours(f.start_ms) for f in administered if f.start_ms is not None]
    doses: list[Dose] = []
    messages: list[Message] = []
    for f in own:
        stated = f.kind == "medication_statement" and f.status in _ACTIVE
        if not stated and f.kind != "medication_administration":
            continue
        try:
            dose = _dose(f, drug, clock, now_ms)
            doses += _outside(dose, min(times), max(times)) if stated and times else [dose]
        except (DataError, UnitError) as error:
            messages.append(Message("refusal", "unreadable-dose", f"A dose of {drug.name} cannot be used: {error}"))
    return Schedule(tuple(sorted(doses, key=lambda d: d.time)), drug.name), messages


def _outside(series: Dose, first: float, last: float) -> list[Dose]:
    """The doses of a series that do not fall within half an interval of the span from `first` to `last` (h)."""
    interval, count = series.interval or 0.0, series.count or 1
    each = [series.time + k * interval for k in range(count)]
    before = sum(t < first - interval / 2 for t in each)
    after = [t for t in each if t > last + interval / 2]
    found = [replace(series, count=before)] if before else []
    return found + ([replace(series, time=after[0], count=len(after))] if after else [])


def levels(facts: Sequence[Fact], drug: Drug, clock: Clock) -> list[Measured]:
    """Levels of the drug (or its effect) in the unit of the model's output, after the first dose."""
    found = []
    for f in facts:
        output = (drug.assays or {}).get(f.code) if f.system == LOINC and f.kind == "observation" else None
        if output is None or f.value is None or f.start_ms is None:
            continue
        unit = next(o.unit for o in drug.default_model.outputs if o.name == output)
        value = f.value if unit == "{INR}" else convert(f.value, f.unit or "", unit, molar_mass=drug.molar_mass)
        when = f.start.strftime("%Y-%m-%d %H:%M") if f.start else ""
        below = f.detail.get("comparator") == "<"
        found.append(Measured(clock.hours(f.start_ms), value, unit, output, when, f.id, below))
    return found


def before_dose(found: Sequence[Measured], dosed: bool) -> list[Message]:
    """Levels that no recorded dose precedes: they are not used, and that is said (an INR before warfarin is usual)."""
    early = [v for v in found if v.unit != "{INR}" and (v.time <= 0 or not dosed)]
    return [
        Message(
            "warning",
            "level-before-dose",
            f"The level {v.value:g} {v.unit} of {v.when} lies before the first recorded dose and is not used.",
            "Record the doses given before it, or correct its time.",
        )
        for v in early
    ]


@dataclass(frozen=True)
class Taken:
    """A course of another drug: start and end in ms (`None`: still taken), single dose in mg where it is known."""

    name: str
    start_ms: int
    end_ms: int | None
    dose_mg: float | None


def taking(facts: Sequence[Fact], now_ms: int) -> list[Taken]:
    """Courses of drugs that the record states or orders."""
    found: dict[tuple[str, int], Taken] = {}
    for f in facts:
        name = f.detail.get("drug")
        if not name or f.kind not in ("medication_statement", "medication_request") or f.start_ms is None:
            continue
        ended = f.end_ms if f.end_ms is not None and f.end_ms <= now_ms else None
        if f.status in ("stopped", "completed") and ended is None:
            ended = f.end_ms or f.start_ms
        if f.status in _ACTIVE or f.status == "stopped":
            found[name, f.start_ms] = Taken(name, f.start_ms, ended, _milligrams(f))
    return list(found.values())


def _milligrams(f: Fact) -> float | None:
    if f.value is None or f.unit is None or not same_dimension(f.unit, "mg"):
        return None
    return convert(f.value, f.unit, "mg")


def used(name: str, value: str, fact: Fact | None, now_ms: int, origin: str = "") -> Used:
    """One line of what the answer rests on."""
    if fact is None:
        return Used(name, value, "", None, origin)
    age = None if fact.start_ms is None else (now_ms - fact.start_ms) / HOUR_MS
    return Used(
        name, value, str(fact.start)[:16] if fact.start else "", age, origin or f"{fact.basis} ({fact.kind})", fact.id
    )


def moment_ms(text: str) -> int:
    """A moment given by the person who asks, in milliseconds; raises `DataError`."""
    return parse_instant(text).ms


def _dose(f: Fact, drug: Drug, clock: Clock, now_ms: int) -> Dose:
    if f.start_ms is None or f.value is None or f.unit is None:
        raise DataError("a dose without time, amount or unit", got=f"{f.display} {f.value_raw} {f.unit_raw}")
    unit = drug.products[0].unit
    amount = convert(f.value, f.unit, unit)
    highest = (b.high for b in drug.bounds.limits if (b.quantity, b.unit) == ("single", unit))
    most = _BEYOND * min(highest, default=math.inf)
    if amount > most:
        raise DataError("a dose that nobody is given", got=f"{amount:g} {unit}", allowed=f"at most {most:g} {unit}")
    route = _route(f, drug)
    time = clock.hours(f.start_ms)
    if f.kind == "medication_administration":
        duration = f.detail.get("duration_h") or None
        return Dose(time, amount, unit, route, duration if route == "iv" else None)
    interval = f.detail.get("interval_h")
    end = min(f.end_ms if f.end_ms is not None else now_ms, now_ms)
    if interval is None:
        raise DataError("a statement without an interval", got=f"{f.display} {f.value:g} {f.unit}")
    count = max(1, int((clock.hours(end) - time) / interval + 1e-9) + 1)
    return Dose(time, amount, unit, route, None, interval, count)


def route_of(stated: Mapping[str, Any] | None) -> str | None:
    """ "oral", "iv" or "sc" of a route as the record keeps it; None for none, and for one that is not understood."""
    words = " ".join(str((stated or {}).get(name) or "") for name in ("code", "display")).lower()
    return next((route for route, names in _ROUTES.items() if any(n in words for n in names)), None)


def _route(f: Fact, drug: Drug) -> str:
    stated = f.detail.get("route") or {}
    if (route := route_of(stated)) is not None:
        return route
    words = f"{stated.get('code', '')} {stated.get('display', '')}".strip()
    if words:
        raise DataError("a dose by a route that is not understood", got=words.lower(), allowed=", ".join(_ROUTES))
    return drug.regimens[0].route
