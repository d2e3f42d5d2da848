"""A scenario: what people eat, do and are given, from a JSON file; the same for all people of a simulation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson
from jaxtyping import Float

from vitruvian.core import DataError, InputError

LARGEST_MEAL, LARGEST_BOLUS, LARGEST_RATE, LONGEST = 300.0, 50.0, 10.0, 366 * 1440
"""g, U, U/h, min; more than that is a slip of the keys or of the unit."""
EATING = 5.0
"""g/min where a meal has no `minutes`."""
_FIELDS = ("start", "minutes", "meals", "boluses", "basal", "exercise", "sensitivity", "sensor", "pump", "controller",
           "sample_time", "seed")  # fmt: skip


class Meal(NamedTuple):
    """Carbohydrates (g) that are eaten within `minutes` from minute `at`; `announced` is what is told of them."""

    at: int
    carbohydrates: float
    minutes: float
    announced: float


class Bolus(NamedTuple):
    """U at minute `at`."""

    at: int
    units: float


class Rate(NamedTuple):
    """U/h from minute `at` of each day on."""

    at: int
    rate: float


class Exercise(NamedTuple):
    """A heart rate above rest (1/min) for `minutes`."""

    at: int
    minutes: int
    heart_rate: float


class Part(NamedTuple):
    """Factor of insulin sensitivity at minute `at` of each day; a straight line to the next one."""

    at: int
    factor: float


@dataclass(frozen=True)
class Scenario:
    """Minutes count from `start`. `basal` is a profile by minute of the day, or empty: each person's own rate."""

    start: datetime
    minutes: int
    meals: tuple[Meal, ...] = ()
    boluses: tuple[Bolus, ...] = ()
    basal: tuple[Rate, ...] = ()
    exercise: tuple[Exercise, ...] = ()
    parts: tuple[Part, ...] = ()
    sensor: str = "perfect"
    pump: str = "ideal"
    controller: str | None = None
    sample_time: int = 1
    seed: int = 1
    notes: tuple[str, ...] = field(default=(), compare=False)
    """What was doubtful in the file, and what was done about it."""

    @property
    def minute_of_day(self) -> int:
        """At which it starts."""
        return self.start.hour * 60 + self.start.minute

    def eaten(self) -> Float[np.ndarray, " m"]:
        """g/min in each minute; a meal that goes on after the end is cut."""
        out = np.zeros(self.minutes)
        for meal in self.meals:
            edges = np.clip(np.arange(self.minutes + 1) - meal.at, 0.0, meal.minutes)
            out += np.diff(edges) * meal.carbohydrates / meal.minutes
        return out

    def announced(self) -> Float[np.ndarray, " m"]:
        """g that are told in each minute."""
        return self._placed([(meal.at, meal.announced) for meal in self.meals])

    def heart_rate(self) -> Float[np.ndarray, " m"]:
        """1/min above rest in each minute; of two activities at once the harder counts."""
        out = np.zeros(self.minutes)
        for one in self.exercise:
            out[one.at : one.at + one.minutes] = np.maximum(out[one.at : one.at + one.minutes], one.heart_rate)
        return out

    def sensitivity(self) -> Float[np.ndarray, " m"]:
        """Factor in each minute; 1 where none was told."""
        if not self.parts:
            return np.ones(self.minutes)
        at, factors = zip(*self.parts, strict=True)
        return np.interp(self.minute_of_day + np.arange(self.minutes), at, factors, period=1440)

    def activity(self) -> Float[np.ndarray, " m"]:
        """Minutes of activity that are told in each minute."""
        return self._placed([(one.at, float(one.minutes)) for one in self.exercise])

    def _placed(self, events: list[tuple[int, float]]) -> Float[np.ndarray, " m"]:
        out = np.zeros(self.minutes)
        for at, amount in events:
            out[at] += amount
        return out


def read_scenario(path: Path) -> Scenario:
    """Of a JSON file; raises `InputError` or `DataError` with the field and the rule."""
    try:
        content = orjson.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"cannot read {path}", got=error.strerror) from error
    except orjson.JSONDecodeError as error:
        raise InputError(f"{path.name} is no JSON", got=str(error)) from error
    return scenario_of(content)


def scenario_of(content: Any) -> Scenario:
    """Of parsed JSON. Events out of order are sorted, and that is noted; everything else that is wrong is refused."""
    top = _object(content, "the scenario", _FIELDS)
    start, minutes = _start(top.get("start", "00:00")), _whole(top, "minutes", 1440, 1, LONGEST)
    notes: list[str] = []

    def events(name: str, fields: tuple[str, ...], make: Callable[[str, int, dict[str, Any]], Any]) -> tuple[Any, ...]:
        items = _list(top.get(name, []), name)
        found = []
        for k, item in enumerate(items):
            where = f"{name}[{k}]"
            one = _object(item, where, ("at", *fields))
            found.append(make(where, _minute(one, where, start, minutes), one))
        return _sorted(found, name, notes)

    meals = events("meals", ("carbohydrates", "minutes", "announced"), _meal)
    boluses = events("boluses", ("units",), lambda w, at, one: Bolus(at, _number(one, w, "units", "U", LARGEST_BOLUS)))
    exercise = events("exercise", ("minutes", "heart_rate"), _exercise)
    controller = top.get("controller")
    basal = _basal(top.get("basal", "steady"), notes)
    if controller is not None and (boluses or basal):
        raise DataError("a controller decides boluses and basal rates", got=", ".join(
            name for name, one in (("boluses", boluses), ("basal", basal)) if one),
            todo="Leave them out, or leave out the controller.")  # fmt: skip
    sample_time = _whole(top, "sample_time", 1, 1, 1440)
    if minutes % sample_time:
        raise DataError("minutes must be whole sample times", got=f"minutes {minutes}, sample_time {sample_time}")
    return Scenario(
        start,
        minutes,
        meals,
        boluses,
        basal,
        exercise,
        _parts(top.get("sensitivity", []), notes),
        _name(top, "sensor", "perfect"),
        _name(top, "pump", "ideal"),
        None if controller is None else _name(top, "controller", ""),
        sample_time,
        _whole(top, "seed", 1, 0, 2**31 - 1),
        tuple(notes),
    )


def _meal(where: str, at: int, one: dict[str, Any]) -> Meal:
    grams = _number(one, where, "carbohydrates", "g", LARGEST_MEAL)
    minutes = _number(one, where, "minutes", "min", 240.0) if "minutes" in one else max(grams / EATING, 1e-9)
    told = _number(one, where, "announced", "g", LARGEST_MEAL) if "announced" in one else grams
    if minutes <= 0:
        raise DataError(f"{where}.minutes must be above 0", got=minutes)
    return Meal(at, grams, minutes, told)


def _exercise(where: str, at: int, one: dict[str, Any]) -> Exercise:
    minutes = int(_number(one, where, "minutes", "min", 1440.0))
    return Exercise(at, minutes, _number(one, where, "heart_rate", "1/min above rest", 150.0))


def _basal(value: Any, notes: list[str]) -> tuple[Rate, ...]:
    if value == "steady":
        return ()
    found = []
    for k, item in enumerate(_list(value, "basal", 'or "steady"')):
        where = f"basal[{k}]"
        one = _object(item, where, ("at", "rate"))
        at = _clock(one.get("at"), f"{where}.at")
        found.append(Rate(at, _number(one, where, "rate", "U/h", LARGEST_RATE)))
    profile = _sorted(found, "basal", notes)
    if not profile or profile[0].at != 0 or len({one.at for one in profile}) < len(profile):
        raise DataError("basal must begin at 00:00 and have each time once", got=value)
    return profile


def _parts(value: Any, notes: list[str]) -> tuple[Part, ...]:
    found = []
    for k, item in enumerate(_list(value, "sensitivity")):
        where = f"sensitivity[{k}]"
        one = _object(item, where, ("at", "factor"))
        factor = _number(one, where, "factor", "times the usual", 10.0)
        if factor == 0:
            raise DataError(f"{where}.factor must be above 0", got=factor)
        found.append(Part(_clock(one.get("at"), f"{where}.at"), factor))
    return _sorted(found, "sensitivity", notes)


def _sorted(found: list[Any], name: str, notes: list[str]) -> tuple[Any, ...]:
    ordered = sorted(found, key=lambda one: one.at)
    if ordered != found:
        notes.append(f"{name} were not in order of time; they were sorted")
    if any(a == b for a, b in pairwise(ordered)):
        notes.append(f"{name} hold the same entry twice; both count")
    return tuple(ordered)


def _start(value: Any) -> datetime:
    if isinstance(value, str):
        try:
            if len(value) == 5:
                return datetime(2026, 1, 1) + timedelta(minutes=_clock(value, "start"))
            return datetime.fromisoformat(value).replace(second=0, microsecond=0)
        except ValueError:
            pass
    raise DataError("start must be a time", got=value, allowed='"2026-01-31T08:00" or "08:00"')


def _minute(one: Mapping[str, Any], where: str, start: datetime, minutes: int) -> int:
    """Minutes after the start: of a number, of a clock time (the first one after the start), or of a date and time."""
    value = one.get("at")
    if isinstance(value, int) and not isinstance(value, bool):
        at = value
    elif isinstance(value, str) and len(value) == 5:
        at = (_clock(value, f"{where}.at") - start.hour * 60 - start.minute) % 1440
    else:
        try:
            at = round((datetime.fromisoformat(str(value)) - start).total_seconds() / 60)
        except (ValueError, TypeError):
            raise DataError(
                f"{where}.at must be a time", got=value, allowed='90, "09:30" or "2026-01-31T09:30"'
            ) from None
    if not 0 <= at < minutes:
        raise DataError(
            f"{where}.at lies outside the scenario", got=value, allowed=f"within {minutes} min of the start"
        )
    return at


def _clock(value: Any, where: str) -> int:
    try:
        hours, minutes = (int(part) for part in str(value).split(":"))
        if 0 <= hours < 24 and 0 <= minutes < 60:
            return 60 * hours + minutes
    except ValueError:
        pass
    raise DataError(f"{where} must be a time of day", got=value, allowed='"00:00" to "23:59"')


def _number(one: Mapping[str, Any], where: str, name: str, unit: str, largest: float) -> float:
    value = one.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DataError(f"{where}.{name} must be a number", got=value, allowed=f"0 to {largest:g} {unit}")
    if not 0 <= value <= largest:
        todo = "Check the unit, and whether a decimal point was lost." if value > largest else None
        raise DataError(
            f"{where}.{name} is not possible", got=f"{value:g}", allowed=f"0 to {largest:g} {unit}", todo=todo
        )
    return float(value)


def _whole(one: Mapping[str, Any], name: str, default: int, smallest: int, largest: int) -> int:
    value = one.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not smallest <= value <= largest:
        raise DataError(f"{name} must be a whole number", got=value, allowed=f"{smallest} to {largest}")
    return value


def _name(one: Mapping[str, Any], name: str, default: str) -> str:
    value = one.get(name, default)
    if not isinstance(value, str):
        raise DataError(f"{name} must be a name", got=value)
    return value


def _object(value: Any, where: str, allowed: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DataError(f"{where} must be an object", got=value)
    unknown = [name for name in value if name not in allowed]
    if unknown:
        raise DataError(f"{where} has unknown fields", got=", ".join(unknown), allowed=", ".join(allowed))
    return value


def _list(value: Any, where: str, other: str = "") -> list[Any]:
    if not isinstance(value, list):
        raise DataError(f"{where} must be a list {other}".rstrip(), got=value)
    return value
