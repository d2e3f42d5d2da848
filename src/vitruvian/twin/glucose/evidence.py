"""A person's days as arrays at 5 minutes: the only adapter from records and tables to the metabolic twin.

Edge k is the moment `start` + 5 k minutes. A reading stands at the first edge not before it, so nothing at an edge was
known later than that edge; what is eaten or injected stands at the step that begins at the edge before it. No reading
is made up: where none is, glucose is NaN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float

from vitruvian.core import DataError, to_datetime, to_ms
from vitruvian.twin.answer import Message
from vitruvian.twin.glucose.checks import checked, compression_lows, gaps
from vitruvian.twin.glucose.entries import MINUTE, Entries, latest_offset, nothing_said, read_record

if TYPE_CHECKING:
    from vitruvian.record import Patient

STEP = 5
"""Minutes between edges."""
BRIDGE = 30
"""Minutes across which a value between readings may be told."""
_PER_DAY = 24 * 60 // STEP
_SLOW = ("injection", "long-acting", "pen", "depot")
_SPEED = {"very high": 3.0, "high": 2.0, "medium": 1.0, "low": 0.0}


@dataclass(frozen=True)
class Evidence:
    """T steps of 5 minutes of one person; every array is (T,)."""

    person: str
    start: datetime
    """Local."""
    minute_of_day: Float[np.ndarray, T]
    """Local, at each edge."""
    glucose: Float[np.ndarray, T]
    """mg/dL at the edge; NaN where there is no usable reading."""
    bolus: Float[np.ndarray, T]
    """Fast-acting insulin in the step, U."""
    basal: Float[np.ndarray, T]
    """Fast-acting basal insulin of a pump in the step, U."""
    long_acting: Float[np.ndarray, T]
    """Long-acting insulin injected in the step, U."""
    carbohydrates: Float[np.ndarray, T]
    """Eaten in the step as the person counts, g."""
    speed: Float[np.ndarray, T]
    """How fast the meal is absorbed in the person's words: 0 low to 3 very high; NaN where nothing was said."""
    heart_rate: Float[np.ndarray, T]
    """1/min, mean of the step; NaN where not worn."""
    steps: Float[np.ndarray, T]
    """In the step; NaN where not told."""
    messages: tuple[Message, ...] = ()
    dated: bool = False
    """Whether `start` is a true moment: a table's times may be minutes, or local without a zone."""

    def __len__(self) -> int:
        return len(self.glucose)

    @property
    def days(self) -> float:
        """Length in days."""
        return len(self) / _PER_DAY

    @property
    def newest(self) -> int:
        """The edge of the newest reading."""
        return int(np.flatnonzero(np.isfinite(self.glucose))[-1])

    def part(self, first: int, last: int) -> Evidence:
        """The steps first..last − 1."""
        arrays: dict[str, Any] = {
            name: value[first:last] for name, value in vars(self).items() if isinstance(value, np.ndarray)
        }
        start = to_datetime(to_ms(self.start) + first * STEP * MINUTE, _offset(self.start))
        return replace(self, start=start, **arrays)

    def moment(self, step: int) -> datetime:
        """Local time of an edge."""
        return to_datetime(to_ms(self.start) + step * STEP * MINUTE, _offset(self.start))


def read_evidence(patient: Patient, since: str | None = None, until: str | None = None) -> Evidence:
    """The evidence of a person in a record, over local days `since` to `until`, both included (default: all glucose).

    Raises `DataError` where there is no glucose, or its unit cannot be what it says.
    """
    return replace(evidence_of(patient.id, read_record(patient, since, until), since, until), dated=True)


def evidence_of(
    person: str, entries: Mapping[str, Entries], since: str | None = None, until: str | None = None
) -> Evidence:
    """The evidence of checked entries on the grid of whole local days."""
    usable, said = checked(entries)
    glucose = usable.get("glucose", nothing_said())
    if not len(glucose):
        raise DataError("there is no usable glucose", got=person, todo="Take in the export of a glucose sensor.")
    moments, offsets = latest_offset(usable)
    offset = int(offsets[np.searchsorted(moments, glucose.start[0], side="right") - 1])
    first = _local_day(glucose.start[0], offset) if since is None else _day(since, offset, 0)
    last = _local_day(glucose.start[-1], offset) + 1440 * MINUTE if until is None else _day(until, offset, 1)
    if last <= first:
        raise DataError("the window of days is empty", got=f"{since} to {until}")
    count = -(-(last - first) // (STEP * MINUTE))
    edges = first + np.arange(count, dtype=np.int64) * STEP * MINUTE
    local = edges + offsets[np.maximum(np.searchsorted(moments, edges, side="right") - 1, 0)] * MINUTE
    grid = _Grid(first, count)
    slow, fast = _by_kind(usable.get("insulin_basal", nothing_said()))
    levels = grid.readings(glucose)
    meals = usable.get("carbohydrates", nothing_said())
    found = Evidence(
        person,
        to_datetime(int(first), offset),
        (local // MINUTE % 1440).astype(float),
        levels,
        grid.totals(usable.get("insulin_bolus", nothing_said())),
        grid.totals(fast) + grid.rates(usable.get("insulin_basal_rate", nothing_said())),
        grid.totals(slow),
        grid.totals(meals),
        _speeds(grid, meals),
        grid.means(usable.get("heart_rate", nothing_said())),
        grid.told(usable.get("steps", nothing_said())),
    )
    return _without_dips(found, said)


def bridged(glucose: Float[np.ndarray, T], longest: int = BRIDGE) -> Float[np.ndarray, T]:
    """Glucose with straight lines between readings at most `longest` minutes apart; NaN elsewhere."""
    there = np.flatnonzero(np.isfinite(glucose))
    if len(there) < 2:
        return glucose.copy()
    found = np.interp(np.arange(len(glucose)), there, glucose[there], np.nan, np.nan)
    for k in np.flatnonzero(np.diff(there) * STEP > longest):
        found[there[k] + 1 : there[k + 1]] = np.nan
    return found


@dataclass(frozen=True)
class _Grid:
    first: int
    count: int

    def _place(self, at: np.ndarray, up: bool) -> tuple[np.ndarray, np.ndarray]:
        """Step of each moment, and which lie in the window."""
        exact = (at - self.first) / (STEP * MINUTE)
        step = (np.ceil(exact) if up else np.floor(exact)).astype(np.int64)
        return step, (step >= 0) & (step < self.count)

    def readings(self, one: Entries) -> Float[np.ndarray, T]:
        """The best reading at each edge: the source with most readings first, automatic before scanned, newest last."""
        counts = {name: one.source.count(name) for name in set(one.source)}
        worth = np.array([2 * counts[s] + (t == "automatic") for s, t in zip(one.source, one.text, strict=True)])
        order = np.lexsort((one.start, worth))
        step, inside = self._place(one.start[order], up=True)
        found = np.full(self.count, np.nan)
        found[step[inside]] = one.value[order][inside]
        return found

    def totals(self, one: Entries) -> Float[np.ndarray, T]:
        """Amounts by step; what lasted is spread evenly over its time."""
        long = one.end - one.start > STEP * MINUTE
        found = np.zeros(self.count)
        step, inside = self._place(one.start, up=False)
        np.add.at(found, step[inside & ~long], one.value[inside & ~long])
        for k in np.flatnonzero(long):
            found += one.value[k] * self._share(one.start[k], one.end[k])
        return found

    def rates(self, one: Entries) -> Float[np.ndarray, T]:
        """Amounts of rates per hour, each until its end or the next one's start."""
        found = np.zeros(self.count)
        for k in range(len(one)):
            after = one.start[k + 1] if k + 1 < len(one) else one.start[k] + 24 * 60 * MINUTE
            end = min(one.end[k], after) if one.end[k] > one.start[k] else after
            found += one.value[k] * (end - one.start[k]) / (60 * MINUTE) * self._share(one.start[k], end)
        return found

    def means(self, one: Entries) -> Float[np.ndarray, T]:
        step, inside = self._place(one.start, up=False)
        total, number = np.zeros(self.count), np.zeros(self.count)
        np.add.at(total, step[inside], one.value[inside])
        np.add.at(number, step[inside], 1.0)
        return np.where(number > 0, total / np.maximum(number, 1.0), np.nan)

    def told(self, one: Entries) -> Float[np.ndarray, T]:
        """Totals by step, NaN where nothing was told; of several sources the one that says most."""
        names = np.array(one.source, object)
        if len(one) and len(set(one.source)) > 1:
            one = one.only(names == max(set(one.source), key=one.source.count))
        step, inside = self._place(one.start, up=False)
        found = self.totals(one)
        said = np.zeros(self.count, bool)
        said[step[inside]] = True
        return np.where(said, found, np.nan)

    def _share(self, start: int, end: int) -> Float[np.ndarray, T]:
        edges = self.first + np.arange(self.count + 1, dtype=np.int64) * STEP * MINUTE
        return np.diff(np.clip(edges, start, end)) / max(int(end - start), 1)


def _by_kind(one: Entries) -> tuple[Entries, Entries]:
    """Basal insulin that was injected (long-acting), and that a pump gave (fast-acting)."""
    injected = [any(word in text.lower() for word in _SLOW) for text in one.text]
    slow = np.array(injected, bool) | ((one.end - one.start <= MINUTE) & (one.value >= 3.0))
    return one.only(slow), one.only(~slow)


def _speeds(grid: _Grid, meals: Entries) -> Float[np.ndarray, T]:
    found = np.full(grid.count, np.nan)
    step, inside = grid._place(meals.start, up=False)
    for k in np.flatnonzero(inside):
        said = next((speed for word, speed in _SPEED.items() if meals.text[k].lower().startswith(word)), None)
        if said is not None:
            found[step[k]] = np.nanmax([found[step[k]], said])
    return found


def _without_dips(found: Evidence, said: list[Message]) -> Evidence:
    there = np.flatnonzero(np.isfinite(found.glucose))
    if not len(there):
        raise DataError("there is no glucose in these days", got=f"{found.person} from {found.start:%Y-%m-%d}")
    night = (found.minute_of_day[there] < 8 * 60) | (found.minute_of_day[there] >= 22 * 60)
    eaten = STEP * np.flatnonzero(found.carbohydrates > 0).astype(float)
    dips: Bool[np.ndarray, N] = compression_lows(STEP * there.astype(float), found.glucose[there], eaten, night)
    glucose = found.glucose.copy()
    glucose[there[dips]] = np.nan
    if dips.any():
        when = ", ".join(f"{found.moment(k):%m-%d %H:%M}" for k in there[dips][:4])
        text = f"{int(dips.sum())} readings at night look like pressure on the sensor ({when}) and are not used"
        said.append(Message("note", "compression-low", text))
    return replace(found, glucose=glucose, messages=(*said, *_told_gaps(found, STEP * there)))


def _told_gaps(found: Evidence, minutes: np.ndarray) -> list[Message]:
    told = []
    holes = gaps(minutes, BRIDGE)
    if len(holes):
        text = f"{len(holes)} gaps in glucose, the longest {holes.max():.0f} min; nothing is made up in them"
        told.append(Message("note", "gaps", text))
    if not found.carbohydrates.any():
        told.append(Message("warning", "no-meals", "no carbohydrates are recorded", "Take in the log of meals."))
    if not (found.bolus.any() or found.basal.any() or found.long_acting.any()):
        told.append(Message("warning", "no-insulin", "no insulin is recorded", "Take in the log of insulin."))
    return told


def _offset(moment: datetime) -> int:
    shift = moment.utcoffset()
    return 0 if shift is None else int(shift.total_seconds() // 60)


def _local_day(at: int, offset: int) -> int:
    """The local midnight before a moment."""
    day = 1440 * MINUTE
    return int((at + offset * MINUTE) // day * day - offset * MINUTE)


def _day(text: str, offset: int, more: int) -> int:
    """A date as its local midnight (plus `more` days), a moment as itself."""
    if len(text) == 10:
        return to_ms(text) - offset * MINUTE + more * 1440 * MINUTE
    return to_ms(text)
