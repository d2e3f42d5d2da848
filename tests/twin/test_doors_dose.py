"""The door of dosing: state, answers, what-ifs, kept warm; over the record of a person with levels and a genome."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vitruvian.core import Actor, DataError, InputError, UnknownNameError
from vitruvian.core.programs import Program
from vitruvian.ingest import samples
from vitruvian.pharmacology import find, library
from vitruvian.pharmacology.modifiers import Modifier
from vitruvian.record import Patient, Record, give_consent, withdraw_consent
from vitruvian.twin import Twin, answer_from, read_case
from vitruvian.twin.changes import Change, as_before, changed
from vitruvian.twin.doors import FieldError, Told, ask, fields_for, slow_to_compare, twin_door
from vitruvian.twin.doors import dose as door
from vitruvian.twin.doors.assumed import assuming, in_words
from vitruvian.twin.doors.dose import DoseDoor
from vitruvian.twin.doors.dose_shown import compared, recommended
from vitruvian.twin.genome import advice_texts
from vitruvian.twin.goals import goal_for

DRUG = {"drug": "tacrolimus"}
OWN = DRUG | {"dose": 2.0, "interval": 12.0}


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    with Record.open(tmp_path_factory.mktemp("doors") / "r.db") as opened:
        opened.ingest(*samples()["sample-c"], patient="sample-c")
        yield opened


@pytest.fixture(scope="module")
def patient(record: Record) -> Patient:
    return record.patient("sample-c")


@pytest.fixture(scope="module")
def answered(patient: Patient) -> Told:
    return ask(patient, "dose", "recommend", DRUG)


def table(told: Told, name: str) -> list[dict[str, Any]]:
    found = next(one for one in told.tables if one.name == name)
    return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


def without(path: Path, word: str, to: Path) -> Path:
    """A bundle without the resources that hold a word."""
    bundle = json.loads(path.read_text())
    bundle["entry"] = [one for one in bundle["entry"] if word not in json.dumps(one["resource"])]
    to.write_text(json.dumps(bundle))
    return to


def test_state_of_a_drug_with_levels(patient: Patient) -> None:
    (one,) = twin_door("dose").status(patient)
    assert (one.subject, one.state, one.missing) == ("tacrolimus", "ready", ())
    assert "9 levels" in one.sentence
    assert one.credibility.startswith("9 levels, the last 10.5 ng/mL")


def test_state_says_what_is_missing_and_how_to_get_it(tmp_path: Path) -> None:
    with Record.open(tmp_path / "r.db") as record:
        record.ingest(without(samples()["sample-b"][0], "29463-7", tmp_path / "b.json"), patient="sample-b")
        (one,) = twin_door("dose").status(record.patient("sample-b"))
        assert (one.state, [lack.what for lack in one.missing]) == ("blocked", ["body weight"])
        assert "body weight in kg" in one.missing[0].todo
        told = ask(record.patient("sample-b"), "dose", "recommend", {"drug": "vancomycin"})
        assert told.refused
        assert [m.code for m in told.messages if m.severity == "refusal"] == ["no-regimen"]


def test_two_anticoagulants_block_the_older(tmp_path: Path) -> None:
    with Record.open(tmp_path / "r.db") as record:
        record.ingest(samples()["sample-a"][0], patient="sample-a")
        found = {one.subject: one for one in twin_door("dose").status(record.patient("sample-a"))}
        assert (found["apixaban"].state, found["warfarin"].state) == ("ready", "blocked")
        assert "two anticoagulants" in found["warfarin"].sentence
        assert found["apixaban"].credibility.startswith("No level of this person")


def test_an_answer_shows_all_that_a_clinician_asks(answered: Told) -> None:
    assert not answered.refused
    (course,) = answered.pictures
    assert course.zone == (4.0, 11.0)
    assert [line.title.split(":")[0] for line in course.lines] == [
        "recommended and standard", "so far, fitted to this person", "measured",
    ]  # fmt: skip
    assert all(len(line.x or course.x) == len(line.y) for line in course.lines)
    assert [line.role for line in course.lines] == ["recommended", "past", ""]
    assert course.zone_title.startswith("target trough 4–11")
    assert course.x_zero == answered.data["as_of"]
    assert course.lines[2].marks
    assert len(course.lines[2].y) == 9
    assert {one.name for one in answered.tables} == {"options", "levels", "learned", "models", "given", "data"}
    assert answered.reasons[0].startswith("A level")
    json.dumps(answered.data, allow_nan=False)


def test_a_second_question_reads_nothing_but_what_the_caller_sees(
    patient: Patient, answered: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    monkeypatch.setattr(door, "read_case", lambda *_: read.append("read"))
    assert ask(patient, "dose", "recommend", DRUG) == answered
    own = ask(patient, "dose", "compare", OWN)
    assert read == []
    rows = table(own, "options")
    assert (rows[0]["Remark"], rows[0]["Regimen"]) == ("yours", "2 mg by mouth every 12 h")
    assert rows[1]["Remark"] == "recommended, standard"
    assert own.pictures[0].lines[0].title == "yours: 2 mg by mouth every 12 h"


def test_a_what_if_keeps_its_unit_where_nothing_is_recommended(patient: Patient) -> None:
    told = ask(patient, "dose", "compare", OWN)
    own = answer_from({**told.data, "options": [told.data["own"]], "recommended": None, "standard": None}).options[0]
    bare: dict[str, Any] = {"options": [], "recommended": None, "standard": None, "past": None, "levels": []}
    course = compared(answer_from({**told.data, **bare}), own, goal_for(find("tacrolimus"), None)).pictures[0]
    assert course.y_unit == told.pictures[0].y_unit != ""
    assert [line.role for line in course.lines] == ["own"]


def test_fields_hold_only_what_can_be_chosen_for_the_drug(patient: Patient) -> None:
    (compare,) = [one for one in twin_door("dose").questions(patient) if one.name == "compare"]
    found = {name: {one.name: one for one in fields_for(compare.fields, name)} for name in ("apixaban", "vancomycin")}
    genes = {value.split()[0] for value, _ in found["apixaban"]["genotype"].choices}
    assert genes.isdisjoint({"CYP2C9", "VKORC1"})
    assert "genotype" not in found["vancomycin"]  # no gene acts on it
    assert [value for value, _ in found["vancomycin"]["route"].choices] == ["iv"]
    assert "tacrolimus" not in {value for value, _ in fields_for(compare.fields, "tacrolimus")[-2].choices}
    with pytest.raises(FieldError, match="by mouth"):
        ask(patient, "dose", "recommend", DRUG | {"route": "iv"})


def test_where_no_guideline_speaks_none_is_a_source() -> None:
    ((text, source),) = advice_texts(find("apixaban"), {})
    assert (text.startswith("No guideline covers"), source) == (True, "")
    assert all(source for _, source in advice_texts(find("warfarin"), {}))


def test_twice_the_dose_is_twice_the_level(patient: Patient, answered: Told) -> None:
    one, two = (ask(patient, "dose", "compare", DRUG | {"dose": d, "interval": 12.0}).data["own"] for d in (2.0, 4.0))
    assert two["metric"]["median"] == pytest.approx(2 * one["metric"]["median"], rel=1e-3)
    assert two["p_harm"] != one["p_harm"]


@pytest.mark.parametrize("question", ["compare", "forecast"])
def test_a_regimen_outside_the_bounds_is_not_allowed_and_nothing_is_computed(
    patient: Patient, answered: Told, question: str
) -> None:
    told = ask(patient, "dose", question, DRUG | {"dose": 500.0, "interval": 1.0})
    assert told.refused
    assert told.sentence.startswith("Not allowed: tacrolimus 500 mg by mouth every 1 h. 500 mg is above the absolute")
    assert "chance of harm" not in told.sentence
    assert "own" not in told.data
    assert told.data["not_allowed"]["dose"] == 500.0
    assert {one.code for one in told.messages if one.severity == "refusal"} == {"dose-not-allowed"}


def test_a_regimen_that_a_label_stops_says_so_first(patient: Patient, answered: Told) -> None:
    told = ask(patient, "dose", "compare", OWN)
    answer = answer_from({**told.data, "options": [told.data["own"]], "recommended": None, "standard": None})
    own = replace(answer.options[0], allowed=False, why="label: at most 1 mg")
    said = compared(answer, own, goal_for(find("tacrolimus"), None)).sentence
    assert said.startswith("Not allowed: tacrolimus 2 mg by mouth every 12 h (label: at most 1 mg).")


def test_forecast_of_what_is_given_now(patient: Patient, answered: Told) -> None:
    told = ask(patient, "dose", "forecast", DRUG | {"hours": 48.0})
    assert told.sentence.startswith("Under tacrolimus 7 mg by mouth every 12 h")
    assert told.data["band"]["time_h"][-1] == 48.0
    assert not [one for one in told.tables if one.name == "options"]


def test_a_drug_stopped_and_another_genotype(patient: Patient, answered: Told) -> None:
    def exposure(**change: Any) -> float:
        told = ask(patient, "dose", "compare", OWN | change)
        return float(told.data["own"]["metric"]["median"])

    now = exposure()
    assert exposure(stop="fluconazole") < 0.8 * now  # an inhibitor goes
    assert exposure(start="rifampicin") < 0.2 * now  # an inducer comes
    other = ask(patient, "dose", "compare", OWN | {"genotype": "CYP3A5 *3/*3"})
    assert [row["Value"] for row in table(other, "data") if row["What"] == "CYP3A5"] == ["*3/*3"]
    assert other.data["own"]["metric"]["median"] != now
    assert any(
        "fluconazole is stopped now" in one
        for one in ask(patient, "dose", "recommend", DRUG | {"stop": "fluconazole"}).reasons
    )


@pytest.mark.parametrize("change", [{"start": "rifampicin"}, {"stop": "fluconazole"}, {"genotype": "CYP3A5 *3/*3"}])
def test_another_drug_or_genotype_needs_no_program_that_the_first_answer_did_not(
    patient: Patient, answered: Told, monkeypatch: pytest.MonkeyPatch, change: dict[str, str]
) -> None:
    made: list[str] = []
    first = Program._first

    def counted(self: Program, *given: Any) -> Any:
        made.append(self._function.__qualname__)
        return first(self, *given)

    monkeypatch.setattr(Program, "_first", counted)
    ask(patient, "dose", "compare", OWN | change | {"loading_dose": 3.0})
    assert made == []


def test_a_drug_that_does_not_act_is_answered_from_what_is_known(
    patient: Patient, answered: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    drug = find("tacrolimus")
    twin = Twin(read_case(patient, drug), drug).calibrate()
    ask(patient, "dose", "recommend", DRUG)
    with monkeypatch.context() as nothing_computed:
        nothing_computed.setattr("vitruvian.twin.twin.compare", _read)
        told = ask(patient, "dose", "recommend", DRUG | {"start": "allopurinol"})
    change = Change((("allopurinol", None),))
    computed = recommended(changed(twin, change).recommend(), goal_for(drug, None))
    assert told == assuming(computed, in_words(change, None), change)
    assert any("allopurinol started now" in one for one in told.reasons)
    assert "drug-does-not-act" in {m.code for m in told.messages}


def test_a_drug_that_does_not_act_is_refused_where_the_two_must_not_meet(patient: Patient, answered: Told) -> None:
    drug = find("tacrolimus")
    case = replace(read_case(patient, drug), active=(("ciclosporin", "L04AD01"),))
    before = Twin(case, drug, fits=())
    assert as_before(answer_from(answered.data), before, before) is None


def test_room_for_one_more_drug_changes_nothing(patient: Patient, answered: Told) -> None:
    drug = find("tacrolimus")
    twin = Twin(read_case(patient, drug), drug).calibrate()
    (fit,) = twin.fits or ()
    assert fit.draws.open
    roomy = fit.draws.beside(Modifier("", 0.0, 0.0, ""), 1.0, np.ones(len(fit.draws.eta)))
    before, after = fit.draws.individual(twin.case.now), roomy.individual(twin.case.now)
    np.testing.assert_allclose(after["CL"], before["CL"], rtol=1e-14)
    assert roomy.model.name == fit.model.name


def test_a_regimen_by_itself_is_what_it_is_beside_others(
    patient: Patient, answered: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes: tuple[dict[str, str], ...] = ({}, {"start": "rifampicin"}, {"genotype": "CYP3A5 *3/*3"})
    beside = [ask(patient, "dose", "compare", OWN | one) for one in changes]
    monkeypatch.setattr(DoseDoor, "_recommended", _read)  # nothing is compared
    for one, other in zip(changes, beside, strict=True):
        told = ask(patient, "dose", "regimen", OWN | one)
        assert told.data["own"] == other.data["own"]
        assert (len(told.data["options"]), told.data["recommended"]) == (0, None)
        assert (told.data["levels"], told.data["models"]) == (other.data["levels"], other.data["models"])
        assert other.sentence.startswith(told.sentence)
        assert "Recommended" not in told.sentence
        assert told.pictures[0].lines[0] == other.pictures[0].lines[0]


def test_a_regimen_by_itself_outside_its_bounds_is_refused_as_beside_others(patient: Patient, answered: Told) -> None:
    beyond = DRUG | {"dose": 500.0, "interval": 1.0}
    told, other = (ask(patient, "dose", question, beyond) for question in ("regimen", "compare"))
    assert told.refused
    assert (told.sentence, told.messages) == (other.sentence, other.messages)


def test_drugs_whose_regimens_are_simulated_one_by_one() -> None:
    assert [name for name in library() if slow_to_compare(name)] == ["phenytoin", "voriconazole", "warfarin"]


def test_a_what_if_leaves_the_past_as_it_was(patient: Patient, answered: Told) -> None:
    changed = ask(patient, "dose", "recommend", DRUG | {"start": "rifampicin"})
    assert table(changed, "levels") == table(answered, "levels")
    assert table(changed, "learned") == table(answered, "learned")


def test_a_gene_that_does_not_act_is_said(patient: Patient) -> None:
    told = ask(patient, "dose", "recommend", DRUG | {"genotype": "CYP3A5 *1/*1"})
    assert not [m for m in told.messages if m.code == "gene-does-not-act"]
    choices = next(f for f in twin_door("dose").questions(patient)[0].fields if f.name == "genotype").choices
    assert ("CYP3A5 *3/*3", "CYP3A5 *3/*3") in choices
    assert not [value for value, _ in choices if value.startswith("CYP2C9")]


@pytest.mark.parametrize(
    ("question", "values", "field"),
    [
        ("recommend", {"goal": "nothing known"}, "goal"),
        ("compare", {"dose": 2.0}, "interval"),
        ("compare", {"dose": -1.0, "interval": 12.0}, "dose"),
        ("forecast", {"dose": 3.0}, "interval"),
        ("recommend", {"start_dose": 100.0}, "start"),
        ("recommend", {"drug": "aspirin"}, "drug"),
    ],
)
def test_what_is_wrong_is_said_of_its_field(
    patient: Patient, answered: Told, question: str, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(FieldError) as error:
        ask(patient, "dose", question, DRUG | values)
    assert error.value.field == field


def test_names_that_do_not_exist(patient: Patient) -> None:
    with pytest.raises(UnknownNameError, match="no such question"):
        ask(patient, "dose", "guess", DRUG)
    with pytest.raises(UnknownNameError, match="no such value"):
        ask(patient, "dose", "recommend", DRUG | {"colour": "red"})
    with pytest.raises(InputError, match="route"):
        ask(patient, "dose", "recommend", DRUG | {"route": "iv"})


def test_a_new_fact_acts_at_once(
    record: Record, patient: Patient, answered: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = json.loads(samples()["sample-c"][0].read_text())
    level = next(one for one in bundle["entry"] if "ng/mL" in json.dumps(one))
    level["fullUrl"] = "urn:uuid:11111111-2222-4333-8444-555555555555"
    level["resource"] |= {"id": "sample-c-new", "effectiveDateTime": "2025-07-15T20:00:00+02:00"}
    level["request"]["url"] = "Observation/sample-c-new"
    people = [one for one in bundle["entry"] if one["resource"]["resourceType"] == "Patient"]
    (tmp_path / "new.json").write_text(json.dumps(bundle | {"id": "new", "entry": [*people, level]}))
    record.ingest(tmp_path / "new.json")
    assert "10 levels" in twin_door("dose").status(patient)[0].sentence
    monkeypatch.setattr(door, "read_case", _read)
    with pytest.raises(_Read):
        ask(patient, "dose", "recommend", DRUG)


def test_consent_withdrawn_acts_on_what_is_warm(record: Record, patient: Patient, answered: Told) -> None:
    give_consent(record, "sample-c", "permit", "research")
    researcher = replace(record, actor=Actor("r-1", frozenset({"researcher"}), "HRESCH"))
    mine = researcher.patient("sample-c")
    assert twin_door("dose").status(mine)
    withdraw_consent(record, "sample-c", "research")
    assert twin_door("dose").status(mine) == ()
    with pytest.raises(DataError, match="no dated fact"):
        ask(mine, "dose", "recommend", DRUG)


class _Read(Exception):
    """The record was read for a new twin."""


def _read(*_: Any) -> Any:
    raise _Read
