"""Reading single resources, their versions and what this server makes itself; all of it checked as FHIR R4."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from fhir.resources.R4B import get_fhir_model_class
from fhir_answers import answered
from served import Served, serving

from vitruvian.core import now_ms, to_datetime
from vitruvian.record import Draft, Record
from vitruvian.serve.fhir import Answered, resources
from vitruvian.twin.answer import Message
from vitruvian.twin.doors import Told

Json = dict[str, Any]
FIRST = """{"resourceType":"Observation","id":"o","meta":{"versionId":"1","lastUpdated":"2020-01-01T00:00:00Z"},
 "status":"preliminary" , "code":{"text":"weight"}, "subject":{"reference":"Patient/p"},
 "valueQuantity":{"value":1.50,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}}"""
SECOND = FIRST.replace('"versionId":"1"', '"versionId":"2"').replace("2020-01-01", "2020-02-01")
SECOND = SECOND.replace("preliminary", "final").replace("1.50", "1.60")
PATIENT = '{"resourceType":"Patient","id":"p"}'


def valid(resource: Json) -> Json:
    """The resource, if it is one of FHIR R4."""
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    return resource


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One person with versions, one at two servers under the same id, one of whom no Patient came."""
    folder = tmp_path_factory.mktemp("there")
    with Record.open(folder / "r.db") as record:
        for number, text in enumerate((PATIENT, FIRST, SECOND)):
            path = folder / f"{number}.json"
            path.write_text(text)
            assert record.ingest(path).stored == 1
        for name in ("north", "south"):
            base = f"https://{name}.example/fhir"
            patient = {"resourceType": "Patient", "id": "7", "name": [{"family": name}]}
            problem = {
                "resourceType": "Condition",
                "id": "c",
                "subject": {"reference": "Patient/7"},
                "code": {"text": name},
            }
            entries = [
                {"fullUrl": f"{base}/{one['resourceType']}/{one['id']}", "resource": one} for one in (patient, problem)
            ]
            path = folder / f"{name}.json"
            path.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
            assert record.ingest(path).stored == 2
        lone = folder / "lone.json"
        lone.write_text(FIRST.replace("Patient/p", "Patient/lone").replace('"id":"o"', '"id":"lone-o"'))
        assert record.ingest(lone).stored == 1
        summary = {"weight": 0.7, "etas": ["CL", "V"], "inner": {"method": "laplace", "converged": True}, "bad": None}
        record.save_state("p", "model_x", "1.2", cutoff_ms=0, summary=summary | {"weight": 0.1})
        record.save_state("p", "model_x", "1.2", cutoff_ms=1000, summary=summary)
        record.derive(
            "p", [Draft("observation", "http://loinc.org", "1", value=3.0, unit="mg")], method="m", version="1"
        )
    with serving(folder / "r.db") as one:
        yield one


@pytest.fixture(scope="module")
def doctor(there: Served) -> TestClient:
    return there.client("clinician")


def test_a_resource_comes_byte_for_byte_with_its_version(doctor: TestClient) -> None:
    answer = doctor.get("/fhir/Observation/o")
    assert answer.text == SECOND
    assert answer.headers["etag"] == 'W/"2"'
    assert answer.headers["last-modified"] == "Sat, 01 Feb 2020 00:00:00 GMT"
    assert answer.headers["content-type"] == "application/fhir+json"
    again = doctor.get("/fhir/Observation/o", headers={"if-none-match": 'W/"2"'})
    assert (again.status_code, again.text) == (304, "")
    assert doctor.get("/fhir/Observation/o", headers={"if-none-match": 'W/"1"'}).status_code == 200


def test_versions_are_read_and_listed(doctor: TestClient) -> None:
    assert doctor.get("/fhir/Observation/o/_history/1").text == FIRST
    assert doctor.get("/fhir/Observation/o/_history/2").text == SECOND
    assert doctor.get("/fhir/Observation/o/_history/3").status_code == 404
    history = valid(doctor.get("/fhir/Observation/o/_history").json())
    assert [one["response"]["etag"] for one in history["entry"]] == ['W/"2"', 'W/"1"']
    assert [one["request"]["method"] for one in history["entry"]] == ["PUT", "POST"]
    since = doctor.get("/fhir/Observation/o/_history?_since=2020-01-15T00:00:00Z").json()
    assert [one["response"]["etag"] for one in since["entry"]] == ['W/"2"']
    page = doctor.get("/fhir/Observation/o/_history?_count=1").json()
    url = next(one["url"] for one in page["link"] if one["relation"] == "next").partition("8000")[2]
    assert doctor.get(url).json()["entry"][0]["response"]["etag"] == 'W/"1"'
    every = [one for one in doctor.get("/fhir/Observation/_history").json()["entry"] if one["resource"]["id"] == "o"]
    assert len(every) == 2
    found = doctor.get("/fhir/Observation?status=preliminary&patient=p").json()
    assert found["total"] == 0  # what a version was is not found once it is another


def test_last_updated_is_what_the_resource_says_else_when_it_came(doctor: TestClient) -> None:
    assert doctor.get("/fhir/Observation?_id=o&_lastUpdated=2020-02").json()["total"] == 1
    assert doctor.get("/fhir/Observation?_id=o&_lastUpdated=gt2020-03").json()["total"] == 0
    today = to_datetime(now_ms()).date().isoformat()
    assert doctor.get(f"/fhir/Patient?_id=p&_lastUpdated={today}").json()["total"] == 1


def test_an_id_of_several_sources_is_not_guessed(there: Served, doctor: TestClient) -> None:
    answer = doctor.get("/fhir/Condition/c")
    assert answer.status_code == 409
    both = doctor.get("/fhir/Condition?_id=c").json()["entry"]
    assert sorted(one["resource"]["code"]["text"] for one in both) == ["north", "south"]
    assert len({one["fullUrl"] for one in both}) == 2
    assert doctor.get("/fhir/Patient/7/$everything").status_code == 409
    north = there.client("clinician", scopes=["patient/*.rs"], patient="https://north.example/fhir/Patient/7")
    assert north.get("/fhir/Condition/c").json()["code"]["text"] == "north"
    assert north.get("/fhir/Condition?patient=7").json()["total"] == 1


def test_linked_ids_are_one_person(tmp_path: Path) -> None:
    with Record.open(tmp_path / "r.db") as record:
        for name in ("a1", "a2"):
            path = tmp_path / f"{name}.json"
            path.write_text(FIRST.replace("Patient/p", f"Patient/{name}").replace('"id":"o"', f'"id":"o-{name}"'))
            record.ingest(path)
        record.link("a2", "a1", "same card")
    with serving(tmp_path / "r.db") as served:
        client = served.client("clinician")
        for name in ("a1", "a2"):
            found = client.get(f"/fhir/Observation?patient={name}&_sort=_id").json()["entry"]
            assert [one["resource"]["id"] for one in found] == ["o-a1", "o-a2"]


def test_what_is_not_there_or_not_spoken(doctor: TestClient) -> None:
    for path, status in (
        ("Observation/nothing", 404), ("Colour", 404), ("Colour/1", 404), ("observation", 404),
        ("Observation/../x", 404), ("Patient?_format=xml", 406), ("Patient?_format=json", 200), ("", 400),
        ("?name=x", 400),
    ):  # fmt: skip
        answer = doctor.get(f"/fhir/{path}" if path and path[0] != "?" else f"/fhir{path}")
        assert answer.status_code == status, path
        valid(answer.json())
    assert doctor.get("/fhir/Patient", headers={"accept": "application/fhir+xml"}).status_code == 406
    assert doctor.get("/fhir/Patient", headers={"accept": "application/fhir+json; fhirVersion=4.0"}).status_code == 200


def test_what_twins_learned_is_there_as_resources(doctor: TestClient) -> None:
    (found,) = doctor.get("/fhir/Observation?patient=p&code=urn:vitruvian:twin-state|model_x").json()["entry"]
    state = valid(found["resource"])
    parts = {one["code"]["text"]: one for one in state["component"]}
    assert parts["weight"]["valueQuantity"]["value"] == 0.7  # the newest
    assert parts["etas"]["valueString"] == "CL, V"
    assert parts["inner.converged"]["valueBoolean"] is True
    assert "bad" not in parts
    assert state["effectiveDateTime"] == "1970-01-01T00:00:01.000+00:00"
    device = valid(doctor.get(f"/fhir/{state['device']['reference']}").json())
    assert (device["modelNumber"], device["version"][0]["value"]) == ("model_x", "1.2")
    more = doctor.get(
        f"/fhir/Observation?_id={state['id']}&_revinclude=Provenance:target&_include=Observation:device"
    ).json()
    kinds = {one["resource"]["resourceType"]: valid(one["resource"]) for one in more["entry"]}
    assert kinds["Provenance"]["agent"][0]["who"]["reference"] == f"Device/{device['id']}"
    assert doctor.get(f"/fhir/Provenance/{kinds['Provenance']['id']}").json() == kinds["Provenance"]
    assert doctor.get(f"/fhir/Observation/{state['id']}").json() == state


def test_derived_facts_and_people_without_a_patient_resource(doctor: TestClient) -> None:
    (found,) = doctor.get("/fhir/Observation?_tag=urn:vitruvian:basis|derived&value-quantity=3||mg").json()["entry"]
    assert valid(found["resource"])["subject"] == {"reference": "Patient/p"}
    assert doctor.get(f"/fhir/Observation/{found['resource']['id']}").json() == found["resource"]
    lone = doctor.get("/fhir/Patient/lone")
    assert valid(lone.json())["meta"]["tag"][0]["code"] == "derived"
    assert doctor.get("/fhir/Observation?patient=lone").json()["total"] == 1
    assert [one["resource"]["id"] for one in doctor.get("/fhir/Patient?_sort=_id").json()["entry"]] == [
        "7",
        "7",
        "lone",
        "p",
    ]


def test_states_are_seen_by_who_sees_everything(there: Served) -> None:
    researcher = there.client("researcher")  # no consent to research: nobody is seen
    assert researcher.get("/fhir/Observation").json()["total"] == 0
    assert researcher.get("/fhir/Device").json()["total"] == 0


def test_an_answer_on_dosing_is_a_draft_with_its_risks_and_warnings() -> None:
    found = resources(answered())
    by_kind: dict[str, list[Json]] = {}
    for _, one in found:
        by_kind.setdefault(valid(one)["resourceType"], []).append(one)
    (order,) = by_kind["MedicationRequest"]
    assert (order["status"], order["intent"]) == ("draft", "proposal")
    assert order["medicationCodeableConcept"]["coding"][0]["code"] == "1364430"
    (dosage,) = order["dosageInstruction"]
    assert dosage["doseAndRate"][0]["doseQuantity"]["value"] == 2.5
    assert dosage["timing"]["repeat"] == {"frequency": 1, "period": 12.0, "periodUnit": "h"}
    risk = by_kind["RiskAssessment"][0]["prediction"]
    assert [one["probabilityDecimal"] for one in risk] == [92.5, 4.25]  # percent
    assert "from 41 to 230 ng/mL" in risk[0]["outcome"]["text"]
    assert [one["severity"] for one in by_kind["DetectedIssue"]] == ["moderate", "low"]
    (provenance,) = by_kind["Provenance"]
    assert {one["reference"] for one in provenance["target"]} == {url for url, one in found[1:-1]}
    assert [one["what"]["identifier"]["value"] for one in provenance["entity"]] == ["f1"]
    assert resources(answered()) == found


def test_a_first_dose_and_an_infusion_are_said() -> None:
    order = next(one for _, one in resources(answered(recommended=1)) if one["resourceType"] == "MedicationRequest")
    first, rest = valid(order)["dosageInstruction"]
    assert first["doseAndRate"][0]["doseQuantity"]["value"] == 5.0
    assert first["timing"]["repeat"] == {"count": 1, "duration": 1.0, "durationUnit": "h"}
    assert (rest["sequence"], rest["timing"]["repeat"]["duration"]) == (2, 1.0)


def test_an_answer_is_of_the_moment_of_its_data_and_an_order_starts_when_the_next_dose_is_due() -> None:
    asked = "2025-05-14T09:00:00+02:00"
    options = [one | {"first_h": 3.0} for one in answered().told.data["options"]]
    goal = answered().told.data["goal"] | {"harms": ("trough above 230 ng/mL",)}
    found = {valid(one)["resourceType"]: one
             for _, one in resources(answered(as_of=asked, options=options, goal=goal, recommended=1))}  # fmt: skip
    said, order = found["Observation"], found["MedicationRequest"]
    assert (said["effectiveDateTime"], said["issued"]) == (asked, "2026-01-01T00:00:00.000+00:00")
    starts = [one["timing"]["repeat"]["boundsPeriod"]["start"] for one in order["dosageInstruction"]]
    assert starts == ["2025-05-14T12:00:00+02:00", "2025-05-15T00:00:00+02:00"]
    harm = found["RiskAssessment"]["prediction"][1]["outcome"]["text"]
    assert harm == "harm: trough above 230 ng/mL"
    heart = Told("heart", "beat", "Now.", data={"at": "2025-09-15 09:40"})
    (beat,) = (one for _, one in resources(Answered(heart, "Patient/p")) if one["resourceType"] == "Observation")
    assert valid(beat)["effectiveDateTime"] == "2025-09-15"


def test_a_refusal_drafts_nothing() -> None:
    told = Told("dose", "recommend", "No.", refused=True, messages=(Message("refusal", "x", "Allergy."),),
                data={"drug": "apixaban", "recommended": None, "standard": None, "options": []})  # fmt: skip
    kinds = [valid(one)["resourceType"] for _, one in resources(Answered(told, "Patient/p"))]
    assert kinds == ["Device", "Observation", "DetectedIssue", "Provenance"]


def test_the_twin_operation_says_what_it_needs(doctor: TestClient) -> None:
    assert doctor.get("/fhir/Patient/p/$twin").status_code == 400
    assert doctor.get("/fhir/Patient/p/$twin?twin=none&question=x").status_code == 404
    assert doctor.get("/fhir/Patient/nobody/$twin?twin=dose&question=recommend").status_code == 404


@pytest.mark.slow
def test_a_real_answer_is_valid(own_served: Served) -> None:
    answer = own_served.client("clinician").get("/fhir/Patient/sample-a/$twin?twin=dose&question=recommend").json()
    kinds = {one["resource"]["resourceType"] for one in valid(answer)["entry"]}
    assert {"MedicationRequest", "RiskAssessment", "DetectedIssue", "Observation", "Provenance", "Device"} <= kinds
