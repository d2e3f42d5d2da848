"""What agents propose: kept sealed, decided by a person who is signed in, written in their name, or never."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from agents import beside, data, error
from mcp import Client
from served import Served

from vitruvian.record import Patient
from vitruvian.serve.identity import as_caller
from vitruvian.serve.mcp import checking, proposals
from vitruvian.serve.mcp.session import AgentSession, narrowed
from vitruvian.twin import orders

LEVEL = {
    "measurement": "vancomycin_level",
    "value": 17.5,
    "unit": "mg/L",
    "at": "2026-02-20T08:00:00+01:00",
    "reason": "read",
}
ORDER = {"drug": "vancomycin", "dose": 750, "unit": "mg", "every_h": 12, "route": "iv", "start": "2026-02-21T08:00:00Z"}
NOTE = {"text": "Kidney function falls <b>quickly</b>.", "reason": "for the round"}


def propose(
    served: Served, tool: str, values: dict[str, Any], role: str = "clinician", who: str = "", patient: str = "sample-b"
) -> Any:
    """What an agent's proposal about somebody comes to."""
    caller = as_caller(served.server, served.people.account(role, who=who))
    there = AgentSession(served.server, narrowed(caller, patient), "http", True)

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
    assert newest.start.isoformat() == "2026-02-20T08:00:00+01:00", "the offset is kept"
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


def test_the_twins_check_an_order_before_a_person_decides(own_served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[tuple[str, float | None]] = []

    def dose(patient: Patient, order: orders.Order) -> list[orders.Note]:
        checked.append((order.drug, order.amount_in("mg")))
        return [orders.Note("dose", "critical", order.drug, f"{order.drug}: far too much", "- by far")]

    monkeypatch.setattr(orders, "dose_notes", dose)
    monkeypatch.setattr(checking, "PATIENCE_S", 60.0)
    asked = ORDER | {
        "drug": "Warfarin",
        "dose": 500,
        "route": "oral",
        "reason": "x",
        "start": "2026-11-21T08:00:00+01:00",
    }
    made = data(propose(own_served, "propose_medication", asked, patient="sample-a"))
    assert any("amiodarone raises warfarin exposure" in one["summary"] for one in made["notes"])
    client, browser = own_served.client("clinician"), own_served.client("clinician", json=False)
    found = client.get(f"/api/v1/proposals/{made['proposal']}").json()
    coded = {(one["system"], one["code"]) for one in found["resource"]["medicationCodeableConcept"]["coding"]}
    assert ("http://www.whocc.no/atc", "B01AA03") in coded
    assert "2026-11-21T08:00:00+01:00" in found["sentence"], "in the offset in which it was said"
    assert found["checks"]["ready"]
    assert found["checks"]["notes"][0] == {"weight": "critical", "topic": "dose", "summary": "warfarin: far too much"}
    page = browser.get("/proposals").text
    name = next(one.value_text for one in own_served.server.record.patient("sample-a").facts(code="name"))
    assert f"<b>{name}, born 19" in page
    assert "Confirm" not in page, "no decision before what the twins say is there"
    part = browser.get(f"/proposals/{made['proposal']}/checks", headers={"hx-request": "true"}).text
    assert (
        part.index("warfarin: far too much")
        < part.index("amiodarone raises")
        < part.index("Confirm against the warning")
    )
    assert "hx-get" not in part
    alone = browser.get(f"/proposals/{made['proposal']}/checks").text
    assert "warfarin: far too much" in alone
    assert checked == [("warfarin", 500.0)], "it is checked once"


def test_what_is_not_checked_yet_is_said_and_comes(own_served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    monkeypatch.setattr(orders, "dose_notes", lambda *_: gate.wait(60) and [])
    monkeypatch.setattr(checking, "PATIENCE_S", 0.0)
    made = data(propose(own_served, "propose_medication", ORDER | {"reason": "x"}))["proposal"]
    browser = own_served.client("clinician", json=False)
    address, part = f"/proposals/{made}/checks", {"hx-request": "true"}
    early = browser.get(address, headers=part).text
    assert "still being checked" in early
    assert "Confirm before it is checked" in early
    assert f'hx-get="{address}"' in early
    gate.set()
    monkeypatch.setattr(checking, "PATIENCE_S", 60.0)
    late = browser.get(address, headers=part).text
    assert "still being checked" not in late
    assert ">Confirm and write<" in late


def test_a_drug_without_a_twin_is_said_to_be_unchecked(own_served: Served) -> None:
    made = data(propose(own_served, "propose_medication", ORDER | {"drug": "bisoprolol", "unit": "mg", "reason": "x"}))
    checks = own_served.client("clinician").get(f"/api/v1/proposals/{made['proposal']}").json()["checks"]
    assert checks["open"] == [
        "No twin knows the dose of bisoprolol: only allergies, interactions and genes were looked at.",
        "The record holds no allergy at all.",
    ]


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
        ("propose_measurement", LEVEL | {"unit": "kg"}, "mg/L, or a unit that leads to it"),
        ("propose_measurement", LEVEL | {"at": "2999-01-01"}, "lies in the past"),
        ("propose_measurement", LEVEL | {"measurement": "aura"}, "no measurement is called so"),
        ("propose_measurement", LEVEL | {"value": "NaN"}, "finite"),
        ("propose_medication", ORDER | {"reason": "x", "dose": -1}, "greater than 0"),
        ("propose_medication", ORDER | {"reason": "x", "drug": "wafarinn"}, "Was warfarin"),
        ("propose_medication", ORDER | {"reason": "x", "drug": "moon dust"}, "no drug of the tables"),
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
