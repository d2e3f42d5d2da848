"""What a file says of nobody: kept apart, found by cohorts, given out with each person, left by an erasure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vitruvian.record import Record, export_patient

LONE = '{"resourceType": "Organization", "id": "h", "name": "Hospital", "active": true}'
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
DRUG = (
    f'{{"resourceType": "Medication", "id": "m", "code": {{"coding": [{{"system": "{RXNORM}", "code": "860975"}}]}}}}'
)


@pytest.fixture(autouse=True)
def copy_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRUVIAN_ANALYTIC", str(tmp_path / "analytic"))


def patient(name: str) -> str:
    return json.dumps({"resourceType": "Patient", "id": name, "managingOrganization": {"reference": "Organization/h"}})


def request(name: str) -> str:
    told: dict[str, Any] = {"resourceType": "MedicationRequest", "id": f"r-{name}", "status": "active"}
    told |= {"intent": "order", "medicationReference": {"reference": "Medication/m"}}
    return json.dumps(told | {"subject": {"reference": f"Patient/{name}"}, "authoredOn": "2025-03-01"})


def write(path: Path, *resources: str) -> Path:
    path.write_text("\n".join(resources))
    return path


def organisations(record: Record) -> list[str]:
    column = {"name": "id", "path": "id"}
    view = {"resourceType": "ViewDefinition", "resource": "Organization", "select": [{"column": [column]}]}
    return record.cohort(view)["id"].to_list()


def test_a_cohort_reads_what_came_with_one_person(record_url: str, tmp_path: Path) -> None:
    file = write(tmp_path / "a.ndjson", patient("a"), LONE)
    with Record.open(record_url, blobs=tmp_path / "blobs") as record:
        record.ingest(file)
        assert record.cohort("patients").height == 1
        assert organisations(record) == ["h"]


def test_an_erasure_leaves_it(record_url: str, tmp_path: Path) -> None:
    with Record.open(record_url, blobs=tmp_path / "blobs") as record:
        record.ingest(write(tmp_path / "Ann Smith.ndjson", patient("a"), LONE))
        record.ingest(write(tmp_path / "b.ndjson", patient("b"), LONE))
        record.erase("a")
        assert record.query("select subject from people")["subject"].to_list() == ["b"]
        assert organisations(record) == ["h"]


def test_each_person_of_a_file_gets_it_out(record_url: str, tmp_path: Path) -> None:
    file = write(tmp_path / "all.ndjson", patient("a"), patient("b"), DRUG, request("a"), request("b"), LONE)
    with Record.open(record_url, blobs=tmp_path / "blobs") as record:
        assert record.ingest(file).stored == 6
        for name in ("a", "b"):
            export_patient(record.patient(name), tmp_path / name)
            text = (tmp_path / name / "bundle.json").read_text()
            assert DRUG in text
            assert request(name) in text
            assert request("ab".replace(name, "")) not in text
            with Record.open(tmp_path / f"{name}.db") as again:
                again.ingest(tmp_path / name / "bundle.json")
                facts = again.patient(name).facts()
                assert [one.code for one in facts if one.kind == "medication_request"] == ["860975"]
                assert [one.id for one in facts] == [one.id for one in record.patient(name).facts()]
