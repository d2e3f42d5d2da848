"""GET entries of Bundles: answered as alone, under the same rights; of a transaction after what it writes."""

from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient
from served import Served

from vitruvian.record import give_consent

Json = dict[str, Any]
WEIGHT = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
    "subject": {"reference": "Patient/sample-a"},
    "effectiveDateTime": "2031-03-05",
    "valueQuantity": {"value": 71, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"},
}
TODAY = "Observation?patient=sample-a&date=2031-03-05"


def bundle(kind: str, *urls: str, write: bool = False, **more: str) -> Json:
    entries: list[Json] = [{"request": {"method": "GET", "url": one} | more} for one in urls]
    if write:
        entries.append({"resource": WEIGHT, "request": {"method": "POST", "url": "Observation"}})
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def entries(client: TestClient, sent: Json) -> list[Json]:
    answer = client.post("/fhir", json=sent)
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["entry"]
    return found


def test_each_entry_is_answered_as_alone(served: Served) -> None:
    client = served.client("clinician")
    urls = ("Patient/sample-a", "Observation?patient=sample-a&_count=2", "/Patient/sample-a/_history",
            "Condition/_history?_count=1", "Patient/sample-a/$everything?_count=3")  # fmt: skip
    for url, one in zip(urls, entries(client, bundle("batch", *urls)), strict=True):
        alone = client.get("/fhir/" + url.lstrip("/")).json()
        got = one["resource"]
        for each in (alone, got):  # links to further pages are sealed anew each time
            each.pop("link", None)
        assert (one["response"]["status"], got) == ("200 OK", alone)
    tag = client.get("/fhir/Patient/sample-a").headers["etag"]
    (same,) = entries(client, bundle("batch", "Patient/sample-a", ifNoneMatch=tag))
    assert same["response"]["status"].startswith("304")
    assert "resource" not in same


def test_what_fails_says_so_in_its_place(served: Served) -> None:
    urls = ("Patient/nobody", "Quark", "Observation?date=soon", "Patient/sample-a/$twin", "Patient/sample-a")
    found = entries(served.client("clinician"), bundle("batch", *urls))
    assert [one["response"]["status"] for one in found] == ["404", "404", "400", "404", "200 OK"]
    assert found[0]["response"]["outcome"]["resourceType"] == "OperationOutcome"
    many = served.client("clinician").post("/fhir", json=bundle("batch", *(["Patient"] * 101)))
    assert many.status_code == 422


def test_a_transaction_reads_what_it_wrote_or_writes_nothing(own_served: Served) -> None:
    client = own_served.client("clinician")
    assert client.post("/fhir", json=bundle("transaction", "Patient/nobody", write=True)).status_code == 404
    assert client.get(f"/fhir/{TODAY}").json()["total"] == 0
    read, made = entries(client, bundle("transaction", TODAY, write=True))
    assert made["response"]["status"] == "201 Created"
    assert [one["resource"]["valueQuantity"]["value"] for one in read["resource"]["entry"]] == [71]


def test_rights_are_those_of_each_entry(own_served: Served) -> None:
    """A patient reads in a batch but writes nothing; a loader of data writes but reads nothing."""
    patient, loader = own_served.client("patient"), own_served.client("data_loader")
    seen, hidden, refused = entries(patient, bundle("batch", "Patient/sample-a", "Patient/sample-b", write=True))
    absent = patient.get("/fhir/Patient/nobody").json()
    assert seen["resource"]["id"] == "sample-a"
    assert (hidden["response"]["status"], hidden["response"]["outcome"]) == ("404", absent)
    assert refused["response"]["status"] == "403"
    read, made = entries(loader, bundle("batch", "Patient/sample-a", write=True))
    assert (read["response"]["status"], made["response"]["status"]) == ("403", "201 Created")
    assert patient.post("/fhir", json=bundle("transaction", "Patient/sample-a", write=True)).status_code == 403
    narrow = own_served.client("clinician", scopes=["user/Patient.r"])
    found = entries(narrow, bundle("batch", "Patient/sample-a", "Patient?name=x", "Observation/x", write=True))
    assert [one["response"]["status"] for one in found] == ["200 OK", "403", "403", "403"]


def test_what_is_forbidden_is_not_in_a_bundle(own_served: Served) -> None:
    give_consent(own_served.server.record, "sample-b", "deny", "treatment")
    urls = ("Patient?_id=sample-b", "Patient?_has:Observation:patient:status=final&_id=sample-b",
            "Observation?patient.name=b&patient=sample-b", "Observation?patient=sample-b&_summary=count")  # fmt: skip
    found = entries(own_served.client("clinician"), bundle("batch", *urls, "Patient/sample-b"))
    assert [one["resource"]["total"] for one in found[:-1]] == [0] * len(urls)
    assert found[-1]["response"]["status"] == "404"
