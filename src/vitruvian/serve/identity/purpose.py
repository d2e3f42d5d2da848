"""For what one acts: another purpose that one's roles have, or breaking the glass for one person, with the reason.

In an emergency a clinician passes over a denial, for one person and half an hour. The reason is sealed and kept for
those who audit; the record's audit says who, whom and when, and marks each read that passed over a denial.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from vitruvian.core import SPELLINGS, AccessError, Actor, InputError, now_ms
from vitruvian.serve.caller import Allow, Caller, SignInNeeded
from vitruvian.serve.identity.emergencies import keep_emergency
from vitruvian.serve.identity.sessions import change_purpose, give_cookie
from vitruvian.serve.pages.render import page
from vitruvian.serve.server import server_of

router = APIRouter()
Own = Annotated[Caller, Allow("own", "own")]
EMERGENCY = "emergency"
LASTS_MS = 30 * 60_000
SHORTEST_REASON = 15


def purposes_of(actor: Actor) -> tuple[str, ...]:
    """Purposes that somebody's roles have some right for, without emergencies."""
    usual = [one for one in SPELLINGS if one not in (EMERGENCY, "any", "marketing")]
    return tuple(one for one in usual if _permits(actor, one))


def may_break_glass(actor: Actor) -> bool:
    """Whether their roles let somebody pass over a denial."""
    return Actor(actor.id, actor.roles & {"clinician"}, EMERGENCY).permits_all("read")


@router.get("/purpose")
def purpose_page(request: Request, caller: Own, person: str = "") -> Response:
    """Purposes to choose from, and the form to break the glass."""
    purposes, glass = purposes_of(caller.actor), may_break_glass(caller.actor)
    return page(
        request, "purpose.html", caller, purposes=purposes, glass=glass, person=person, shortest=SHORTEST_REASON
    )


@router.post("/purpose")
def choose_purpose(request: Request, caller: Own, purpose: Annotated[str, Form()]) -> Response:
    """Act for another purpose from now on."""
    if purpose not in purposes_of(caller.actor):
        raise AccessError("your roles do not act for this", got=repr(purpose))
    caller.record.note("purpose", to=purpose)
    return _changed(request, caller, "/", purpose)


@router.post("/break-glass")
def break_glass(
    request: Request,
    caller: Own,
    person: Annotated[str, Form(min_length=1, max_length=200)],
    reason: Annotated[str, Form(max_length=1000)],
) -> Response:
    """See one person for half an hour whatever they denied. Raises `InputError` without a reason."""
    if not may_break_glass(caller.actor):
        raise AccessError("your roles do not act in emergencies", todo="Ask a clinician.")
    why = " ".join(reason.split())
    if len(why) < SHORTEST_REASON or len(set(why.casefold())) < 6:
        raise InputError("breaking the glass needs its reason", todo=f"Say it in {SHORTEST_REASON} characters or more.")
    urgent = caller.record.acting(EMERGENCY)
    found = urgent.patient(person.strip()).id
    until = now_ms() + LASTS_MS
    keep_emergency(server_of(request), caller.account, found, why, until)
    urgent.note("break_glass", found, minutes=LASTS_MS // 60_000)
    return _changed(request, caller, f"/patients/{quote(found, safe='')}", EMERGENCY, found, until)


@router.post("/break-glass/end")
def end_emergency(request: Request, caller: Own) -> Response:
    """Act for one's own purpose again."""
    caller.record.note("emergency_ended", caller.only or "")
    return _changed(request, caller, "/", "")


def _changed(
    request: Request, caller: Caller, place: str, purpose: str, patient: str | None = None, until: int | None = None
) -> Response:
    secret = change_purpose(server_of(request).store, caller.session, purpose, patient, until)
    if secret is None:
        raise SignInNeeded("the session has ended", todo="Sign in again.")
    answer = RedirectResponse(place, 303)
    give_cookie(request, answer, secret)
    return answer


def _permits(actor: Actor, purpose: str) -> bool:
    one = Actor(actor.id, actor.roles, purpose, actor.own)
    return any(one.permits_all(action) or one.permits(action, one.own) for action in ("read", "ingest", "audit"))
