"""The record: facts, versions, identity, access, audit, derived facts, twin states."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vitruvian.core import AccessError, Actor, DataError, InputError, StoreError, UnknownNameError
from vitruvian.record import Draft, Patient, Record, export_patient

PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [{"system": "urn:hospital", "value": "MRN-7"}],
    "gender": "female",
    "birthDate": "1960-05-04",
}


def observation(
    key: str, value: float, when: str, unit: str = "mg/dL", code: str = "2160-0", **more: Any
) -> dict[str, Any]:
    quantity = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    coded = {"coding": [{"system": "http://loinc.org", "code": code}]}
    base = {"resourceType": "Observation", "id": key, "status": "final", "subject": {"reference": "Patient/p1"}}
    return base | {"code": coded, "effectiveDateTime": when, "valueQuantity": quantity} | more


def write(folder: Path, name: str, *resources: dict[str, Any]) -> Path:
    path = folder / name
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}
    path.write_text(json.dumps(bundle))
    return path


@pytest.fixture
def record(record_url: str) -> Iterator[Record]:
    with Record.open(record_url) as opened:
        yield opened


def test_a_fact_keeps_value_unit_time_offset_and_place(record: Record, tmp_path: Path) -> None:
    one = observation("o1", 150.0, "2025-03-01T08:30:00+05:30", "umol/L", "14682-9", issued="2025-03-01T10:00:00+05:30")
    record.ingest(write(tmp_path, "b.json", PATIENT, one))
    fact = record.patient("p1").facts(code="creatinine")[0]
    assert fact.value == pytest.approx(150 / 88.4016973, rel=1e-8)  # molar mass 113.12
    assert (fact.unit, fact.value_raw, fact.unit_raw) == ("mg/dL", 150.0, "umol/L")
    assert fact.start is not None
    assert fact.start.isoformat() == "2025-03-01T08:30:00+05:30"
    assert fact.known is not None
    assert fact.known.isoformat() == "2025-03-01T10:00:00+05:30"
    assert fact.path == "entry[1].resource"
    assert record.patient("p1").resource(fact) == one
    assert fact.basis == "measured"
    assert fact.parser == "fhir/2"


def test_a_newer_version_supersedes_in_any_order(tmp_path: Path) -> None:
    old = observation("o1", 1.0, "2025-03-01", meta={"versionId": "1", "lastUpdated": "2025-03-01T00:00:00Z"})
    new = observation("o1", 1.4, "2025-03-01", meta={"versionId": "2", "lastUpdated": "2025-03-02T00:00:00Z"})
    files = [write(tmp_path, "old.json", PATIENT, old), write(tmp_path, "new.json", new)]
    found = []
    for k, order in enumerate((files, files[::-1])):
        with Record.open(tmp_path / f"{k}.db") as one:
            for path in order:
                one.ingest(path)
            person = one.patient("p1")
            found.append([(f.id, f.value) for f in person.facts(kind="observation")])
            then = person.facts(kind="observation", known_by="2025-03-01T12:00:00Z")
            assert [f.value for f in then] == [1.0]  # what was known then, so that training sees no future
    assert found[0] == found[1]
    assert [value for _, value in found[0]] == [1.4]


def test_a_corrected_code_or_date_takes_the_old_one_away_in_the_past_too(tmp_path: Path) -> None:
    issued = {"issued": "2025-03-01T00:00:00Z"}
    old = observation("o1", 1.0, "2025-03-01", meta={"versionId": "1", "lastUpdated": "2025-03-01T00:00:00Z"}, **issued)
    meta = {"versionId": "2", "lastUpdated": "2025-03-02T00:00:00Z"}
    new = observation("o1", 90.0, "2025-03-05", code="2345-7", meta=meta, **issued)
    with Record.open(tmp_path / "a.db") as one:
        one.ingest(write(tmp_path, "old.json", PATIENT, old), write(tmp_path, "new.json", new))
        person = one.patient("p1")
        before, after = "2025-03-01T12:00:00Z", "2025-03-03"
        assert [f.value for f in person.facts(kind="observation", known_by=before)] == [1.0]
        assert [f.value for f in person.facts(kind="observation", known_by=after)] == [90.0]
        assert person.facts(code="2160-0", known_by=after) == []
        assert person.facts(kind="observation", until="2025-03-02", known_by=after) == []


def test_doubtful_facts_are_flagged_and_hide_nothing(record: Record, tmp_path: Path) -> None:
    good = observation("o1", 1.1, "2025-03-01T08:00:00Z")
    future = observation("o2", 9.9, "2999-01-01T08:00:00Z")
    wrong = observation("o3", 5.0, "2025-04-01T08:00:00Z", "kg")
    mistaken = observation("o4", 7.0, "2025-05-01T08:00:00Z", status="entered-in-error")
    record.ingest(write(tmp_path, "b.json", PATIENT, good, future, wrong, mistaken))
    person = record.patient("p1")
    flags = {fact.value_raw: fact.flags for fact in person.facts(kind="observation")}
    assert flags == {1.1: (), 9.9: ("future",), 5.0: ("wrong_unit",)}
    latest = person.latest("creatinine")
    assert latest is not None
    assert latest.value == 1.1
    wrong_fact = next(f for f in person.facts(kind="observation") if f.flags == ("wrong_unit",))
    assert wrong_fact.value is None
    with pytest.raises(DataError, match="no usable number"):
        _ = wrong_fact.quantity
    assert len(person.facts(kind="observation", void=True)) == 4


def test_people_are_found_by_id_and_identifier(record: Record, tmp_path: Path) -> None:
    record.ingest(write(tmp_path, "b.json", PATIENT))
    assert record.patient("MRN-7").id == "p1"
    with pytest.raises(UnknownNameError, match="Nearest: p1"):
        record.patient("p2")
    with pytest.raises(UnknownNameError, match="Nobody whom you may see has an id like it"):
        record.patient("nobody-like-that")
    twin = PATIENT | {"id": "q9", "identifier": [{"system": "urn:other", "value": "MRN-7"}]}
    record.ingest(write(tmp_path, "c.json", twin))
    with pytest.raises(UnknownNameError, match="several persons"):
        record.patient("MRN-7")
    assert record.people() == ["p1", "q9"]


def test_the_same_record_twice_in_one_file(record: Record, tmp_path: Path) -> None:
    report = record.ingest(write(tmp_path, "b.json", PATIENT, PATIENT))
    assert (report.records_in, report.stored, report.duplicate) == (2, 1, 1)


def test_since_and_until(record: Record, tmp_path: Path) -> None:
    series = [observation(f"o{k}", 1 + k / 10, f"2025-03-0{k + 1}T08:00:00Z") for k in range(5)]
    record.ingest(write(tmp_path, "b.json", PATIENT, *series))
    found = record.patient("p1").facts("observation", "creatinine", since="2025-03-02", until="2025-03-04T08:00:00Z")
    assert [f.value for f in found] == [1.1, 1.2, 1.3]


def test_denied_by_default(record: Record, record_url: str, tmp_path: Path) -> None:
    record.ingest(write(tmp_path, "b.json", PATIENT, PATIENT | {"id": "p2", "identifier": []}))
    with ExitStack() as stack:

        def opened(actor: Actor) -> Record:
            return stack.enter_context(Record.open(record_url, actor))

        stranger = opened(Actor("x", frozenset({"visitor"}), "treatment"))
        for name in ("p1", "nobody"):  # the same answer, whether or not the person exists
            with pytest.raises(AccessError, match="x may not read this"):
                stranger.patient(name)
        with pytest.raises(AccessError):
            stranger.ingest(tmp_path / "b.json")
        with pytest.raises(AccessError):
            opened(Actor("d", frozenset({"clinician"}))).patient("p1")
        own = opened(Actor("p1", frozenset({"patient"}), "own", frozenset({"p1"})))
        assert own.patient("p1").facts()
        for refused in (lambda: own.patient("p2"), own.people, own.quarantined):
            with pytest.raises(AccessError):
                refused()
        with pytest.raises(AccessError):  # a Patient handed to another actor's record reads nothing either
            Patient(stranger, "p1", ("p1",)).facts()
        assert opened(Actor("d", frozenset({"clinician"}), "treatment")).patient("p2").id == "p2"


def test_every_read_and_write_is_audited(record: Record, tmp_path: Path) -> None:
    record.ingest(write(tmp_path, "b.json", PATIENT))
    person = record.patient("p1")
    before = record.verify_audit()
    person.facts(kind="observation")
    assert record.verify_audit() == before + 1


def test_derived_facts_supersede_each_other_and_say_how(record: Record, tmp_path: Path) -> None:
    record.ingest(write(tmp_path, "b.json", PATIENT))
    first = Draft("genotype", "gene", "CYP2C9", value_text="*1/*3", detail={"phenotype": "IM"})
    ids = record.derive("p1", [first], method="genotype", version="t1", inputs=["f1"])
    assert record.derive("p1", [first], method="genotype", version="t1", inputs=["f1"]) == ids
    fact = record.patient("p1").facts(kind="genotype")[0]
    assert (fact.id, fact.basis, fact.parser, fact.detail["phenotype"]) == (ids[0], "derived", "genotype/t1", "IM")
    second = Draft("genotype", "gene", "CYP2C9", value_text="*1/*1")
    record.derive("p1", [second], method="genotype", version="t2")
    assert [f.value_text for f in record.patient("p1").facts(kind="genotype")] == ["*1/*1"]


def test_twin_states_come_back(record: Record, tmp_path: Path) -> None:
    record.ingest(write(tmp_path, "b.json", PATIENT))
    assert record.load_state("p1", "m") is None
    eta = np.linspace(0, 1, 7)
    for cutoff in (2, 1):
        record.save_state("p1", "m", "1", cutoff_ms=cutoff, summary={"ess": 512.0}, arrays={"eta": eta * cutoff})
    state = record.load_state("MRN-7", "m")
    assert state is not None
    assert (state.cutoff_ms, state.summary) == (2, {"ess": 512.0})
    np.testing.assert_array_equal(state.arrays["eta"], eta * 2)


def test_altered_raw_bytes_are_noticed(record: Record, tmp_path: Path) -> None:
    record.ingest(write(tmp_path, "b.json", PATIENT))
    fact = record.patient("p1").facts()[0]
    path = next(one for one in tmp_path.rglob("*") if one.name == fact.raw_hash)
    sealed = path.read_bytes()
    for altered in (sealed + b" ", sealed[:-1], sealed[:20] + b"x" + sealed[21:], b""):
        path.write_bytes(altered)
        with pytest.raises(DataError, match="do not open"):
            record.blobs.get("p1", fact.raw_hash)


@pytest.mark.parametrize(
    ("url", "match"),
    [("nowhere/at/all.db", "folder"), ("sqlite://", "needs a file"), ("://", "not a record URL")],
)
def test_bad_urls(url: str, match: str) -> None:
    with pytest.raises(InputError, match=match):
        Record.open(url)


def test_a_file_that_is_no_record(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(b"this is not a database at all" * 100)
    with pytest.raises(InputError, match="this is not a record"):
        Record.open(path)
    with pytest.raises(InputError, match="there is no record"):
        Record.open(tmp_path / "absent.db", create=False)
    with sqlite3.connect(tmp_path / "old.db") as connection:
        connection.execute("CREATE TABLE schema_version (version INTEGER)")
    with pytest.raises(InputError, match="early version"):
        Record.open(tmp_path / "old.db")
    with sqlite3.connect(tmp_path / "newer.db") as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        connection.execute("INSERT INTO alembic_version VALUES ('9999')")
    with pytest.raises(InputError, match="newer version"):
        Record.open(tmp_path / "newer.db")


def test_a_server_that_cannot_be_reached_is_told_without_its_password() -> None:
    pytest.importorskip("psycopg", reason="needs the extra postgres")
    with pytest.raises(StoreError, match="cannot be reached") as told:
        Record.open("postgresql://clinic:hush-hush@127.0.0.1:1/clinic")
    assert "hush-hush" not in str(told.value)


def test_an_export_to_where_nothing_can_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text('{"resourceType": "Patient", "id": "p"}')
    with Record.open(tmp_path / "a.db") as record:
        record.ingest(tmp_path / "p.json")
        with pytest.raises(StoreError):
            export_patient(record.patient("p"), "/proc/none/out")


def test_a_file_whose_name_is_no_text_is_quarantined_like_any_other(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    try:
        (folder / os.fsdecode(b"\xff.json")).write_text("{")
    except OSError:
        pytest.skip("this file system keeps names as text")
    with Record.open(tmp_path / "a.db") as record:
        report = record.ingest(folder)
        assert (report.records_in, report.quarantined) == (1, 1)
        assert "\\xff.json" in report.problems[0]
        assert "\\xff.json" in str(record.quarantined()[0])
