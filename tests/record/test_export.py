"""All that is known of a person comes out again, verbatim, balanced, and goes in again as the same facts."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tape import Tape, row, write_tape

from vitruvian.core import AccessError, Actor, DataError, InputError
from vitruvian.ingest import samples
from vitruvian.record import Draft, Patient, Record, export_patient, installed_formats

T0 = 1_735_689_600_000
FORMATS = (Tape(), *installed_formats())
# spaces, digits and the order of keys are the sender's
VERBATIM = """{ "resourceType":"Observation","id":"o1", "status": "final","subject":{"reference":"Patient/p1"},
  "code":{"coding":[{"code":"2160-0","system":"http://loinc.org"}]}, "effectiveDateTime":"2025-03-01T08:30:00+05:30",
  "valueQuantity":{"value":1.50,"unit":"mg/dL","code":"mg/dL","system":"http://unitsofmeasure.org"} }"""
OTHER = '{"resourceType":"Condition","id":"c9","subject":{"reference":"Patient/p2"},"code":{"text":"a secret of p2"}}'


def bundle(*resources: str) -> str:
    entries = ",\n".join(f'{{"fullUrl":"http://h.org/{k}","resource":{one}}}' for k, one in enumerate(resources))
    return f'{{"resourceType":"Bundle","type":"collection","entry":[{entries}]}}'


@pytest.fixture
def person(record_url: str, tmp_path: Path) -> Iterator[Patient]:
    """One with FHIR in a file shared with another person, a stream, a derived fact, and a refused record."""
    patients = ['{"resourceType":"Patient","id":"p1","gender":"female"}', '{"resourceType":"Patient","id":"p2"}']
    broken = '{"resourceType":"Observation","id":"o2","status":"final","subject":{"reference":"Patient/p1"},"code":7}'
    (tmp_path / "b.json").write_text(
        "\n".join([*patients, VERBATIM.replace("\n", " "), OTHER, broken])  # JSON lines: several people
    )
    tape = write_tape(tmp_path / "my watch.tape", ("heart_rate", "watch", "/min", [row(T0, 60.0), row(T0 + 1, 61.0)]))
    with Record.open(record_url, blobs=tmp_path / "blobs") as record:
        record.ingest(tmp_path / "b.json", tape, patient="p1", formats=FORMATS)
        record.derive("p1", [Draft("observation", "", "clearance", value=5.0, unit="L/h")], method="pk", version="1")
        yield record.patient("p1")


def test_everything_comes_out(person: Patient, tmp_path: Path) -> None:
    out = tmp_path / "out"
    person.facts()  # someone read
    manifest = export_patient(person, out)
    text = (out / "bundle.json").read_text()
    assert VERBATIM.replace("\n", " ") in text
    assert [e["resource"]["id"] for e in json.loads(text)["entry"]] == ["p1", "o1"]
    assert (out / "files" / "my watch.tape").read_bytes() == (tmp_path / "my watch.tape").read_bytes()
    assert pl.read_parquet(out / "streams" / "heart_rate.parquet")["value"].to_list() == [60.0, 61.0]
    assert (out / "streams" / "heart_rate.csv").read_text().startswith("start,end,offset,")
    derived = json.loads((out / "derived.json").read_text())["entry"][0]["resource"]
    assert derived["meta"]["tag"] == [{"system": "urn:vitruvian:basis", "code": "derived"}]
    assert derived["valueQuantity"]["value"] == 5.0
    assert "o2" in (out / "quarantine.csv").read_text()
    assert ",read," in (out / "audit.csv").read_text()
    assert manifest["records"]["in the record"] == manifest["records"]["in the export"] == 3
    counts = manifest["counts"]
    assert (counts["fhir resources"], counts["files"], counts["samples"], counts["quarantined"]) == (2, 2, 2, 1)
    assert (counts["measured facts"], counts["derived facts"]) == (len(person.facts()) - 1, 1)
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest


def test_nothing_of_anybody_else(person: Patient, tmp_path: Path) -> None:
    export_patient(person, tmp_path / "out")
    for path in (tmp_path / "out").rglob("*"):
        assert path.is_dir() or b"secret of p2" not in path.read_bytes()


def test_it_goes_in_again(person: Patient, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export_patient(person, out)
    with Record.open(tmp_path / "again.db") as again:
        again.ingest(out / "bundle.json", out / "files", patient="p1", formats=FORMATS)
        other = again.patient("p1")

        def state(one: Patient) -> list[Any]:
            return [(f.id, f.code, f.value, f.start_ms, f.detail) for f in one.facts() if f.basis == "measured"]

        assert state(other) == state(person)
        assert other.samples("heart_rate").drop("prov").equals(person.samples("heart_rate").drop("prov"))


def test_the_samples_go_round(tmp_path: Path) -> None:
    with Record.open(tmp_path / "a.db") as record:
        record.ingest(*samples()["sample-a"], patient="sample-a")
        manifest = export_patient(record.patient("sample-a"), tmp_path / "out.zip")
        first = [(f.id, f.value, f.start_ms) for f in record.patient("sample-a").facts()]
        genome = next(path for path in samples()["sample-a"] if path.suffix == ".vcf")
    assert manifest["records"]["in the export"] == 62
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        archive.extractall(tmp_path / "x")
    assert (tmp_path / "x/files/genome.vcf").read_bytes() == genome.read_bytes()
    with Record.open(tmp_path / "b.db") as again:
        again.ingest(tmp_path / "x/bundle.json", tmp_path / "x/files", patient="sample-a")
        assert [(f.id, f.value, f.start_ms) for f in again.patient("sample-a").facts()] == first


def test_whole_or_not_at_all(person: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(InputError, match="new name"):
        export_patient(person, tmp_path / "there")
    monkeypatch.setattr("vitruvian.record.export._full_url", lambda *_: (_ for _ in ()).throw(DataError("no")))
    with pytest.raises(DataError):
        export_patient(person, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".export")]


def test_only_by_those_who_may_read_everything(person: Patient, tmp_path: Path, record_url: str) -> None:
    actor = Actor("x", frozenset({"visitor"}), "TREAT")
    with Record.open(record_url, actor, blobs=tmp_path / "blobs") as stranger, pytest.raises(AccessError):
        export_patient(Patient(stranger, "p1", ("p1",)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_not_where_consent_withholds_a_part(person: Patient, tmp_path: Path) -> None:
    wearable = {"system": "urn:vitruvian:category", "code": "wearable"}
    consent = {
        "resourceType": "Consent",
        "id": "no",
        "status": "active",
        "scope": {"coding": [{"code": "patient-privacy"}]},
        "category": [{"coding": [{"code": "IDSCL"}]}],
        "patient": {"reference": "Patient/p1"},
        "provision": {"type": "deny", "class": [wearable]},
    }
    (tmp_path / "consent.json").write_text(json.dumps(consent))
    person.record.ingest(tmp_path / "consent.json")
    with pytest.raises(AccessError, match="whole or not at all"):
        export_patient(person, tmp_path / "out")
    assert person.samples("heart_rate").is_empty()
    assert person.facts()


def test_every_public_bundle_goes_round(shared: Path, tmp_path: Path) -> None:
    for source in sorted((shared / "data/fhir").glob("*.json.gz")):
        folder = tmp_path / source.name[:2]
        folder.mkdir()
        with Record.open(folder / "a.db") as record:
            came = record.ingest(source).records_in
            person = record.patients()[0]
            assert export_patient(person, folder / "out")["records"] == {"in the record": came, "in the export": came}
            facts = [(one.id, one.value, one.start_ms) for one in person.facts(void=True)]
        with Record.open(folder / "b.db") as again:
            again.ingest(folder / "out" / "bundle.json")
            assert [(one.id, one.value, one.start_ms) for one in again.patient(person.id).facts(void=True)] == facts


def test_files_of_one_name_and_files_that_belong_together(tmp_path: Path) -> None:
    wfdb = pytest.importorskip("wfdb")
    patient = tmp_path / "p1.json"
    patient.write_text('{"resourceType":"Patient","id":"p1"}')
    files = []
    for k in (1, 2):
        folder = tmp_path / str(k)
        folder.mkdir()
        signal = [[float(j % 7 + k)] for j in range(500)]
        wfdb.wrsamp("ecg", 250, ["mV"], ["II"], p_signal=np.array(signal), fmt=["16"], write_dir=str(folder))
        files.append(folder)
    with Record.open(tmp_path / "a.db") as record:
        record.ingest(patient)
        report = record.ingest(*files, patient="p1")
        assert (report.stored, report.quarantined) == (2, 0)
        export_patient(record.patient("p1"), tmp_path / "out")
    for folder, out in zip(files, ("", "2"), strict=True):
        for name in ("ecg.hea", "ecg.dat"):
            assert (tmp_path / "out/files" / out / name).read_bytes() == (folder / name).read_bytes()


def test_a_drug_that_two_files_share_comes_out_for_both_people(record_url: str, tmp_path: Path) -> None:
    drug = '{"resourceType":"Medication","id":"m1","code":{"text":"warfarin 5 mg"}}'
    clinic = '{"resourceType":"Organization","id":"org","name":"Clinic"}'
    for who in ("p1", "p2"):
        taken = {"resourceType": "MedicationRequest", "id": f"r-{who}", "status": "active", "intent": "order"}
        taken |= {"subject": {"reference": f"Patient/{who}"}, "medicationReference": {"reference": "Medication/m1"}}
        resources = (f'{{"resourceType":"Patient","id":"{who}"}}', drug, clinic, json.dumps(taken))
        (tmp_path / f"{who}.json").write_text(bundle(*resources))
    (tmp_path / "more.json").write_text(bundle('{"resourceType":"Patient","id":"p2","gender":"male"}', clinic, drug))
    with Record.open(record_url, blobs=tmp_path / "blobs") as record:
        report = record.ingest(tmp_path / "p1.json", tmp_path / "p2.json", tmp_path / "more.json")
        assert (report.stored, report.duplicate, report.quarantined) == (7, 4, 0)
        record.erase("p1")
        (fact,) = record.patient("p2").facts(kind="medication_request")
        assert fact.display == "warfarin 5 mg"
        manifest = export_patient(record.patient("p2"), tmp_path / "out")
    found = [one["resource"]["id"] for one in json.loads((tmp_path / "out" / "bundle.json").read_text())["entry"]]
    assert sorted(found) == ["m1", "org", "p2", "p2", "r-p2"]
    assert manifest["records"] == {"in the record": 5, "in the export": 5}
