"""What agents propose: kept sealed, decided by a person who is signed in, written in their name, or never."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from agents import beside, data, error
from mcp import Client
from served import Served

from vitruvian.serve.identity import as_caller
from vitruvian.serve.mcp import proposals
from vitruvian.serve.mcp.session import AgentSession, narrowed

LEVEL = {
    "measurement": "vancomycin_level",
    "value": 17.5,
    "unit": "mg/L",
    "at": "2026-11-20T08:00:00+01:00",
    "reason": "read",
}
ORDER = {"drug": "vancomycin", "dose": 750, "unit": "mg", "every_h": 12, "route": "iv", "start": "2026-11-21T08:00:00Z"}
NOTE = {"text": "Kidney function falls <b>quickly</b>.", "reason": "for the round"}


def propose(served: Served, tool: str, values: dict[str, Any], role: str = "clinician", who: str = "") -> Any:
    """What an agent's proposal about sample-b comes to."""
    caller = as_caller(served.server, served.people.account(role, who=who))
    there = AgentSession(served.server, narrowed(caller, "sample-b"), "http", True)

    async def talk(client: Client) -> Any:
        return await client.call_tool(tool, values)

    return beside(there, talk)


def decide(served: Served, proposal: str, decision: str, **who: Any) -> Any:
    """The answer to a decision by REST."""
    return served.client(**who).post(f"/api/v1/proposals/{proposal}/decision", json={"decision": decision})


def test_a_confirmed_measurement_is_in_the_record_with_both_names(own_served: Served) -> None:
    record = own_served.server.record.patient("sample-b")
    before = record.facts()
    made = data(propose(own_served, "propose_measurement", LEVEL))
    assert made["state"] == "open"
    assert record.facts() == before, "nothing is written before a person confirms"
    answer = decide(own_served, made["proposal"], "confirm", role="clinician", who="doctor")
    assert answer.json()["state"] == "confirmed"
    newest = record.latest("vancomycin_level")
    assert newest is not None
    assert (newest.value, newest.unit, newest.trusted) == (17.5, "mg/L", True)
    assert newest.start is not None
    assert newest.start.isoformat() == "2026-11-20T07:00:00+00:00"
    source = record.resource(newest)
    agent, doctor = (own_served.people.account("clinician", who=one).name for one in ("", "doctor"))
    assert source["note"] == [{"text": f"Proposed by an agent of {agent}, confirmed by {doctor}."}]
    assert len(record.facts()) == len(before) + 1
    again = decide(own_served, made["proposal"], "confirm", role="clinician")
    assert again.status_code == 409
    actions = [one.action for one in own_served.server.record.audit_log("sample-b")]
    assert actions.index("propose") < actions.index("confirmed") < actions.index("ingest", actions.index("confirmed"))


def test_a_draft_order_is_a_draft(own_served: Served) -> None:
    made = data(propose(own_served, "propose_medication", ORDER | {"reason": "below target"}))
    decide(own_served, made["proposal"], "confirm", role="clinician")
    drafts = [
        one for one in own_served.server.record.patient("sample-b").facts("medication_request") if one.status == "draft"
    ]
    assert [(one.value, one.unit, one.detail["interval_h"]) for one in drafts] == [(750.0, "mg", 12.0)]


def test_the_page_shows_what_would_be_written_and_a_person_decides(own_served: Served) -> None:
    made = data(propose(own_served, "propose_note", NOTE))
    browser = own_served.client("clinician", json=False)
    page = browser.get("/proposals").text
    assert "Kidney function falls &lt;b&gt;quickly" in page, "an agent's text is no markup"
    assert "for the round" in page
    assert browser.post(f"/proposals/{made['proposal']}/refuse").status_code == 303
    assert "Nothing waits for you." in browser.get("/proposals").text
    kinds = {one.kind for one in own_served.server.record.patient("sample-b").facts()}
    assert "document" not in kinds


def test_no_token_and_no_patient_decides(own_served: Served) -> None:
    made = data(propose(own_served, "propose_note", NOTE))["proposal"]
    everything = {"role": "owner", "scopes": ["user/*.cruds"]}
    assert decide(own_served, made, "confirm", **everything).json()["title"] == "a person decides"
    assert decide(own_served, made, "confirm", role="patient").status_code == 403
    assert decide(own_served, made, "confirm", role="auditor").status_code == 403
    client = own_served.client("clinician")
    del client.headers["x-csrf-token"]
    assert client.post(f"/api/v1/proposals/{made}/decision", json={"decision": "confirm"}).status_code == 403
    assert own_served.client("clinician").get(f"/api/v1/proposals/{made}").json()["state"] == "open"


@pytest.mark.parametrize(
    ("tool", "values", "what"),
    [
        ("propose_measurement", LEVEL | {"unit": "kg"}, "wrong_unit"),
        ("propose_measurement", LEVEL | {"at": "2999-01-01"}, "lies in the past"),
        ("propose_measurement", LEVEL | {"measurement": "aura"}, "no measurement is called so"),
        ("propose_measurement", LEVEL | {"value": "NaN"}, "finite"),
        ("propose_medication", ORDER | {"reason": "x", "dose": -1}, "greater than 0"),
        ("propose_note", NOTE | {"patient": "sample-a"}, "no such patient"),
        ("propose_note", {"text": "without a reason"}, "reason"),
    ],
)
def test_what_the_record_would_not_trust_is_not_proposed(
    served: Served, tool: str, values: dict[str, Any], what: str
) -> None:
    assert what in str(error(propose(served, tool, values)))
    assert served.client("clinician").get("/api/v1/proposals").json() == []


def test_agents_of_one_patient_share_what_is_proposed(own_served: Served) -> None:
    first = data(propose(own_served, "propose_note", NOTE))
    assert data(propose(own_served, "propose_note", NOTE)) == first, "the same again is the same proposal"
    other = data(propose(own_served, "list_proposals", {}, who="colleague"))
    assert [(one["id"], one["state"]) for one in other] == [(first["proposal"], "open")]


def test_it_is_kept_sealed_and_ends(own_served: Served, own_record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = data(propose(own_served, "propose_note", NOTE))["proposal"]
    kept = b"".join(one.read_bytes() for one in own_record.parent.glob("*.serve*"))
    assert made.encode() in kept
    assert b"Kidney" not in kept
    monkeypatch.setattr(proposals, "_VALID_MS", 0)
    assert decide(own_served, made, "confirm", role="clinician").json()["title"] == "the proposal is expired"
    own_served.server.record.erase("sample-b")
    assert own_served.client("owner").get("/api/v1/proposals").json() == []
