"""What twins found, kept in the record: read and searched as FHIR by whoever may see everything of the person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from fhir.resources.R4B import get_fhir_model_class
from fhir_answers import answered
from fhir_people import write_people
from served import Served, serving

from vitruvian.record import Draft, Record, give_consent
from vitruvian.serve.fhir import keep_answer, resources

Json = dict[str, Any]
KINDS = {"Device", "Observation", "DetectedIssue", "RiskAssessment", "MedicationRequest", "Provenance"}
AT = "2026-01-01T00:00:00.000+00:00"


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("twin-results")
    with Record.open(folder / "people.db") as record:
        record.ingest(write_people(folder))
    with serving(folder / "people.db") as one:
        yield one


@pytest.fixture(scope="module")
def kept(people: Served) -> list[Json]:
    """The answer by hand, kept of José."""
    return keep_answer(people.server.record.patient("jose"), "p", AT, resources(answered()))


@pytest.fixture(scope="module")
def doctor(people: Served) -> TestClient:
    return people.client("clinician")


def ids(client: TestClient, query: str) -> set[str]:
    answer = client.get(f"/fhir/{query}", headers={"prefer": "handling=strict"})
    assert answer.status_code == 200, answer.text
    return {one["resource"]["id"] for one in answer.json().get("entry", [])}


def test_each_resource_of_it_is_read_as_it_was_kept(kept: list[Json], doctor: TestClient) -> None:
    assert {one["resourceType"] for one in kept} == KINDS
    names = {f"{one['resourceType']}/{one['id']}" for one in kept}
    for one in kept:
        get_fhir_model_class(one["resourceType"]).model_validate(one)
        path = f"/fhir/{one['resourceType']}/{one['id']}"
        served = doctor.get(path)
        about = {"reference": "Patient/jose"}
        expected = one | {name: about for name in ("subject", "patient") if name in one}
        assert {k: v for k, v in served.json().items() if k != "entity"} == {
            k: v for k, v in expected.items() if k != "entity"
        }
        version = served.headers["content-location"].partition("/fhir")[2]
        assert doctor.get(f"/fhir{version}").json() == served.json()
        assert doctor.get(f"{path}/_history").json()["total"] == 1
    provenance = next(one for one in kept if one["resourceType"] == "Provenance")
    assert {one["reference"] for one in provenance["target"]} < names


def test_they_are_found(kept: list[Json], doctor: TestClient) -> None:
    by_kind = {kind: {one["id"] for one in kept if one["resourceType"] == kind} for kind in KINDS}
    for query, kind in (
        ("RiskAssessment?patient=jose&probability=ge90", ""),
        ("RiskAssessment?patient.identifier=M-1", "RiskAssessment"),
        ("DetectedIssue?patient=jose&identified=2026-01-01", "DetectedIssue"),
        ("MedicationRequest?patient=jose&status=draft&intent=proposal", "MedicationRequest"),
        ("Observation?patient=jose&code=urn:vitruvian:twin-answer|", "Observation"),
        ("Device?_has:RiskAssessment:performer:patient=jose", "Device"),
        ("Provenance?target:MedicationRequest.status=draft", "Provenance"),
    ):
        found = ids(doctor, query)
        assert found == by_kind[kind] if kind else found and found < by_kind["RiskAssessment"], query
    with_origin = ids(doctor, "MedicationRequest?status=draft&_revinclude=Provenance:target")
    assert with_origin == by_kind["MedicationRequest"] | by_kind["Provenance"]
    assert ids(doctor, "RiskAssessment?patient=ada") == set()
    every = ids(doctor, "Patient/jose/$everything")
    assert every >= {one["id"] for one in kept}


def test_an_answer_is_no_order(kept: list[Json], people: Served) -> None:
    """A draft is kept as what a twin said, not as a medication, so that no twin takes it for one."""
    patient = people.server.record.patient("jose")
    assert len(patient.facts(kind="medication_request")) == 1
    (fact,) = patient.facts(kind="twin_answer")
    assert (fact.basis, fact.value_text) == ("derived", "Give 2.5 mg.")


def test_derived_facts_have_their_origin(people: Served, doctor: TestClient) -> None:
    draft = Draft("observation", "http://loinc.org", "1", value=3.0, unit="mg")
    (key,) = people.server.record.derive("ada", [draft], method="sum", version="3")
    assert ids(doctor, f"Provenance?target=Observation/{key}") == {f"{key}-provenance"}
    found = doctor.get(f"/fhir/Provenance/{key}-provenance").json()
    get_fhir_model_class("Provenance").model_validate(found)
    assert found["agent"][0]["who"]["display"] == "sum/3"


def test_a_twin_is_asked_and_its_answer_kept(people: Served, sleep: None) -> None:
    doctor = people.client("clinician")
    path = "/fhir/Patient/ada/$twin-keep"
    asked = [{"name": "question", "valueString": "night"}, {"name": "hours", "valueDecimal": 7}]
    told = doctor.post(
        f"{path}?twin=sleep&at=2024-01-01T08:00:00Z", json={"resourceType": "Parameters", "parameter": asked}
    )
    assert told.status_code == 200, told.text
    get_fhir_model_class("Bundle").model_validate(told.json())
    for one in told.json()["entry"]:
        assert doctor.get("/fhir" + one["fullUrl"].partition("/fhir")[2]).json() == one["resource"]
    assert ids(doctor, "Observation?patient=ada&value-string=7 hours&device.patient:missing=true")
    assert doctor.get("/fhir/Patient/ada/$twin?twin=sleep&question=night").status_code == 200
    for name in ("Patient-twin", "Patient-twin-keep"):
        get_fhir_model_class("OperationDefinition").model_validate(
            people.anybody.get(f"/fhir/OperationDefinition/{name}").json()
        )
    for other in (people.client("payer"), people.client("patient", own=["ada"]),
                  people.client("clinician", scopes=["user/*.rs"]),
                  people.client("clinician", scopes=["user/Observation.cruds"])):  # fmt: skip
        assert other.post(f"{path}?twin=sleep&question=night").status_code == 403
    assert doctor.post(path).status_code == 400


def test_who_may_not_see_everything_sees_nothing_of_it(kept: list[Json], people: Served) -> None:
    """The answer may rest on any fact, whatever its category: one denial hides it, and it cannot be told from none."""
    doctor = people.client("clinician")
    give_consent(people.server.record, "jose", "permit", "any")
    give_consent(people.server.record, "jose", "deny", "any", "mental_health")
    for one in kept:
        kind = one["resourceType"]
        for tail in ("", "/_history", "/_history/1"):
            hidden, absent = (doctor.get(f"/fhir/{kind}/{name}{tail}") for name in (one["id"], "nothing"))
            assert (hidden.status_code, hidden.json()) == (404, absent.json())
    for query in ("RiskAssessment?patient=jose", "Patient?_has:DetectedIssue:patient:code=label-amount",
                  "Patient?_has:RiskAssessment:patient:probability=gt0", "MedicationRequest?status=draft",
                  "Provenance?target:MedicationRequest.status=draft", "Device?_id=" + kept[0]["id"],
                  "DetectedIssue?patient=jose&_sort=-identified", "Device?_has:RiskAssessment:performer:patient=jose",
                  "Observation?patient=jose&code=urn:vitruvian:twin-answer|"):  # fmt: skip
        assert doctor.get(f"/fhir/{query}&_total=accurate").json()["total"] == 0, query
    every = ids(doctor, "Patient/jose/$everything")
    assert "glu-1" in every
    assert not every & {one["id"] for one in kept}
    assert doctor.post("/fhir/Patient/jose/$twin-keep?twin=dose&question=recommend").status_code == 403
