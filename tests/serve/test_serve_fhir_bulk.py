"""Bulk export: begun, followed, fetched as NDJSON under the rights of the moment, let go of."""

from __future__ import annotations

import json
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from served import Served, wait_until

from vitruvian.record import give_consent

ASYNC = {"prefer": "respond-async"}


def exported(client: TestClient, url: str) -> tuple[str, dict[str, Any]]:
    """Path of the status, and the manifest."""
    begun = client.get(url, headers=ASYNC)
    assert begun.status_code == 202, begun.text
    path = begun.headers["content-location"].partition("/fhir")[2]

    def ready() -> Any:
        answer = client.get(f"/fhir{path}")
        assert answer.status_code != 202 or "of" in answer.headers["x-progress"]
        return answer if answer.status_code != 202 else None

    answer = wait_until(ready)
    assert answer.status_code == 200, answer.text
    return f"/fhir{path}", answer.json()


def lines(client: TestClient, manifest: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    (one,) = [one for one in manifest["output"] if one["type"] == kind]
    answer = client.get("/fhir" + one["url"].partition("/fhir")[2], headers={"accept": "application/fhir+ndjson"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/fhir+ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def test_everybody_is_exported_and_may_be_let_go(own_served: Served) -> None:
    client = own_served.client("clinician")
    path, manifest = exported(client, "/fhir/Patient/$export?_type=Patient,Condition")
    assert manifest["requiresAccessToken"]
    assert {one["type"] for one in manifest["output"]} == {"Patient", "Condition"}
    people = lines(client, manifest, "Patient")
    assert {one["id"] for one in people} >= {"sample-a", "sample-b", "sample-c", "sample-d"}
    conditions = lines(client, manifest, "Condition")
    counts = {one["type"]: one["count"] for one in manifest["output"]}
    assert (len(people), len(conditions)) == (counts["Patient"], counts["Condition"])
    assert len(conditions) >= 10
    assert client.delete(path).status_code == 202
    assert client.get(path).status_code == 404
    assert client.get(f"{path}/Patient.ndjson").status_code == 404


def test_the_members_of_a_group_are_exported(own_served: Served) -> None:
    """Those whom the caller may see, and who did not leave it; a group with somebody hidden does not exist."""
    client = own_served.client("clinician")
    members: list[dict[str, Any]] = [{"entity": {"reference": f"Patient/sample-{one}"}} for one in "abc"]
    members[2]["inactive"] = True
    group = {"resourceType": "Group", "type": "person", "actual": True, "member": members}
    url = f"/fhir/Group/{client.post('/fhir/Group', json=group).json()['id']}/$export?_type=Patient"
    path, manifest = exported(client, url)
    assert {one["id"] for one in lines(client, manifest, "Patient")} == {"sample-a", "sample-b"}
    assert manifest["request"].endswith(url)
    until = parsedate_to_datetime(client.get(path).headers["expires"])
    assert until > datetime.fromisoformat(manifest["transactionTime"])
    assert client.get("/fhir/Group/none/$export", headers=ASYNC).status_code == 404
    give_consent(own_served.server.record, "sample-b", "deny", "treatment")
    assert {one["id"] for one in lines(client, manifest, "Patient")} == {"sample-a"}
    assert client.get(url, headers=ASYNC).status_code == 404


def test_an_export_is_cancelled(own_served: Served) -> None:
    client = own_served.client("clinician")
    begun = client.get("/fhir/$export", headers=ASYNC)
    path = "/fhir" + begun.headers["content-location"].partition("/fhir")[2]
    assert client.delete(path).status_code == 202
    for one in (path, f"{path}/Patient.ndjson"):
        assert client.get(one).status_code == 404
    assert client.delete(path).status_code == 404


def test_a_consent_acts_on_an_export_that_is_ready(own_served: Served) -> None:
    client = own_served.client("clinician")
    path, manifest = exported(client, "/fhir/Patient/$export?_type=Condition")
    give_consent(own_served.server.record, "sample-a", "deny", "treatment")
    left = lines(client, manifest, "Condition")
    assert left
    assert not [one for one in left if "sample-a" in one["subject"]["reference"]]
    assert own_served.client("clinician", who="other").get(path).status_code == 404


def test_only_what_changed_since(own_served: Served) -> None:
    client = own_served.client("clinician")
    _, manifest = exported(client, "/fhir/$export?_type=Observation&_since=2999-01-01T00:00:00Z")
    assert manifest["output"] == []


def test_an_export_is_begun_with_parameters_in_the_body(own_served: Served) -> None:
    client = own_served.client("clinician")
    named = [{"name": "_type", "valueString": one} for one in ("Patient", "Condition")]
    asked = {"resourceType": "Parameters", "parameter": named}
    begun = client.post("/fhir/Patient/$export", json=asked, headers=ASYNC)
    assert begun.status_code == 202, begun.text
    path = "/fhir" + begun.headers["content-location"].partition("/fhir")[2]
    manifest = wait_until(lambda: one if (one := client.get(path)).status_code != 202 else None).json()
    assert {one["type"] for one in manifest["output"]} == {"Patient", "Condition"}
    assert client.post("/fhir/$export", json=asked).status_code == 400
    assert client.post("/fhir/$export", json={"resourceType": "Patient"}, headers=ASYNC).status_code == 400
    wrong = {"resourceType": "Parameters", "parameter": [{"name": "_type", "valueString": "Quark"}]}
    assert client.post("/fhir/$export", json=wrong, headers=ASYNC).status_code == 422


@pytest.mark.parametrize(
    ("url", "headers", "status"),
    [
        ("/fhir/$export", {}, 400),
        ("/fhir/$export?_type=Quark", ASYNC, 422),
        ("/fhir/$export?_outputFormat=csv", ASYNC, 422),
        ("/fhir/$export?_since=yesterday", ASYNC, 422),
        ("/fhir/$export/none", {}, 404),
    ],
)
def test_an_export_that_is_none(served: Served, url: str, headers: dict[str, str], status: int) -> None:
    answer = served.client("clinician").get(url, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_who_may_export(served: Served) -> None:
    assert served.client("payer").get("/fhir/$export", headers=ASYNC).status_code == 403
    narrow = served.client("clinician", scopes=["user/Patient.rs"])
    assert narrow.get("/fhir/$export?_type=Observation", headers=ASYNC).status_code == 422
    one = served.client("clinician", scopes=["patient/*.rs"], patient="sample-b")
    _, manifest = exported(one, "/fhir/Patient/$export?_type=Patient")
    assert [each["id"] for each in lines(one, manifest, "Patient")] == ["sample-b"]
