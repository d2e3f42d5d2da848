"""The tool that says who needs attention: alerts with their reason, and how live streams stand."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from pydantic import Field

from vitruvian.core import to_datetime
from vitruvian.serve.live.alerts import Kept
from vitruvian.serve.live.facts import told_of
from vitruvian.serve.live.room import PART, room_of
from vitruvian.serve.live.seen import Bed, beds
from vitruvian.serve.live.ward import Live, Ward
from vitruvian.serve.mcp.limits import page_of
from vitruvian.serve.mcp.session import AgentSession
from vitruvian.serve.mcp.shown import need
from vitruvian.serve.mcp.tool import Found, Optional, Takes, typed
from vitruvian.serve.mcp.tools.people import Limit, Offset


class Monitor(Takes):
    """Arguments of `monitor`."""

    patient: Annotated[str | Optional, Field(description="One patient; else everybody whom the session may see.")] = (
        None
    )
    limit: Limit = 20
    offset: Offset = 0


def monitor(session: AgentSession, asked: Monitor) -> Found:
    """Who needs attention first. Live streams are known where the server runs; alerts everywhere."""
    need(session.caller, "Observation")
    ward = room_of(session.server).ward if PART in session.server.parts else Ward()
    found = beds(session.caller, ward, session.server.store)
    if asked.patient is not None or session.caller.only:
        person = session.patient(asked.patient).id
        found = [one for one in found if one.person == person]
    page, left = page_of(found, asked.limit, asked.offset, partial(_bed, session))
    return Found(page, left)


def _bed(session: AgentSession, one: Bed) -> dict[str, Any]:
    patient = session.caller.patient(one.person) if one.alerts else None
    return {
        "patient": one.person,
        "alerts": [_alert(kept) | (told_of(patient, kept) if patient else {}) for kept in one.alerts],
        "streams": [_stream(live) for live in one.streams],
        "false_alerts_per_day": one.rate and one.rate.per_day,
    }


def _alert(one: Kept) -> dict[str, Any]:
    row = {"id": one.id, "signal": one.signal, "kind": one.kind, "severity": one.severity, "state": one.state}
    return row | {"began": _moment(one.began_ms), "raised": _moment(one.raised_ms), "seen_by": one.acknowledged_by}


def _stream(one: Live) -> dict[str, Any]:
    last, forecast, usual = one.points[-1] if one.points else None, one.forecast, one.watch.usual
    return {
        "signal": one.signal,
        "value": last and last.value,
        "at": last and _moment(last.at),
        "thought_of_it": last and last.verdict,
        "usual": usual and vars(usual.band(one.watch.newest)),
        "expected_next": forecast and vars(forecast),
    }


def _moment(at_ms: int) -> str:
    return to_datetime(at_ms).isoformat(timespec="seconds")


MONITORING = (
    typed(
        "monitor", "Monitor",
        "Who needs attention: alerts that are not over with cause, band, forecast and reason; live streams.",
        Monitor, monitor, ("read", "agents"), {"type": "array", "items": {"type": "object"}},
    ),
)  # fmt: skip
