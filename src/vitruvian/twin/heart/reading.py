"""Evidence from a record: the newest trusted value of each quantity, pressures of one moment, nothing outdated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from vitruvian.core import DataError, Quantity, UnitError, to_ms
from vitruvian.tables.codes import LOINC, analyte
from vitruvian.twin.answer import Message, Used
from vitruvian.twin.heart.evidence import Evidence, evidence_of
from vitruvian.twin.heart.quantities import BY_CODE, BY_NAME
from vitruvian.twin.reading import HOUR_MS, demographics, moment_ms, newest_ms, trusted, used
from vitruvian.twin.words import unit_text

if TYPE_CHECKING:
    from vitruvian.record import Fact, Patient

_KINDS = frozenset({"observation", "imaging_feature"})
_SIZE = ("height", "weight")
_PAIR = {"systolic", "diastolic"}
_PRESSURES = _PAIR | {"mean_arterial"}
_VALVES = ("aortic_valve_area", "mitral_valve_area", "aortic_leak", "mitral_leak")
_SETTING = frozenset({"heart_rate", *_SIZE, "lvot_diameter", "pr_interval", "qrs_duration", *_VALVES})
"""What sets a beat or reads another value, and teaches no unknown: told again to a later twin."""
_DAYS = 180.0
"""Measurements further back than this from the newest are of another state of the heart."""


def read_evidence(patient: Patient, at: str | None = None, *, after: str | None = None) -> Evidence:
    """What a record knows of a person's heart by the moment `at` (default: all).

    `after`: the moment of an earlier twin whose posterior is the starting point. What was measured up to then has
    taught that twin and is left out, but for heart rate, size, PR, QRS and valves.
    Raises `DataError` where there is nothing, or values that cannot be, with the field and the rule.
    """
    everything = patient.facts()
    now = moment_ms(at) if at else newest_ms(everything) or 0
    facts = trusted(everything, now)
    found, alone = _newest(facts)
    heart = [one.start_ms or 0 for name, one in found.items() if name not in _SIZE]
    if not heart:
        todo = "Ingest vital signs and an echocardiogram, or give a table."
        raise DataError("the record holds nothing of this person's heart", got=patient.id, todo=todo)
    last = max(heart)
    old = [n for n, one in found.items() if n not in _SIZE and (last - (one.start_ms or 0)) / HOUR_MS / 24 > _DAYS]
    kept = {name: one for name, one in found.items() if name not in old}
    values, lines = {}, []
    for name, fact in kept.items():
        value = _quantity(name, fact)
        values[name] = value
        lines.append(used(BY_NAME[name].title, f"{value.value:g} {unit_text(value.unit)}".strip(), fact, now))
    age, female = demographics(facts, now)
    if age is not None:
        values["age"] = Quantity(age, "a")
        lines.append(Used("age", f"{age:.0f} years", "", None, "birth date"))
    moment = next(_moment(one) for one in kept.values() if one.start_ms == last)
    evidence = evidence_of(values, person=patient.id, female=female, at=moment, used=tuple(lines))
    evidence = _with(evidence, old, alone)
    return _without(evidence, kept, after) if after else evidence


def _newest(facts: Iterable[Fact]) -> tuple[dict[str, Fact], list[Fact]]:
    """The newest fact of each quantity, pressures of one moment; and newer pressures that lack their partner."""
    found: dict[str, Fact] = {}
    pressures: dict[int, dict[str, Fact]] = {}
    for one in facts:
        name = _name(one)
        if name is None or one.value is None or one.start_ms is None:
            continue
        if name in _PRESSURES:
            pressures.setdefault(one.start_ms, {})[name] = one
        elif name not in found or (found[name].start_ms or 0) <= one.start_ms:
            found[name] = one
    whole = [moment for moment, some in pressures.items() if some.keys() >= _PAIR]
    means = [moment for moment, some in pressures.items() if "mean_arterial" in some]
    chosen = max(whole or means, default=-1)
    taken = {n: one for n, one in pressures.get(chosen, {}).items() if whole or n == "mean_arterial"}
    alone = [one for moment in sorted(pressures) if moment >= chosen for one in pressures[moment].values()]
    return found | taken, [one for one in alone if one not in taken.values()]


def _name(fact: Fact) -> str | None:
    if fact.kind not in _KINDS or fact.system != LOINC:
        return None
    known = analyte(fact.system, fact.code)
    if known is not None and known.name in _SIZE:
        return known.name
    measure = BY_CODE.get(fact.code)
    return measure.name if measure else None


def _quantity(name: str, fact: Fact) -> Quantity:
    if not fact.unit and BY_NAME[name].unit != "1":
        raise UnitError(f"{name}: the record gives no unit", got=fact.value_raw, allowed=BY_NAME[name].unit)
    return Quantity(float(fact.value or 0.0), fact.unit or "1")


def _moment(fact: Fact) -> str:
    return str(fact.start)[:16]


def _without(evidence: Evidence, facts: Mapping[str, Fact], after: str) -> Evidence:
    """The evidence less what taught a twin of the moment `after`."""
    taught = {n for n, one in facts.items() if n not in _SETTING and to_ms(_moment(one)) <= to_ms(after)}
    if not taught:
        return evidence
    titles = [BY_NAME[name].title for name in sorted(taught)]
    text = f"Told to the earlier twin of {after} already, and not counted again: {', '.join(titles)}."
    return replace(
        evidence,
        values={name: value for name, value in evidence.values.items() if name not in taught},
        used=tuple(line for line in evidence.used if line.name not in titles),
        messages=(*evidence.messages, Message("note", "told-before", text)),
    )


def _with(evidence: Evidence, old: list[str], alone: list[Fact]) -> Evidence:
    said = list(evidence.messages)
    if alone:
        which = ", ".join(f"{BY_CODE[one.code].title} of {_moment(one)}" for one in alone)
        text = f"Not used, as systolic and diastolic pressure are not both known of that moment: {which}."
        said.append(Message("note", "alone", text, "Record both with the same time."))
    if old:
        names = ", ".join(BY_NAME[name].title for name in old)
        text = f"Not used, as measured more than {_DAYS:.0f} days before the newest: {names}."
        said.append(Message("note", "old", text, "Measure again."))
    return replace(evidence, messages=tuple(said))
