"""Tools that read the record of one person."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from vitruvian.core import UnknownNameError
from vitruvian.record import Fact
from vitruvian.serve.mcp.limits import ROWS, page_of
from vitruvian.serve.mcp.session import AgentSession
from vitruvian.serve.mcp.shown import FACT, FACTS, fact_row, need, readable, type_of
from vitruvian.serve.mcp.summary import newest_values, summary
from vitruvian.serve.mcp.tool import Found, Optional, Takes, typed
from vitruvian.serve.mcp.tools.people import Limit, Offset

PatientName = Annotated[
    str | Optional, Field(description="Id of the patient; may be left out where the session has one.")
]
Moment = Annotated[str | Optional, Field(description="ISO 8601 date or time.")]


class OfPatient(Takes):
    """Arguments of tools that need only the person."""

    patient: PatientName = None


class ReadFacts(Takes):
    """Arguments of `read_facts`."""

    patient: PatientName = None
    kind: Annotated[str | Optional, Field(description="observation, condition, medication_request, genome, note …")] = (
        None
    )
    code: Annotated[str | Optional, Field(description='A code ("2160-0") or a name ("creatinine", "warfarin").')] = None
    since: Moment = None
    until: Moment = None
    known_by: Annotated[str | Optional, Field(description="Read as the record was known at this moment.")] = None
    order: Annotated[Literal["newest", "oldest"], Field(description="Which come first.")] = "newest"
    limit: Limit = ROWS
    offset: Offset = 0


class Timeline(Takes):
    """Arguments of `timeline`."""

    patient: PatientName = None
    since: Moment = None
    until: Moment = None
    order: Annotated[Literal["newest", "oldest"], Field(description="Which come first.")] = "newest"
    limit: Limit = ROWS
    offset: Offset = 0


class ReadSignal(Takes):
    """Arguments of `read_signal`."""

    patient: PatientName = None
    signal: Annotated[str, Field(description='Name of a signal ("glucose", "heart_rate"): see patient_summary.')]
    by: Annotated[Literal["day", "sample"], Field(description="A row for each day, or for each sample.")] = "day"
    since: Moment = None
    until: Moment = None
    limit: Limit = ROWS
    offset: Offset = 0


class ReadSource(Takes):
    """Arguments of `read_source`."""

    patient: PatientName = None
    fact: Annotated[str, Field(description="Id of the fact.")]


def patient_summary(session: AgentSession, asked: OfPatient) -> Found:
    """Who it is, problems, drugs, allergies, newest values, signals."""
    return Found(summary(session.caller, session.patient(asked.patient)))


def read_facts(session: AgentSession, asked: ReadFacts) -> Found:
    """Facts by kind, code and time."""
    if asked.kind is not None:
        need(session.caller, type_of(asked.kind))
    patient = session.patient(asked.patient)
    facts = patient.facts(asked.kind, asked.code, asked.since, asked.until, known_by=asked.known_by)
    return _page(session, facts, asked)


def timeline(session: AgentSession, asked: Timeline) -> Found:
    """Everything with a date in order, and a row for each day of a signal."""
    return _page(session, session.patient(asked.patient).timeline(asked.since, asked.until), asked)


def newest(session: AgentSession, asked: OfPatient) -> Found:
    """The newest trusted value of every measurement and signal."""
    return Found(newest_values(session.caller, session.patient(asked.patient)))


def read_signal(session: AgentSession, asked: ReadSignal) -> Found:
    """Samples of a signal, or a row for each day."""
    need(session.caller, "Observation")
    patient = session.patient(asked.patient)
    read = patient.daily if asked.by == "day" else patient.samples
    rows = read(asked.signal, asked.since, asked.until).to_dicts()
    page, left = page_of(rows, asked.limit, asked.offset, _plain)
    return Found(page, left)


def read_source(session: AgentSession, asked: ReadSource) -> Found:
    """A fact with the record of its source, as received."""
    patient = session.patient(asked.patient)
    return Found(fact_with_source(session, patient.id, asked.fact))


def fact_with_source(session: AgentSession, person: str, fact: str) -> dict[str, Any]:
    """One fact whole, and what its source said. Raises `UnknownNameError`."""
    from vitruvian.core import DataError

    patient = session.patient(person)
    found = [one for one in readable(session.caller, patient.facts(void=True)) if one.id == fact]
    if not found:
        raise UnknownNameError("no such fact", got=repr(fact), todo="Ids come with read_facts and timeline.")
    one = found[0]
    whole = {"detail": dict(one.detail)} | ({"value_text": one.value_text} if one.value_text else {})
    shown = fact_row(one) | whole | {"source": f"{one.raw_hash[:12]}:{one.path}", "read_by": one.parser}
    try:
        return {"fact": shown, "as_received": patient.resource(one)}
    except (DataError, UnknownNameError) as error:
        return {"fact": shown, "as_received": None, "why_not": str(error)}


def _page(session: AgentSession, facts: list[Fact], asked: ReadFacts | Timeline) -> Found:
    seen = readable(session.caller, facts)
    ordered = seen[::-1] if asked.order == "newest" else seen
    page, left = page_of(ordered, asked.limit, asked.offset, fact_row)
    return Found(page, left)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: one.isoformat() if hasattr(one, "isoformat") else one for name, one in row.items()}


_OBJECT = {"type": "object"}
_ROWS = {"type": "array", "items": {"type": "object"}}
FACTS_TOOLS = (
    typed(
        "patient_summary", "Summary of a patient",
        "Who it is, problems, drugs, allergies, newest values with units, genome, signals, what is doubtful.",
        OfPatient, patient_summary, gives=_OBJECT,
    ),
    typed(
        "read_facts", "Facts", "Facts of a patient by kind, code and time, newest first; each with unit and status.",
        ReadFacts, read_facts, gives=FACTS,
    ),
    typed(
        "timeline", "Timeline", "Everything about a patient that has a date, with a row for each day of a signal.",
        Timeline, timeline, gives=FACTS,
    ),
    typed(
        "newest_values", "Newest values", "The newest trusted value of every measurement and signal of a patient.",
        OfPatient, newest, gives=_ROWS,
    ),
    typed(
        "read_signal", "Samples of a signal", "A stream (glucose, heart rate …) by day or by sample, with its unit.",
        ReadSignal, read_signal, gives=_ROWS,
    ),
    typed(
        "read_source", "A fact with its source", "One fact whole, with the record of its source exactly as received.",
        ReadSource, read_source,
        gives={"type": "object", "properties": {"fact": FACT}, "required": ["fact"]},
    ),
)  # fmt: skip
