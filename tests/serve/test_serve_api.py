"""REST: pages of lists, narrowing, ETags, idempotency keys, problems that say what to do."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient
from served import Served, serving

from vitruvian.ingest import samples
from vitruvian.record import Record
from vitruvian.serve import limits

API = "/api/v1"
SAVED = {"title": "as it is", "twin": "dose", "question": "recommend", "values": {"drug": "vancomycin"}}
USUAL = {"title": "as it is", "twin": "glucose", "question": "usual_day", "values": {"days": 7}}
BUNDLE = samples()["sample-a"][0]


def pages(client: TestClient, path: str, **query: Any) -> Iterator[dict[str, Any]]:
    """All items of a list, page after page."""
    after = None
    while True:
        page = client.get(f"{API}{path}", params=query | ({"after": after} if after else {}))
        assert page.status_code == 200, page.text
        yield from page.json()["items"]
        after = page.json()["next"]
        if after is None:
            return


# -- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [9, 1000])
def test_pages_hold_everything_once_in_order(served: Served, limit: int) -> None:
    client, patient = served.client("clinician"), served.server.record.patient("sample-a")
    expected = [one.id for one in patient.facts()]
    got = [one["id"] for one in pages(client, "/patients/sample-a/facts", limit=limit)]
    assert sorted(got) == sorted(expected)
    assert len(set(got)) == len(got)
    starts = [one["start"] for one in pages(client, "/patients/sample-a/timeline", limit=limit)]
    assert len(starts) == len(patient.timeline())
    assert [one["id"] for one in pages(client, "/patients", limit=limit)] == sorted(samples())


def test_what_comes_between_two_pages_is_neither_lost_nor_sent_twice(own_served: Served, tmp_path: Path) -> None:
    client = own_served.client("owner")
    first = client.get(f"{API}/patients/sample-b/facts?limit=10").json()
    bundle = orjson.loads(samples()["sample-b"][0].read_bytes())
    entry = next(one for one in bundle["entry"] if one["resource"]["resourceType"] == "Observation")
    entry["fullUrl"], entry["resource"]["id"] = "urn:uuid:7e1c3a52-9b6d-4e0f-8a57-2f9f0b5d6c11", "another"
    entry["resource"]["subject"] = {"reference": "Patient/sample-b"}
    bundle["entry"] = [entry]
    file = tmp_path / "more.json"
    file.write_bytes(orjson.dumps(bundle))
    before = {one.id for one in own_served.server.record.patient("sample-b").facts()}
    assert own_served.server.record.ingest(file, patient="sample-b").stored == 1
    after = {one.id for one in own_served.server.record.patient("sample-b").facts()}
    assert len(after - before) == 1
    rest = list(pages(client, "/patients/sample-b/facts", limit=10, after=first["next"]))
    got = [one["id"] for one in (*first["items"], *rest)]
    assert len(set(got)) == len(got)
    assert set(got) >= before


@pytest.mark.parametrize(
    "wrong", ["x", "!!!!", base64.b64encode(b"[1,2,3]").decode(), base64.b64encode(b"{}").decode()]
)
def test_a_wrong_cursor_is_refused(served: Served, wrong: str) -> None:
    answer = served.client().get(f"{API}/patients/sample-a/facts", params={"after": wrong})
    assert answer.status_code == 422
    assert "cursor" in answer.json()["title"]


def test_a_cursor_of_another_question_is_refused(served: Served) -> None:
    client = served.client()
    after = client.get(f"{API}/patients/sample-a/facts?limit=1").json()["next"]
    answer = client.get(f"{API}/patients/sample-a/facts", params={"after": after, "kind": "observation"})
    assert answer.status_code == 422
    assert client.get(f"{API}/patients/sample-b/facts", params={"after": after}).status_code == 422


def test_facts_are_narrowed_by_kind_code_and_time(served: Served) -> None:
    client, patient = served.client("clinician"), served.server.record.patient("sample-a")
    asked = {"kind": "observation", "code": "creatinine", "since": "2025-09-01", "until": "2025-12-31"}
    got = list(pages(client, "/patients/sample-a/facts", **asked))
    expected = patient.facts(**asked)
    assert got
    assert [one["id"] for one in got] == [one.id for one in expected]
    assert [(one["value"], one["unit"]) for one in got] == [(one.value, one.unit) for one in expected]
    one = client.get(f"{API}/patients/sample-a/facts/{got[0]['id']}").json()
    assert one == got[0]
    source = client.get(f"{API}/patients/sample-a/facts/{got[0]['id']}/source").json()
    assert source == patient.resource(expected[0])
    assert client.get(f"{API}/patients/sample-a/facts/{'0' * 32}").status_code == 404
    assert client.get(f"{API}/patients/sample-a/facts?since=yesterday").status_code == 422


def test_identifiers_find_people(served: Served) -> None:
    client = served.client("clinician")
    assert [one["id"] for one in client.get(f"{API}/patients?identifier=H-A-0001").json()["items"]] == ["sample-a"]
    assert client.get(f"{API}/patients?identifier=H-A-9999").json() == {"items": [], "next": None}
    assert client.get(f"{API}/patients/H-A-0001").json()["id"] == "sample-a"


def test_measurements_and_days(served: Served) -> None:
    client, patient = served.client("clinician"), served.server.record.patient("sample-e")
    asked = {"since": "2026-01-01", "limit": 500}
    for name in ("glucose",):
        table = patient.observations(name, "2026-01-01")
        got = list(pages(client, f"/patients/sample-e/measurements/{name}", **asked))
        assert [one["value"] for one in got] == table["value"].to_list()
    for signal in client.get(f"{API}/patients/sample-e/signals").json():
        days = client.get(f"{API}/patients/sample-e/days/{signal}").json()
        assert [one["value"] for one in days] == patient.daily(signal)["value"].to_list()
        got = list(pages(client, f"/patients/sample-e/samples/{signal}", limit=997))
        assert len(got) == patient.samples(signal).height
    assert client.get(f"{API}/patients/sample-a/measurements/gluccose").status_code == 404


def test_an_etag_saves_sending_again(own_served: Served) -> None:
    client = own_served.client("clinician")
    first = client.get(f"{API}/patients/sample-a")
    tag = first.headers["etag"]
    assert "no-cache" in first.headers["cache-control"]
    for given in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = client.get(f"{API}/patients/sample-a", headers={"If-None-Match": given})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    assert client.get(f"{API}/patients/sample-a", headers={"If-None-Match": '"other"'}).status_code == 200
    person = own_served.client("patient")
    person.post(f"{API}/patients/sample-a/consents", json={"kind": "deny", "purpose": "treatment"})
    assert client.get(f"{API}/patients/sample-a", headers={"If-None-Match": tag}).status_code == 404


# -- making -----------------------------------------------------------------------------------------------------------


def test_the_same_key_makes_one_thing(own_served: Served) -> None:
    client, path = own_served.client("clinician"), f"{API}/patients/sample-a/scenarios"
    key = {"Idempotency-Key": "retry-0001"}
    made = [client.post(path, json=SAVED, headers=key).json()["id"] for _ in range(3)]
    assert len(set(made)) == 1
    assert len(client.get(path).json()) == 1
    other = client.post(path, json=SAVED | {"title": "other"}, headers=key)
    assert other.status_code == 422
    assert "new key" in other.json()["todo"]
    assert own_served.client("owner").post(path, json=SAVED, headers=key).json()["id"] not in made
    assert client.post(path, json=SAVED, headers={"Idempotency-Key": "short"}).status_code == 422
    wrong = client.post(path, json=SAVED | {"twin": "liver"}, headers={"Idempotency-Key": "retry-0002"})
    assert wrong.status_code == 422
    assert client.post(path, json=SAVED, headers={"Idempotency-Key": "retry-0002"}).status_code == 201
    quick = {"kind": "ask", "person": "sample-a", **SAVED, "values": {"drug": "water"}}  # there is no such drug
    jobs = [client.post(f"{API}/jobs", json=quick,
                        headers={"Idempotency-Key": "retry-0003"}).json()["job"]["id"] for _ in range(2)]  # fmt: skip
    assert jobs[0] == jobs[1]


def test_files_sent_twice_are_accounted_for_once(own_served: Served) -> None:
    client = own_served.client("owner")

    def send(**headers: str) -> Any:
        files = [("files", ("one.json", BUNDLE.read_bytes())), ("files", ("bad.csv", b"a,b\n1,2\n"))]
        answer = client.post(f"{API}/files", files=files, headers={k.replace("_", "-"): v for k, v in headers.items()})
        assert answer.status_code == 201
        return answer.json()

    first, again, other = send(idempotency_key="file-0001"), send(idempotency_key="file-0001"), send()
    assert first["quarantined"] == 1
    assert first == again
    assert first["records_in"] == first["stored"] + first["duplicate"] + first["quarantined"]
    assert (other["stored"], other["duplicate"]) == (0, first["records_in"] - 1)


def test_what_is_in_quarantine_is_told_and_tried_again(own_served: Served) -> None:
    client = own_served.client("owner")
    told = client.post(f"{API}/files", files={"files": ("his.csv", b"a,b\n1,2\n")}).json()
    assert (told["stored"], told["quarantined"]) == (0, 1)
    (waiting,) = client.get(f"{API}/quarantine").json()
    assert waiting["name"].endswith("his.csv")
    assert waiting["reason"]
    again = client.post(f"{API}/quarantine/replay", json={"ids": [waiting["id"]], "patient": "sample-b"}).json()
    assert (again["records_in"], again["quarantined"]) == (1, 1)
    assert client.post(f"{API}/quarantine/replay", json={"ids": ["nothing"]}).status_code == 404


@pytest.mark.parametrize("name", ["", "..", "a/../..", "x" * 300])
def test_a_file_cannot_choose_its_place(served: Served, name: str) -> None:
    answer = served.client().post(f"{API}/files", files={"files": (name, b"{}")})
    assert answer.status_code in (201, 422)
    if answer.status_code == 201:
        assert answer.json()["quarantined"] == 1
    assert list(Path(served.server.settings.record).parent.parent.glob("*.json")) == []


def test_a_token_of_one_patient_takes_no_files_in(served: Served) -> None:
    client = served.client("owner", scopes=["patient/*.cruds"], patient="sample-b")
    assert client.post(f"{API}/files", files={"files": ("one.json", BUNDLE.read_bytes())}).status_code == 403
    assert client.post(f"{API}/quarantine/replay", json={}).status_code == 403


def test_scenarios_are_changed_by_who_saw_the_newest(own_served: Served) -> None:
    client, path = own_served.client("clinician"), f"{API}/patients/sample-e/scenarios"
    made = client.post(path, json=USUAL)
    place = made.headers["location"]
    assert client.get(place).headers["etag"] == made.headers["etag"] == '"1"'
    more = USUAL | {"title": "more", "values": {"days": 7, "unit": "mmol/L"}}
    changed = client.put(place, json=more, headers={"If-Match": '"1"'})
    assert (changed.json()["revision"], changed.headers["etag"]) == (2, '"2"')
    assert client.put(place, json=USUAL, headers={"If-Match": '"1"'}).status_code == 412
    assert client.get(place).json()["what"]["title"] == "more"
    assert client.put(place, json=USUAL, headers={"If-Match": "x"}).status_code == 422
    other = client.post(path, json=USUAL).json()["id"]
    compared = client.post(f"{path}/compare", json={"scenarios": [made.json()["id"], other]}).json()
    assert compared["differ"] == {"unit": ["mmol/L", None]}
    assert [one["scenario"]["id"] for one in compared["options"]] == [made.json()["id"], other]
    assert client.delete(place).status_code == 204
    assert client.get(place).status_code == 404
    for wrong in ({"values": {"days": 1000}}, {"values": {"colour": "red"}}, {"title": " "}, {"question": "why"}):
        assert client.post(path, json=USUAL | wrong).status_code in (404, 422), wrong


# -- consent and audit ------------------------------------------------------------------------------------------------


def test_consent_is_given_read_and_withdrawn(own_served: Served) -> None:
    person, path = own_served.client("patient"), f"{API}/patients/sample-a/consents"
    researcher = own_served.client("researcher")
    assert researcher.get(f"{API}/patients/sample-a").status_code == 404
    said = {"kind": "permit", "purpose": "research", "until": "2999-01-01"}
    assert person.post(path, json=said).status_code == 201
    assert [one["status"] for one in person.get(path).json()] == ["active"]
    assert researcher.get(f"{API}/patients/sample-a").status_code == 200
    assert person.delete(path, params={"purpose": "research"}).json() == {"withdrawn": 1}
    assert researcher.get(f"{API}/patients/sample-a").status_code == 404
    assert person.post(path, json=said | {"purpose": "fun"}).status_code == 422


def test_the_audit_says_who_saw_what(own_served: Served) -> None:
    own_served.client("clinician").get(f"{API}/patients/sample-a/facts")
    person = own_served.client("patient")
    assert person.get(f"{API}/patients/sample-a").status_code == 200
    rows = list(pages(person, "/patients/sample-a/audit", limit=20))
    assert {"test clinician", "test patient sample-a"} <= {one["name"] for one in rows}
    assert {one["person"] for one in rows} == {own_served.server.record.chain.pseudonym("sample-a")}
    auditor = own_served.client("auditor")
    assert len(list(pages(auditor, "/audit"))) > len(rows)
    assert auditor.get(f"{API}/audit/verify").json()["findings"] == []
    assert own_served.client("patient").get(f"{API}/audit").status_code == 403


# -- problems, limits, operations -------------------------------------------------------------------------------------


def test_problems_say_what_to_do(served: Served) -> None:
    answer = served.client().post(f"{API}/patients/sample-a/twins/dose/questions/recommend", json={"drug": "water"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert {"type", "title", "status", "detail", "allowed", "trace"} <= set(told)
    assert told["trace"] == answer.headers["x-trace-id"]
    assert served.anybody.get(f"{API}/patients").headers["www-authenticate"].startswith("Bearer")
    assert served.client().get(f"{API}/nothing").json()["status"] == 404
    assert served.client().get(f"{API}/patients?limit=0").status_code == 422


def test_too_many_requests_are_told_to_wait(own_record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "monotonic", lambda: 1.0)  # all at once
    with serving(own_record, requests_per_s=2) as one:
        client, other = one.client("owner"), one.client("clinician")
        got = [client.get(f"{API}/jobs") for _ in range(8)]
        assert [found.status_code for found in got[:4]] == [200] * 4
        assert got[-1].status_code == 429
        assert int(got[-1].headers["retry-after"]) >= 1
        assert other.get(f"{API}/jobs").status_code == 200
        strangers = [one.anybody.get(f"{API}/jobs").status_code for _ in range(40)]
        assert strangers[0] == 401
        assert strangers[-1] == 429
        assert one.anybody.get("/healthz").status_code == 200


def test_alive_ready_and_measured(own_served: Served) -> None:
    anybody = own_served.anybody
    assert anybody.get("/healthz").json() == {"status": "ok"}
    assert anybody.get("/readyz").status_code == 200
    own_served.client("clinician").get(f"{API}/patients/sample-a")
    scraper = own_served.client("administrator", scopes=["system/*.r"])
    text = scraper.get("/metrics").text
    assert f'vitruvian_http_requests_total{{method="GET",route="{API}/patients/{{person}}",status="200"}} 1.0' in text
    assert "sample-" not in text
    assert "process_resident_memory_bytes" in text
    assert own_served.client("clinician", scopes=["user/*.rs"]).get("/metrics").status_code == 403
    own_served.server.record.keys.engine.dispose()
    ring = Path(f"{own_served.server.settings.record}.keys")
    ring.rename(ring.with_suffix(".away"))
    ring.mkdir()
    answer = anybody.get("/readyz")
    assert (answer.status_code, answer.json()["parts"]["keys"]) == (503, "fails")
    assert anybody.get("/healthz").status_code == 200


def test_the_interface_describes_itself(served: Served) -> None:
    told = served.anybody.get(f"{API}/openapi.json").json()
    assert told["openapi"].startswith("3.1")
    facts = told["paths"][f"{API}/patients/{{person}}/facts"]["get"]
    assert {one["name"] for one in facts["parameters"]} >= {
        "person",
        "kind",
        "code",
        "since",
        "until",
        "limit",
        "after",
    }
    assert "page" in str(facts["responses"]["200"]).lower()
    ids = [one["operationId"] for path in told["paths"].values() for one in path.values()]
    assert len(set(ids)) == len(ids)


def test_every_read_is_audited_once(own_served: Served) -> None:
    with Record.open(own_served.server.settings.record) as record:
        before = len(record.audit_log("sample-a"))
        own_served.client("clinician").get(f"{API}/patients/sample-a/timeline")
        rows = record.audit_log("sample-a")[before + 1 :]
    assert [one.action for one in rows] == ["search", "read"]


def test_a_token_is_told_to_leave_to_a_person_what_no_scope_allows(served: Served) -> None:
    client = served.client
    told = client("owner", scopes=["user/*.cruds"]).get("/api/v1/quarantine")
    assert told.status_code == 403
    assert (told.json()["title"], told.json()["todo"][:8]) == ("a token may not quarantine", "Sign in:")
    lacking = client("clinician").get("/api/v1/quarantine")
    assert (lacking.status_code, lacking.json()["got"]) == (403, "roles: clinician"), "a session lacks the right"
    assert lacking.json()["title"] == "your roles do not allow this (quarantine)"


def test_a_word_that_a_question_does_not_take_is_refused(served: Served) -> None:
    client = served.client("owner")
    told = client.get("/api/v1/patients/sample-a/facts?foo=1")
    assert (told.status_code, told.json()["got"]) == (422, "foo")
    assert "known_by" in told.json()["allowed"]
    assert client.get("/api/v1/patients/sample-a/facts?kind=observation&limit=1").status_code == 200
    assert client.get("/api/v1/patients/sample-z/facts?foo=1").status_code == 404, "rights are judged first"


def test_what_is_wrong_in_a_scenario_is_no_wrong_address(served: Served) -> None:
    client, good = served.client("owner"), {"title": "t", "twin": "dose", "question": "recommend", "values": {}}
    for wrong in ({"twin": "liver"}, {"question": "nothing"}, {"values": {"drug": "apixaban", "foo": 1}}):
        told = client.post("/api/v1/patients/sample-a/scenarios", json=good | wrong)
        assert told.status_code == 422, wrong
        assert told.json()["allowed"]


def test_a_wrong_address_or_method_says_where_the_right_ones_are(served: Served) -> None:
    client = served.client("owner")
    assert "openapi.json" in client.get("/api/v1/patiens").json()["todo"]
    told = client.post("/api/v1/patients")
    assert (told.status_code, told.json()["allowed"]) == (405, told.headers["allow"])
