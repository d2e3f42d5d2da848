"""Dosing, as others see it: which drugs of this person may be individualised, the right dose, and what-ifs."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from vitruvian.core import DataError, InputError, RefusalError, SolveError
from vitruvian.pharmacology import Drug, find, library
from vitruvian.pharmacology.interactions import perpetrator_names
from vitruvian.twin.answer import Answer
from vitruvian.twin.answering import unranked
from vitruvian.twin.changes import Change, as_before, changed, untouched
from vitruvian.twin.doors.assumed import assuming, in_words
from vitruvian.twin.doors.door import Field, FieldError, Question, Status, Told
from vitruvian.twin.doors.dose_shown import alone, compared, forecast, not_allowed, recommended
from vitruvian.twin.doors.dose_status import status_of
from vitruvian.twin.doors.genes import as_genes, gene_choices
from vitruvian.twin.doors.own_drugs import drugs_among, drugs_of
from vitruvian.twin.doors.regimen import candidate_of, own_regimen, regimen_fields
from vitruvian.twin.doors.warm import Warm, seen_now
from vitruvian.twin.dosing import keep_posterior
from vitruvian.twin.evaluate import next_start
from vitruvian.twin.evidence import Asked, read_case
from vitruvian.twin.goals import Goal, goal_for
from vitruvian.twin.guard import refused
from vitruvian.twin.twin import Twin
from vitruvian.twin.words import route_name

if TYPE_CHECKING:
    from vitruvian.record import Patient

_TWINS: Warm[Twin] = Warm(48)
_ANSWERS: Warm[tuple[Answer, Twin]] = Warm(96)
_ROUTES = (("oral", "by mouth"), ("iv", "into a vein"), ("sc", "under the skin"))


class DoseDoor:
    """Model-informed dosing of the drugs of the library."""

    name = "dose"
    title = "Dose"
    refuses_after_death = True
    needs = "An order or dose of a drug that the library has a model of; or ask for a drug that is not given yet."
    about = "The dose that reaches a target in this person, from published models and their own levels."

    def status(self, patient: Patient, at: str | None = None) -> tuple[Status, ...]:
        """One for each drug of the library that the person was given, those taken now first."""
        found = drugs_of(patient, at)
        if not found:
            return ()
        seen = seen_now(patient)
        keys = ((seen, one.name, _key(Asked(at))) for one in found)
        return tuple(status_of(patient, one, at, _TWINS.peek(key)) for one, key in zip(found, keys, strict=True))

    def questions(self, patient: Patient) -> tuple[Question, ...]:
        """Recommend, compare, one regimen, and forecast; the drugs that the person takes come first."""
        facts = patient.facts()
        own = [one.name for one in drugs_among(facts)]
        names = [*own, *(one for one in library() if one not in own)]
        taken = sorted({str(f.detail["drug"]) for f in facts if f.detail.get("drug")})
        first, rest = _asked_fields(own, names), _changes(taken, own)
        return (
            Question("recommend", "Which dose?", "The standard regimen beside personalised ones, the best marked.",
                     (*first, Field("loading", "With a first, larger dose", "flag", default=False), *rest)),
            Question("compare", "What would this regimen do?", "A regimen of your own beside the recommended one.",
                     (*first, *regimen_fields(optional=False), *rest)),
            Question("regimen", "What would this regimen do by itself?",
                     "One regimen alone: nothing is recommended beside it, and it is the quickest answer.",
                     (*first, *regimen_fields(optional=False), *rest)),
            Question("forecast", "What will levels be?", "The course under a regimen, or as the drug is given now.",
                     (*first, *regimen_fields(optional=True),
                      Field("hours", "Look ahead", unit="h", default=72.0, low=1.0, high=60 * 24.0), *rest)),
        )  # fmt: skip

    def ask(self, patient: Patient, question: str, values: Mapping[str, Any], at: str | None = None) -> Told:
        """The answer of the guard and the models; a refusal is an answer too."""
        drug = find(values["drug"])
        _by_a_known_route(drug, values.get("route"))
        goal = _goal(drug, values)
        genes, told = as_genes(drug, values.get("genotype"))
        asked = Asked(at, values.get("route"), values.get("indication", ""), genes=genes)
        change = _change(values)
        key = (seen_now(patient), drug.name, _key(asked))
        if question == "regimen" and (told_alone := self._alone(patient, key, drug, asked, goal, change, values)):
            told_alone = replace(told_alone, messages=(*told_alone.messages, *told))
            return assuming(told_alone, in_words(change, genes), change)
        loading = bool(values.get("loading"))
        answer, twin = self._recommended(patient, key, drug, asked, goal, change, loading)
        answer = replace(answer, messages=(*answer.messages, *told))
        found = self._told(twin, answer, goal, question, values)
        return assuming(found, in_words(change, genes), change)

    def _alone(
        self, patient: Patient, key: Hashable, drug: Drug, asked: Asked, goal: Goal, change: Change,
        values: Mapping[str, Any],
    ) -> Told | None:  # fmt: skip
        """What one regimen does, and nothing beside it; `None` where the guard says no, which the full answer tells."""
        twin = changed(_TWINS.get(key, lambda: _calibrated(patient, drug, asked)), change)
        if twin.fits is None or refused(twin.checks()):
            return None
        own = own_regimen(twin.case, values)
        messages = (*twin.checks(), *twin.messages, *twin.about(own))
        if refused(messages):
            return None
        return alone(unranked(twin, goal, messages), twin.option(own, goal), goal)

    def _told(self, twin: Twin, answer: Answer, goal: Goal, question: str, values: Mapping[str, Any]) -> Told:
        if question == "recommend" or twin.fits is None or refused(twin.checks()):
            return recommended(answer, goal, question)
        own = own_regimen(twin.case, values)
        answer = replace(answer, messages=(*answer.messages, *twin.about(own)))
        if refused(answer.messages):
            return not_allowed(answer, own, goal, question)
        if question == "forecast":
            schedule = own.schedule(answer.drug, next_start(twin.case, own) - twin.case.now)
            band = twin.forecast(schedule, hours=values["hours"], output=goal.target.output)
            return forecast(answer, own, band, goal)
        return compared(answer, twin.option(own, goal), goal)

    def _recommended(
        self, patient: Patient, key: Hashable, drug: Drug, asked: Asked, goal: Goal, change: Change, loading: bool
    ) -> tuple[Answer, Twin]:
        """The recommendation under a change, and the twin that it came from; of those at hand where it is there."""

        def make() -> tuple[Answer, Twin]:
            twin = _TWINS.get(key, lambda: _calibrated(patient, drug, asked))
            other = changed(twin, change)
            if change and untouched(twin, other):
                before, _ = self._recommended(patient, key, drug, asked, goal, Change(), loading)
                if (same := as_before(before, twin, other)) is not None:
                    return same, other
            answer, other = other.asked_for(goal, loading=loading)
            # the program of one regimen is at hand before the first what-if
            if answer.best is not None and not change and asked.genes is None:
                other.option(candidate_of(answer.best), goal)
            return answer, other

        return _ANSWERS.get((key, goal, change, loading), make)


DOSE = DoseDoor()


def _calibrated(patient: Patient, drug: Drug, asked: Asked) -> Twin:
    """The twin after the person's levels, kept in the record; as it is where no model may be used."""
    twin = Twin(read_case(patient, drug, asked), drug)
    if twin.case.death is not None:
        return twin
    try:
        twin = twin.calibrate()
    except (RefusalError, SolveError, DataError):
        return twin  # asked for a dose, it says why
    if asked == Asked():
        keep_posterior(patient.record, patient, twin)
    return twin


def _by_a_known_route(drug: Drug, route: str | None) -> None:
    known = [one.route for one in drug.regimens]
    if route is not None and route not in known:
        raise FieldError(
            "route", f"{drug.name} is not dosed by this route", got=route_name(route),
            allowed=", ".join(dict.fromkeys(route_name(one) for one in known)),
        )  # fmt: skip


def _goal(drug: Drug, values: Mapping[str, Any]) -> Goal:
    try:
        return goal_for(drug, values.get("goal") or None, mic=values.get("mic"))
    except InputError as error:
        raise FieldError("goal", error.what, got=error.got, allowed=error.allowed, todo=error.todo) from error


def _key(asked: Asked) -> Hashable:
    return (asked.at, asked.route, asked.indication, tuple(sorted((asked.genes or {}).items())))


def _asked_fields(own: list[str], names: list[str]) -> tuple[Field, ...]:
    return (
        Field("drug", "Drug", "choice", default=names[0] if own else None, choices=tuple((n, n) for n in names)),
        Field("goal", "Goal", "text", optional=True,
              about='A target of the library by name, or such as "auc24 400-600 mg.h/L"; left out, the usual one.'),
        Field("mic", "MIC", unit="mg/L", low=0.001, high=1024.0, optional=True,
              about="Of the germ, for antibiotics whose target depends on it."),
        Field("route", "Route", "choice", choices=_ROUTES, optional=True, about="Left out, that of the last dose."),
        Field("indication", "Indication", "text", default="", about="Where targets or label rules depend on it."),
    )  # fmt: skip


def _changes(taken: list[str], own: list[str]) -> tuple[Field, ...]:
    """What-ifs: another drug started or stopped now, another genotype."""
    others = tuple((name, name) for name in perpetrator_names() if name not in taken)
    genes = gene_choices(find(name) for name in own or library())
    return (
        Field("start", "Other drug, started now", "choice", choices=others, optional=True,
              about="A drug that the library knows to act on others."),
        Field("start_dose", "Single dose of that drug", unit="mg", low=0.001, high=1e5, optional=True),
        Field("stop", "Drug stopped now", "choice", choices=tuple((one, one) for one in taken), optional=True),
        Field("genotype", "Genotype, if it were", "choice", choices=genes, optional=True),
    )  # fmt: skip


def _change(values: Mapping[str, Any]) -> Change:
    start, stop = values.get("start"), values.get("stop")
    if start is None and values.get("start_dose") is not None:
        raise FieldError("start", "start is missing", got="start_dose alone", todo="Say which drug is started.")
    return Change(((start, values.get("start_dose")),) if start else (), (stop,) if stop else ())
