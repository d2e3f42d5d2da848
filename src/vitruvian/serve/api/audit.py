"""Who did what: of one person, of all, and whether the audit is whole."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from vitruvian.core import InputError
from vitruvian.record import AuditEntry, AuditKey
from vitruvian.serve.api.facts import Moment
from vitruvian.serve.api.paging import CursorText, Limit, Page, cursor, page_of, read_cursor
from vitruvian.serve.api.tagged import Tagged
from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.identity import account_of
from vitruvian.serve.server import Server, server_of

router = APIRouter(tags=["audit"], route_class=Tagged)
Auditor = Annotated[Caller, Allow("audit", "audit")]
Asked = tuple[str | None, ...]


class EntryOut(BaseModel):
    """One row of the audit; `person` is a pseudonym."""

    at: str
    actor: str
    name: str
    purpose: str
    action: str
    person: str
    detail: str


class Whole(BaseModel):
    """Rows of the audit, and what is wrong with them."""

    rows: int
    findings: list[str]


@router.get("/patients/{person}/audit")
def of_person(
    request: Request, person: str, caller: Auditor, since: Moment = None, limit: Limit = 100, after: CursorText = None
) -> Page[EntryOut]:
    """Who saw or changed what of one person; a patient may ask of themselves."""
    asked = (person, since)
    rows = caller.record.audit_log(person, since=since, after=_place(after, asked), limit=limit + 1)
    return _page(server_of(request), rows, asked, limit)


@router.get("/audit")
def everything(
    request: Request,
    caller: Auditor,
    actor: Annotated[str | None, Query(description="Id of an account.")] = None,
    since: Moment = None,
    limit: Limit = 100,
    after: CursorText = None,
) -> Page[EntryOut]:
    """Who did what, in order of time."""
    asked = ("audit", actor, since)
    rows = caller.record.audit_log(actor=actor, since=since, after=_place(after, asked), limit=limit + 1)
    return _page(server_of(request), rows, asked, limit)


@router.get("/audit/verify")
def verify(caller: Auditor) -> Whole:
    """Whether any row was changed, removed or put in."""
    rows, findings = caller.record.audit_findings()
    return Whole(rows=rows, findings=[str(one) for one in findings])


def _place(after: str | None, asked: Asked) -> AuditKey | None:
    key = read_cursor(after, *asked)
    if key is None:
        return None
    if len(key) != 3 or not all(type(one) is int for one in key):
        raise InputError("not a cursor", got=repr(after), todo="Take `next` of the page before.")
    return key[0], key[1], key[2]


def _page(server: Server, rows: list[AuditEntry], asked: Asked, limit: int) -> Page[EntryOut]:
    found, last = page_of(rows, lambda one: one.key, None, limit)
    names = {one: _name(server, one) for one in {row.actor for row in found}}
    items = [_entry(row, names[row.actor]) for row in found]
    return Page(items=items, next=cursor(last, *asked))


def _entry(row: AuditEntry, name: str) -> EntryOut:
    return EntryOut(at=row.at, actor=row.actor, name=name, purpose=row.purpose, action=row.action, person=row.person,
                    detail=row.detail)  # fmt: skip


def _name(server: Server, actor: str) -> str:
    found = account_of(server.store, actor)
    return found.name if found else actor
