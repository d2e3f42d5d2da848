"""Scores on a person's twin: from a kept model and a record to a risk with set, reasons and doubts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from made_risk import SYSTOLIC, made_risk
from vitruvian.core import UnsupportedError
from vitruvian.learn import Rows, save
from vitruvian.record import Patient, Record
from vitruvian.study.scores import FOLDER, RISK, installed, seen
from vitruvian.study.scores.told import score_told
from vitruvian.twin.doors import TwinDoor, checked

AT = "2026-01-10T00:00:00Z"


def _bundle(systolic: float, creatinine: float) -> dict[str, Any]:
    def measured(name: str, code: str, value: float, unit: str, when: str) -> dict[str, Any]:
        return {
            "resourceType": "Observation", "id": name, "status": "final", "subject": {"reference": "Patient/ann"},
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]}, "effectiveDateTime": when,
            "issued": when,
            "valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
        }  # fmt: skip

    resources = [
        {"resourceType": "Patient", "id": "ann", "gender": "female", "birthDate": "1950-05-05"},
        measured("c", "2160-0", creatinine, "mg/dL", "2026-01-02T08:00:00Z"),
        measured("s", "8480-6", systolic, "mm[Hg]", "2026-01-03T08:00:00Z"),
        measured("s2", "8480-6", 120.0, "mm[Hg]", "2026-02-03T08:00:00Z"),
        {"resourceType": "Condition", "id": "hf", "subject": {"reference": "Patient/ann"},
         "code": {"coding": [{"system": "http://snomed.info/sct", "code": "84114007"}]},
         "onsetDateTime": "2024-01-01", "recordedDate": "2024-01-02"},
    ]  # fmt: skip
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("models")
    save(made_risk(), found / "made_stay")
    return found


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patient]:
    home = tmp_path_factory.mktemp("scores")
    (home / "ann.json").write_text(json.dumps(_bundle(175.0, 1.9)))
    (home / "bob.json").write_text(json.dumps({"resourceType": "Patient", "id": "bob", "birthDate": "1980-01-01"}))
    with Record.open(home / "r.db") as record:
        record.ingest(home / "ann.json")
        record.ingest(home / "bob.json")
        yield record.patient("ann")


@pytest.fixture
def models(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER, str(folder))


def _asked(patient: Patient, question: str, **values: Any) -> Any:
    known = {one.name: one for one in RISK.questions(patient)}
    return RISK.ask(patient, question, checked(known[question], values), AT)


def test_without_models_there_is_nothing_to_say(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER, raising=False)
    assert isinstance(RISK, TwinDoor)
    assert (installed(), RISK.status(patient), RISK.questions(patient)) == ({}, (), ())


@pytest.mark.usefixtures("models")
def test_the_row_is_what_was_known_at_the_moment(patient: Patient) -> None:
    one = installed()["made_stay"]
    assert one.recipe.name == "chf_30d"
    row = seen(patient, one, AT).row.values[0]
    assert row[:5].tolist() == [1.9, 175.0, 1.0, 1.0, 0.0]  # the pressure of February is not known yet
    assert row[5] == pytest.approx(75.7, abs=0.1)
    later = seen(patient, one, "2026-03-01T00:00:00Z").row.values[0]
    assert later[SYSTOLIC] == 120.0
    early = seen(patient, one, "2026-01-02T12:00:00Z")
    assert np.isnan(early.row.values[0][SYSTOLIC])
    assert early.said.tolist() == [True, False, False, True, False, False]


@pytest.mark.usefixtures("models")
def test_the_score_with_set_reasons_and_words_for_both(patient: Patient) -> None:
    told = _asked(patient, "risk")
    p = told.data["probability"]["yes"]
    model = installed()["made_stay"].model
    assert p == pytest.approx(float(model.predict(seen(patient, installed()["made_stay"], AT).row).probability[0, 1]))
    assert told.sentence.startswith("Hospital stay within 30 days: ")
    assert "Raised most by" in told.sentence
    assert told.reasons[0].startswith("For the patient: Of 100 people like you, about")
    assert any(one.startswith("The record says 4 of 6 values") for one in told.reasons)
    assert told.data["set"]
    assert told.messages == ()  # nothing of this record was left out
    assert "(ever)" not in told.data["patient"]
    assert told.data["fingerprint"]
    (picture,) = told.pictures
    assert picture.lines[0].y[-1] == pytest.approx(100 * p)
    assert told.tables[0].rows[0][1] in {"Creatinine, last (ever)", "Systolic pressure, last (ever)"}
    assert "Nobody" in told.citations[0]
    assert json.loads(json.dumps(told.data)) == dict(told.data)


@pytest.mark.usefixtures("models")
def test_what_would_lower_it_is_the_pressure_and_never_what_cannot_be_acted_on(patient: Patient) -> None:
    told = _asked(patient, "lower")
    assert [one["feature"] for one in told.data["change"]["steps"]] == ["systolic_last_ever"]
    assert told.data["change"]["then"] <= told.data["change"]["target"] + 1e-9
    assert "no proof" in told.sentence
    none = _asked(patient, "lower", target=0.2)
    assert none.data["change"]["steps"] == []
    assert "No plausible change" in none.sentence


@pytest.mark.usefixtures("models")
def test_how_it_stands(patient: Patient) -> None:
    (one,) = RISK.status(patient, AT)
    assert (one.state, one.subject, one.newest[:16]) == ("ready", "Made-up stay", "2026-01-03T08:00")
    assert one.credibility == "AUROC 0.800 (0.700 to 0.900) by cross-validation."
    bob = patient.record.patient("bob")
    assert RISK.status(bob) == ()
    told = RISK.ask(bob, "risk", {"model": "made_stay"}, AT)
    assert told.refused
    assert told.sentence == "No score of Made-up stay: the record says 0 of its 6 values."


@pytest.mark.usefixtures("models")
def test_a_model_outside_its_domain_says_that_it_does_not_decide(patient: Patient) -> None:
    one = installed()["made_stay"]
    person = seen(patient, one, AT)
    values = person.row.values.copy()
    values[0, SYSTOLIC] = 350.0

    told = score_told(one, replace(person, row=Rows(person.row.features, values)), "risk")
    assert told.messages[0].code == "abstains"
    assert "Systolic pressure, last (ever) is 350 mmHg, outside" in told.messages[0].text


def test_what_cannot_be_used_is_left_out(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = made_risk()
    other = replace(model.features[0], name="unheard_of")
    strange = replace(model, name="strange", features=(other, *model.features[1:]))
    save(strange, tmp_path / "strange")
    save(model, tmp_path / "broken")
    (tmp_path / "broken" / "model.json").write_text("{}")
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv(FOLDER, str(tmp_path))
    assert installed() == {}
    monkeypatch.setenv(FOLDER, str(folder))
    assert list(installed()) == ["made_stay"]


@pytest.mark.usefixtures("models")
def test_a_model_that_is_gone_is_named(patient: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    with pytest.raises(UnsupportedError, match="not installed here"):
        RISK.ask(patient, "risk", {"model": "made_stay"})
