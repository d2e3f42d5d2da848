"""Proposals: what agents would have written, sealed with the patient's key until a person confirms or refuses it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from sqlalchemy import BigInteger, Column, LargeBinary, Row, Table, Text, insert, select, update

from vitruvian.core import AccessError, DataError, InputError, RefusalError, UnknownNameError, now_ms, to_datetime
from vitruvian.record import Patient
from vitruvian.serve.caller import Caller
from vitruvian.serve.mcp.proposed import Resource, checked, write
from vitruvian.serve.server import Server
from vitruvian.serve.store import metadata

State = Literal["open", "confirmed", "refused", "expired"]
_VALID_MS = 7 * 86_400_000
_MOST_OPEN = 50
"""Of one account about one person."""

proposals = Table(
    "proposal",
    metadata,
    Column("proposal", Text, primary_key=True),
    Column("person", Text, nullable=False, index=True),
    Column("subject", Text, nullable=False),
    Column("account", Text, nullable=False, index=True),
    Column("by", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decided_ms", BigInteger),
    Column("sealed", LargeBinary, nullable=False),
)


@dataclass(frozen=True)
class Proposal:
    """One proposal: `sentence` says what would be written, `reason` why, in the agent's words."""

    id: str
    person: str
    by: str
    account: str
    made: str
    state: State
    sentence: str
    reason: str
    resource: Resource
    decided_by: str = ""
    decided: str = ""


def propose(
    server: Server, caller: Caller, patient: Patient, resource: Resource, sentence: str, reason: str, channel: str
) -> Proposal:
    """Keep it for a person to decide; the same again is the same proposal. Nothing is written to the record.

    Raises `DataError` for what the record would not trust, `InputError` where too many wait already.
    """
    checked(resource)
    waiting = [one for one in _of_person(server, patient.id) if one.state == "open" and one.account == caller.account]
    for one in waiting:
        if one.sentence == sentence and one.reason == reason:
            return one
    if len(waiting) >= _MOST_OPEN:
        raise InputError("too many proposals wait", got=str(len(waiting)), todo="Let a person decide on them first.")
    made, subject = secrets.token_hex(8), patient.subjects[0]
    content = orjson.dumps({"sentence": sentence, "reason": reason, "resource": dict(resource)})
    row = {
        "proposal": made, "person": patient.id, "subject": subject, "account": caller.account, "by": caller.name,
        "channel": channel, "made_ms": now_ms(), "state": "open", "decided_by": "",
        "sealed": server.record.keys.cipher(subject).seal(content, made.encode()),
    }  # fmt: skip
    caller.record.note("propose", patient.id, proposal=made, channel=channel)
    with server.store.transaction() as connection:
        connection.execute(insert(proposals).values(**row))
    return proposal_of(server, caller, made)


def proposals_of(server: Server, caller: Caller, patient: str | None = None) -> list[Proposal]:
    """Proposals about people whom the caller may see, or about one; newest first.

    One who may not write to records sees their own alone.
    """
    people = [caller.patient(patient).id] if patient else caller.people() if caller.may("read") else []
    writes = caller.may("ingest")
    found = [one for person in people for one in _of_person(server, person)]
    return sorted((one for one in found if writes or one.account == caller.account), key=lambda one: one.made)[::-1]


def proposal_of(server: Server, caller: Caller, proposal: str) -> Proposal:
    """One proposal; raises `UnknownNameError` for one that the caller may not see."""
    unknown = UnknownNameError("no such proposal", got=repr(proposal))
    with server.store.transaction() as connection:
        row = connection.execute(select(proposals).where(proposals.c.proposal == proposal)).first()
    found = _opened(server, row) if row is not None else None
    if found is None or not (found.account == caller.account or caller.may("ingest")):
        raise unknown
    try:
        caller.patient(found.person)
    except (UnknownNameError, AccessError):
        raise unknown from None
    return found


def decide(server: Server, caller: Caller, proposal: str, *, confirm: bool) -> Proposal:
    """A person who is signed in confirms (then it is written, in their name) or refuses.

    Raises `AccessError` for a token: agents hold tokens; `RefusalError` for one that is decided or too old.
    """
    found = proposal_of(server, caller, proposal)
    if not caller.session:
        raise AccessError("a person decides", got="a token", todo="Sign in, and decide on the page of proposals.")
    if found.state != "open":
        raise RefusalError(f"the proposal is {found.state}", got=found.decided_by or None, todo="Propose it anew.")
    person = caller.patient(found.person)
    state: State = "confirmed" if confirm else "refused"
    caller.record.note(state, person.id, proposal=proposal)
    decided = {"state": state, "decided_by": caller.name, "decided_ms": now_ms()}
    with server.store.transaction() as connection:  # where writing fails, nothing was decided
        waits = (proposals.c.proposal == proposal) & (proposals.c.state == "open")
        if not connection.execute(update(proposals).where(waits).values(**decided)).rowcount:
            raise RefusalError("somebody else has just decided", todo="Look at the proposals again.")
        if confirm:
            told = f"Proposed by an agent of {found.by}, confirmed by {caller.name}."
            write(caller.record, proposal, found.resource, person.subjects[0], told)
    return proposal_of(server, caller, proposal)


def shown(one: Proposal) -> dict[str, Any]:
    """A proposal as JSON."""
    row: dict[str, Any] = {"id": one.id, "patient": one.person, "state": one.state, "by": one.by, "made": one.made}
    row |= {"sentence": one.sentence, "reason": one.reason, "resource": one.resource}
    decided = {"decided_by": one.decided_by, "decided": one.decided}
    return row | {name: value for name, value in decided.items() if value}


def _of_person(server: Server, person: str) -> list[Proposal]:
    query = select(proposals).where(proposals.c.person == person).order_by(proposals.c.made_ms)
    with server.store.transaction() as connection:
        rows = connection.execute(query).all()
    return [found for row in rows if (found := _opened(server, row)) is not None]


def _opened(server: Server, row: Row[Any]) -> Proposal | None:
    """The proposal of a row; None where its person was erased."""
    try:
        told: Mapping[str, Any] = orjson.loads(
            server.record.keys.cipher(row.subject).open(row.sealed, row.proposal.encode())
        )
    except DataError:
        return None
    state: State = "expired" if row.state == "open" and now_ms() - row.made_ms > _VALID_MS else row.state
    return Proposal(
        row.proposal, row.person, row.by, row.account, _moment(row.made_ms), state, told["sentence"], told["reason"],
        told["resource"], row.decided_by, _moment(row.decided_ms) if row.decided_ms else "",
    )  # fmt: skip


def _moment(at_ms: int) -> str:
    return to_datetime(at_ms).isoformat(timespec="milliseconds")
