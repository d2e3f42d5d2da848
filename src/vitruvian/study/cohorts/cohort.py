"""A cohort's definition: index event, conditions on the past, what is foretold within a horizon, what competes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from vitruvian.core import InputError, ucum
from vitruvian.learn import Target


@dataclass(frozen=True)
class Clause:
    """Events of some codes ("SNOMED//84114007", or with * at the end), and which values or texts of them count.

    `below` and `above` are in `unit`; what lies on a bound does not count.
    """

    codes: tuple[str, ...]
    above: float | None = None
    below: float | None = None
    unit: str = ""
    texts: tuple[str, ...] = ()
    extracted: bool = False

    def __post_init__(self) -> None:
        if not self.codes:
            raise InputError("a clause has no codes", todo="Name the codes of its events.")
        if (self.above is not None or self.below is not None) and not self.unit:
            raise InputError("a clause bounds a value without unit", got=", ".join(self.codes), todo='Say it ("1").')
        if self.unit:
            ucum(self.unit)


@dataclass(frozen=True)
class Condition:
    """What must, or must not, have been known of the past at the moment, over so many hours before it."""

    name: str
    any: tuple[Clause, ...]
    within_h: float = math.inf


@dataclass(frozen=True)
class Outcome:
    """What happens after the moment: the first event of any clause."""

    name: str
    title: str
    any: tuple[Clause, ...]


@dataclass(frozen=True)
class Contradiction:
    """Events that cannot be later than others of the same subject, such as a stay after death."""

    name: str
    any: tuple[Clause, ...]
    after: tuple[Clause, ...]


@dataclass(frozen=True)
class Cohort:
    """Moments are `after_h` hours after index events; `horizon_h` hours from there the label is looked for.

    The first of label and competing events decides; what had come by the moment already leaves the moment out.
    `follow_up` "complete": who has neither had none; "observed": who is not heard of up to the horizon is left out.
    """

    name: str
    title: str
    index: tuple[Clause, ...]
    label: Outcome
    horizon_h: float
    after_h: float = 0.0
    which: Literal["first", "last", "each"] = "each"
    require: tuple[Condition, ...] = ()
    exclude: tuple[Condition, ...] = ()
    competing: tuple[Outcome, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    follow_up: Literal["complete", "observed"] = "observed"
    version: str = "1"

    def __post_init__(self) -> None:
        if self.horizon_h <= 0 or self.after_h < 0:
            got = f"{self.after_h} h after the index, horizon {self.horizon_h} h"
            raise InputError(f"cohort {self.name} looks backwards", got=got, allowed="0 h or later, a horizon over 0 h")
        if self.which not in ("first", "last", "each"):
            raise InputError(f"index events of {self.name}", got=self.which, allowed="first, last, each")
        if self.follow_up not in ("complete", "observed"):
            raise InputError(f"follow-up of {self.name}", got=self.follow_up, allowed="complete, observed")

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The label, then what competes with it."""
        return (self.label, *self.competing)

    @property
    def target(self) -> Target:
        """What a model of this cohort says."""
        events = ("none", *(one.name for one in self.outcomes))
        days = self.horizon_h / 24
        horizon = f"P{days:g}D" if days == int(days) and days > 2 else f"PT{self.horizon_h:g}H"
        return Target(self.name, self.label.title, "competing" if self.competing else "binary", events, horizon)
