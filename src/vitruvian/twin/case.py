"""One person and one drug as numbers: what calibration and forecast need, before any model has seen it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vitruvian.model import Covariate, Model, Schedule
from vitruvian.model.schedule import Course
from vitruvian.pharmacology import Drug
from vitruvian.pharmacology.modifiers import Modifier, presence_of, with_modifiers
from vitruvian.twin.answer import Message, Used
from vitruvian.twin.draws import value_at


@dataclass(frozen=True)
class Measured:
    """A level: time (h), value in `unit` (the unit of the model's output), output name, and where it came from."""

    time: float
    value: float
    unit: str
    output: str
    when: str = ""
    fact_id: str = ""
    censored: bool = False


@dataclass(frozen=True)
class Alternative:
    """One possibility for what is not known of the person, with its probability before any level."""

    label: str
    probability: float
    covariates: Mapping[str, float]


@dataclass(frozen=True)
class Effect:
    """An interaction or genotype effect on clearance, with its presence over time (0 to 1)."""

    modifier: Modifier
    presence: Course
    reasons: tuple[str, ...] = ()

    def held_by(self, covariates: set[str]) -> bool:
        """Whether a model with these covariates knows this effect itself (AMIODARONE, CYP2C9_3 …)."""
        name = self.modifier.name.upper()
        gene = name.removeprefix("GENOTYPE_")
        return name in covariates or (gene != name and any(c.startswith(gene) for c in covariates))


@dataclass(frozen=True)
class Case:
    """Times are hours from the twin's origin (the first known dose, or the moment asked about).

    `person` holds the covariates at `now`; `covariates` their course, `floored` the creatinine
    clearance by (floor, age above) where a model raises low creatinine; `alternatives` what is unknown (one of
    probability 1 if nothing is). `death` says when the person died, if so. `messages` are the findings of reading the
    record, `used` what was read.
    """

    patient: str
    drug: Drug
    route: str
    now: float
    origin_ms: int
    offset: int | None
    given: Schedule
    levels: tuple[Measured, ...]
    covariates: Mapping[str, Course]
    floored: Mapping[tuple[float, float], Course] = field(default_factory=dict)
    alternatives: tuple[Alternative, ...] = (Alternative("", 1.0, {}),)
    effects: tuple[Effect, ...] = ()
    indication: str = ""
    moiety_factor: float = 1.0
    age_h: Mapping[str, float] = field(default_factory=dict)
    active: tuple[tuple[str, str], ...] = ()
    allergies: tuple[tuple[str, str], ...] = ()
    death: str | None = None
    messages: tuple[Message, ...] = ()
    reasons: tuple[str, ...] = ()
    used: tuple[Used, ...] = ()
    citations: tuple[str, ...] = ()

    @property
    def person(self) -> dict[str, float]:
        """Covariates at `now` that are known for certain."""
        return {name: value_at(course, self.now) for name, course in self.covariates.items()}

    @property
    def occasions(self) -> tuple[float, ...]:
        """The future is an occasion of its own, where there is a past."""
        return (self.now,) if self.given.doses and self.now > 0 else ()

    def last_dose(self) -> tuple[float, float] | None:
        """Time (h) and amount of the last dose given by now."""
        given = self.given.given(self.now) if self.given.doses else []
        return (given[-1][0], given[-1][1]) if given else None

    def model(self, base: Model) -> Model:
        """The model with this person's interactions and genotype effects acting on its clearance."""
        return with_modifiers(base, [e.modifier for e in self.acting(base)])

    def acting(self, model: Model) -> tuple[Effect, ...]:
        """The effects that the model, as published, does not know itself: its modifiers, in their order."""
        own = {c.name for c in model.covariates}
        return tuple(e for e in self.effects if not e.held_by(own))

    def covariates_for(self, model: Model) -> tuple[dict[str, Course], ...]:
        """What `model` needs, per alternative; names it does not ask for are left out."""
        known: dict[str, Any] = dict(self.covariates)
        known |= {presence_of(k): e.presence for k, e in enumerate(self.acting(model))}
        known |= {c.name: self.floored[key] for c in model.covariates if (key := floor_of(c)) in self.floored}
        names = [c.name for c in model.covariates]
        return tuple({n: v for n, v in (known | dict(a.covariates)).items() if n in names} for a in self.alternatives)


def floor_of(covariate: Covariate) -> tuple[float, float]:
    """(creatinine floor in mg/dL, age in years above which it holds) of a covariate."""
    return covariate.creatinine_floor, covariate.floor_above_age
