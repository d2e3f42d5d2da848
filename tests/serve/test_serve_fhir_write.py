"""Creating, updating, patching and checking resources over HTTP: what is stored, what is refused, and by whom."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from served import Served

from vitruvian.core import Actor
from vitruvian.record import Record, give_consent
from vitruvian.serve.fhir.patch import TestFailed, patched
from vitruvian.serve.fhir.validate import issues_of

Json = dict[str, Any]
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"
FHIR = {"content-type": "application/fhir+json"}


def potassium(value: float = 4.1, **more: Any) -> Json:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "2823-3"}]},
        "subject": {"reference": "Patient/sample-a"},
        "effectiveDateTime": "2025-03-05T07:00:00+01:00",
        "valueQuantity": {"value": value, "unit": "mmol/L", "system": UCUM, "code": "mmol/L"},
    } | more


def named(value: str) -> Json:
    return {"identifier": [{"system": "urn:test", "value": value}]}


def potassiums(record: Record, name: str = "sample-a") -> list[float | None]:
    return [one.value for one in record.patient(name).facts(code="2823-3")]


def kept(record: Record) -> tuple[int, ...]:
    """What the record and its quarantine hold."""
    return (len(record.quarantined()), *(len(record.patient(one).facts(void=True)) for one in record.people()))


def outcome(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/fhir+json"
    found = answer.json()
    assert found["resourceType"] == "OperationOutcome"
    return " ".join(one["diagnostics"] for one in found["issue"])


# -- create ----------------------------------------------------------------------------------------------------------


def test_a_created_resource_is_a_fact_with_its_decimals(own_served: Served) -> None:
    body = json.dumps(potassium()).replace("4.1", "4.10").encode()
    answer = own_served.client("clinician").post("/fhir/Observation", content=body, headers=FHIR)
    assert answer.status_code == 201, answer.text
    found = answer.json()
    assert answer.headers["location"].endswith(f"/fhir/Observation/{found['id']}/_history/1")
    assert answer.headers["etag"] == 'W/"1"'
    assert b'"value":4.10' in answer.content
    patient = own_served.server.record.patient("sample-a")
    fact = patient.latest("2823-3")
    assert fact is not None
    assert fact.value == 4.1
    assert patient.resource(fact)["id"] == found["id"]
    newest = own_served.server.record.audit_log("sample-a")
    assert "ingest" in {one.action for one in newest}


def test_an_id_of_the_sender_is_not_taken(own_served: Served) -> None:
    answer = own_served.client("clinician").post("/fhir/Observation", json=potassium(id="mine"))
    assert answer.json()["id"] != "mine"


def test_prefer_says_how_much_is_told(own_served: Served) -> None:
    client = own_served.client("clinician")
    minimal = client.post("/fhir/Observation", json=potassium(), headers={"prefer": "return=minimal"})
    assert (minimal.status_code, minimal.content) == (201, b"")
    told = client.post("/fhir/Observation", json=potassium(), headers={"prefer": "return=OperationOutcome"})
    assert told.json()["resourceType"] == "OperationOutcome"


def test_a_new_patient_and_their_first_fact(own_served: Served) -> None:
    client = own_served.client("clinician")
    patient = {"resourceType": "Patient", "gender": "female", "birthDate": "1963-05-01"} | named("77")
    name = client.post("/fhir/Patient", json=patient).json()["id"]
    told = potassium(subject={"reference": f"Patient/{name}"})
    assert client.post("/fhir/Observation", json=told).status_code == 201
    assert potassiums(own_served.server.record, name) == [4.1]


def test_if_none_exist(own_served: Served) -> None:
    client = own_served.client("clinician")
    asks = {"if-none-exist": "identifier=urn:test|1"}
    first = client.post("/fhir/Observation", json=potassium(**named("1")), headers=asks)
    again = client.post("/fhir/Observation", json=potassium(5.0, **named("1")), headers=asks)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["id"] == first.json()["id"]
    assert client.post("/fhir/Observation", json=potassium(**named("1"))).status_code == 201
    outcome(client.post("/fhir/Observation", json=potassium(), headers=asks), 412)
    outcome(client.post("/fhir/Observation", json=potassium(), headers={"if-none-exist": "colour=red"}), 400)
    assert potassiums(own_served.server.record) == [4.1, 4.1]


def test_conditional_creates_at_once_make_one(own_served: Served) -> None:
    client = own_served.client("clinician")
    asks = {"if-none-exist": "identifier=urn:test|9"}

    def create(_: int) -> int:
        return client.post("/fhir/Observation", json=potassium(**named("9")), headers=asks).status_code

    with ThreadPoolExecutor(4) as pool:
        found = sorted(pool.map(create, range(4)))
    assert found == [200, 200, 200, 201]
    assert potassiums(own_served.server.record) == [4.1]


# -- what is refused leaves nothing ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"{", 400, "not JSON"),
        (b"[]", 400, "not a JSON object"),
        (b"\xff", 400, "UTF-8"),
        (b'{"resourceType":"Observation","status":"final","status":"final"}', 400, "given twice: got status"[:11]),
        (b'{"resourceType":"Observation","status":NaN}', 400, "not a number"),
        (b"[" * 100_000, 400, "nested too deeply"),
        (b'{"a":' * 60 + b"1" + b"}" * 60, 400, "nested too deeply"),
        (json.dumps(potassium(status="done")).encode(), 400, "status: must be one of"),
        (json.dumps(potassium(colour="red")).encode(), 400, "colour: Observation has no such element"),
        (json.dumps(potassium(code=[])).encode(), 400, "code: must not be a list"),
        (json.dumps(potassium(component=[{"valueString": "x"}])).encode(), 400, "component[0].code: is missing"),
        (json.dumps(potassium(valueString="x")).encode(), 400, "value[x]: only one may be given"),
        (json.dumps(potassium(effectiveDateTime="2025-13-01")).encode(), 400, "effectiveDateTime"),
        (json.dumps(potassium(note=[{"text": "a\x00b"}])).encode(), 400, "character"),
        (json.dumps(potassium(note=[{"text": "a\ud800b"}])).encode(), 400, "character"),
        (json.dumps(potassium() | {"resourceType": "Condition"}).encode(), 400, "must be Observation"),
        (json.dumps(potassium(subject={"reference": "Patient/nobody"})).encode(), 422, "not known"),
        (json.dumps(potassium(subject={"reference": "urn:uuid:1"})).encode(), 422, "nothing was stored"),
        (json.dumps({k: v for k, v in potassium().items() if k != "subject"}).encode(), 422, "whose it is"),
    ],
)
def test_a_wrong_body_is_refused_whole(
    client: Callable[..., TestClient], served: Served, body: bytes, status: int, says: str
) -> None:
    before = kept(served.server.record)
    answer = client("clinician").post("/fhir/Observation", content=body, headers=FHIR)
    assert says in outcome(answer, status)
    assert kept(served.server.record) == before


def test_what_is_not_kept_and_not_read(client: Callable[..., TestClient]) -> None:
    writer = client("clinician")
    outcome(writer.post("/fhir/Bundle", json={"resourceType": "Bundle", "type": "collection"}), 422)
    outcome(writer.post("/fhir/Quark", json={"resourceType": "Quark"}), 400)
    outcome(writer.post("/fhir/Observation", content=b"<a/>", headers={"content-type": "application/fhir+xml"}), 415)
    assert "entered-in-error" in outcome(writer.delete("/fhir/Observation/x"), 405)


# -- update and patch ------------------------------------------------------------------------------------------------


def created(client: TestClient, **more: Any) -> Json:
    found: Json = client.post("/fhir/Observation", json=potassium(**more)).json()
    return found


def test_an_update_is_a_new_version_and_the_old_one_stays(own_served: Served) -> None:
    client, record = own_served.client("clinician"), own_served.server.record
    first = created(client)
    changed = first | {"valueQuantity": first["valueQuantity"] | {"value": 4.4}}
    answer = client.put(f"/fhir/Observation/{first['id']}", json=changed, headers={"if-match": 'W/"1"'})
    assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"2"')
    assert potassiums(record) == [4.4]
    known = record.patient("sample-a").facts(code="2823-3", known_by=first["meta"]["lastUpdated"])
    assert [one.value for one in known] == [4.1]
    outcome(client.put(f"/fhir/Observation/{first['id']}", json=first, headers={"if-match": 'W/"1"'}), 412)
    same = client.put(f"/fhir/Observation/{first['id']}", json=changed)
    assert (same.status_code, same.headers["etag"]) == (200, 'W/"2"')
    wrong = client.put(f"/fhir/Observation/{first['id']}", json=changed | {"status": "entered-in-error"})
    assert wrong.headers["etag"] == 'W/"3"'
    assert potassiums(record) == []


def test_what_is_written_is_read_and_searched(own_served: Served) -> None:
    client = own_served.client("clinician")
    first = created(client)
    place = f"/fhir/Observation/{first['id']}"
    read = client.get(place)
    assert (read.json(), read.headers["etag"]) == (first, 'W/"1"')
    client.patch(place, json=[{"op": "replace", "path": "/status", "value": "amended"}])
    assert client.get(place).headers["etag"] == 'W/"2"'
    assert client.get(f"{place}/_history/1").json() == first
    assert client.get(f"{place}/_history").json()["total"] == 2
    found = client.get("/fhir/Observation?patient=sample-a&code=2823-3&status=amended").json()
    assert [one["resource"]["id"] for one in found["entry"]] == [first["id"]]


def test_an_update_of_what_came_in_a_file(own_served: Served) -> None:
    client, record = own_served.client("clinician"), own_served.server.record
    patient = record.patient("sample-a")
    fact = next(one for one in patient.facts("observation") if one.value is not None)
    name = patient.resource(fact)["id"]
    ops = [{"op": "replace", "path": "/status", "value": "entered-in-error"}]
    answer = client.patch(f"/fhir/Observation/{name}", json=ops)
    assert answer.status_code == 200, answer.text
    assert fact.id not in {one.id for one in record.patient("sample-a").facts("observation")}


def test_an_update_needs_a_resource_its_id_and_its_person(own_served: Served) -> None:
    client = own_served.client("clinician")
    outcome(client.put("/fhir/Observation/new", json=potassium(id="new")), 404)
    first = created(client)
    outcome(client.put(f"/fhir/Observation/{first['id']}", json=first | {"id": "other"}), 422)
    moved = first | {"subject": {"reference": "Patient/sample-b"}}
    assert "somebody else" in outcome(client.put(f"/fhir/Observation/{first['id']}", json=moved), 422)
    assert potassiums(own_served.server.record, "sample-b") == []


def test_updates_at_once_lose_none(own_served: Served) -> None:
    client = own_served.client("clinician")
    first = created(client)

    def change(k: int) -> int:
        body = first | {"valueQuantity": first["valueQuantity"] | {"value": 5 + k / 10}}
        answer = client.put(f"/fhir/Observation/{first['id']}", json=body, headers={"if-match": 'W/"1"'})
        return answer.status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(change, range(4))) == [200, 412, 412, 412]


def test_conditional_update(own_served: Served) -> None:
    client = own_served.client("clinician")
    url = "/fhir/Observation?identifier=urn:test|5"
    first = client.put(url, json=potassium(**named("5")))
    again = client.put(url, json=potassium(4.9, **named("5")))
    assert (first.status_code, again.status_code, again.headers["etag"]) == (201, 200, 'W/"2"')
    ops = [{"op": "replace", "path": "/valueQuantity/value", "value": 5.5}]
    assert client.patch(url, json=ops).headers["etag"] == 'W/"3"'
    assert potassiums(own_served.server.record) == [5.5]


def test_patch_is_all_or_nothing(own_served: Served) -> None:
    client = own_served.client("clinician")
    name = created(client)["id"]
    before = client.get(f"/fhir/Observation/{name}").content
    ops = [
        {"op": "test", "path": "/status", "value": "amended"},
        {"op": "replace", "path": "/status", "value": "final"},
    ]
    outcome(client.patch(f"/fhir/Observation/{name}", json=ops), 422)
    outcome(client.patch(f"/fhir/Observation/{name}", json=[{"op": "remove", "path": "/code"}]), 400)
    outcome(client.patch(f"/fhir/Observation/{name}", json=[{"op": "replace", "path": "/id", "value": "x"}]), 422)
    outcome(client.patch("/fhir/Observation/none", json=ops), 404)
    assert client.get(f"/fhir/Observation/{name}").content == before


@pytest.mark.parametrize(
    ("document", "operations", "wanted"),
    [  # RFC 6902, appendix A
        ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux"}], {"baz": "qux", "foo": "bar"}),
        ({"foo": ["a", "b"]}, [{"op": "add", "path": "/foo/1", "value": "q"}], {"foo": ["a", "q", "b"]}),
        ({"baz": 1, "foo": 2}, [{"op": "remove", "path": "/baz"}], {"foo": 2}),
        ({"foo": ["a", "q", "b"]}, [{"op": "remove", "path": "/foo/1"}], {"foo": ["a", "b"]}),
        ({"baz": 1}, [{"op": "replace", "path": "/baz", "value": 2}], {"baz": 2}),
        (
            {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
            [{"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}],
            {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
        ),
        (
            {"foo": ["all", "grass", "cows", "eat"]},
            [{"op": "move", "from": "/foo/1", "path": "/foo/3"}],
            {"foo": ["all", "cows", "eat", "grass"]},
        ),
        ({"baz": "qux"}, [{"op": "test", "path": "/baz", "value": "qux"}], {"baz": "qux"}),
        ({"foo": "bar"}, [{"op": "add", "path": "/child", "value": {"a": {}}}], {"foo": "bar", "child": {"a": {}}}),
        ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "q", "xyz": 1}], {"foo": "bar", "baz": "q"}),
        ({"/": 9, "~1": 10}, [{"op": "test", "path": "/~01", "value": 10}], {"/": 9, "~1": 10}),
        ({"foo": ["bar"]}, [{"op": "add", "path": "/foo/-", "value": ["a"]}], {"foo": ["bar", ["a"]]}),
        ({"foo": None}, [{"op": "copy", "from": "/foo", "path": "/bar"}], {"foo": None, "bar": None}),
    ],
)
def test_json_patch(document: Any, operations: Any, wanted: Any) -> None:
    kept_as_is = json.dumps(document)
    assert patched(document, operations) == wanted
    assert json.dumps(document) == kept_as_is


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add", "path": "/baz/bat", "value": "q"},
        {"op": "test", "path": "/foo", "value": 1},
        {"op": "test", "path": "/yes", "value": 1},
        {"op": "remove", "path": "/nope"},
        {"op": "replace", "path": "/list/2", "value": 1},
        {"op": "add", "path": "/list/01", "value": 1},
        {"op": "add", "path": "list", "value": 1},
        {"op": "add", "path": "/x~2", "value": 1},
        {"op": "add", "path": "/x"},
        {"op": "move", "from": "/list", "path": "/list/0"},
        {"op": "spin", "path": "/x"},
    ],
)
def test_a_patch_that_does_not_fit(operation: Json) -> None:
    from vitruvian.core import DataError

    with pytest.raises(TestFailed if operation["op"] == "test" else DataError):
        patched({"foo": "bar", "yes": True, "list": [1, 2]}, [operation])


# -- rights ----------------------------------------------------------------------------------------------------------


def test_who_may_write(own_served: Served) -> None:
    for role in ("patient", "researcher", "auditor", "payer"):
        outcome(own_served.client(role).post("/fhir/Observation", json=potassium()), 403)
    outcome(own_served.anybody.post("/fhir/Observation", json=potassium()), 401)
    reader = own_served.client("clinician", scopes=["user/*.rs"])
    outcome(reader.post("/fhir/Observation", json=potassium()), 403)
    narrow = own_served.client("clinician", scopes=["user/Condition.cud"])
    outcome(narrow.post("/fhir/Observation", json=potassium()), 403)
    assert own_served.client("data_loader").post("/fhir/Observation", json=potassium()).status_code == 201


def test_a_token_of_one_patient_writes_for_that_one(own_served: Served) -> None:
    client = own_served.client("clinician", scopes=["patient/*.cruds"], patient="sample-a")
    assert client.post("/fhir/Observation", json=potassium()).status_code == 201
    other = client.post("/fhir/Observation", json=potassium(subject={"reference": "Patient/sample-b"}))
    nobody = client.post("/fhir/Observation", json=potassium(subject={"reference": "Patient/sample-z"}))
    assert outcome(other, 422).replace("sample-b", "") == outcome(nobody, 422).replace("sample-z", "")
    both = potassium(performer=[{"reference": "Patient/sample-b"}])
    outcome(client.post("/fhir/Observation", json=both), 422)
    outcome(client.post("/fhir/Patient", json={"resourceType": "Patient"}), 403)
    outcome(client.post("/fhir/Organization", json={"resourceType": "Organization", "name": "x"}), 403)


def test_whom_one_may_not_see_one_cannot_write_about(own_served: Served) -> None:
    client, record = own_served.client("clinician"), own_served.server.record
    first = created(client)
    give_consent(record, "sample-a", "deny", "treatment")
    outcome(client.post("/fhir/Observation", json=potassium()), 422)
    outcome(client.put(f"/fhir/Observation/{first['id']}", json=first), 404)


def test_a_consent_needs_the_right_to_give_one(own_served: Served) -> None:
    consent = {
        "resourceType": "Consent",
        "status": "active",
        "scope": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]
        },
        "category": [{"coding": [{"system": LOINC, "code": "59284-0"}]}],
        "patient": {"reference": "Patient/sample-a"},
        "policyRule": {"coding": [{"code": "OPTIN"}]},
        "provision": {"type": "deny"},
    }
    outcome(own_served.client("data_loader").post("/fhir/Consent", json=consent), 403)
    assert own_served.client("clinician").post("/fhir/Consent", json=consent).status_code == 201
    doctor = replace(own_served.server.record, actor=Actor("d", frozenset({"clinician"}), "treatment"))
    assert "sample-a" not in doctor.people()


# -- checking --------------------------------------------------------------------------------------------------------


def test_validate(client: Callable[..., TestClient]) -> None:
    reader = client("researcher")
    good = reader.post("/fhir/Observation/$validate", json=potassium())
    assert good.json()["issue"][0]["severity"] == "information"
    wrapped = {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": potassium(status="x")}]}
    bad = reader.post("/fhir/Observation/$validate", json=wrapped)
    assert bad.json()["issue"][0]["expression"] == ["Observation.status"]


def test_primitives_are_not_taken_for_each_other() -> None:
    """The library alone would take "3.5" for 3.5 and "true" for true."""
    for quantity in ({"value": "3.5"}, {"value": True}, {"value": [3.5]}):
        (found,) = issues_of(potassium(valueQuantity=quantity))
        assert found.place == "valueQuantity.value"
    person = {"resourceType": "Patient", "active": "true"}
    assert [one.place for one in issues_of(person)] == ["active"]
    absent = {"resourceType": "Patient", "name": [{"given": ["A", None], "_given": [None, {"id": "x"}]}]}
    assert issues_of(absent) == ()
    contained = {"resourceType": "Patient", "contained": [{"resourceType": "Patient", "gender": "x"}]}
    assert [one.place for one in issues_of(contained)] == ["contained[0].gender"]


@pytest.mark.parametrize(
    ("system", "code", "known"),
    [
        (LOINC, "2823-3", True),
        (LOINC, "0000-0", False),
        ("http://www.whocc.no/atc", "B01AA03", True),
        (UCUM, "mmol/L", True),
        (UCUM, "spoons", False),
    ],
)
def test_validate_code(client: Callable[..., TestClient], system: str, code: str, known: bool) -> None:
    reader = client("clinician")
    found = reader.get("/fhir/CodeSystem/$validate-code", params={"url": system, "code": code}).json()
    assert found["parameter"][0] == {"name": "result", "valueBoolean": known}
    asked = {
        "resourceType": "Parameters",
        "parameter": [{"name": "coding", "valueCoding": {"system": system, "code": code}}],
    }
    assert reader.post("/fhir/ValueSet/$validate-code", json=asked).json()["parameter"] == found["parameter"]


def test_validate_code_of_an_unused_system(client: Callable[..., TestClient]) -> None:
    outcome(client("clinician").get("/fhir/CodeSystem/$validate-code?system=urn:x&code=1"), 422)


# -- bundles ---------------------------------------------------------------------------------------------------------


def bundle(kind: str, *entries: tuple[str, str, Json | None], **more: Any) -> Json:
    found = []
    for k, (method, url, resource) in enumerate(entries):
        entry: Json = {"request": {"method": method, "url": url}} | more
        found.append(entry | ({"resource": resource, "fullUrl": f"urn:uuid:{k}"} if resource else {}))
    return {"resourceType": "Bundle", "type": kind, "entry": found}


def test_a_transaction_gives_ids_and_joins_what_belongs_together(own_served: Served) -> None:
    client = own_served.client("clinician")
    about = {"reference": "urn:uuid:0"}
    patient = {"resourceType": "Patient", "gender": "male", "birthDate": "1950-01-01"} | named("p1")
    condition = {"resourceType": "Condition", "subject": about, "code": {"text": "x"}}
    told = bundle("transaction", ("POST", "Patient", patient), ("POST", "Observation", potassium(subject=about)),
                  ("POST", "Condition", condition))  # fmt: skip
    answer = client.post("/fhir", json=told)
    assert answer.status_code == 200, answer.text
    places = [one["response"]["location"] for one in answer.json()["entry"]]
    assert [one.split("/")[0] for one in places] == ["Patient", "Observation", "Condition"]
    assert potassiums(own_served.server.record, places[0].split("/")[1]) == [4.1]


def test_a_transaction_is_all_or_nothing(own_served: Served) -> None:
    client, record = own_served.client("clinician"), own_served.server.record
    before = kept(record)
    bad = potassium(code=3)
    for wrong, status in ((bad, 400), (potassium(subject={"reference": "Patient/none"}), 422)):
        told = bundle("transaction", ("POST", "Observation", potassium()), ("POST", "Observation", wrong))
        outcome(client.post("/fhir", json=told), status)
    found = outcome(client.post("/fhir", json=bundle("transaction", ("POST", "Observation", bad))), 400)
    assert "entry[0].resource.code" in found
    deleting = bundle("transaction", ("POST", "Observation", potassium()), ("DELETE", "Observation/x", None))
    outcome(client.post("/fhir", json=deleting), 422)
    name = created(client)["id"]
    twice = potassium(id=name), potassium(5.0, id=name)
    told = bundle("transaction", *(("PUT", f"Observation/{name}", one) for one in twice))
    outcome(client.post("/fhir", json=told), 422)
    assert len(potassiums(record)) == 1
    assert sum(kept(record)) == sum(before) + 1


def test_a_transaction_with_conditions(own_served: Served) -> None:
    client = own_served.client("clinician")
    client.put("/fhir/Patient?identifier=urn:test|c1", json={"resourceType": "Patient"} | named("c1"))
    about = {"reference": "Patient?identifier=urn:test|c1"}
    told = bundle("transaction", ("PUT", "Observation?identifier=urn:test|o", potassium(subject=about, **named("o"))))
    first, again = (client.post("/fhir", json=told).json()["entry"][0]["response"] for _ in range(2))
    assert (first["status"], again["status"]) == ("201 Created", "200 OK")
    assert first["location"] == again["location"]
    patch = base64.b64encode(b'[{"op":"replace","path":"/status","value":"amended"}]').decode()
    binary = {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": patch}
    name = first["location"].split("/")[1]
    done = client.post("/fhir", json=bundle("transaction", ("PATCH", f"Observation/{name}", binary)))
    assert done.json()["entry"][0]["response"]["etag"] == 'W/"2"'


def test_a_batch_does_each_for_itself(own_served: Served) -> None:
    client = own_served.client("clinician")
    told = bundle("batch", ("POST", "Observation", potassium()), ("POST", "Observation", potassium(code=3)),
                  ("PUT", "Observation/none", potassium(id="none")))  # fmt: skip
    entries = client.post("/fhir", json=told).json()["entry"]
    assert [one["response"]["status"][:3] for one in entries] == ["201", "400", "404"]
    assert entries[1]["response"]["outcome"]["issue"][0]["expression"] == ["Bundle.entry[1].resource.code"]
    assert potassiums(own_served.server.record) == [4.1]
