"""The one place where a record's facts become a model's evidence: doses, levels, covariates, genes, other drugs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from vitruvian.core import DataError, now_ms, to_datetime
from vitruvian.model import Schedule
from vitruvian.pharmacology import Drug, find
from vitruvian.record import Fact, Patient
from vitruvian.twin.answer import Message, Used
from vitruvian.twin.case import Case, Measured
from vitruvian.twin.covariates import MEASURED
from vitruvian.twin.evidence_acting import Acting, read_acting
from vitruvian.twin.evidence_person import Person, read_person
from vitruvian.twin.genome import advised_against, alternatives
from vitruvian.twin.reading import (
    HOUR_MS,
    Clock,
    before_dose,
    death,
    doubtful,
    given,
    levels,
    moment_ms,
    newest_ms,
    trusted,
    used,
)
from vitruvian.twin.words import unit_text

_STALE_DAYS = 30.0


@dataclass(frozen=True)
class Asked:
    """What the person who asks adds to the record: moment, route, indication, covariates by name, and genes.

    `genes` are diplotypes that stand in place of the genome's ("what if"): {"CYP3A5": "*1/*3"}.
    """

    at: str | None = None
    route: str | None = None
    indication: str = ""
    covariates: Mapping[str, float] | None = None
    genes: Mapping[str, str] | None = None


def read_case(patient: Patient, drug: Drug | str, asked: Asked = Asked()) -> Case:
    """All that the record knows by the moment asked about, as a case for one drug.

    Without a moment, the time of the newest fact is taken (and said, if it lies far back); what the system itself kept
    (alerts, answers of twins), consents and demographics do not count. Raises `DataError` for a
    moment that is not one and a record without any dated fact.
    """
    drug = find(drug) if isinstance(drug, str) else drug
    past = _past_of(patient.facts(), drug, asked)
    person = read_person(past.facts, drug, past.clock, past.now_ms, asked.covariates or {})
    acting = read_acting(patient, past.facts, drug, person, past.clock, past.hour, past.route, asked.genes or {})
    return Case(
        patient=patient.id,
        drug=drug,
        route=past.route,
        now=past.hour,
        origin_ms=past.clock.origin_ms,
        offset=past.clock.offset,
        given=past.given,
        levels=tuple(one for one in past.levels if one.time > 0 and past.given.doses),
        covariates=person.covariates,
        floored=person.floored,
        alternatives=alternatives(acting.calls, acting.genetic),
        effects=tuple(acting.effects),
        indication=asked.indication,
        moiety_factor=drug.products[0].moiety_factor,
        age_h={k: (past.now_ms - f.start_ms) / HOUR_MS for k, f in person.newest.items() if f.start_ms is not None},
        active=tuple((name, _atc(name)) for name in person.current),
        allergies=tuple((f.display, f.code) for f in past.facts if f.kind == "allergy"),
        death=death(past.everything, past.now_ms if asked.at else None),
        messages=tuple(_messages(past, person, acting, asked)),
        reasons=acting.reasons,
        used=tuple(_used(past.now_ms, person, acting, asked)),
        citations=tuple(source for _, source in acting.advised if source),
    )


@dataclass(frozen=True)
class _Past:
    """The facts that count at the moment asked about (ms), and what was given and measured of the drug by then."""

    drug: Drug
    everything: Sequence[Fact]
    facts: Sequence[Fact]
    now_ms: int
    clock: Clock
    given: Schedule
    unread: Sequence[Message]
    levels: Sequence[Measured]
    route: str

    @property
    def hour(self) -> float:
        """The moment in hours from the twin's origin."""
        return self.clock.hours(self.now_ms)


def _past_of(everything: list[Fact], drug: Drug, asked: Asked) -> _Past:
    now = moment_ms(asked.at) if asked.at else _newest(everything)
    facts = trusted(everything, now)
    offset = next((f.offset for f in reversed(facts) if f.offset is not None), None)
    first = min((f.start_ms for f in facts if _is_dose(f, drug) and f.start_ms is not None), default=now)
    clock = Clock(first, offset)
    schedule, unread = given([f for f in everything if f.start_ms is None or f.start_ms <= now], drug, clock, now)
    route = asked.route or (schedule.doses[-1].route if schedule.doses else drug.regimens[0].route)
    return _Past(drug, everything, facts, now, clock, schedule, unread, levels(facts, drug, clock), route)


def _messages(past: _Past, person: Person, acting: Acting, asked: Asked) -> Iterator[Message]:
    """The findings of reading the record."""
    yield from past.unread
    yield from before_dose(past.levels, bool(past.given.doses))
    yield from acting.unknown
    yield from doubtful(past.everything)
    yield from acting.disagreeing
    yield from advised_against(past.drug, acting.calls, bool(past.levels))
    yield from _unknown_person(person.age_y, person.female)
    yield from _past_moment(asked, past.now_ms)


def _newest(facts: list[Fact]) -> int:
    if (newest := newest_ms(facts)) is None:
        todo = "Ingest data, or name the moment to ask as of."
        raise DataError("the record holds no dated fact of this person", todo=todo)
    return newest


def _is_dose(f: Fact, drug: Drug) -> bool:
    return f.kind in ("medication_administration", "medication_statement") and f.detail.get("drug") == drug.name


def _atc(name: str) -> str:
    from vitruvian.tables.codes import ATC, codes_of

    return next((code for system, code in codes_of(name) if system == ATC), "")


def _unknown_person(age: float | None, female: bool | None) -> list[Message]:
    missing = [word for word, value in (("birth date", age), ("sex", female)) if value is None]
    if not missing:
        return []
    return [Message("warning", "unknown-person", f"The record holds no {' and no '.join(missing)}.", "Record it.")]


def _past_moment(asked: Asked, now: int) -> list[Message]:
    days = (now_ms() - now) / HOUR_MS / 24
    if asked.at or days < _STALE_DAYS:
        return []
    text = f"The newest fact in the record is {days:.0f} days old: this answer is for that moment, not for today."
    return [Message("warning", "past-moment", text, "Bring the record up to date, or name the moment to ask as of.")]


def _used(now_ms: int, person: Person, acting: Acting, asked: Asked) -> Iterator[Used]:
    """What was read, line by line."""
    if person.age_y is not None:
        yield Used("AGE", f"{person.age_y:.1f} years", f"{to_datetime(now_ms):%Y-%m-%d}", None, "birth date")
    if person.female is not None:
        yield Used("sex", "female" if person.female else "male", "", None, "demographics")
    for name, fact in person.newest.items():
        value = person.series[name].at(float("inf"))
        yield used(name, f"{value:.4g} {unit_text(MEASURED[name])}".strip(), fact, now_ms)
    for name, mark in person.marks.items():
        yield used(name, f"{mark.meaning}: {'yes' if mark.value else 'no'}", mark.fact, now_ms, mark.origin)
    for gene, call in acting.spoken_of.items():
        said = f"{call.diplotype} ({call.phenotype})" if call.phenotype else str(call.diplotype)
        yield used(gene, said, acting.genome, now_ms, "genome")
    said_of = {name: f"{value:g}" for name, value in (asked.covariates or {}).items()} | dict(asked.genes or {})
    for name, text in said_of.items():
        yield Used(name, text, "", None, "given by the person who asked")
