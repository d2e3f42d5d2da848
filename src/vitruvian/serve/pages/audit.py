"""Who did what: of one person in plain words, of all for those who audit, and whether the audit is whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from vitruvian.core import now_ms, to_datetime
from vitruvian.record import AuditEntry, AuditKey
from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.identity import account_of
from vitruvian.serve.pages.audit_words import names_of
from vitruvian.serve.pages.paging import Number, paged
from vitruvian.serve.pages.person import called
from vitruvian.serve.pages.render import page
from vitruvian.serve.server import Server, server_of

router = APIRouter()
Auditor = Annotated[Caller, Allow("audit", "audit")]
_ROWS = 30
_LOOKS = 60
_DAY_MS = 86_400_000


@dataclass(frozen=True)
class Looks:
    """What somebody did on one day for one purpose, how often, and when last."""

    day: str
    who: str
    purpose: str
    action: str
    count: int
    last: str


@router.get("/patients/{person}/access")
def of_person(request: Request, person: str, caller: Auditor, part: Number = 1) -> Response:
    """Who saw or changed what of one person, by day; a patient may ask of themselves."""
    patient = caller.patient(person)
    rows = caller.record.audit_log(patient.id)
    looks = paged(_by_day(server_of(request), rows), part, _LOOKS)
    return page(request, "access.html", caller, patient=patient, name=called(patient), looks=looks)


@router.get("/audit")
def everything(
    request: Request,
    caller: Auditor,
    days: Annotated[int, Query(ge=1, le=3650)] = 1,
    actor: str = "",
    action: str = "",
    before: Annotated[str, Query(pattern=r"^(\d{1,15}\.\d{1,9}\.\d{1,15})?$")] = "",
) -> Response:
    """The newest rows, newest first; `before` names the last row of the page before."""
    since = to_datetime(now_ms() - days * _DAY_MS)
    counts = caller.record.audit_counts(actor=actor or None, since=since)
    rows = caller.record.audit_log(
        actor=actor or None, action=action or None, since=since, after=_place(before), limit=_ROWS + 1, newest=True
    )
    shown = rows[:_ROWS]
    older = ".".join(map(str, shown[-1].key)) if len(rows) > _ROWS else ""
    count = counts.get(action, 0) if action else sum(counts.values())
    names = _names(server_of(request), shown)
    people = names_of(caller.record, shown)
    return page(
        request, "audit.html", caller, rows=shown, names=names, people=people, count=count, days=days, actor=actor,
        action=action, actions=sorted(counts), older=older,
    )  # fmt: skip


def _place(text: str) -> AuditKey | None:
    if not text:
        return None
    at_ms, shard, seq = map(int, text.split("."))
    return at_ms, shard, seq


@router.get("/audit/verify")
def verify(request: Request, caller: Auditor) -> Response:
    """Whether any row was changed, removed or put in."""
    count, findings = caller.record.audit_findings()
    return page(request, "audit_verified.html", caller, count=count, findings=findings)


def _by_day(server: Server, rows: Sequence[AuditEntry]) -> list[Looks]:
    names = _names(server, rows)
    found: dict[tuple[str, str, str, str], Looks] = {}
    for one in rows:
        day, who = one.at[:10], names[one.actor]
        key = (day, who, one.purpose, one.action)
        before = found[key].count if key in found else 0
        found[key] = Looks(*key, before + 1, one.at)
    return sorted(found.values(), key=lambda one: one.last, reverse=True)


def _names(server: Server, rows: Sequence[AuditEntry]) -> dict[str, str]:
    """Id of an actor → the name of the account; those of the command line stay as they are."""
    accounts = {one: account_of(server.store, one) for one in {row.actor for row in rows}}
    return {one: account.name if account else one for one, account in accounts.items()}
