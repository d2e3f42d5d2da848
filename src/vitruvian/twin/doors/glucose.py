"""The metabolic twin, as others see it: where glucose goes, the usual day, boluses, activity, days done otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from vitruvian.core import DataError, to_datetime, to_ms
from vitruvian.twin.answer import Message
from vitruvian.twin.doors import glucose_answers as answers
from vitruvian.twin.doors.alive import after_death
from vitruvian.twin.doors.door import Field, Question, Status, Told
from vitruvian.twin.doors.glucose_events import Event, changed, event_named, events_of
from vitruvian.twin.doors.glucose_shown import Unit
from vitruvian.twin.doors.glucose_status import status_of
from vitruvian.twin.doors.warm import Warm
from vitruvian.twin.glucose import (
    Evidence,
    GlucoseTwin,
    Plan,
    advise,
    advise_activity,
    current,
    learned_until,
    outcomes,
    passed_over,
    past,
    profile,
    read_evidence,
    recent,
    replay,
    track,
    weight_of,
)
from vitruvian.twin.glucose.store import digest, packed, unpacked

if TYPE_CHECKING:
    from vitruvian.record import Patient

DAYS = 14
_PER_DAY = 288
_ASSUMED = 70.0
_UNIT = Field("unit", "Unit", "choice", default="mg/dL", choices=(("mg/dL", "mg/dL"), ("mmol/L", "mmol/L")))
_MEAL = Field("meal", "Carbohydrates now", unit="g", default=0.0, low=0.0, high=250.0)


@dataclass(frozen=True)
class _Held:
    """A twin at hand, and the digest of the days that it was learned from."""

    twin: GlucoseTwin
    digest: str


_TWINS: Warm[_Held] = Warm(64)


class GlucoseDoor:
    """Sensor glucose, insulin and meals of one person."""

    name = "glucose"
    title = "Glucose"
    needs = "Readings of a glucose sensor, with insulin and meals: the export of the sensor or pump."
    about = "Where this person's glucose goes, from their sensor, insulin and meals; boluses; days done otherwise."

    def status(self, patient: Patient, at: str | None = None) -> tuple[Status, ...]:
        """One, for a person with sensor glucose; none for others."""
        if "glucose" not in patient.signals():
            return ()
        try:
            evidence = _evidence(patient, at)
        except DataError as error:
            return (Status("blocked", str(error)),)
        if dead := after_death(patient, at):
            return dead
        known = _held(patient, evidence) or recent(patient, evidence)
        return (status_of(evidence, known, "" if known else passed_over(patient, evidence)),)

    def questions(self, patient: Patient) -> tuple[Question, ...]:
        """Forecast, usual day, bolus, activity, and a meal or dose of the last day moved or changed."""
        events = _events(patient)
        found = (
            Question("forecast", "Where does glucose go?", "The next four hours with what is on board now.",
                     (replace(_MEAL, title="If eaten now"),
                      Field("bolus", "If injected now", unit="U", default=0.0, low=0.0, high=30.0), _UNIT)),
            Question("bolus", "Which bolus?", "For a meal eaten now, or (0 g) to correct. A person decides.",
                     (_MEAL, _UNIT)),
            Question("activity", "What before activity?", "What to eat before planned activity.",
                     (Field("minutes", "It lasts", unit="min", default=45.0, low=5.0, high=600.0),
                      Field("starts_in", "It begins in", unit="min", default=30.0, low=0.0, high=180.0),
                      Field("effort", "Effort (1: as hard as can be)", default=0.5, low=0.05, high=1.0), _UNIT)),
            Question("usual_day", "How are the days?", "The ambulatory glucose profile: percentiles by time of day.",
                     (Field("days", "Days", unit="d", default=14.0, low=1.0, high=90.0), _UNIT)),
        )  # fmt: skip
        if not events:
            return found
        choices = tuple((one.name, one.title) for one in reversed(events))
        what_if = Question(
            "what_if", "What if it had been done otherwise?", "A meal or bolus of the last day moved or changed.",
            (Field("event", "Meal or bolus", "choice", default=choices[0][0], choices=choices),
             Field("later", "Later by (earlier: below 0)", unit="min", default=0.0, low=-180.0, high=180.0),
             Field("amount", "Amount instead", unit="g or U", low=0.0, high=250.0, optional=True,
                   about="Carbohydrates in g, a bolus in U; left out, as it was."), _UNIT),
        )  # fmt: skip
        return (*found[:2], what_if, *found[2:])

    def ask(self, patient: Patient, question: str, values: Mapping[str, Any], at: str | None = None) -> Told:
        """The answer; where the guard of doses says no, a refusal with its reasons."""
        unit = Unit(str(values.get("unit", "mg/dL")))
        if question == "usual_day":
            return answers.usual_day(profile(_evidence(patient, at, int(values["days"]))), unit)
        evidence = _evidence(patient, at)
        twin, said = _twin(patient, evidence, at)
        asked = {name: value for name, value in values.items() if name != "unit"}
        if question == "what_if":
            event = event_named(evidence, asked["event"])
            other = changed(evidence, event, asked["later"], asked.get("amount"))
            found = replay(twin, other, first=max(twin.last - _PER_DAY, twin.first))
            return answers.done_otherwise(found, event, asked["later"], asked.get("amount"), unit, said)
        if question == "bolus":
            return answers.advice(advise(twin, evidence, meal=asked["meal"]), evidence, unit, said)
        if question == "activity":
            plan = {"minutes": asked["minutes"], "starts_in": asked["starts_in"], "share": asked["effort"]}
            return answers.advice(advise_activity(twin, evidence, **plan), evidence, unit, said)
        edge = evidence.newest
        plans = [Plan(), Plan(bolus=asked["bolus"], carbohydrates=asked["meal"])]
        tracked = track(twin, evidence, edge - 1, edge)
        rest, other_way = outcomes(tracked, edge, plans)
        said = (*past(evidence, edge), *said)
        return answers.ahead(evidence, rest, other_way if plans[0] != plans[1] else None, asked, unit, said)


GLUCOSE = GlucoseDoor()


def _evidence(patient: Patient, at: str | None, days: int = DAYS) -> Evidence:
    """The last days up to the moment asked about, or to the newest reading; raises `DataError` where there are none."""
    if at is None:
        newest = patient.newest_samples().get("glucose")
        if newest is None:
            raise DataError(
                "there is no usable glucose", got=patient.id, todo="Take in the export of a glucose sensor."
            )
        last = newest[0]["start"]
    else:
        last = to_datetime(to_ms(at), 0)
    since = (last - timedelta(days=days - 1)).date().isoformat()
    return read_evidence(patient, since, None if at is None else last.isoformat())


def _events(patient: Patient) -> tuple[Event, ...]:
    try:
        return events_of(_evidence(patient, None, 2)) if "glucose" in patient.signals() else ()
    except DataError:
        return ()


def _twin(patient: Patient, evidence: Evidence, at: str | None) -> tuple[GlucoseTwin, tuple[Message, ...]]:
    """The twin of the last days, and what is assumed of the person. One at hand is taken while its days stand."""
    weight = weight_of(patient, at)
    said = () if weight else (
        Message("warning", "no-weight", f"No body weight is recorded: {_ASSUMED:g} kg is taken.", "Record it."),
    )  # fmt: skip
    twin = _held(patient, evidence)
    if twin is None or evidence.newest + 1 - twin.last > _PER_DAY:
        if why := passed_over(patient, evidence):
            said = (*said, Message("note", "twin-anew", f"{why}; another one was learned"))
        twin = current(patient, evidence, weight or _ASSUMED)
        _TWINS.put(_key(patient), _Held(twin, digest(twin.evidence, twin.first, twin.last)))
    return twin, (*said, learned_until(twin, evidence))


def _held(patient: Patient, evidence: Evidence) -> GlucoseTwin | None:
    """The twin at hand on the grid of the evidence, if the days that it was learned from are as they were."""
    held = _TWINS.peek(_key(patient))
    if held is None:
        return None
    try:
        twin = unpacked(*packed(held.twin), evidence)
    except DataError:
        return None
    same = 0 <= twin.first < twin.last <= len(evidence) and evidence.newest + 1 >= twin.last
    return twin if same and digest(evidence, twin.first, twin.last) == held.digest else None


def _key(patient: Patient) -> tuple[str, str, str]:
    return str(patient.record.engine.url), patient.id, patient.record.actor.id
