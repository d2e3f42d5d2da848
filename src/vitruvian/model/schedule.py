"""What might be given: doses with their units and times, before any model has seen them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from vitruvian.core import DataError, InputError, Quantity, UnitError, UnknownNameError, convert
from vitruvian.model.model import Model
from vitruvian.model.subject import Subject

Time = float | int | str
"""Hours as a number, or a number with its unit: "12 h", "30 min", "2 d", "1 wk"."""
Course = float | tuple[Sequence[float], Sequence[float]]
"""A covariate: one value, or (times in hours, values); each value holds from its time on."""


def hours(time: Time) -> float:
    """A time in hours. Raises `UnitError` for text without a known unit, `DataError` for a value that is not finite."""
    if isinstance(time, str):
        time = Quantity.parse(time).to("h").value
    if isinstance(time, bool) or not math.isfinite(time):
        raise DataError("a time must be a finite number", got=repr(time))
    return float(time)


@dataclass(frozen=True)
class Dose:
    """One dose, or a series of equal ones.

    `time`, `duration` (of an infusion) and `interval` accept text with a unit and are kept in hours. `count` doses are
    given `interval` apart; `count=None` repeats for as long as anything is observed. With `steady_state` the first dose
    finds the person at steady state of the same series. `route` is a name from the model's `routes`.
    Raises `UnitError` (missing unit) and `DataError` (negative time, amount not above zero, series without interval).
    """

    time: float
    amount: float
    unit: str
    route: str
    duration: float | None = None
    interval: float | None = None
    count: int | None = 1
    steady_state: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.unit, str) or not self.unit.strip():
            raise UnitError("a dose has no unit", got=f"amount {self.amount!r}", todo='Give one, such as "mg".')
        for name in ("time", "duration", "interval"):
            value = getattr(self, name)
            object.__setattr__(self, name, None if value is None else hours(value))
        if self.time < 0:
            raise DataError("a dose has a negative time", got=f"{self.time:g} h", allowed="0 h or later")
        if not (isinstance(self.amount, int | float) and math.isfinite(self.amount) and self.amount > 0):
            raise DataError("a dose needs an amount above zero", got=f"{self.amount!r} {self.unit}")
        if self.duration is not None and self.duration <= 0:
            raise DataError("an infusion needs a duration above zero", got=f"{self.duration:g} h")
        if self.interval is not None and self.interval <= 0:
            raise DataError("repeated doses need an interval above zero", got=f"{self.interval:g} h")
        if self.interval is None and (self.count != 1 or self.steady_state):
            raise DataError("repeated doses need an interval", got=str(self), todo='Give it, as in every="12 h".')
        if self.count is not None and self.count < 1:
            raise DataError("a dose is given at least once", got=f"count {self.count}")

    def repeats(self, until: float) -> int:
        """How many doses start at or before `until` (hours); at least one."""
        if self.interval is None:
            return 1
        inside = 1 + max(0, math.floor((until - self.time) / self.interval + 1e-9))
        return inside if self.count is None else self.count

    def __str__(self) -> str:
        how = {"oral": "by mouth", "iv": "intravenously", "sc": "under the skin"}.get(
            self.route, f"by route {self.route}"
        )
        text = f"{self.amount:g} {self.unit} {how}"
        if self.duration is not None:
            text += f" over {_spoken(self.duration)}"
        if self.interval is not None and self.count != 1:
            text += f" every {_spoken(self.interval)}" + (f", {self.count} times" if self.count else "")
        if self.steady_state:
            text += " at steady state"
        return text + (f" from {_spoken(self.time)} on" if self.time else "")


@dataclass(frozen=True)
class Schedule:
    """Doses of one drug, in any order; schedules of the same drug add up with `+`."""

    doses: tuple[Dose, ...]
    drug: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "doses", tuple(self.doses))

    def __add__(self, other: Schedule) -> Schedule:
        if self.drug and other.drug and self.drug != other.drug:
            raise InputError("schedules of different drugs do not add up", got=f"{self.drug} and {other.drug}")
        return Schedule(self.doses + other.doses, self.drug or other.drug)

    def shift(self, by: Time) -> Schedule:
        """The same doses, later by `by`."""
        return replace(self, doses=tuple(replace(d, time=d.time + hours(by)) for d in self.doses))

    def given(self, until: Time) -> list[tuple[float, float, str]]:
        """Every single dose that starts at or before `until`: (time in hours, amount, unit), in order of time."""
        end = hours(until)
        each = [(d.time + k * (d.interval or 0.0), d.amount, d.unit) for d in self.doses for k in range(d.repeats(end))]
        return sorted(x for x in each if x[0] <= end)

    def __str__(self) -> str:
        what = "; then ".join(str(d) for d in sorted(self.doses, key=lambda d: d.time)) or "nothing"
        return f"{self.drug} {what}".strip()

    def to_subject(
        self,
        model: Model,
        observe_at: Any,
        covariates: Mapping[str, Course] | None = None,
        output: int | str | Sequence[int] = 0,
        *,
        values: Any = None,
        occasions: Sequence[Time] = (),
        molar_mass: float | None = None,
        moiety_factor: float = 1.0,
        id: str = "1",
    ) -> Subject:
        """Records of a person who takes these doses and is observed at `observe_at` (hours), in the model's units.

        `values` are measured levels in the output's unit (NaN or absent: prediction only). `occasions` are the times
        at which a new occasion starts. A covariate's change is written as two records at that time, the old and the
        new value, so that every interpolation rule sees the same step. At equal times: changes, doses, observations.
        Amounts are converted to `model.amount_unit` (`molar_mass` in g/mol where moles are involved) and multiplied
        by `moiety_factor` (mass of active moiety per mass of product).
        Raises `UnitError`, `UnknownNameError` (route, output), `DataError` (negative time, missing covariate).
        """
        times = np.atleast_1d(np.asarray(observe_at, dtype=float))
        if times.size and not (np.isfinite(times).all() and times.min() >= 0):
            raise DataError("observation times must be finite and not negative", got=times.tolist())
        end = float(times.max()) if times.size else max((d.time for d in self.doses), default=0.0)
        courses = _courses(model, {**(covariates or {}), **self._dose_course(model, end, moiety_factor, molar_mass)})
        rows = [_row(t, 2, before=back) for t in _changes(courses) if 0 < t <= end for back in (True, False)]
        factor = {
            d.unit: convert(1.0, d.unit, model.amount_unit, molar_mass=molar_mass) * moiety_factor for d in self.doses
        }
        rows += [_dose_row(model, d, d.amount * factor[d.unit], end) for d in self.doses]
        dv = np.full(times.shape, np.nan) if values is None else np.atleast_1d(np.asarray(values, dtype=float))
        which = model.output_index(output) if isinstance(output, str) else output
        index = np.broadcast_to(np.asarray(which, dtype=int), times.shape)
        if dv.shape != times.shape or (index.size and not 0 <= index.min() <= index.max() < len(model.outputs)):
            raise DataError("values and outputs must fit the observation times", got=f"{dv.shape}, output {which}")
        rows += [_row(t, 0, dv=v, output=k) for t, v, k in zip(times, dv, index, strict=True)]
        return _subject(id, rows, courses, [hours(o) for o in occasions], hours_per=convert(1.0, model.time_unit, "h"))

    def _dose_course(self, model: Model, end: float, factor: float, molar_mass: float | None) -> dict[str, Course]:
        """Course of the covariate DOSE, the amount of the last dose, for models whose bioavailability depends on it."""
        if all(c.name != "DOSE" for c in model.covariates):
            return {}
        taken = {t: convert(a, u, model.amount_unit, molar_mass=molar_mass) * factor for t, a, u in self.given(end)}
        kept: list[tuple[float, float]] = []
        for time, amount in sorted(taken.items()):
            if not kept or amount != kept[-1][1]:
                kept.append((time, amount))
        return {"DOSE": (tuple(t for t, _ in kept), tuple(a for _, a in kept))} if kept else {}


def oral(
    drug: str,
    amount: float,
    unit: str,
    *,
    every: Time | None = None,
    until: Time | None = None,
    count: int | None = None,
    start: Time = 0.0,
    steady_state: bool = False,
    route: str = "oral",
) -> Schedule:
    """Doses by mouth: once, or `every` so often, `count` times or as long as the start lies before `until`."""
    return _series(drug, amount, unit, route, None, every, until, count, start, steady_state)


def bolus(
    drug: str,
    amount: float,
    unit: str,
    *,
    every: Time | None = None,
    until: Time | None = None,
    count: int | None = None,
    start: Time = 0.0,
    steady_state: bool = False,
    route: str = "iv",
) -> Schedule:
    """Intravenous injections; times as in `oral`."""
    return _series(drug, amount, unit, route, None, every, until, count, start, steady_state)


def infusion(
    drug: str,
    amount: float,
    unit: str,
    *,
    over: Time,
    every: Time | None = None,
    until: Time | None = None,
    count: int | None = None,
    start: Time = 0.0,
    steady_state: bool = False,
    route: str = "iv",
) -> Schedule:
    """Intravenous infusions of duration `over`; times as in `oral`."""
    return _series(drug, amount, unit, route, over, every, until, count, start, steady_state)


def _series(
    drug: str,
    amount: float,
    unit: str,
    route: str,
    over: Time | None,
    every: Time | None,
    until: Time | None,
    count: int | None,
    start: Time,
    steady_state: bool,
) -> Schedule:
    if every is None:
        if until is not None or count not in (None, 1):
            raise DataError("repeated doses need an interval", todo='Give it, as in every="12 h".')
        count = 1
    elif until is not None:
        if count is not None:
            raise InputError("give until or count, not both", got=f"until {until}, count {count}")
        count = max(1, math.ceil((hours(until) - hours(start)) / hours(every) - 1e-9))
    times: dict[str, Any] = {"time": start, "duration": over, "interval": every}
    return Schedule(
        (Dose(amount=amount, unit=unit, route=route, count=count, steady_state=steady_state, **times),), drug
    )


def _spoken(h: float) -> str:
    if h >= 48 and h % 24 == 0:
        return f"{h / 24:g} d"
    return f"{h * 60:g} min" if 0 < h < 1 else f"{h:g} h"


def _courses(model: Model, given: Mapping[str, Course]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    courses = {}
    for c in model.covariates:
        value = given.get(c.name, c.default)
        if value is None:
            raise DataError(f"model {model.name} needs covariate {c.name}", todo=f"Give it in {c.unit}.")
        t, v = value if isinstance(value, tuple) else ((0.0,), (value,))
        times, values = np.asarray(t, dtype=float), np.asarray(v, dtype=float)
        ordered = times.ndim == 1 and times.size > 0 and bool((np.diff(times) > 0).all())
        if not ordered or times.shape != values.shape or not np.isfinite(values).all():
            raise DataError(f"covariate {c.name} needs finite values at increasing times", got=value)
        courses[c.name] = (times, values)
    return courses


def _changes(courses: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> list[float]:
    return sorted({float(t) for times, _ in courses.values() for t in times[1:]})


def _row(time: float, evid: int, **more: Any) -> dict[str, Any]:
    empty = {
        "amt": 0.0,
        "rate": 0.0,
        "ii": 0.0,
        "addl": 0,
        "ss": 0,
        "cmt": 0,
        "dv": np.nan,
        "output": 0,
        "before": False,
    }
    return {"time": float(time), "evid": evid, **empty, **more}


def _dose_row(model: Model, d: Dose, amount: float, end: float) -> dict[str, Any]:
    if d.route not in model.routes:
        raise UnknownNameError(f"model {model.name} has no route {d.route!r}", allowed=", ".join(model.routes))
    per = convert(1.0, model.time_unit, "h")
    extra = {"cmt": model.compartments.index(model.routes[d.route]) + 1, "amt": amount}
    if d.duration is not None:
        extra["rate"] = amount / (d.duration / per)
    if d.interval is not None:
        extra |= {"ii": d.interval / per, "addl": d.repeats(end) - 1, "ss": int(d.steady_state)}
    return _row(d.time, 1, **extra)


def _subject(
    id: str,
    rows: list[dict[str, Any]],
    courses: Mapping[str, tuple[np.ndarray, np.ndarray]],
    occasions: list[float],
    *,
    hours_per: float,
) -> Subject:
    order = {2: 0, 1: 1, 0: 2}
    rows = sorted(rows, key=lambda r: (r["time"], order[r["evid"]]))
    column = {k: np.array([r[k] for r in rows]) for k in _row(0.0, 0)}
    time, before, dv = column["time"], column.pop("before"), column["dv"]
    covariates = {}
    for name, (times, values) in courses.items():
        last = np.where(before, np.searchsorted(times, time, "left"), np.searchsorted(times, time, "right")) - 1
        covariates[name] = values[np.maximum(last, 0)]
    return Subject(
        id=id,
        mdv=(np.isnan(dv) | (column["evid"] != 0)).astype(int),
        censored=np.zeros(len(rows), dtype=bool),
        limit=np.zeros(len(rows)),
        occasion=np.searchsorted(sorted(o for o in occasions if o > 0), time, "right"),
        covariates=covariates,
        **{k: v for k, v in column.items() if k != "time"},
        time=time / hours_per,
    )
