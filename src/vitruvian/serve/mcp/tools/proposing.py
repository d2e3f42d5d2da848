"""Tools that propose a write: it waits until a person confirms it on a page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import Field

from vitruvian.core import InputError, now_ms, to_datetime, to_ms
from vitruvian.record import Patient
from vitruvian.serve.mcp.checking import quick_checks
from vitruvian.serve.mcp.limits import page_of
from vitruvian.serve.mcp.proposals import proposals_of, propose, shown
from vitruvian.serve.mcp.proposed import Resource, measurement, medication, note
from vitruvian.serve.mcp.session import AgentSession
from vitruvian.serve.mcp.tool import Found, Optional, Takes, typed
from vitruvian.serve.mcp.tools.facts import PatientName
from vitruvian.serve.mcp.tools.people import Limit, Offset

_MOST_TEXT = 8000
_AHEAD_MS = 300_000
"""How far another clock may be ahead."""
Reason = Annotated[str, Field(min_length=1, max_length=500, description="Why; the person who decides reads it.")]
Unit = Annotated[str, Field(min_length=1, description='Unit in UCUM ("mg/dL", "mmol/L", "mg").')]


class ProposeMeasurement(Takes):
    """Arguments of `propose_measurement`."""

    patient: PatientName = None
    measurement: Annotated[str, Field(description='LOINC code or name ("creatinine", "vancomycin_level").')]
    value: Annotated[float, Field(allow_inf_nan=False, description="In `unit`.")]
    unit: Unit
    at: Annotated[str, Field(description="When it was measured (ISO 8601 with offset).")]
    reason: Reason


class ProposeMedication(Takes):
    """Arguments of `propose_medication`."""

    patient: PatientName = None
    drug: Annotated[str, Field(min_length=1, max_length=100, description="Name of one ingredient.")]
    dose: Annotated[float, Field(gt=0, allow_inf_nan=False, description="One dose, in `unit`.")]
    unit: Unit
    every_h: Annotated[float, Field(gt=0, le=8760, description="Hours between doses.", json_schema_extra={"unit": "h"})]
    route: Annotated[Literal["oral", "iv", "sc"] | Optional, Field(description="Route.")] = None
    start: Annotated[str, Field(description="First dose (ISO 8601 with offset).")]
    reason: Reason


class ProposeNote(Takes):
    """Arguments of `propose_note`."""

    patient: PatientName = None
    text: Annotated[str, Field(min_length=1, max_length=_MOST_TEXT)]
    reason: Reason


class ListProposals(Takes):
    """Arguments of `list_proposals`."""

    patient: PatientName = None
    limit: Limit = 50
    offset: Offset = 0


def propose_measurement(session: AgentSession, asked: ProposeMeasurement) -> Found:
    """A value that somebody measured. Raises `InputError` for one of the future, `DataError` for a wrong unit."""
    patient = session.patient(asked.patient)
    at = _moment(asked.at)
    if to_ms(at) > now_ms() + _AHEAD_MS:
        raise InputError("a measurement lies in the past", got=at, todo="Give the moment at which it was made.")
    resource = measurement(asked.measurement, asked.value, asked.unit, at, patient.subjects[0])
    sentence = f"{resource['code']['text']} {asked.value:g} {asked.unit} on {at}"
    return _kept(session, patient, resource, sentence, asked.reason)


def propose_medication(session: AgentSession, asked: ProposeMedication) -> Found:
    """A draft of an order."""
    patient = session.patient(asked.patient)
    start = _moment(asked.start)
    resource = medication(
        asked.drug, asked.dose, asked.unit, asked.every_h, asked.route, start, patient.subjects[0]
    )  # fmt: skip
    sentence = f"Draft order: {asked.drug} {resource['dosageInstruction'][0]['text']}, from {start}"
    said = quick_checks(patient, resource).shown()["notes"]
    found = _kept(session, patient, resource, sentence, asked.reason)
    more = "The dose is checked by the twins beside the button of the person who decides."
    return Found(found.data | {"notes": said, "dose": more})


def propose_note(session: AgentSession, asked: ProposeNote) -> Found:
    """A text for the record."""
    patient = session.patient(asked.patient)
    head = " ".join(asked.text.split())
    sentence = f"Note: {head[:120]}{'…' if len(head) > 120 else ''}"
    return _kept(session, patient, note(asked.text, patient.subjects[0]), sentence, asked.reason)


def list_proposals(session: AgentSession, asked: ListProposals) -> Found:
    """What is proposed about the patient, by any agent whose proposals this session may see, and what became of it."""
    patient = session.patient(asked.patient)
    found = proposals_of(session.server, session.caller, patient.id)
    page, left = page_of(found, asked.limit, asked.offset, shown)
    return Found(page, left)


def _kept(session: AgentSession, patient: Patient, resource: Resource, sentence: str, reason: str) -> Found:
    made = propose(session.server, session.caller, patient, resource, sentence, reason, session.channel)
    where = f"{session.server.settings.url}/proposals" if session.channel == "http" else "the page /proposals"
    return Found(
        {"proposal": made.id, "state": made.state, "sentence": sentence, "next": f"A person decides: {where}."}
    )


def _moment(text: str) -> str:
    """The moment as FHIR writes it, in the offset in which it was given. Raises `InputError`."""
    at = to_datetime(to_ms(text))
    try:
        offset = datetime.fromisoformat(text).tzinfo
    except ValueError:
        offset = None
    return at.astimezone(offset or UTC).isoformat(timespec="seconds")


_OBJECT = {"type": "object"}
LISTING = typed(
    "list_proposals", "Proposals", "What agents proposed about a patient, and what people decided.",
    ListProposals, list_proposals, gives={"type": "array", "items": {"type": "object"}},
)  # fmt: skip
PROPOSING = (
    typed(
        "propose_measurement", "Propose a measurement", "A measured value for the record; a person confirms it.",
        ProposeMeasurement, propose_measurement, gives=_OBJECT, writes=True,
    ),
    typed(
        "propose_medication", "Propose a medication",
        "A draft order for the record; a person confirms the draft, and orders it where orders are made.",
        ProposeMedication, propose_medication, gives=_OBJECT, writes=True,
    ),
    typed(
        "propose_note", "Propose a note", "A text for the record; a person confirms it.",
        ProposeNote, propose_note, gives=_OBJECT, writes=True,
    ),
)  # fmt: skip
