"""What an agent may read by address: the session, a patient's summary, a fact with its source, a model card."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import mcp_types as types

from vitruvian.core import UnknownNameError
from vitruvian.serve.mcp.proposals import proposals_of, shown
from vitruvian.serve.mcp.session import AgentSession
from vitruvian.serve.mcp.summary import summary
from vitruvian.serve.mcp.tools.asking import ListTwins, list_twins
from vitruvian.serve.mcp.tools.facts import fact_with_source
from vitruvian.serve.mcp.tools.models import card

JSON = "application/json"
_SESSION = "vitruvian://session"
_TWINS = "vitruvian://twins"
_PART = r"([^/]+)"
_SUMMARY = "vitruvian://patients/{patient}/summary"
_FACT = "vitruvian://patients/{patient}/facts/{fact}"
_MODEL = "vitruvian://models/{name}"

_MOST_PROPOSALS = 20
Read = Callable[..., Any]


def listed(session: AgentSession) -> list[types.Resource]:
    """Resources of this session that need no choice."""
    found = [
        types.Resource(uri=_SESSION, name="session", title="This session", mime_type=JSON,
                       description="Whose rights, which patient, purpose, scopes; what was proposed and is open."),
        types.Resource(uri=_TWINS, name="twins", title="Twins", mime_type=JSON,
                       description="Installed twins, and how they stand for the session's patient."),
    ]  # fmt: skip
    if session.person:
        uri = _SUMMARY.format(patient=session.person)
        found.append(types.Resource(uri=uri, name="summary", title="Summary of the patient", mime_type=JSON))
    return found


def templates() -> list[types.ResourceTemplate]:
    """Resources that are chosen by an id."""
    rows = (
        (_SUMMARY, "patient_summary", "Who it is, problems, drugs, newest values, signals."),
        (_FACT, "fact", "A fact with the record of its source, as received."),
        (_MODEL, "model", "A model card: every number with its citation."),
    )
    return [types.ResourceTemplate(uri_template=uri, name=name, description=about, mime_type=JSON)
            for uri, name, about in rows]  # fmt: skip


def read(session: AgentSession, uri: str) -> Any:
    """What lies at an address, as JSON. Raises `UnknownNameError`."""
    for pattern, what, action, work in _READERS:
        match = re.fullmatch(pattern, uri)
        if match:
            session.demand("read", action)
            person = session.caller.patient(match[1]).id if what in ("summary", "fact") else session.person
            session.caller.record.note("agent", person, resource=what, channel=session.channel)
            return work(session, *match.groups())
    allowed = ", ".join((_SESSION, _TWINS, _SUMMARY, _FACT, _MODEL))
    raise UnknownNameError("no such resource", got=repr(uri), allowed=allowed)


def session_shown(session: AgentSession) -> dict[str, Any]:
    """What the session is: rights, person, purpose, scopes."""
    caller = session.caller
    return {
        "by": caller.name,
        "roles": sorted(caller.actor.roles),
        "purpose": caller.actor.purpose,
        "scopes": None if caller.scopes is None else sorted(caller.scopes),
        "patient": session.person or None,
        "may_propose": session.proposes,
        "writes": "None. What is proposed is written when a person confirms it.",
        "proposals": _proposals(session),
    }


def _proposals(session: AgentSession) -> list[dict[str, Any]]:
    """What is proposed about the session's patient and what became of it: agents of one patient share it."""
    if not session.person:
        return []
    return [shown(one) for one in proposals_of(session.server, session.caller, session.person)[:_MOST_PROPOSALS]]


def _summary(session: AgentSession, person: str) -> dict[str, Any]:
    return summary(session.caller, session.patient(person))


def _pattern(template: str) -> str:
    return re.sub(r"\\\{\w+\\\}", lambda _: _PART, re.escape(template))


_READERS: tuple[tuple[str, str, str, Read], ...] = (
    (re.escape(_SESSION), "session", "agents", session_shown),
    (re.escape(_TWINS), "twins", "twins", lambda session: list_twins(session, ListTwins()).data),
    (_pattern(_SUMMARY), "summary", "agents", _summary),
    (_pattern(_FACT), "fact", "agents", fact_with_source),
    (_pattern(_MODEL), "model", "agents", lambda _, name: card(name)),
)
