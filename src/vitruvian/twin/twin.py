"""One person and one drug: calibrate, forecast, compare, recommend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from vitruvian.core import DataError, InputError, RefusalError, SolveError
from vitruvian.infer import weighted_quantile
from vitruvian.model import Dose, Model, Schedule
from vitruvian.pharmacology import Drug
from vitruvian.record import Patient
from vitruvian.twin.answer import Answer, Band, Interval, Message, Option, Severity
from vitruvian.twin.answering import answer, option, refusal
from vitruvian.twin.calibrate import Fit, calibrate, eligible
from vitruvian.twin.candidates import FEW, MANY, Candidate, candidates, standard
from vitruvian.twin.case import Case
from vitruvian.twin.evaluate import bands, proportional
from vitruvian.twin.evidence import Asked, read_case
from vitruvian.twin.explained import explained
from vitruvian.twin.goals import Goal, goal_for
from vitruvian.twin.guard import (
    check_age_of_data,
    check_alive,
    check_allergy,
    check_convergence,
    check_dose,
    check_duplicates,
    check_effect,
    check_label,
    check_predictive,
    refused,
)
from vitruvian.twin.recommend import compare, exact_dose

DRAWS = 400


@dataclass(frozen=True)
class Twin:
    """One person (a `Patient` of a record with a drug, or a `Case` of plain numbers); `calibrate` gives a new twin.

    `models` restricts to some of the drug's models; `None` averages over all that may be used for this person.

        twin = Twin(record.patient("p-001"), drugs.vancomycin).calibrate()
        print(twin.recommend())
    """

    person: Case | Patient
    drug: Drug | str | None = None
    asked: Asked = field(default_factory=Asked)
    models: tuple[Model, ...] | None = None
    draws: int = DRAWS
    seed: int = 0
    fits: tuple[Fit, ...] | None = field(default=None, repr=False)
    messages: tuple[Message, ...] = ()

    @cached_property
    def case(self) -> Case:
        """The person and drug as numbers, read from the record once."""
        if isinstance(self.person, Case):
            return self.person
        if self.drug is None:
            raise InputError("a twin of a patient needs a drug", todo="Give it, as in Twin(patient, drugs.apixaban).")
        return read_case(self.person, self.drug, self.asked)

    def calibrate(self) -> Twin:
        """This twin after the person's levels. Raises `RefusalError` if no model may be used."""
        usable, found = eligible(self.case, self.models or by_default(self.case.drug))
        if not usable:
            raise RefusalError(" ".join(f"{m.text} {m.todo}" for m in found) or "No model may be used for this person.")
        fits = calibrate(self.case, usable, draws=self.draws, seed=self.seed)
        best = max(fits, key=lambda f: f.weight)
        found = [*found, *check_convergence(best.converged, best.model.name)]
        found += check_predictive(best.p_value, best.model.name)
        found += explained(self.case, best, seed=self.seed)
        return replace(self, person=self.case, fits=fits, messages=tuple(found))

    def forecast(self, schedule: Schedule, *, hours: float, points: int = 121, output: str | None = None) -> Band:
        """Bands of an output for `hours` from now, under the doses given so far and `schedule` (times from now).

        Raises `InputError` for a drug that is not this twin's.
        """
        fits, case = self._calibrated(), self.case
        if schedule.drug and schedule.drug != case.drug.name:
            raise InputError("this twin is of another drug", got=schedule.drug, allowed=case.drug.name)
        times = case.now + np.linspace(0.0, hours, points)
        name = output or _first(fits)
        curves = [f.draws.curves([case.given + schedule.shift(case.now)], [times], name) for f in fits]
        return bands(case, fits, curves, [times], name)[0]

    def compare(self, options: Sequence[Schedule | Candidate], goal: Goal | str | None = None) -> Answer:
        """The options beside each other (the best allowed one recommended)."""
        own = tuple(o if isinstance(o, Candidate) else as_candidate(o) for o in options)
        if not own:
            raise InputError("nothing to compare", got="no options", todo="Give at least one regimen.")
        return self._answer(own, self.goal(goal), standard_at=None)[0]

    def about(self, own: Candidate) -> tuple[Message, ...]:
        """What the guard says of one regimen's amounts; a refusal means that no chance is to be computed of it."""
        models = [fit.model for fit in self._calibrated()]
        return tuple(check_dose(self.case.drug, own, self.case.person, models))

    def option(self, own: Schedule | Candidate, goal: Goal | str | None = None) -> Option:
        """What one regimen would do, with its curve; the quickest question, where an answer is known already."""
        candidate = own if isinstance(own, Candidate) else as_candidate(own)
        return option(self.case, self._calibrated(), candidate, self.goal(goal))

    def recommend(self, goal: Goal | str | None = None, *, loading: bool = False) -> Answer:
        """The standard dose beside personalised candidates over real products; the best allowed one recommended."""
        return self.asked_for(goal, loading=loading)[0]

    def asked_for(self, goal: Goal | str | None = None, *, loading: bool = False) -> tuple[Answer, Twin]:
        """`recommend`, and the twin it came from (calibrated, unless the guard refused before)."""
        case, person, wanted = self.case, self.case.person, self.goal(goal)
        size = {"weight": person.get("WT"), "bsa": person.get("BSA")}
        try:
            around = standard(case.drug, case.route, **size, indication=case.indication)
            cheap = all(proportional(m, wanted.target.when) for m in self.models or by_default(case.drug))
            own = candidates(case.drug, case.route, **size, around=around, loading=loading, most=MANY if cheap else FEW)
        except DataError as error:
            messages = (*self.checks(), Message("refusal", "no-regimen", str(error)))
            return refusal(self, wanted, messages), self
        return self._answer(own, wanted, standard_at=0)

    def exact_dose(self, like: Candidate, goal: Goal | str | None = None) -> float:
        """Amount per dose that puts the median metric in the middle of the target, at the interval of `like`."""
        return exact_dose(self.case, self._calibrated(), like, self.goal(goal).target)

    def goal(self, asked: Goal | str | None) -> Goal:
        """A goal from its name, an expression, or the drug's default."""
        return asked if isinstance(asked, Goal) else goal_for(self.case.drug, asked)

    def individual(self) -> dict[str, Interval]:
        """Individual parameters now (median and 90 %), pooled over the models that have them."""
        fits = self._calibrated()
        best = max(fits, key=lambda f: f.weight)
        units = {p.name: p.unit for p in best.model.parameters}
        found = {}
        for name, values in best.draws.individual(self.case.now).items():
            even = np.full(len(values), 1.0 / len(values))
            low, middle, high = (float(x) for x in weighted_quantile(values, even, (0.05, 0.5, 0.95)))
            found[name] = Interval(middle, low, high, units.get(name, ""))
        return found

    def checks(self) -> tuple[Message, ...]:
        """What the guard says of this person and drug before any regimen is looked at."""
        case = self.case
        found = [
            *check_alive(case.death),
            *case.messages,
            *check_duplicates(case.drug, case.active),
            *check_allergy(case.drug, case.allergies),
        ]
        found += [*check_age_of_data(case.drug, case.age_h), *check_label(case.drug, case.person, case.indication)]
        found += check_effect(case.drug, bool(case.given.doses), bool(case.levels) or _baseline(case))
        return tuple(found)

    def _calibrated(self) -> tuple[Fit, ...]:
        if self.fits is None:
            raise InputError("this twin has not seen the person's data", todo="Call calibrate() first.")
        return self.fits

    def _computable(self, options: tuple[Candidate, ...]) -> tuple[tuple[Candidate, ...], tuple[Message, ...]]:
        """The regimens of which chances may be computed, and warnings of those left out."""
        said = {own: self.about(own) for own in options}
        left = [(own, one) for own, messages in said.items() for one in messages if one.severity == "refusal"]
        kept = tuple(own for own in options if not refused(said[own]))
        severity: Severity = "warning" if kept else "refusal"
        return kept, tuple(replace(m, severity=severity, text=f"{own} is left out: {m.text}") for own, m in left)

    def _answer(self, options: tuple[Candidate, ...], goal: Goal, standard_at: int | None) -> tuple[Answer, Twin]:
        messages, twin = self.checks(), self
        if refused(messages):
            return refusal(self, goal, messages), self
        try:
            twin = self if self.fits is not None else self.calibrate()
            messages = tuple(dict.fromkeys((*messages, *twin.messages)))
            if refused(messages):
                return refusal(twin, goal, messages), twin
            if standard_at is None:
                options, said = twin._computable(options)
                messages = (*messages, *said)
            if not options:
                return refusal(twin, goal, messages), twin
            compared = compare(twin.case, twin._calibrated(), options, goal)
            return answer(twin, goal, compared, messages, standard_at), twin
        except (RefusalError, SolveError, DataError) as error:
            code = {RefusalError: "no-model", SolveError: "not-solved"}.get(type(error), "bad-data")
            return refusal(twin, goal, (*messages, Message("refusal", code, str(error)))), twin


def by_default(drug: Drug) -> tuple[Model, ...]:
    """The drug's models that are averaged when none is named: no variants, no other populations."""
    return tuple(m for m in drug.models if not m.on_request)


def as_candidate(schedule: Schedule) -> Candidate:
    """A repeated regimen as a candidate; raises `InputError` for a schedule that is not one."""
    if len(schedule.doses) != 1 or schedule.doses[0].interval is None:
        raise InputError(
            "an option to compare is one repeated dose", got=str(schedule), todo='Give it with every="12 h".'
        )
    dose: Dose = schedule.doses[0]
    assert dose.interval is not None
    return Candidate(dose.amount, dose.unit, dose.interval, dose.route, dose.duration)


def _baseline(case: Case) -> bool:
    """Whether the effect was measured before treatment, and there was no dose since."""
    return not case.given.doses and "INR_BASE" in case.covariates


def _first(fits: tuple[Fit, ...]) -> str:
    return fits[0].model.outputs[0].name
