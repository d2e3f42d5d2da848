"""After death no door of any twin answers; looking back from before it, all do. No model runs here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bundles import NOW, WHOLE, person, take_in
from vitruvian.cli.main import app
from vitruvian.core import RefusalError
from vitruvian.record import Patient, Record
from vitruvian.twin import Asked, Twin
from vitruvian.twin.doors import ask, twin_door, twin_doors
from vitruvian.twin.monitor import twin_forecast
from vitruvian.twin.orders import Order, dose_notes

LATER = "2025-03-07T10:00:00+01:00"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dead")


@pytest.fixture(scope="module")
def dead(folder: Path) -> Iterator[Patient]:
    rest = [one for one in WHOLE if one["resourceType"] != "Patient"]
    record, _ = take_in(folder, person(deceasedDateTime="2025-03-06T04:00:00+01:00"), *rest)
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


@pytest.mark.parametrize(
    "words", [("heart", "fit"), ("heart", "what-if", "--fluid", "500"), ("glucose", "fit"), ("glucose", "advise")]
)
def test_the_command_line_refuses(dead: Patient, folder: Path, words: tuple[str, ...]) -> None:
    found = CliRunner().invoke(app, [*words, "p", "--record", str(folder / "record.db")])
    assert isinstance(found.exception, RefusalError)
    assert "died on 2025-03-06" in str(found.exception)


def test_the_monitor_expects_nothing_of_the_dead(dead: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Record, "load_state")  # no kept twin is so much as looked for
    assert twin_forecast(dead) == ()


def test_before_death_one_may_look_back(dead: Patient) -> None:
    (one,) = twin_door("dose").status(dead, NOW)
    assert one.state == "ready"
    assert not [one for one in Twin(dead, "vancomycin", Asked(NOW)).checks() if one.code == "deceased"]
    assert [one for one in Twin(dead, "vancomycin", Asked(LATER)).checks() if one.code == "deceased"]
