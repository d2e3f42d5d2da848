"""The one place where a record's facts become a model's evidence: doses, levels, covariates, genes, other drugs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vitruvian.core import DataError, now_ms, to_datetime
from vitruvian.model.schedule import Course
from vitruvian.person import GeneCall
from vitruvian.pharmacology import Drug, find
from vitruvian.record import Fact, Patient
from vitruvian.twin.answer import Message, Used
from vitruvian.twin.case import Case, floor_of
from vitruvian.twin.covariates import MEASURED, Series, courses
from vitruvian.twin.effects import genotype_effects, interactions
from vitruvian.twin.genome import (
    advice_texts,
    advised_against,
    alternatives,
    gene_calls,
    genetic_names,
    stated_calls,
)
from vitruvian.twin.reading import (
    HOUR_MS,
    Clock,
    before_dose,
    death,
    demographics,
    doubtful,
    given,
    levels,
    measured,
    moment_ms,
    newest_ms,
    taking,
    trusted,
    used,
)
from vitruvian.twin.states import Shown, states
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
    everything = patient.facts()
    now = moment_ms(asked.at) if asked.at else _newest(everything)
    facts = trusted(everything, now)
    offset = next((f.offset for f in reversed(facts) if f.offset is not None), None)
    first = min((f.start_ms for f in facts if _is_dose(f, drug) and f.start_ms is not None), default=now)
    clock = Clock(first, offset)
    hour = clock.hours(now)
    schedule, notes = given([f for f in everything if f.start_ms is None or f.start_ms <= now], drug, clock, now)
    measured_levels = levels(facts, drug, clock)
    route = asked.route or (schedule.doses[-1].route if schedule.doses else drug.regimens[0].route)

    series, newest = measured(facts, clock)
    age, female = demographics(facts, now)
    known: dict[str, Course] = {}
    if age is not None:
        known = courses(series, age_y=age, female=female, start=0.0, now=hour)
    floored = _floored(series, drug, known, age, female, hour)
    others = [t for t in taking(facts, now) if t.name != drug.name]
    current = sorted({t.name for t in others if t.end_ms is None})
    names = {c.name for m in drug.models for c in m.covariates} | {n for r in drug.label_rules for n in r.needs}
    marks = states(facts, current, names)
    known |= {name: mark.value for name, mark in marks.items()}
    known |= _baseline_inr(series, drug, names)
    known |= dict(asked.covariates or {})

    calls, genome, disagreeing = gene_calls(patient, facts)
    stated = stated_calls(asked.genes or {})
    calls = {**calls, **stated}
    genetic = [n for n in genetic_names(drug) if n not in known]
    others_act, unknown = interactions(drug, others, calls, clock, hour, route)
    found = [*others_act, *genotype_effects(drug, calls, route)]
    effects = [e for e in found if not all(e.held_by({c.name for c in m.covariates}) for m in drug.models)]
    reasons = [text for e in effects for text in e.reasons]
    advised = advice_texts(drug, calls) if calls else ()
    acting = _acting(calls, (*genetic, *(e.modifier.name.upper() for e in effects), *(text for text, _ in advised)))
    acting = {gene: call for gene, call in acting.items() if gene not in stated}
    lines = _used(newest, series, marks, acting, genome, now, age, female, asked)
    return Case(
        patient=patient.id,
        drug=drug,
        route=route,
        now=hour,
        origin_ms=first,
        offset=offset,
        given=schedule,
        levels=tuple(v for v in measured_levels if v.time > 0 and schedule.doses),
        covariates=known,
        floored={} if "CRCL" in (asked.covariates or {}) else floored,
        alternatives=alternatives(calls, genetic),
        effects=tuple(effects),
        indication=asked.indication,
        moiety_factor=drug.products[0].moiety_factor,
        age_h={name: (now - f.start_ms) / HOUR_MS for name, f in newest.items() if f.start_ms is not None},
        active=tuple((name, _atc(name)) for name in current),
        allergies=tuple((f.display, f.code) for f in facts if f.kind == "allergy"),
        death=death(everything, now if asked.at else None),
        messages=(
            *notes,
            *before_dose(measured_levels, bool(schedule.doses)),
            *unknown,
            *doubtful(everything),
            *disagreeing,
            *advised_against(drug, calls, bool(measured_levels)),
            *_unknown_person(age, female),
            *_past(asked, now),
        ),
        reasons=tuple(dict.fromkeys((*reasons, *(text for text, _ in advised), *_mixture(genetic, calls)))),
        used=tuple(lines),
        citations=tuple(source for _, source in advised if source),
    )


def _floored(
    series: Mapping[str, Series],
    drug: Drug,
    known: Mapping[str, Course],
    age: float | None,
    female: bool | None,
    now: float,
) -> dict[tuple[float, float], Course]:
    """Creatinine clearance for each way in which a model of the drug raises low creatinine."""
    floors = {floor_of(c) for m in drug.models for c in m.covariates if c.creatinine_floor > 0}
    found: dict[tuple[float, float], Course] = {}
    for floor, above in floors:
        if "CRCL" not in known or age is None or age <= above:
            continue
        creatinine = series["SCR"]
        raised = Series(creatinine.time, tuple(max(v, floor) for v in creatinine.value))
        found[floor, above] = courses({**series, "SCR": raised}, age_y=age, female=female, start=0.0, now=now)["CRCL"]
    return found


def _newest(facts: list[Fact]) -> int:
    if (newest := newest_ms(facts)) is None:
        todo = "Ingest data, or name the moment to ask as of."
        raise DataError("the record holds no dated fact of this person", todo=todo)
    return newest


def _is_dose(f: Fact, drug: Drug) -> bool:
    return f.kind in ("medication_administration", "medication_statement") and f.detail.get("drug") == drug.name


def _baseline_inr(series: Mapping[str, Series], drug: Drug, names: set[str]) -> dict[str, float]:
    """INR before the first dose, where a model asks for it and it was measured."""
    if "INR_BASE" not in names or "INR" not in series:
        return {}
    before = [v for t, v in zip(series["INR"].time, series["INR"].value, strict=True) if t <= 0]
    return {"INR_BASE": before[-1]} if before else {}


def _atc(name: str) -> str:
    from vitruvian.tables.codes import ATC, codes_of

    return next((code for system, code in codes_of(name) if system == ATC), "")


def _unknown_person(age: float | None, female: bool | None) -> list[Message]:
    missing = [word for word, value in (("birth date", age), ("sex", female)) if value is None]
    if not missing:
        return []
    return [Message("warning", "unknown-person", f"The record holds no {' and no '.join(missing)}.", "Record it.")]


def _past(asked: Asked, now: int) -> list[Message]:
    days = (now_ms() - now) / HOUR_MS / 24
    if asked.at or days < _STALE_DAYS:
        return []
    text = f"The newest fact in the record is {days:.0f} days old: this answer is for that moment, not for today."
    return [Message("warning", "past-moment", text, "Bring the record up to date, or name the moment to ask as of.")]


def _mixture(genetic: list[str], calls: Mapping[str, GeneCall]) -> tuple[str, ...]:
    if not genetic or calls:
        return ()
    names = ", ".join(genetic)
    return (f"No genome is recorded: {names} are a mixture over population frequencies, not the common allele.",)


def _acting(calls: Mapping[str, GeneCall], mentioned: Sequence[str]) -> dict[str, GeneCall]:
    """The genes that a model, an effect or a guideline speaks of."""
    return {gene: call for gene, call in calls.items() if call.diplotype and any(gene in text for text in mentioned)}


def _used(
    newest: Mapping[str, Fact],
    series: Mapping[str, Series],
    marks: Mapping[str, Shown],
    calls: Mapping[str, GeneCall],
    genome: Fact | None,
    now: int,
    age: float | None,
    female: bool | None,
    asked: Asked,
) -> list[Used]:
    lines = []
    if age is not None:
        lines.append(Used("AGE", f"{age:.1f} years", f"{to_datetime(now):%Y-%m-%d}", None, "birth date"))
    if female is not None:
        lines.append(Used("sex", "female" if female else "male", "", None, "demographics"))
    for name, fact in newest.items():
        value = series[name].at(float("inf"))
        lines.append(used(name, f"{value:.4g} {unit_text(MEASURED[name])}".strip(), fact, now))
    for name, mark in marks.items():
        lines.append(used(name, f"{mark.meaning}: {'yes' if mark.value else 'no'}", mark.fact, now, mark.origin))
    for gene, call in calls.items():
        said = f"{call.diplotype} ({call.phenotype})" if call.phenotype else str(call.diplotype)
        lines.append(used(gene, said, genome, now, "genome"))
    given = {name: f"{value:g}" for name, value in (asked.covariates or {}).items()} | dict(asked.genes or {})
    lines += [Used(name, text, "", None, "given by the person who asked") for name, text in given.items()]
    return lines
