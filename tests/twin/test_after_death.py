"""After death no door of any twin answers; looking back from before it, all do. No model runs here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bundles import NOW, WHOLE, person, take_in
from vitruvian.record import Patient
from vitruvian.twin import Asked, Twin
from vitruvian.twin.doors import ask, twin_door, twin_doors
from vitruvian.twin.orders import Order, dose_notes

LATER = "2025-03-07T10:00:00+01:00"


@pytest.fixture(scope="module")
def dead(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patient]:
    rest = [one for one in WHOLE if one["resourceType"] != "Patient"]
    record, _ = take_in(tmp_path_factory.mktemp("dead"), person(deceasedDateTime="2025-03-06T04:00:00+01:00"), *rest)
    with record:
        yield record.patient("p")


def test_no_dose_is_recommended_for_the_dead(dead: Patient) -> None:
    told = ask(dead, "dose", "recommend", {"drug": "vancomycin"})
    assert told.refused
    assert "died on 2025-03-06" in told.sentence
    assert told.data["recommended"] is None
    assert [one.code for one in told.messages if one.severity == "refusal"] == ["deceased"]


def test_every_twin_refuses_and_none_is_ready(dead: Patient) -> None:
    for name, door in twin_doors().items():
        assert all(one.state == "blocked" for one in door.status(dead))
        for question in door.questions(dead):
            if all(field.optional or field.default is not None for field in question.fields):
                told = ask(dead, name, question.name, {} if name != "dose" else {"drug": "vancomycin"})
                assert told.refused
                assert [one.code for one in told.messages if one.severity == "refusal"] == ["deceased"]


def test_an_order_for_the_dead_is_critical(dead: Patient) -> None:
    (note,) = dose_notes(dead, Order("vancomycin", 1000.0, "mg", 12.0, "iv"))
    assert note.weight == "critical"
    assert "died" in note.summary


def test_before_death_one_may_look_back(dead: Patient) -> None:
    (one,) = twin_door("dose").status(dead, NOW)
    assert one.state == "ready"
    assert not [one for one in Twin(dead, "vancomycin", Asked(NOW)).checks() if one.code == "deceased"]
    assert [one for one in Twin(dead, "vancomycin", Asked(LATER)).checks() if one.code == "deceased"]
