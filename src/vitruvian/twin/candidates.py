"""Which regimens are worth comparing: real products, intervals, infusion times and loading doses, within bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from vitruvian.core import DataError, InputError
from vitruvian.model import Dose, Schedule
from vitruvian.pharmacology import Drug

MANY, FEW = 96, 28
"""Candidates compared at once, where doses act in proportion (cheap) and where each must be simulated."""
_STEP = 1.12
"""Neighbouring amounts closer than this ratio are thinned out; the exact dose is solved for apart."""

_WEIGHT, _AREA = (0.2, 700.0), (0.02, 5.0)
"""Bodies of people: kg and m²."""


@dataclass(frozen=True)
class Candidate:
    """A regimen: amounts in `unit` of labelled product, hours; `loading` is a single first dose."""

    amount: float
    unit: str
    interval: float
    route: str
    duration: float | None = None
    loading: float | None = None
    label: str = ""

    @property
    def daily(self) -> float:
        """Amount per 24 h."""
        return self.amount * 24.0 / self.interval

    def schedule(self, drug: str, start: float, *, count: int | None = None) -> Schedule:
        """Doses from `start` (h) on; a loading dose replaces the first."""
        doses = [Dose(start, self.amount, self.unit, self.route, self.duration, self.interval, count)]
        if self.loading is not None:
            first = self.loading
            later = None if count is None else max(1, count - 1)
            doses = [
                Dose(start, first, self.unit, self.route, self.duration),
                Dose(start + self.interval, self.amount, self.unit, self.route, self.duration, self.interval, later),
            ]
        return Schedule(tuple(doses), drug)

    def steady(self, drug: str) -> Schedule:
        """One interval at steady state, from 0 h."""
        dose = Dose(0.0, self.amount, self.unit, self.route, self.duration, self.interval, 1, steady_state=True)
        return Schedule((dose,), drug)

    def kinks(self, start: float, end: float) -> tuple[float, ...]:
        """Times (h) in [start, end) at which the curve has a kink: dose starts and infusion ends."""
        starts, t = [], start
        while t < end - 1e-9:
            starts.append(t)
            t += self.interval
        return tuple(starts + ([s + self.duration for s in starts] if self.duration else []))

    def __str__(self) -> str:
        how = {"oral": "by mouth", "iv": "IV", "sc": "SC"}.get(self.route, self.route)
        over = f" over {_spoken(self.duration)}" if self.duration else ""
        loading = f", first dose {self.loading:g} {self.unit}" if self.loading else ""
        return f"{self.amount:g} {self.unit} {how}{over} every {_spoken(self.interval)}{loading}"


def standard(drug: Drug, route: str, *, weight: float | None, bsa: float | None, indication: str = "") -> Candidate:
    """The label's or guideline's dose for this size as a real product.

    Raises `InputError` if there is none by this route, `DataError` for a body that nobody has.
    """
    for name, value, unit, (low, high) in (("weight", weight, "kg", _WEIGHT), ("surface area", bsa, "m2", _AREA)):
        if value is not None and not low <= value <= high:
            got, allowed = f"{value:g} {unit}", f"{low:g} to {high:g} {unit}"
            raise DataError(f"nobody has this body {name}", got=got, allowed=allowed, todo="Check the record.")
    fitting = [s for s in drug.standard if s.route == route]
    if not fitting:
        raise InputError(f"{drug.name} has no standard dose by this route", got=route)
    chosen = next((s for s in fitting if indication and s.indication == indication), fitting[0])
    wanted = chosen.amount_for(weight=weight, bsa=bsa)
    unit = chosen.unit.split("/")[0]
    real = drug.amounts(route, 0.5 * wanted, 1.5 * wanted, most_units=8) or (wanted,)
    amount = min(real, key=lambda a: abs(a - wanted))
    return Candidate(amount, unit, chosen.interval, route, chosen.duration, label="standard")


def candidates(
    drug: Drug,
    route: str,
    *,
    weight: float | None,
    bsa: float | None,
    around: Candidate,
    loading: bool = False,
    most: int = FEW,
) -> tuple[Candidate, ...]:
    """Regimens from real products within the drug's absolute and recommended bounds, `around` first.

    Amounts run from a quarter to four times the daily dose of `around`, thinned evenly; the `most` nearest are kept.
    Raises `DataError` if no real product fits the bounds.
    """
    regimen = drug.regimen(route)
    single = _range(drug, "single", weight, bsa)
    daily = _range(drug, "daily", weight, bsa)
    rate = _range(drug, "rate", weight, bsa)
    found: list[Candidate] = []
    for interval in sorted(set(regimen.intervals)):
        low = max(single[0], daily[0] * interval / 24, around.daily * interval / 24 / 4)
        high = min(single[1], daily[1] * interval / 24, around.daily * interval / 24 * 4)
        for amount in _thin(drug.amounts(route, low, high, most_units=4)):
            duration = _duration(regimen.durations, amount, rate[1])
            found.append(Candidate(amount, around.unit, interval, route, duration))
    others = [c for c in found if (c.amount, c.interval) != (around.amount, around.interval)]
    if not others and not found:
        raise DataError(
            f"no product of {drug.name} fits the bounds of a dose for this person",
            got=f"single {single[0]:g}–{single[1]:g}, daily {daily[0]:g}–{daily[1]:g} {around.unit}",
            todo="Check weight and route.",
        )
    near = sorted(others, key=lambda c: abs(math.log(c.daily / around.daily)))[: most - 1]
    chosen = (around, *sorted(near, key=lambda c: (c.interval, c.amount)))
    return tuple(_load(drug, c, weight, bsa) for c in chosen) if loading else chosen


def _range(drug: Drug, quantity: str, weight: float | None, bsa: float | None) -> tuple[float, float]:
    low_a, high_a = drug.bounds.range(quantity, "absolute", weight=weight, bsa=bsa)
    low_r, high_r = drug.bounds.range(quantity, "recommended", weight=weight, bsa=bsa)
    return max(low_a, low_r), min(high_a, high_r)


def _thin(amounts: tuple[float, ...]) -> tuple[float, ...]:
    kept: list[float] = []
    for amount in amounts:
        if not kept or amount >= kept[-1] * _STEP:
            kept.append(amount)
    return tuple(kept)


def _duration(durations: tuple[float, ...], amount: float, fastest: float) -> float | None:
    """The shortest listed infusion time that keeps the rate bound; the longest where none does."""
    if not durations:
        return None
    slow_enough = [d for d in sorted(durations) if amount / d <= fastest]
    return slow_enough[0] if slow_enough else max(durations)


def _load(drug: Drug, c: Candidate, weight: float | None, bsa: float | None) -> Candidate:
    loading = drug.regimen(c.route).loading
    if loading is None:
        return c
    scale = weight if loading.unit.endswith("/kg") else bsa if loading.unit.endswith("/m2") else 1.0
    if scale is None:
        raise DataError(f"a loading dose in {loading.unit} needs the body size", todo="Record weight and height.")
    wanted = min(max(2 * c.amount, loading.low * scale), loading.high * scale)
    high = _range(drug, "single", weight, bsa)[1]
    real = drug.amounts(c.route, 0.5 * wanted, min(1.25 * wanted, high), most_units=8)
    return replace(c, loading=min(real, key=lambda a: abs(a - wanted))) if real else c


def _spoken(hours: float) -> str:
    if hours >= 48 and hours % 24 == 0:
        return f"{hours / 24:g} d"
    return f"{hours * 60:g} min" if hours < 1 else f"{hours:g} h"
