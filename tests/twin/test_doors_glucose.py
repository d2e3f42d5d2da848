"""The door of the metabolic twin over the sample with a sensor: state, the usual day, and what-ifs of the day."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest

from vitruvian.core import UnknownNameError
from vitruvian.ingest import samples
from vitruvian.record import Patient, Record
from vitruvian.twin.doors import FieldError, ask, twin_door
from vitruvian.twin.doors.glucose_events import changed, event_named, events_of
from vitruvian.twin.glucose import read_evidence


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    with Record.open(tmp_path_factory.mktemp("doors") / "r.db") as opened:
        opened.ingest(*samples()["sample-e"], patient="sample-e")
        opened.ingest(samples()["sample-b"][0], patient="sample-b")
        yield opened


@pytest.fixture(scope="module")
def patient(record: Record) -> Patient:
    return record.patient("sample-e")


def test_state_says_how_old_and_what_is_missing(patient: Patient) -> None:
    (one,) = twin_door("glucose").status(patient)
    assert (one.state, one.newest) == ("stale", "2025-09-14T13:00:00+02:00")
    assert one.sentence.startswith("Glucose was 151 mg/dL")
    assert [lack.what for lack in one.missing] == ["a reading of now"]
    (before,) = twin_door("glucose").status(patient, "2025-09-10T08:01:00+02:00")
    assert before.newest == "2025-09-10T08:00:00+02:00"


def test_nothing_is_said_of_a_person_without_a_sensor(record: Record) -> None:
    other = record.patient("sample-b")
    assert twin_door("glucose").status(other) == ()
    assert "what_if" not in [one.name for one in twin_door("glucose").questions(other)]


def test_the_usual_day_in_both_units(patient: Patient) -> None:
    told = ask(patient, "glucose", "usual_day", {})
    (line,) = told.pictures[0].lines
    (low, high), (quarter, most) = line.bands
    assert np.all(np.diff([low, quarter, line.y, most, high], axis=0) >= 0)
    assert told.pictures[0].zone == (70.0, 180.0)
    assert told.sentence.startswith("86 % of readings in range (goal above 70 %), 0.0 % low")
    other = ask(patient, "glucose", "usual_day", {"unit": "mmol/L"})
    assert other.pictures[0].zone == pytest.approx((3.89, 9.99), abs=0.01)
    assert other.pictures[0].lines[0].y == pytest.approx([y / 18.0156 for y in line.y])
    json.dumps(told.data, allow_nan=False)


def test_a_meal_moved_keeps_all_that_was_eaten(patient: Patient) -> None:
    evidence = read_evidence(patient, "2025-09-13")
    events = events_of(evidence)
    assert [one.name for one in events[-2:]] == ["meal@2025-09-14T12:10", "bolus@2025-09-14T12:10"]
    meal = event_named(evidence, "meal@2025-09-14T07:15")
    later = changed(evidence, meal, 30.0, None)
    assert later.carbohydrates.sum() == pytest.approx(evidence.carbohydrates.sum())
    assert later.carbohydrates[meal.step + 6] == meal.amount
    assert later.carbohydrates[meal.step] == 0.0
    half = changed(evidence, event_named(evidence, "bolus@2025-09-14T12:10"), 0.0, 5.0)
    assert evidence.bolus.sum() - half.bolus.sum() == pytest.approx(13.9 - 5.0)
    with pytest.raises(FieldError, match="newest reading"):
        changed(evidence, event_named(evidence, "bolus@2025-09-14T12:10"), 120.0, None)
    with pytest.raises(UnknownNameError, match="no such meal"):
        event_named(evidence, "meal@2020-01-01T00:00")


@pytest.mark.parametrize(
    ("values", "field"), [({"meal": 400}, "meal"), ({"unit": "g"}, "unit"), ({"bolus": -1}, "bolus")]
)
def test_what_is_wrong_is_said_of_its_field(patient: Patient, values: dict[str, float | str], field: str) -> None:
    with pytest.raises(FieldError) as error:
        ask(patient, "glucose", "forecast", values)
    assert error.value.field == field


@pytest.mark.slow
def test_what_the_twin_tells(patient: Patient) -> None:
    rest = ask(patient, "glucose", "forecast", {})
    eaten = ask(patient, "glucose", "forecast", {"meal": 40})
    hour = 60 // 5 - 1
    assert eaten.data["quantiles"][hour][2] > rest.data["quantiles"][hour][2] + 3
    assert [line.title for line in eaten.pictures[0].lines] == ["with 40 g eaten now", "without", "readings"]
    assert any(m.code == "past-moment" for m in rest.messages)

    less = ask(patient, "glucose", "what_if", {"event": "bolus@2025-09-14T12:10", "amount": 0})
    was, median = np.array(less.data["was"]), np.array(less.data["quantiles"])[:, 2]
    assert median[-1] > was[-1] + 15  # no insulin for lunch
    assert np.allclose(median[:200], was[:200], atol=3.0)

    bolus = ask(patient, "glucose", "bolus", {"meal": 40})
    assert not bolus.refused
    assert {"options", "settings"} <= {one.name for one in bolus.tables}
    assert "Learned from 3 days" in twin_door("glucose").status(patient)[0].credibility
    for told in (rest, less, bolus, ask(patient, "glucose", "activity", {})):
        json.dumps(told.data, allow_nan=False)
