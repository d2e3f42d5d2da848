"""The CapabilityStatement is true: what it says is done, and nothing is done that it does not say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from fhir.resources.R4B import get_fhir_model_class
from fhir_people import write_people
from matrix import ways_of
from served import Served, serving

from vitruvian.record import Record

Json = dict[str, Any]
STRICT = {"prefer": "handling=strict"}
VALUES = {"token": "x", "string": "x", "reference": "x", "date": "2020", "number": "1", "quantity": "1", "uri": "urn:x",
          "composite": "x$2020"}  # fmt: skip
"""A value for each kind of parameter."""
READ, WRITE = {"read", "vread", "history-instance", "history-type", "search-type"}, {"create", "update", "patch"}
SMALL: dict[str, Json] = {
    "Observation": {"status": "final", "code": {"text": "x"}, "subject": {"reference": "Patient/ada"}},
    "Questionnaire": {"status": "active"},
    "Flag": {"status": "active", "code": {"text": "falls"}, "subject": {"reference": "Patient/ada"}},
    "Group": {"type": "person", "actual": True, "member": [{"entity": {"reference": "Patient/ada"}}]},
}
"""A resource of several kinds: of a person, of nobody, without parameters of its own, of several people."""
ROUTES = {
    "GET /fhir/metadata": "",
    "GET /fhir": "",  # further pages
    "POST /fhir": "transaction batch",
    "GET /fhir/{kind}": "search-type",
    "POST /fhir/{kind}/_search": "search-type",
    "GET /fhir/{kind}/{name}": "read",
    "GET /fhir/{kind}/_history": "history-type",
    "GET /fhir/{kind}/{name}/_history": "history-instance",
    "GET /fhir/{kind}/{name}/_history/{number}": "vread",
    "POST /fhir/{kind}": "create",
    "PUT /fhir/{kind}": "update",
    "PUT /fhir/{kind}/{name}": "update",
    "PATCH /fhir/{kind}": "patch",
    "PATCH /fhir/{kind}/{name}": "patch",
    "DELETE /fhir/{kind}": "",  # refused with its reason
    "DELETE /fhir/{kind}/{name}": "",
    "GET /fhir/Patient/{name}/$everything": "$everything",
    "POST /fhir/Patient/{name}/$everything": "$everything",
    "GET /fhir/Patient/{name}/$twin": "$twin",
    "POST /fhir/Patient/{name}/$twin-keep": "$twin-keep",
    "GET /fhir/OperationDefinition/Patient-twin": "read",
    "GET /fhir/OperationDefinition/Patient-twin-keep": "read",
    "POST /fhir/{kind}/$validate": "$validate",
    "POST /fhir/{kind}/{name}/$validate": "$validate",
    "GET /fhir/CodeSystem/$validate-code": "$validate-code",
    "POST /fhir/CodeSystem/$validate-code": "$validate-code",
    "GET /fhir/ValueSet/$validate-code": "$validate-code",
    "POST /fhir/ValueSet/$validate-code": "$validate-code",
    "GET /fhir/$export": "$export",
    "POST /fhir/$export": "$export",
    "GET /fhir/Patient/$export": "$export",
    "POST /fhir/Patient/$export": "$export",
    "GET /fhir/Group/{name}/$export": "$export",
    "POST /fhir/Group/{name}/$export": "$export",
    "GET /fhir/$export/{job}": "$export",
    "GET /fhir/$export/{job}/{kind}.ndjson": "$export",
    "DELETE /fhir/$export/{job}": "$export",
    "POST /fhir/Subscription": "create",
    "GET /fhir/Subscription": "search-type",
    "GET /fhir/Subscription/{name}": "read",
    "DELETE /fhir/Subscription/{name}": "delete",
    "GET /fhir/.well-known/smart-configuration": "",
    "GET /fhir/.well-known/openid-configuration": "",
}
"""Every route below /fhir, by hand, and what the statement says of it ("" for what no statement tells)."""


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("statement")
    with Record.open(folder / "r.db") as record:
        record.ingest(write_people(folder))
    with serving(folder / "r.db") as one:
        yield one


@pytest.fixture(scope="module")
def doctor(there: Served) -> TestClient:
    return there.client("clinician")


@pytest.fixture(scope="module")
def rest(there: Served) -> Json:
    statement = there.anybody.get("/fhir/metadata").json()
    get_fhir_model_class("CapabilityStatement").model_validate(statement)
    (found,) = statement["rest"]
    return dict(found)


def kinds(rest: Json) -> dict[str, Json]:
    return {one["type"]: one for one in rest["resource"] if one["type"] != "Subscription"}


def codes(one: Json) -> set[str]:
    return {each["code"] for each in one["interaction"]}


def operations(one: Json) -> set[str]:
    return {each["name"] for each in one.get("operation", ())}


def test_every_route_is_stated(there: Served, rest: Json) -> None:
    assert {str(one) for one in ways_of(there.app) if one.path.startswith("/fhir")} == set(ROUTES)
    stated = {code for one in (rest, *rest["resource"]) for code in codes(one)}
    stated |= {f"${name}" for one in (rest, *rest["resource"]) for name in operations(one)}
    assert stated == {code for told in ROUTES.values() for code in told.split()}
    for kind, one in kinds(rest).items():
        assert codes(one) == READ | WRITE, kind
        assert "validate" in operations(one)
    assert operations(kinds(rest)["Patient"]) == {"everything", "export", "twin", "twin-keep", "validate"}


def test_every_type_is_searched_by_each_parameter_as_stated(doctor: TestClient, rest: Json) -> None:
    for kind, one in kinds(rest).items():
        pairs = [(each["name"], VALUES[each["type"]]) for each in one.get("searchParam", ())]
        pairs += [(f"{each['name']}:missing", "true") for each in one.get("searchParam", ()) if each["name"][0] != "_"]
        pairs += [("_include", each) for each in one.get("searchInclude", ())]
        pairs += [("_revinclude", each) for each in one.get("searchRevInclude", ())]
        answer = doctor.get(f"/fhir/{kind}", params=pairs, headers=STRICT)
        assert answer.status_code == 200, (kind, answer.text)
    for kind in ("Patient", "Observation", "Condition"):  # they also find with it
        every = [("_include", each) for each in kinds(rest)[kind].get("searchInclude", ())]
        every += [("_revinclude", each) for each in kinds(rest)[kind]["searchRevInclude"]]
        assert len(doctor.get(f"/fhir/{kind}", params=every, headers=STRICT).json()["entry"]) > 3


@pytest.mark.parametrize("kind", SMALL)
def test_every_interaction_is_done(doctor: TestClient, rest: Json, kind: str) -> None:
    assert kind in kinds(rest)
    made = doctor.post(f"/fhir/{kind}", json={"resourceType": kind} | SMALL[kind])
    assert made.status_code == 201, made.text
    path = f"/fhir/{kind}/{made.json()['id']}"
    one = doctor.get(path)
    assert one.json() == made.json()
    assert doctor.get(path, headers={"if-none-match": one.headers["etag"]}).status_code == 304
    changed = doctor.put(path, json=one.json() | {"language": "de"}, headers={"if-match": one.headers["etag"]})
    assert (changed.status_code, changed.json()["language"]) == (200, "de")
    patch = [{"op": "replace", "path": "/language", "value": "fr"}]
    media = {"content-type": "application/json-patch+json"}
    assert doctor.request("PATCH", path, json=patch, headers=media).json()["language"] == "fr"
    versions = doctor.get(f"{path}/_history").json()
    assert [each["resource"].get("language") for each in versions["entry"]] == ["fr", "de", None]
    assert doctor.get("/fhir" + one.headers["content-location"].partition("/fhir")[2]).json() == made.json()
    assert doctor.get(f"/fhir/{kind}/_history?_count=3").json()["total"] >= 3
    found = doctor.get(f"/fhir/{kind}?_id={one.json()['id']}&_summary=count", headers=STRICT).json()
    assert (found["total"], [link["relation"] for link in found["link"]]) == (1, ["self"])
    checked = doctor.post(f"/fhir/{kind}/$validate", json=one.json()).json()
    assert checked["issue"][0]["severity"] == "information"
    get_fhir_model_class("Bundle").model_validate(versions)


def test_fhirpath_patch_is_refused_as_such(doctor: TestClient) -> None:
    body = {"resourceType": "Parameters", "parameter": [{"name": "operation"}]}
    answer = doctor.request("PATCH", "/fhir/Patient/ada", json=body, headers={"content-type": "application/fhir+json"})
    assert answer.status_code == 415
    assert "application/json-patch+json" in answer.json()["issue"][0]["diagnostics"]


def test_a_strict_asker_is_refused_what_a_lenient_one_is_told(doctor: TestClient) -> None:
    strict, lenient = STRICT, {"prefer": "handling=lenient"}
    for path in ("/fhir/Patient?colour=red", "/fhir/Patient?_sort=colour", "/fhir/Patient?_filter=x",
                 "/fhir/Patient/ada?colour=red", "/fhir/$export?colour=red"):  # fmt: skip
        asked = {"prefer": "respond-async, handling=strict"} if "export" in path else strict
        assert doctor.get(path, headers=asked).status_code == 400, path
        asked = {"prefer": "respond-async, handling=lenient"} if "export" in path else lenient
        answer = doctor.get(path, headers=asked)
        assert answer.status_code in (200, 202), path
        if "?" in path and "Patient?" in path:
            told = [one for one in answer.json()["entry"] if one["search"]["mode"] == "outcome"]
            assert len(told) == 1


def test_a_type_that_is_not_kept_is_refused(doctor: TestClient) -> None:
    for kind in ("Bundle", "Parameters", "OperationOutcome", "CapabilityStatement"):
        assert doctor.get(f"/fhir/{kind}").status_code == 404
        answer = doctor.post(f"/fhir/{kind}", json={"resourceType": kind, "type": "batch"})
        assert answer.status_code == 422
        assert answer.json()["resourceType"] == "OperationOutcome"
