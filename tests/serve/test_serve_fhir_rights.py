"""What a caller may not see cannot be read, found, counted, sorted by, or told from what is not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from fhir_people import ICD, write_people
from served import Served, serving

from bundles import write
from vitruvian.record import Record, give_consent, withdraw_consent

Json = dict[str, Any]


@pytest.fixture
def people(tmp_path: Path) -> Iterator[Served]:
    with Record.open(tmp_path / "people.db") as record:
        assert record.ingest(write_people(tmp_path)).quarantined == 0
    with serving(tmp_path / "people.db") as one:
        yield one


@pytest.fixture
def guarded(people: Served) -> Served:
    """José lets nobody see what concerns his mental health: the condition "low" and the order "ssri"."""
    give_consent(people.server.record, "jose", "permit", "any")
    give_consent(people.server.record, "jose", "deny", "any", "mental_health")
    return people


def ids(client: TestClient, query: str) -> list[str]:
    answer = client.get(f"/fhir/{query}")
    assert answer.status_code == 200, answer.text
    return [one["resource"]["id"] for one in answer.json().get("entry", [])]


def test_before_any_consent_all_is_there(people: Served) -> None:
    doctor = people.client("clinician")
    assert ids(doctor, "Condition?code=F32.1") == ["low"]
    assert ids(doctor, "Patient?_has:Condition:patient:code=F32.1") == ["jose"]
    assert ids(doctor, "MedicationRequest?patient=jose") == ["ssri"]


def test_a_forbidden_resource_does_not_exist(guarded: Served) -> None:
    doctor = guarded.client("clinician")
    hidden, absent = (doctor.get(f"/fhir/Condition/{name}") for name in ("low", "nothing"))
    assert (hidden.status_code, hidden.json()) == (404, absent.json())
    for path in ("/_history", "/_history/1"):
        hidden, absent = (doctor.get(f"/fhir/Condition/{name}{path}") for name in ("low", "nothing"))
        assert (hidden.status_code, hidden.json()) == (404, absent.json())
    names = [one["fullUrl"] for one in doctor.get("/fhir/Condition/_history").json()["entry"]]
    assert not [one for one in names if one.endswith("/low")]
    every = doctor.get("/fhir/Patient/jose/$everything").text
    assert "F32.1" not in every
    assert "N06AB04" not in every


@pytest.mark.parametrize(
    "query",
    [
        "Condition?code=F32.1",
        "Condition?patient=jose&onset-date=2019",
        "Condition?_id=low",
        "MedicationRequest?code=N06AB04",
        "Patient?_has:Condition:patient:code=F32.1",
        "Patient?_has:Condition:patient:onset-date=2019",
        "Patient?_has:MedicationRequest:patient:status=active",
        "Encounter?_has:Condition:encounter:code=F32.1",
        "Practitioner?_has:MedicationRequest:requester:status=active",
        "MedicationRequest?encounter.class=AMB",
        "Patient?_has:Condition:patient:code:text=moderate",
        "Condition?patient.identifier=urn:hospital|M-1&onset-date=2019",
        "Patient?_has:Condition:patient:_id=low",
        "Patient?_has:Condition:patient:encounter.class=AMB",
        "Patient?_has:Condition:patient:onset-date:missing=false&_has:MedicationRequest:patient:_id=ssri",
        "MedicationRequest?code:not=x&status:not=draft&patient=jose",
        "Condition?code:not=44054006&patient=jose",
        "Practitioner?_has:MedicationRequest:requester:patient=jose",
    ],
)
def test_nothing_forbidden_is_found(guarded: Served, query: str) -> None:
    doctor = guarded.client("clinician")
    answer = doctor.get(f"/fhir/{query}").json()
    assert (answer["total"], answer.get("entry", [])) == (0, [])
    assert doctor.get(f"/fhir/{query}&_summary=count").json()["total"] == 0


def test_composites_of_what_is_forbidden_find_nothing(people: Served, tmp_path: Path) -> None:
    """A score of a questionnaire on depression (by its code of ICD-10) is hidden, whichever part of it is asked for."""
    score = {"resourceType": "Observation", "id": "score", "status": "final", "subject": {"reference": "Patient/jose"},
             "code": {"coding": [{"system": ICD, "code": "F32"}]}, "effectiveDateTime": "2020-01-01",
             "identifier": [{"type": {"coding": [{"system": "urn:t", "code": "S"}]}, "value": "score-1"}],
             "valueQuantity": {"value": 17}}  # fmt: skip
    assert people.server.record.ingest(write(tmp_path, score)).stored == 1
    doctor = people.client("clinician")
    queries = ("Observation?code-value-quantity=F32$gt10", "Observation?combo-code-value-quantity=F32$17",
               "Observation?identifier:of-type=urn:t|S|score-1", "Observation?code-value-quantity=F32$ne0",
               "Patient?_has:Observation:patient:code-value-quantity=F32$gt10",
               "Observation?value-quantity=17&_sort=-value-quantity")  # fmt: skip
    for query in queries:
        assert doctor.get(f"/fhir/{query}").json()["total"] == 1, query
    give_consent(people.server.record, "jose", "permit", "any")
    give_consent(people.server.record, "jose", "deny", "any", "mental_health")
    for query in queries:
        hidden = doctor.get(f"/fhir/{query}").json()
        assert (hidden["total"], hidden.get("entry", [])) == (0, []), query


def test_a_group_is_seen_by_who_sees_all_of_it(guarded: Served) -> None:
    """Neither itself nor its members are told to who may not see one of them."""
    members = [{"entity": {"reference": f"Patient/{one}"}} for one in ("jose", "ada")]
    made = guarded.client("owner").post(
        "/fhir/Group", json={"resourceType": "Group", "type": "person", "actual": True, "member": members}
    )
    name = made.json()["id"]
    doctor, mine = guarded.client("clinician"), guarded.client("patient", own=["ada"])
    assert ids(doctor, "Group?member=Patient/jose") == [name]
    give_consent(guarded.server.record, "jose", "deny", "any")
    for client in (doctor, mine):
        for query in ("Group", "Group?member=Patient/jose", "Group?member=Patient/ada",
                      f"Patient?_has:Group:member:_id={name}",
                      "Patient?_revinclude=Group:member&_id=jose"):  # fmt: skip
            assert name not in ids(client, query)
        assert "jose" not in ids(client, "Patient?_has:Group:member:type=person")
        asked = {"prefer": "respond-async"}
        for tail in ("", "/_history", "/$export"):
            hidden, absent = (client.get(f"/fhir/Group/{one}{tail}", headers=asked) for one in (name, "nothing"))
            assert (hidden.status_code, hidden.json()) == (404, absent.json())


def test_errors_of_bundles_tell_nothing(guarded: Served) -> None:
    """What is hidden and what does not exist are answered in the same words, alone and within a Bundle."""
    doctor = guarded.client("clinician")

    def told(kind: str, name: str) -> Any:
        entries = [
            {"request": {"method": "GET", "url": f"{kind}/{name}"}},
            {"request": {"method": "PUT", "url": f"{kind}/{name}"}, "resource": {"resourceType": kind, "id": name}},
        ]
        answer = doctor.post("/fhir", json={"resourceType": "Bundle", "type": "batch", "entry": entries})
        return answer.json()["entry"]

    for kind, name in (("Condition", "low"), ("MedicationRequest", "ssri")):
        assert told(kind, name) == told(kind, "nothing")


def test_totals_orders_includes_and_pages_pass_it_over(guarded: Served) -> None:
    doctor = guarded.client("clinician")
    assert doctor.get("/fhir/Condition?patient=jose").json()["total"] == 1
    for sort in ("onset-date", "-onset-date", "code", "_id", "-_lastUpdated"):
        assert ids(doctor, f"Condition?patient=jose&_sort={sort}") == ["dm"]
    assert ids(doctor, "Patient?_id=jose&_revinclude=Condition:patient") == ["jose", "dm"]
    assert "low" not in ids(doctor, "Encounter?_id=visit&_revinclude=Condition:encounter")
    links = doctor.get("/fhir/Condition?patient=jose&_count=1").json()["link"]
    assert [one["relation"] for one in links] == ["self"]


def test_a_withdrawn_consent_acts_on_the_next_request(guarded: Served) -> None:
    doctor = guarded.client("clinician")
    assert ids(doctor, "Condition?patient=jose") == ["dm"]
    withdraw_consent(guarded.server.record, "jose", "any", "mental_health")
    assert sorted(ids(doctor, "Condition?patient=jose")) == ["dm", "low"]
    page = doctor.get("/fhir/Condition?patient=jose&_count=1&_sort=_id").json()
    url = next(one["url"] for one in page["link"] if one["relation"] == "next").partition("8000")[2]
    give_consent(guarded.server.record, "jose", "deny", "any")
    assert "entry" not in doctor.get(url).json()
    assert ids(doctor, "Observation?patient=jose") == []
    assert ids(doctor, "Patient?name=pepe") == []
    assert doctor.get("/fhir/Patient/jose").status_code == 404
    assert doctor.get("/fhir/Observation/glu-1").status_code == 404


def test_a_resource_of_several_facts_is_seen_whole_or_not_at_all(people: Served, tmp_path: Path) -> None:
    """An Observation one of whose components is sensitive is not shown for the sake of the others."""
    part = {"resourceType": "Observation", "id": "panel", "status": "final", "subject": {"reference": "Patient/jose"},
            "code": {"coding": [{"system": "http://loinc.org", "code": "1"}]}, "effectiveDateTime": "2020-01-01",
            "component": [{"code": {"coding": [{"system": ICD, "code": "F32"}]}, "valueString": "x"},
                          {"code": {"coding": [{"system": ICD, "code": "E11"}]}, "valueString": "y"}]}  # fmt: skip
    patient = {"resourceType": "Patient", "id": "third"}  # a file about several people is split
    assert people.server.record.ingest(write(tmp_path, part, patient)).stored == 2
    doctor = people.client("clinician")
    assert ids(doctor, "Observation?component-code=E11") == ["panel"]
    give_consent(people.server.record, "jose", "deny", "any", "mental_health")
    give_consent(people.server.record, "jose", "permit", "any")
    assert ids(doctor, "Observation?component-code=E11") == []
    assert doctor.get("/fhir/Observation/panel").status_code == 404


def test_a_token_of_one_patient_sees_that_patient_alone(people: Served) -> None:
    mine = people.client("clinician", scopes=["patient/*.rs"], patient="jose")
    assert ids(mine, "Patient") == ["jose"]
    assert sorted(ids(mine, "Observation?code=2339-0")) == ["glu-1", "glu-2"]
    for path in ("Patient/{}", "Patient/{}/$everything", "Observation/{}", "Encounter/{}", "Observation/{}/_history"):
        name = "ada" if path.startswith("Patient") else "k-2" if path.startswith("Obs") else "stay"
        other, absent = (mine.get(f"/fhir/{path.format(one)}") for one in (name, "nothing"))
        assert (other.status_code, other.json()) == (404, absent.json())
    for query in ("Observation?patient=ada", "Observation?_id=k-2",
                  "Patient?identifier=M-2", "Patient?_has:Observation:patient:code=6598-7",
                  "Observation?patient.name=ada", "Encounter?patient=ada&_include=Encounter:participant"):  # fmt: skip
        assert mine.get(f"/fhir/{query}").json()["total"] == 0
    assert ids(mine, "Practitioner") == ["doc"]
    assert ids(mine, "Organization") == ["clinic"]
    assert mine.get("/fhir/Practitioner/other").status_code == 404
    assert mine.get("/fhir/Organization/far").status_code == 404
    assert ids(mine, "Practitioner?_has:Encounter:participant:class=IMP") == []


def test_a_patient_sees_themselves(people: Served) -> None:
    ada = people.client("patient", own=["ada"])
    assert ids(ada, "Patient") == ["ada"]
    assert sorted(ids(ada, "Observation")) == ["glu-3", "k-2", "tn-1"]
    assert ada.get("/fhir/Patient/jose").status_code == 404
    assert ids(ada, "Practitioner") == sorted(["doc", "other"])


def test_scopes_bound_every_type_that_a_search_touches(people: Served) -> None:
    narrow = people.client("clinician", scopes=["user/Observation.rs", "user/Patient.r"])
    assert len(ids(narrow, "Observation")) == 7
    assert narrow.get("/fhir/Patient/jose").status_code == 200
    for query in ("Patient?name=ada", "Condition", "Observation?encounter.class=AMB", "Observation?patient.name=pepe",
                  "Observation?_has:Provenance:target:recorded=2020", "Condition/_history", "Condition/dm",
                  "Patient/jose/$twin?twin=dose&question=recommend"):  # fmt: skip
        assert narrow.get(f"/fhir/{query}").status_code == 403, query
    more = "_include=Observation:encounter&_include=Observation:patient&_revinclude=Provenance:target"
    assert ids(narrow, f"Observation?_id=glu-1&{more}") == ["glu-1", "jose"]
    kinds = {one["resource"]["resourceType"] for one in narrow.get("/fhir/Patient/jose/$everything").json()["entry"]}
    assert kinds == {"Patient", "Observation"}
    assert people.client("clinician", scopes=["user/Observation.r"]).get("/fhir/Observation").status_code == 403
    assert people.client("clinician", scopes=["user/Observation.s"]).get("/fhir/Observation/glu-1").status_code == 403


@pytest.mark.parametrize("role", ["auditor", "administrator", "data_loader"])
def test_who_may_not_read_gets_nothing(people: Served, role: str) -> None:
    client = people.client(role)
    for path in ("Patient", "Patient/jose", "Patient/nobody", "Patient/jose/$everything", "Patient/_history"):
        answer = client.get(f"/fhir/{path}")
        assert answer.status_code == 403
        assert answer.json()["resourceType"] == "OperationOutcome"
    assert people.anybody.get("/fhir/Patient").status_code == 401
    assert people.anybody.get("/fhir/metadata").status_code == 200


def test_every_search_is_in_the_audit_of_whom_it_read(people: Served) -> None:
    doctor = people.client("clinician")
    record = people.server.record
    before = {name: len(record.audit_log(name)) for name in ("jose", "ada")}
    doctor.get("/fhir/Observation?patient=jose")
    after = {name: record.audit_log(name) for name in ("jose", "ada")}
    assert any(one.action == "read" for one in after["jose"][before["jose"] :])
    assert not [one for one in after["ada"][before["ada"] :] if one.action == "read"]


def test_an_erased_person_is_gone_from_what_was_opened_before(people: Served) -> None:
    doctor = people.client("clinician")
    assert len(ids(doctor, "Observation?patient=ada")) == 3
    people.server.record.erase("ada")
    assert ids(doctor, "Observation?patient=ada") == []
    assert doctor.get("/fhir/Observation/k-2").status_code == 404
    assert len(ids(doctor, "Observation")) == 4
