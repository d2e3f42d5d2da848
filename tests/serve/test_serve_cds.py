"""CDS Hooks: what an EHR is told of an order, who may ask, and what becomes of cards."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from joserfc import jwk, jwt
from served import Served, serving
from typer.testing import CliRunner

from vitruvian.cli.main import app
from vitruvian.core import InputError
from vitruvian.record import Draft, Patient, give_consent
from vitruvian.serve.cds import answering, trust_ehr
from vitruvian.serve.cds.thinking import Thinking
from vitruvian.twin import orders

Json = dict[str, Any]
SIGN = "vitruvian-order-sign"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
LOINC = "http://loinc.org"
WAITS_S = 120.0


def order(atc: str, dose: float, hours: float, person: str = "sample-c", name: str = "o1", unit: str = "mg") -> Json:
    return {
        "resourceType": "MedicationRequest",
        "id": name,
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {"coding": [{"system": ATC, "code": atc}]},
        "subject": {"reference": f"Patient/{person}"},
        "dosageInstruction": [
            {
                "timing": {"repeat": {"frequency": 1, "period": hours, "periodUnit": "h"}},
                "route": {"coding": [{"system": "http://snomed.info/sct", "code": "26643006"}]},
                "doseAndRate": [{"doseQuantity": {"value": dose, "unit": unit, "code": unit}}],
            }
        ],
    }


def call(hook: str, *orders: Json, person: str = "sample-c", **more: Any) -> Json:
    context: Json = {"patientId": person, "userId": "Practitioner/1"} | more
    if hook != "patient-view":
        context["draftOrders"] = {"resourceType": "Bundle", "entry": [{"resource": one} for one in orders]}
    if hook == "order-select":
        context.setdefault("selections", [f"MedicationRequest/{one['id']}" for one in orders])
    return {"hook": hook, "hookInstance": str(uuid.uuid4()), "context": context}


def cards(client: TestClient, body: Json) -> list[Json]:
    answer = client.post(f"/cds-services/vitruvian-{body['hook']}", json=body)
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["cards"]
    for one in found:
        assert 0 < len(one["summary"]) < 140
        assert one["indicator"] in ("info", "warning", "critical")
        assert one["source"]["label"]
    return found


def topics(found: list[Json], topic: str) -> list[Json]:
    return [one for one in found if one["source"]["topic"]["code"] == topic]


@pytest.fixture(autouse=True)
def _waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an EHR is told does not hang on how busy the machine is."""
    monkeypatch.setattr(answering, "PATIENCE_S", WAITS_S)


def test_discovery(served: Served) -> None:
    found = served.anybody.get("/cds-services").json()["services"]
    assert [one["hook"] for one in found] == ["patient-view", "order-select", "order-sign"]
    assert all(one["id"] and one["description"] for one in found)


def test_an_interaction_with_its_size(client: Callable[..., TestClient]) -> None:
    (card,) = topics(cards(client("clinician"), call("order-sign", order("J02AB02", 200.0, 24))), "interaction")
    assert card["indicator"] == "warning"
    assert card["summary"].startswith("ketoconazole raises tacrolimus exposure 2.2-fold in this patient")
    assert "CYP3A4" in card["detail"]
    assert card["overrideReasons"]
    assert card["links"][0]["url"].endswith("/patients/sample-c/twins/dose?drug=ketoconazole")


def test_two_orders_at_once_are_seen_together(client: Callable[..., TestClient]) -> None:
    both = order("J01FA09", 500, 12, "sample-b", "o1"), order("C10AA01", 40, 24, "sample-b", "o2")
    found = topics(cards(client("clinician"), call("order-sign", *both, person="sample-b")), "interaction")
    assert {one["summary"].partition(" in this")[0] for one in found} == {
        "clarithromycin raises simvastatin exposure 9.2-fold"
    }
    assert cards(client("clinician"), call("order-sign", both[0], person="sample-b")) == []


@pytest.mark.slow
def test_a_dose_out_of_this_patients_range(own_served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    client, body = own_served.client("clinician"), call("order-sign", order("L04AD02", 8, 12))
    monkeypatch.setattr(answering, "PATIENCE_S", 0.0)
    assert len(topics(cards(client, body), "state")) == 1
    monkeypatch.setattr(answering, "PATIENCE_S", WAITS_S)
    (card,) = topics(cards(client, body), "dose")
    assert card["indicator"] == "critical"
    assert "above this patient's range" in card["summary"]
    changed = card["suggestions"][0]["actions"][0]["resource"]
    assert (changed["status"], changed["id"]) == ("draft", "o1")
    dose = changed["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"]
    assert dose < 8
    assert topics(cards(client, call("order-sign", order("L04AD02", dose, 12))), "dose") == []
    wrong = topics(cards(client, call("order-sign", order("L04AD02", 8, 12, unit="mmol"))), "dose")
    assert "cannot be compared" in wrong[0]["summary"]


def test_only_what_is_selected_is_spoken_of(client: Callable[..., TestClient]) -> None:
    both = order("J02AB02", 200, 24), order("J01FA09", 500, 12, name="o2")
    body = call("order-select", *both, selections=["MedicationRequest/o2"])
    found = cards(client("clinician"), body)
    assert all(one["summary"].startswith("clarithromycin") for one in found)
    assert found
    assert cards(client("clinician"), call("order-select", *both, selections=[])) == []


def test_the_open_chart_of_one_without_drugs(client: Callable[..., TestClient]) -> None:
    assert cards(client("clinician"), call("patient-view", person="sample-d")) == []


@pytest.mark.slow
def test_the_open_chart(client: Callable[..., TestClient]) -> None:
    found = cards(client("clinician"), call("patient-view"))
    assert "tacrolimus" in topics(found, "state")[0]["summary"]
    assert topics(found, "genotype")[0]["summary"].startswith("tacrolimus (CYP3A5)")


# -- who may ask -----------------------------------------------------------------------------------------------------


def test_nobody_is_told_of_one_whom_they_may_not_see(own_served: Served) -> None:
    body = call("order-sign", order("J02AB02", 200, 24))
    assert own_served.anybody.post(f"/cds-services/{SIGN}", json=body).status_code == 401
    assert own_served.client("auditor").post(f"/cds-services/{SIGN}", json=body).status_code == 403
    narrow = own_served.client("clinician", scopes=["user/Observation.rs"])
    assert narrow.post(f"/cds-services/{SIGN}", json=body).status_code == 403
    other = own_served.client("clinician", scopes=["patient/*.rs"], patient="sample-a")
    unknown = call("order-sign", order("J02AB02", 200, 24, "nobody"), person="nobody")
    assert cards(other, body) == cards(other, unknown) == []
    client = own_served.client("clinician")
    assert cards(client, body)
    give_consent(own_served.server.record, "sample-c", "deny", "treatment")
    assert cards(client, body) == []


@pytest.fixture
def key() -> jwk.ECKey:
    return jwk.ECKey.generate_key("P-384", auto_kid=True)


def signed(key: jwk.ECKey, url: str, **more: Any) -> dict[str, str]:
    now = int(time.time())
    claims = {"iss": "https://ehr.example", "aud": f"{url}/cds-services/{SIGN}", "iat": now, "exp": now + 300}
    claims |= {"jti": str(uuid.uuid4())} | more
    token = jwt.encode({"alg": "ES384", "kid": key.kid}, claims, key, algorithms=["ES384"])
    return {"authorization": f"Bearer {token}"}


def test_an_ehr_signs_each_call(own_served: Served, key: jwk.ECKey) -> None:
    url, store = own_served.server.settings.url, own_served.server.store
    body = call("order-sign", order("J02AB02", 200, 24))

    def status(headers: dict[str, str]) -> int:
        return own_served.anybody.post(f"/cds-services/{SIGN}", json=body, headers=headers).status_code

    assert status(signed(key, url)) == 401
    account = own_served.people.account("clinician")
    trust_ehr(store, "https://ehr.example", {"keys": [key.as_dict(private=False)]}, account.id)
    once = signed(key, url)
    assert [status(once), status(once)] == [200, 401]
    now = int(time.time())
    for wrong in ({"aud": url}, {"iss": "https://other"}, {"exp": now - 60}, {"exp": now + 9999}, {"jti": None}):
        assert status(signed(key, url, **wrong)) == 401, wrong
    assert status(signed(jwk.ECKey.generate_key("P-384", {"kid": key.kid}), url)) == 401
    none = jwt.encode({"alg": "HS256"}, {"iss": "https://ehr.example"}, jwk.OctKey.import_key("x" * 32))
    assert status({"authorization": f"Bearer {none}"}) == 401


def test_only_public_keys_are_trusted(own_served: Served, key: jwk.ECKey) -> None:
    for keys in ({"keys": [key.as_dict(private=True)]}, {"keys": []}, {"keys": [{"kty": "x"}]}, {}):
        with pytest.raises(InputError):
            trust_ehr(own_served.server.store, "https://ehr.example", keys, "a")


# -- calls that are none, and what becomes of cards ------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"hook": "patient-view"},
        {"hookInstance": None},
        {"context": None},
        {"context": {"patientId": "a b"}},
        {"context": {"patientId": "sample-c"}},
        {"context": {"patientId": "sample-c", "draftOrders": {"resourceType": "Bundle", "entry": 3}}},
        call("order-sign", order("J02AB02", 200, 24, "sample-a")),
        call("order-sign", order("J02AB02", 200, 24) | {"status": "x"}),
        call("order-sign", order("J02AB02", 200, 24) | {"dosageInstruction": {}}),
    ],
)
def test_a_call_that_is_none(client: Callable[..., TestClient], change: Json) -> None:
    body = call("order-sign", order("J02AB02", 200, 24)) | change
    answer = client("clinician").post(f"/cds-services/{SIGN}", json=body)
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_unknown_service(client: Callable[..., TestClient]) -> None:
    assert client("clinician").post("/cds-services/other", json={}).status_code == 404


def test_feedback(own_served: Served) -> None:
    client = own_served.client("clinician")
    (card,) = topics(cards(client, call("order-sign", order("J02AB02", 200, 24))), "interaction")
    why = {"reason": {"code": "monitored", "system": "urn:vitruvian:cds"}, "userComment": "canary"}
    told = {"feedback": [{"card": card["uuid"], "outcome": "overridden", "overrideReason": why}]}
    assert client.post(f"/cds-services/{SIGN}/feedback", json=told).status_code == 200
    other = own_served.client("clinician", who="other")
    assert other.post(f"/cds-services/{SIGN}/feedback", json=told).status_code == 200
    assert client.post(f"/cds-services/{SIGN}/feedback", json={"feedback": [{"card": 1}]}).status_code == 400
    found = own_served.client("owner").get("/cds-services/outcomes").json()
    row = next(one for one in found if one["outcome"] == "overridden")
    assert (row["topic"], row["reason"], row["cards"]) == ("interaction", "monitored", 1)
    assert client.get("/cds-services/outcomes").status_code == 403


def test_work_goes_on_after_the_wait_and_is_not_begun_twice() -> None:
    from threading import Event

    thinking, gate, calls = Thinking(), Event(), []

    def work() -> int:
        calls.append(1)
        gate.wait(10)
        return 7

    assert thinking.until("k", work, time.monotonic()) is None
    assert thinking.until("k", work, time.monotonic()) is None
    gate.set()
    assert thinking.until("k", work, time.monotonic() + 10) == 7
    assert thinking.until("k", work, time.monotonic()) == 7, "what is ready is there without waiting"
    assert len(calls) == 1

    def failing() -> int:
        calls.append(2)
        raise InputError("no")

    for _ in range(2):
        with pytest.raises(InputError):
            thinking.until("f", failing, time.monotonic() + 10)
    assert calls.count(2) == 2, "what went wrong is tried again"
    thinking.close()


def test_a_card_that_was_ready_stays_until_something_is_known_anew(
    own_served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def noted(patient: Patient, order: orders.Order) -> list[orders.Note]:
        asked.append(order.drug)
        kept = [Draft("twin_state", "urn:t", "t", "what a twin keeps", value=1.0)]
        patient.record.derive(patient.id, kept, method="learned", version="1")
        return [orders.Note("dose", "critical", order.drug, "far too much", "")]

    monkeypatch.setattr(orders, "dose_notes", noted)
    client, body = own_served.client("clinician"), call("order-select", order("J02AB02", 200.0, 24))
    assert len(topics(cards(client, body), "dose")) == 1
    monkeypatch.setattr(answering, "PATIENCE_S", 0.0)
    assert [len(topics(cards(client, body), "dose")) for _ in range(3)] == [1, 1, 1]
    assert asked == ["ketoconazole"]
    weight = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "29463-7"}]},
        "subject": {"reference": "Patient/sample-c"},
        "effectiveDateTime": "2026-01-01T08:00:00Z",
        "valueQuantity": {"value": 70, "unit": "kg", "code": "kg"},
    }
    assert own_served.client("owner").post("/fhir/Observation", json=weight).status_code == 201
    monkeypatch.setattr(answering, "PATIENCE_S", WAITS_S)
    assert len(topics(cards(client, body), "dose")) == 1
    assert len(asked) == 2, "a new fact asks anew"


def test_an_ehr_is_trusted_on_the_command_line(own_record: Path, tmp_path: Path, key: jwk.ECKey) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    run = CliRunner().invoke
    assert run(app, ["account", "add", "ehr", "clinician", "--record", str(own_record)]).exit_code == 0
    done = run(app, ["account", "ehr", "ehr", "https://ehr.example", str(keys), "--record", str(own_record)])
    assert done.output.strip() == "https://ehr.example: calls as ehr"
    with serving(own_record) as there:
        headers = signed(key, there.server.settings.url)
        body = call("order-sign", order("J02AB02", 200, 24))
        assert there.anybody.post(f"/cds-services/{SIGN}", json=body, headers=headers).status_code == 200
