"""What a record holds, and what callers send, is in no log and no metric; errors hold nothing of any record.

A person is made of words that occur nowhere else. Every channel is used, well and badly; then the words are looked for.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from agents import over_http
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.shared.exceptions import MCPError
from served import Listening, listening, running
from websockets.sync.client import connect

from vitruvian.record import Record

PERSON = "canaryperson"
HELD = ("Quetzalname", "Zwickmrn", "Xylonote", "Ozeloproblem", "1944-07-13", "731.77331", PERSON)
"""In the record."""
SENT = ("Wombatquery", "Ibexpassword", "Narwhalbody", "Yakvalue", "Lynxpath")
"""Sent by callers."""


def bundle() -> dict[str, Any]:
    """The person."""
    whose = {"reference": f"Patient/{PERSON}"}
    level = {"coding": [{"system": "http://loinc.org", "code": "20578-1"}], "text": "Vancomycin"}
    amount = {"value": 731.77331, "unit": "mg/L", "system": "http://unitsofmeasure.org", "code": "mg/L"}
    letter = {"contentType": "text/plain", "data": "WHlsb25vdGUgc2F5cyBoZWxsby4="}  # Xylonote says hello.
    resources: list[dict[str, Any]] = [
        {"resourceType": "Patient", "id": PERSON, "birthDate": "1944-07-13", "gender": "female",
         "name": [{"family": "Quetzalname"}], "identifier": [{"system": "urn:mrn", "value": "Zwickmrn"}]},
        {"resourceType": "Observation", "id": "o", "status": "final", "code": level, "subject": whose,
         "effectiveDateTime": "2026-01-01T08:00:00Z", "valueQuantity": amount},
        {"resourceType": "Condition", "id": "c", "subject": whose, "code": {"text": "Ozeloproblem"},
         "clinicalStatus": {"coding": [{"code": "active"}]}},
        {"resourceType": "DocumentReference", "id": "d", "status": "current", "subject": whose,
         "date": "2026-01-01T08:00:00Z", "content": [{"attachment": letter}]},
    ]  # fmt: skip
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


@pytest.fixture(scope="module")
def record(server_record: Path) -> Path:
    """The record with the person in it."""
    file = server_record.parent / "canary.json"
    file.write_text(json.dumps(bundle()))
    with Record.open(server_record) as opened:
        assert opened.ingest(file).stored == 4
    return server_record


@pytest.fixture(scope="module", params=[listening, pytest.param(running, marks=pytest.mark.slow)])
def there(record: Path, request: pytest.FixtureRequest) -> Iterator[Listening]:
    """A real server over it; in the slow run in a process of its own."""
    with request.param(record) as one:
        yield one


def words(text: str, among: tuple[str, ...] = HELD + SENT) -> list[str]:
    """The words that occur."""
    return [one for one in among if one in text]


GETS = (
    "/", f"/?q={SENT[0]}", f"/patients/{PERSON}", f"/patients/{SENT[4]}", f"/patients/{PERSON}/timeline",
    f"/patients/{PERSON}/twins/dose?drug={SENT[0]}", "/api/v1/patients?identifier=Zwickmrn",
    f"/api/v1/patients?identifier={SENT[0]}", f"/api/v1/patients/{PERSON}", f"/api/v1/patients/{SENT[4]}/facts",
    f"/api/v1/patients/{PERSON}/facts", f"/api/v1/patients/{PERSON}/facts?since={SENT[0]}",
    f"/api/v1/patients/{PERSON}/facts/{SENT[4]}", f"/api/v1/patients/{PERSON}/timeline",
    f"/api/v1/patients/{PERSON}/twins", f"/api/v1/patients/{PERSON}/twins/{SENT[4]}/questions",
    "/api/v1/monitor", f"/api/v1/jobs/{SENT[4]}", "/api/v1/proposals", f"/api/v1/{SENT[4]}",
    f"/fhir/Patient/{PERSON}", "/fhir/Patient?name=Quetzalname", f"/fhir/Patient?name={SENT[0]}",
    f"/fhir/Patient/{SENT[4]}", f"/fhir/Observation?patient={PERSON}&value-quantity={SENT[0]}",
    f"/fhir/Observation?patient={PERSON}", f"/fhir/Nothing?{SENT[0]}={SENT[0]}", f"/fhir/Patient/{PERSON}/$everything",
    f"/cds-services/{SENT[4]}", f"/sign-in/once?key={SENT[1]}", f"/.well-known/{SENT[4]}", f"/static/{SENT[4]}",
)  # fmt: skip
POSTS: tuple[tuple[str, Any], ...] = (
    (f"/api/v1/patients/{PERSON}/twins/dose/questions/recommend", {"drug": SENT[3]}),
    (f"/api/v1/patients/{PERSON}/twins/dose/questions/{SENT[4]}", {SENT[2]: SENT[3]}),
    ("/fhir/Observation", {"resourceType": "Observation", "status": SENT[3], "valueString": SENT[2]}),
    ("/fhir", {"resourceType": "Bundle", "type": SENT[2], "entry": [{"resource": SENT[3]}]}),
    ("/fhir/Patient/$validate", {"resourceType": "Patient", "name": SENT[2]}),
    ("/cds-services/patient-view", {"hook": "patient-view", "context": {"patientId": SENT[3]}}),
    ("/api/v1/streams/samples", {"patient": SENT[2], "samples": [{"signal": SENT[3]}]}),
    ("/api/v1/proposals/none/decision", {"decision": SENT[3]}),
    ("/mcp", {"jsonrpc": "2.0", "id": 1, "method": SENT[2], "params": {SENT[2]: SENT[3]}}),
    ("/oauth/token", {"grant_type": SENT[2], "code": SENT[1]}),
    ("/sign-in", {"name": SENT[2], "password": SENT[1]}),
)


def asked(there: Listening) -> list[httpx.Response]:
    """Every address, as a browser, as a program with everything, and as one with nothing."""
    found = []
    cookies, headers = there.people.session("owner")
    token = {"authorization": f"Bearer {there.people.token('owner')}"}
    for more, jar in ((headers | {"accept": "text/html"}, cookies), (token, None), ({}, None)):
        with httpx.Client(base_url=there.url, headers=more, cookies=jar, timeout=120) as client:
            found += [client.get(path) for path in GETS]
            found += [client.post(path, json=body) for path, body in POSTS]
            found += [client.post(path, content=f"{{{SENT[2]}".encode()) for path, _ in POSTS]
            found += [client.post(path, data={"name": SENT[2], "password": SENT[1]}) for path, _ in POSTS]
    return found


async def agent(client: Client) -> None:
    """Tools, resources and prompts, well and badly."""
    for tool in ("patient_summary", "read_facts", "timeline", "newest_values", "list_twins"):
        await client.call_tool(tool, {"patient": PERSON})
        await client.call_tool(tool, {"patient": SENT[4], SENT[2]: SENT[3]})
    await client.call_tool("search_patients", {"text": "Quetzalname"})
    await client.call_tool("search_patients", {"text": SENT[0]})
    values = {"patient": PERSON, "twin": "dose", "question": "recommend", "values": {"drug": SENT[3]}}
    await client.call_tool("ask_twin", values)
    await client.call_tool(SENT[2], {SENT[2]: SENT[3]})
    await client.read_resource(f"vitruvian://patients/{PERSON}/summary")
    for uri in (f"vitruvian://patients/{SENT[4]}/summary", f"vitruvian://{SENT[4]}"):
        with suppress(MCPError):
            await client.read_resource(uri)
    with suppress(MCPError):
        await client.get_prompt(SENT[2], {SENT[2]: SENT[3]})


def test_no_log_no_metric_and_no_error_holds_what_a_record_says(there: Listening) -> None:
    answers = asked(there)
    over_http(there.url, there.people.token("clinician"), agent)
    secret = there.people.token("clinician")
    for path in ("/api/v1/streams", f"/api/v1/streams/{SENT[4]}"):
        with suppress(Exception), connect(
            there.url.replace("http", "ws") + path, additional_headers={"authorization": f"Bearer {secret}"}
        ) as socket:  # fmt: skip
            socket.send(json.dumps({"patient": PERSON, SENT[2]: SENT[3]}))
            socket.recv(timeout=2)
    assert {one.status_code for one in answers} >= {200, 401, 404, 422}
    assert not [(one.request.url.path, one.status_code) for one in answers if one.status_code >= 500]
    assert words("".join(one.text for one in answers if one.status_code == 200), HELD), (
        "the words were there to be seen"
    )
    for one in answers:
        if one.status_code >= 400:
            sent = str(one.request.url) + one.request.content.decode()
            held = HELD if one.status_code == 401 else HELD[:-1]  # ids near to an unknown one are told to who sees them
            assert not [word for word in words(one.text, held) if word not in sent], one.request.url.path
    with there.client("owner") as owner:
        metrics = owner.get("/metrics").text
    assert "vitruvian_http_requests" in metrics
    assert not words(metrics)
    log = there.log.read_text()
    assert log.count('"message": "request"') > len(answers) / 2
    assert not [(word, line) for line in log.splitlines() for word in words(line)]


@pytest.mark.slow
def test_an_agent_on_this_machine_leaves_nothing_in_the_log(record: Path, tmp_path: Path) -> None:
    import asyncio

    command = str(Path(sys.executable).with_name("vitruvian"))
    server = StdioServerParameters(command=command, args=["mcp", "--record", str(record)])

    async def main(log: Any) -> None:
        async with Client(stdio_client(server, errlog=log)) as client:
            await agent(client)

    with (tmp_path / "log").open("w") as log:
        asyncio.run(main(log))
    assert not words((tmp_path / "log").read_text())


def test_a_fault_of_the_program_tells_where_and_not_what(
    record: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError(f"{HELD[0]} {SENT[3]}")

    with listening(record) as here, here.client("clinician") as client:
        monkeypatch.setattr("vitruvian.record.Record.patient", fails)
        paths = (f"/api/v1/patients/{PERSON}", f"/patients/{PERSON}", f"/fhir/Patient/{PERSON}")
        answers = [client.get(path) for path in paths]
        call = {"name": "patient_summary", "arguments": {"patient": PERSON}}
        answers.append(client.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}))
    assert {one.status_code for one in answers[:3]} == {500}
    assert answers[0].json()["trace"] == answers[0].headers["x-trace-id"]
    assert answers[2].json()["resourceType"] == "OperationOutcome"
    assert "the tool failed" in answers[3].text
    assert not words("".join(one.text for one in answers), (HELD[0], SENT[3]))
    out, err = capfd.readouterr()
    log = here.log.read_text()
    faults = [one for one in map(json.loads, log.splitlines()) if one.get("error") == "RuntimeError"]
    assert len(faults) >= 3, "the log says what kind of fault, and where"
    assert all("test_serve_canary.py" in one["where"] for one in faults)
    assert not words(out + err + log)
