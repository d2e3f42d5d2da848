"""Search parameters that US Core demands of a server: for each, a value that finds the resource and one that does not.

Source: HL7 US Core 6.1.0 and 7.0.0, CapabilityStatement "US Core Server" (SHALL and SHOULD).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from fhir.resources.R4B import get_fhir_model_class
from served import Served, serving

from vitruvian.record import Record

Json = dict[str, Any]


def code(text: str) -> Json:
    return {"coding": [{"system": "urn:codes", "code": text}]}


def to(name: str) -> Json:
    return {"reference": name}


NAME = {"name": [{"family": "Ryder", "given": ["Jo"]}], "identifier": [{"system": "urn:ids", "value": "i-1"}]}
PERIOD = {"start": "2024-03-01", "end": "2024-03-02"}
DISCHARGED = "http://hl7.org/fhir/StructureDefinition/condition-assertedDate"
SAMPLE: dict[str, Json] = {
    "Patient": NAME | {"gender": "other", "birthDate": "1999-09-09", "deceasedDateTime": "2024-04-01"},
    "Organization": {"name": "Northern Clinic", "address": [{"city": "Bergen"}]},
    "Practitioner": NAME | {"name": [{"family": "Healer"}]},
    "Endpoint": {"status": "active", "connectionType": {"code": "hl7-fhir-rest"}, "payloadType": [code("any")],
                 "address": "https://example.org/fhir"},
    "PractitionerRole": {"practitioner": to("Practitioner/practitioner"), "specialty": [code("cardiology")],
                         "endpoint": [to("Endpoint/endpoint")]},
    "Location": {"name": "Ward 7", "address": {"city": "Oslo", "state": "NO-03", "postalCode": "0150"}},
    "Medication": {"code": code("pill")},
    "Encounter": {"status": "finished", "class": {"code": "AMB"}, "type": [code("checkup")], "period": PERIOD,
                  "identifier": [{"system": "urn:ids", "value": "e-1"}],
                  "location": [{"location": to("Location/location")}],
                  "hospitalization": {"dischargeDisposition": code("home")}},
    "AllergyIntolerance": {"clinicalStatus": code("active"), "code": code("nuts")},
    "CarePlan": {"status": "active", "intent": "plan", "category": [code("assess-plan")], "period": PERIOD},
    "CareTeam": {"status": "active", "participant": [{"role": [code("nurse")]}]},
    "Condition": {"clinicalStatus": code("active"), "category": [code("problem-list-item")], "code": code("flu"),
                  "encounter": to("Encounter/encounter"), "onsetDateTime": "2024-03-01",
                  "abatementDateTime": "2024-03-09", "recordedDate": "2024-03-02",
                  "extension": [{"url": DISCHARGED, "valueDateTime": "2024-03-03"}]},
    "Coverage": {"status": "active", "payor": [to("Organization/organization")]},
    "Device": {"status": "active", "type": code("pump")},
    "DiagnosticReport": {"status": "final", "category": [code("LAB")], "code": code("panel"),
                         "effectiveDateTime": "2024-03-01"},
    "DocumentReference": {"status": "current", "type": code("letter"), "category": [code("clinical-note")],
                          "date": "2024-03-01T10:00:00Z", "context": {"period": PERIOD},
                          "content": [{"attachment": {"contentType": "text/plain", "data": "eA=="}}]},
    "Goal": {"lifecycleStatus": "active", "description": code("walk"), "target": [{"dueDate": "2024-06-01"}]},
    "Immunization": {"status": "completed", "vaccineCode": code("v"), "occurrenceDateTime": "2024-03-01"},
    "MedicationDispense": {"status": "completed", "type": code("FF"),
                           "medicationReference": to("Medication/medication")},
    "MedicationRequest": {"status": "active", "intent": "order", "authoredOn": "2024-03-01",
                          "encounter": to("Encounter/encounter"),
                          "medicationReference": to("Medication/medication")},
    "Observation": {"status": "final", "category": [code("laboratory")], "code": code("weight"),
                    "effectiveDateTime": "2024-03-01", "valueString": "much"},
    "Procedure": {"status": "completed", "code": code("suture"), "performedPeriod": PERIOD},
    "QuestionnaireResponse": {"status": "completed", "authored": "2024-03-01T10:00:00Z",
                              "questionnaire": "http://example.org/Questionnaire/q"},
    "RelatedPerson": {"name": [{"family": "Sister"}]},
    "ServiceRequest": {"status": "active", "intent": "order", "category": [code("imaging")], "code": code("mri"),
                       "authoredOn": "2024-03-01"},
    "Specimen": {"type": code("blood")},
    "Provenance": {"target": [to("Observation/observation")], "recorded": "2024-03-05T00:00:00Z",
                   "agent": [{"who": to("Practitioner/practitioner")}]},
}  # fmt: skip
"""One resource of each type; its id is its type in small letters. Whose it is, is written to it by `resource`."""
WHOSE = {"AllergyIntolerance": "patient", "Immunization": "patient", "Device": "patient", "RelatedPerson": "patient",
         "Coverage": "beneficiary"}  # fmt: skip
NOBODYS = {"Patient", "Organization", "Practitioner", "PractitionerRole", "Location", "Medication", "Endpoint",
           "Provenance"}  # fmt: skip

DEMANDED = """
Patient _id=patient _id=x identifier=urn:ids|i-1 identifier=urn:ids|i-2 name=ryder name=healer family=Ryd family=Jo
Patient given=jo given=ryder birthdate=1999-09-09 birthdate=1999-09-08 gender=other gender=male
Patient death-date=2024-04-01 death-date=2023
AllergyIntolerance patient=patient patient=x clinical-status=active clinical-status=resolved
CarePlan patient=patient patient=x category=assess-plan category=x status=active status=draft date=2024 date=2023
CareTeam patient=patient patient=x status=active status=inactive role=nurse role=x
Condition patient=patient patient=x category=problem-list-item category=x clinical-status=active clinical-status=x
Condition code=urn:codes|flu code=urn:other|flu encounter=encounter encounter=x onset-date=2024-03-01 onset-date=2023
Condition abatement-date=ge2024-03-09 abatement-date=gt2024-03-09 recorded-date=2024-03-02 recorded-date=2024-03-01
Condition asserted-date=2024-03-03 asserted-date=2024-03-04 _lastUpdated=gt2001 _lastUpdated=lt2001
Coverage patient=patient patient=x
Device patient=patient patient=x type=pump type=x status=active status=inactive
DiagnosticReport patient=patient patient=x category=LAB category=RAD code=panel code=x date=2024-03 date=2024-04
DiagnosticReport status=final status=partial _lastUpdated=gt2001 _lastUpdated=lt2001
DocumentReference _id=documentreference _id=x patient=patient patient=x category=clinical-note category=x
DocumentReference date=2024-03-01 date=2024-03-02 type=letter type=x status=current status=superseded
DocumentReference period=2024-03 period=2023
Encounter _id=encounter _id=x patient=patient patient=x date=2024-03 date=2023 identifier=e-1 identifier=e-2
Encounter class=AMB class=IMP type=checkup type=x status=finished status=planned location=location location=x
Encounter discharge-disposition=home discharge-disposition=x _lastUpdated=gt2001 _lastUpdated=lt2001
Goal patient=patient patient=x lifecycle-status=active lifecycle-status=x target-date=2024-06 target-date=2024-05
Goal description=walk description=x
Immunization patient=patient patient=x status=completed status=not-done date=2024-03-01 date=2024-03-02
Location name=ward name=x address=oslo address=bergen address-city=Os address-city=x address-state=NO address-state=x
Location address-postalcode=0150 address-postalcode=x
MedicationDispense patient=patient patient=x status=completed status=x type=FF type=x
MedicationRequest patient=patient patient=x intent=order intent=plan status=active status=draft
MedicationRequest encounter=encounter encounter=x authoredon=2024-03-01 authoredon=2024-03-02
Observation patient=patient patient=x category=laboratory category=x code=weight code=x date=2024-03-01 date=2023
Observation status=final status=amended _lastUpdated=gt2001 _lastUpdated=lt2001
Organization name=northern name=x address=bergen address=oslo
Practitioner _id=practitioner _id=x name=healer name=ryder identifier=i-1 identifier=i-2
PractitionerRole practitioner=practitioner practitioner=x specialty=cardiology specialty=x
PractitionerRole practitioner.name=healer practitioner.name=x practitioner.identifier=i-1 practitioner.identifier=i-2
Procedure patient=patient patient=x status=completed status=x code=suture code=x date=2024-03 date=2024-03-01
QuestionnaireResponse _id=questionnaireresponse _id=x patient=patient patient=x status=completed status=x
QuestionnaireResponse authored=2024-03-01 authored=2023
QuestionnaireResponse questionnaire=http://example.org/Questionnaire/q questionnaire=http://example.org/Questionnaire/p
RelatedPerson _id=relatedperson _id=x patient=patient patient=x name=sister name=x
ServiceRequest _id=servicerequest _id=x patient=patient patient=x category=imaging category=x code=mri code=x
ServiceRequest authored=2024-03-01 authored=2023 status=active status=draft
Specimen _id=specimen _id=x patient=patient patient=x
"""
"""Of each type: what finds its resource, and after each what does not."""
TOGETHER = [
    "Condition?patient=patient&category=problem-list-item&clinical-status=active",
    "Condition?patient=patient&category=problem-list-item&encounter=encounter",
    "CarePlan?patient=patient&category=assess-plan&status=active&date=ge2024-01-01&date=le2024-12-31",
    "DiagnosticReport?patient=patient&category=LAB&date=ge2024",
    "DocumentReference?patient=patient&type=letter&period=ge2024",
    "Encounter?patient=patient&date=ge2024&class=AMB,IMP&status=finished",
    "Goal?patient=patient&lifecycle-status=active&target-date=ge2024",
    "MedicationRequest?patient=patient&intent=order,plan,proposal&status=active&encounter=encounter",
    "Observation?patient=patient&category=laboratory&status=final,amended&date=ge2024&date=lt2025",
    "Patient?birthdate=1999-09-09&family=ryder",
    "Procedure?patient=patient&code=suture,x&date=ge2024&status=completed",
    "QuestionnaireResponse?patient=patient&status=completed&authored=ge2024",
    "ServiceRequest?patient=patient&category=imaging&authored=ge2024",
]
INCLUDED = {
    "MedicationRequest?patient=patient&_include=MedicationRequest:medication": "Medication",
    "MedicationDispense?patient=patient&_include=MedicationDispense:medication": "Medication",
    "PractitionerRole?specialty=cardiology&_include=PractitionerRole:practitioner": "Practitioner",
    "PractitionerRole?specialty=cardiology&_include=PractitionerRole:endpoint": "Endpoint",
    "Observation?patient=patient&_revinclude=Provenance:target": "Provenance",
}


def resource(kind: str) -> Json:
    about = {} if kind in NOBODYS else {WHOSE.get(kind, "subject"): to("Patient/patient")}
    return {"resourceType": kind, "id": kind.lower()} | about | SAMPLE[kind]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Of a server over one resource of each type."""
    folder = tmp_path_factory.mktemp("us-core")
    entries = [{"resource": resource(kind)} for kind in SAMPLE]
    path = folder / "sample.json"
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    with Record.open(folder / "r.db") as record:
        report = record.ingest(path)
        assert (report.stored, report.quarantined) == (len(SAMPLE), 0)
    with serving(folder / "r.db") as one:
        yield ready(one)


def ready(served: Served) -> TestClient:
    found = served.client("clinician")
    found.headers["prefer"] = "handling=strict"
    return found


def kinds(client: TestClient, query: str) -> list[str]:
    answer = client.get(f"/fhir/{query}")
    assert answer.status_code == 200, (query, answer.text)
    return [one["resource"]["resourceType"] for one in answer.json().get("entry", [])]


def test_each_parameter_finds_and_does_not_find(client: TestClient) -> None:
    for kind in SAMPLE:
        get_fhir_model_class(kind).model_validate(resource(kind))
    for line in DEMANDED.split("\n"):
        kind, *queries = line.split() or [""]
        for hit, miss in zip(queries[::2], queries[1::2], strict=True):
            assert hit.partition("=")[0] == miss.partition("=")[0]
            assert kinds(client, f"{kind}?{hit}") == [kind]
            assert kinds(client, f"{kind}?{miss}") == [], miss


def test_they_work_together(client: TestClient) -> None:
    for query in TOGETHER:
        assert kinds(client, query) == [query.partition("?")[0]]


def test_what_is_demanded_comes_with_it(client: TestClient) -> None:
    for query, more in INCLUDED.items():
        assert kinds(client, query) == [query.partition("?")[0], more]
    every = kinds(client, "MedicationRequest?patient=patient&_include=*")
    assert sorted(every) == ["Encounter", "Medication", "MedicationRequest", "Patient"]
