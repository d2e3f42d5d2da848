"""CDS Hooks with what the EHR sends or opens: prefetched resources, its FHIR server, browsers from elsewhere."""

from __future__ import annotations

import json
import tempfile
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from served import Served, serving

from vitruvian.core import UnknownNameError
from vitruvian.record import give_consent
from vitruvian.serve.cds import answering, passing
from vitruvian.serve.problems import TooMany
from vitruvian.serve.settings import OpenIdProvider

Json = dict[str, Any]
SIGN = "/cds-services/vitruvian-order-sign"
ATC = "http://www.whocc.no/atc"
SIMVASTATIN, CLARITHROMYCIN = "C10AA01", "J01FA09"
TOKEN = "opens-the-ehr"


@pytest.fixture(autouse=True)
def _waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an EHR is told does not hang on how busy the machine is."""
    monkeypatch.setattr(answering, "PATIENCE_S", 120.0)


def drug(atc: str, person: str, status: str = "active", name: str = "m1") -> Json:
    coding = {"coding": [{"system": ATC, "code": atc}]}
    base = {"resourceType": "MedicationRequest", "id": name, "status": status, "intent": "order"}
    repeat = {"frequency": 1, "period": 24, "periodUnit": "h"}
    dose = [{"timing": {"repeat": repeat}, "doseAndRate": [{"doseQuantity": {"value": 40, "unit": "mg"}}]}]
    about = {"subject": {"reference": f"Patient/{person}"}, "authoredOn": "2026-01-05", "dosageInstruction": dose}
    return base | {"medicationCodeableConcept": coding} | about


def call(person: str, *prefetched: Json, **more: Any) -> Json:
    draft = drug(CLARITHROMYCIN, person, "draft", "o1")
    context = {"patientId": person, "userId": "Practitioner/1", "draftOrders": bundle(draft)}
    sent = {"prefetch": {f"r{k}": one for k, one in enumerate(prefetched)}} if prefetched else {}
    return {"hook": "order-sign", "hookInstance": str(uuid.uuid4()), "context": context} | sent | more


def bundle(*resources: Json) -> Json:
    entries = [{"resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries}


def somebody(name: str) -> Json:
    return {"resourceType": "Patient", "id": name, "gender": "female", "birthDate": "1960-01-01"}


def cards(client: TestClient, body: Json) -> dict[str, Json]:
    """Cards by topic."""
    answer = client.post(SIGN, json=body)
    assert answer.status_code == 200, answer.text
    return {one["source"]["topic"]["code"]: one for one in answer.json()["cards"]}


def refused(client: TestClient, body: Json) -> Json:
    answer = client.post(SIGN, json=body)
    assert answer.status_code == 412, answer.text
    told: Json = answer.json()
    return told


# -- what is sent ----------------------------------------------------------------------------------------------------


def test_drugs_that_the_ehr_sends_count_beside_the_record(served: Served) -> None:
    client = served.client("clinician")
    assert cards(client, call("sample-d")) == {}
    found = cards(client, call("sample-d", bundle(drug(SIMVASTATIN, "sample-d"))))
    assert found["interaction"]["summary"].startswith("clarithromycin raises simvastatin exposure")
    assert found["interaction"]["links"][0]["url"].endswith("/patients/sample-d/twins/dose?drug=clarithromycin")
    assert cards(client, call("sample-d", bundle(drug(SIMVASTATIN, "sample-d", "stopped")))) == {}
    broken = drug(SIMVASTATIN, "sample-d") | {"dosageInstruction": 3}
    assert "could not be read" in cards(client, call("sample-d", broken))["state"]["summary"]


def test_a_patient_who_is_not_of_this_record_is_answered_from_what_came_and_not_kept(served: Served) -> None:
    client = served.client("clinician")
    folders = set(Path(tempfile.gettempdir()).glob("vitruvian-*"))
    body = call("p1", somebody("p1"), bundle(drug(SIMVASTATIN, "p1")), {"resourceType": "OperationOutcome"})
    found = cards(client, body)
    assert "raises simvastatin exposure" in found["interaction"]["summary"]
    assert "links" not in found["interaction"]  # there is no page
    assert "2 resources" in found["state"]["summary"]
    assert cards(client, body).keys() == found.keys()
    with pytest.raises(UnknownNameError):
        served.server.record.patient("p1")
    kept = served.server.parts["passing"]
    assert len(kept._kept) == 1
    kept.close()
    assert set(Path(tempfile.gettempdir()).glob("vitruvian-*")) <= folders
    broken = call("p1", somebody("p1"), drug(SIMVASTATIN, "p1"), {"resourceType": "Observation", "id": "x"})
    assert cards(client, broken)["state"]["indicator"] == "warning"


def test_nothing_that_came_shows_whether_the_record_knows_somebody_who_is_hidden(own_served: Served) -> None:
    client = own_served.client("clinician")
    give_consent(own_served.server.record, "sample-c", "deny", "treatment")
    for more in ({}, {"fhirServer": "https://ehr.example"}):
        hidden, unknown = (client.post(SIGN, json=call(name, **more)) for name in ("sample-c", "sample-z"))
        assert (hidden.status_code, hidden.json() | {"trace": ""}) == (
            unknown.status_code,
            unknown.json() | {"trace": ""},
        )


@pytest.mark.parametrize(
    "more",
    [
        {"prefetch": []}, {"prefetch": {"a": 3}}, {"prefetch": {"a": {"resourceType": "Bundle", "entry": {}}}},
        {"prefetch": {"a": somebody("p2")}}, {"prefetch": {"a": bundle(drug(SIMVASTATIN, "p2"))}},
        {"fhirServer": 3}, {"fhirAuthorization": {"access_token": "x"}},
        {"fhirServer": "https://ehr.example", "fhirAuthorization": {}},
        {"fhirServer": "https://ehr.example", "fhirAuthorization": {"access_token": "x", "patient": "p2"}},
        {"fhirServer": "https://ehr.example", "fhirAuthorization": {"access_token": "x\r\ny"}},
    ],
)  # fmt: skip
def test_a_call_that_brings_what_is_not_of_its_patient_is_none(served: Served, more: Json) -> None:
    assert served.client("clinician").post(SIGN, json=call("p1", **more)).status_code == 400


def test_one_who_passes_leaves_no_key(monkeypatch: pytest.MonkeyPatch, served: Served, tmp_path: Path) -> None:
    monkeypatch.setenv("VITRUVIAN_KEYS", str(tmp_path / "ring"))
    with closing(passing.Passing()) as kept:
        assert kept.patient(served.server.record.actor, "p1", [{"resource": somebody("p1")}]).patient.id == "p1"
    assert not (tmp_path / "ring").exists()


def test_one_who_passes_makes_room_for_others(monkeypatch: pytest.MonkeyPatch, served: Served) -> None:
    monkeypatch.setattr(passing, "_MOST", 1)
    actor = served.server.record.actor
    with closing(passing.Passing()) as kept:
        first = kept.patient(actor, "p1", [{"resource": somebody("p1")}])
        assert kept.patient(actor, "p1", [{"resource": somebody("p1")}]).key == first.key
        with pytest.raises(TooMany):
            kept.patient(actor, "p2", [{"resource": somebody("p2")}])
        monkeypatch.setattr(passing, "_IN_USE_S", -1.0)
        assert kept.patient(actor, "p2", [{"resource": somebody("p2")}]).patient.id == "p2"
        with pytest.raises(UnknownNameError):
            kept.patient(actor, "p3", [{"resource": somebody("p4")}])


# -- what is opened --------------------------------------------------------------------------------------------------


@pytest.fixture
def ehr() -> Iterator[tuple[str, list[str]]]:
    """A FHIR server of one patient that wants its token; and what it was asked."""
    asked: list[str] = []

    class Fhir(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            right = self.headers["authorization"] == f"Bearer {TOKEN}"
            known = self.path == "/fhir/Patient/p1/$everything"
            told = json.dumps(bundle(somebody("p1"), drug(SIMVASTATIN, "p1"))).encode()
            self.send_response(401 if not right else 200 if known else 404)
            self.send_header("content-length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Fhir) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/fhir", asked
        server.shutdown()
        thread.join()


def test_the_ehr_is_read_where_it_was_named_and_lets_us(own_record: Path, ehr: tuple[str, list[str]]) -> None:
    base, _ = ehr
    opened = {"fhirServer": base, "fhirAuthorization": {"access_token": TOKEN, "token_type": "Bearer"}}
    with serving(own_record, ehrs=(OpenIdProvider("Hospital", base, "x"),)) as here:
        client = here.client("clinician")
        assert "raises simvastatin exposure" in cards(client, call("p1", **opened))["interaction"]["summary"]
        wrong = opened | {"fhirAuthorization": {"access_token": "other"}}
        assert "could not be read" in refused(client, call("p1", **wrong))["title"]
        assert refused(client, call("p1", fhirServer=base))["todo"]
        # a patient of this record under the same id, of another system, is not meant
        assert refused(client, call("p2", **opened))["status"] == 412
        of_one = here.client("clinician", scopes=["patient/*.rs"], patient="sample-b")
        assert refused(of_one, call("p1", **opened))["title"] == "no such patient"


def test_nobody_makes_us_ask_a_server_that_we_were_not_told_of(served: Served, ehr: tuple[str, list[str]]) -> None:
    base, asked = ehr
    told = refused(served.client("clinician"), call("p1", fhirServer=base, fhirAuthorization={"access_token": TOKEN}))
    assert "--ehr" in told["todo"]
    assert asked == []


def test_an_id_of_another_system_is_another_person(own_served: Served, tmp_path: Path) -> None:
    one = {"fullUrl": "https://one.example/fhir/Patient/p9", "resource": somebody("p9")}
    file = tmp_path / "one.json"
    file.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [one]}))
    own_served.server.record.ingest(file)
    client = own_served.client("clinician")
    assert cards(client, call("p9", fhirServer="https://one.example/fhir")) == {}
    assert refused(client, call("p9", fhirServer="https://other.example/fhir"))


# -- browsers of other hosts -----------------------------------------------------------------------------------------


def test_browsers_of_other_hosts_call_cds_hooks_and_nothing_else(own_record: Path, served: Served) -> None:
    origin = {"origin": "https://sandbox.example.org"}
    asks = origin | {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    for path in ("/cds-services", SIGN):
        told = served.anybody.options(path, headers=asks)
        assert (told.status_code, told.headers["access-control-allow-origin"]) == (200, "*")
        assert "access-control-allow-credentials" not in told.headers
    assert served.anybody.get("/cds-services", headers=origin).headers["access-control-allow-origin"] == "*"
    for refused in (served.anybody.post(SIGN, json={}, headers=origin), served.anybody.get(f"{SIGN}x", headers=origin)):
        assert refused.status_code >= 400
        assert refused.headers["access-control-allow-origin"] == "*"  # so that a client can read why
    for path in ("/cds-services-not", "/fhir/metadata", "/api/v1/patients", "/oauth/token"):
        assert "access-control-allow-origin" not in served.anybody.get(path, headers=origin).headers
    with serving(own_record, cds_origins=("https://ehr.example.org",)) as here:
        assert "access-control-allow-origin" not in here.anybody.get("/cds-services", headers=origin).headers
        named = here.anybody.get("/cds-services", headers={"origin": "https://ehr.example.org"})
        assert named.headers["access-control-allow-origin"] == "https://ehr.example.org"
