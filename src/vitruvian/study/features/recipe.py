"""A recipe: which events become which features, over which windows before the moment."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from vitruvian.core import InputError, UnknownNameError, ucum
from vitruvian.learn import Feature

OF_VALUES = ("first", "last", "mean", "min", "max", "sd", "slope", "sum", "delta")
"""What is told of values; sd has n - 1 below, slope is least squares per hour, delta is last less first."""
OF_EVENTS = ("n", "any", "missing", "since", "years")
"""What is told of events with or without a value; since is hours from the last one to the moment, years likewise."""
STATISTICS = (*OF_VALUES, *OF_EVENTS)
_TITLES = {
    "n": "number",
    "any": "any",
    "missing": "missing",
    "since": "hours since",
    "years": "years since",
    "sd": "standard deviation",
}
_SAME_UNIT = frozenset({"first", "last", "mean", "min", "max", "sd", "sum", "delta"})
_OPERATIONS = ("ratio", "difference", "product")


@dataclass(frozen=True)
class Window:
    """From so many hours before the moment (infinite: ever) to so many, both ends included."""

    name: str
    start_h: float = math.inf
    end_h: float = 0.0

    def __post_init__(self) -> None:
        if not self.start_h > self.end_h >= 0:
            got = f"{self.start_h} h to {self.end_h} h before the moment"
            raise InputError(f"window {self.name}", got=got, allowed="start before end, and the end not in the future")


@dataclass(frozen=True)
class Variable:
    """Events of some codes ("LOINC//2160-0", or with * at the end) and what is told of them, by window.

    Values outside `low` to `high` (in `unit`) cannot be: they are left out and counted. `categories` maps the text or
    the whole number of an event to a title; `extracted` lets facts in that were read from text.
    """

    name: str
    codes: tuple[str, ...]
    take: Mapping[str, tuple[str, ...]]
    title: str = ""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    categories: Mapping[str, str] = field(default_factory=dict)
    extracted: bool = False
    actionable: bool = False
    about: str = ""

    def __post_init__(self) -> None:
        wanted = set(chain.from_iterable(self.take.values()))
        if odd := wanted - set(STATISTICS):
            raise UnknownNameError(f"feature {self.name}", got=", ".join(sorted(odd)), allowed=", ".join(STATISTICS))
        if not self.codes or not wanted:
            raise InputError(f"feature {self.name} has no codes, or takes nothing", todo="Name codes and statistics.")
        if self.categories and not wanted <= {"first", "last", *OF_EVENTS}:
            raise InputError(f"feature {self.name} is a category", got=", ".join(wanted), allowed="first, last")
        if not self.categories and not self.unit and wanted & set(OF_VALUES):
            raise InputError(f"feature {self.name} has no unit", todo='Say the unit of its values ("1" for none).')
        if self.unit:
            ucum(self.unit)

    def features(self, windows: Mapping[str, Window]) -> tuple[Feature, ...]:
        """One for each statistic and window."""
        return tuple(self._feature(one, windows[name]) for name, some in self.take.items() for one in some)

    def _feature(self, statistic: str, window: Window) -> Feature:
        name = f"{self.name}_{statistic}_{window.name}"
        title = f"{self.title or self.name}, {_TITLES.get(statistic, statistic)} ({window.name})"
        acted_on = self.actionable and statistic == "last"  # the past cannot be acted on
        about = "; ".join(filter(None, (self.about, "includes facts read from text" if self.extracted else "")))
        if self.categories and statistic in ("first", "last"):
            labels = tuple(self.categories.values())
            return Feature(name, title, kind="category", categories=labels, actionable=acted_on, about=about)
        bounded = statistic in ("first", "last", "mean", "min", "max")
        low, high = (self.low, self.high) if bounded else (None, None)
        units = {"slope": f"{self.unit}/h", "since": "h", "years": "a"} | dict.fromkeys(_SAME_UNIT, self.unit)
        return Feature(name, title, units.get(statistic, "1"), "number", low, high, (), acted_on, about)


@dataclass(frozen=True)
class Derived:
    """A feature of two others: their ratio, difference or product; missing where one is, or by zero."""

    name: str
    operation: str
    of: tuple[str, str]
    title: str = ""
    unit: str = "1"

    def __post_init__(self) -> None:
        if self.operation not in _OPERATIONS or len(self.of) != 2:
            raise InputError(f"derived feature {self.name}", got=self.operation, allowed=", ".join(_OPERATIONS))


@dataclass(frozen=True)
class Recipe:
    """Variables over windows, and what is derived of their features."""

    name: str
    title: str
    windows: tuple[Window, ...]
    variables: tuple[Variable, ...]
    derived: tuple[Derived, ...] = ()
    version: str = "1"

    def __post_init__(self) -> None:
        known = {one.name for one in self.windows}
        for one in self.variables:
            if odd := set(one.take) - known:
                allowed = ", ".join(sorted(known))
                raise UnknownNameError(f"window of {one.name}", got=", ".join(sorted(odd)), allowed=allowed)
        names = [one.name for one in self.features]
        if twice := {one for one in names if names.count(one) > 1}:
            raise InputError("features of the same name", got=", ".join(sorted(twice)))
        told = set(names[: len(names) - len(self.derived)])
        for made in self.derived:
            if odd := set(made.of) - told:
                raise UnknownNameError(f"derived feature {made.name} is of no feature", got=", ".join(sorted(odd)))

    @cached_property
    def features(self) -> tuple[Feature, ...]:
        """Every column, in order: variables by window and statistic, then what is derived."""
        windows = {one.name: one for one in self.windows}
        told = chain.from_iterable(one.features(windows) for one in self.variables)
        return (*told, *(Feature(one.name, one.title or one.name, one.unit) for one in self.derived))
