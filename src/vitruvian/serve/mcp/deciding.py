"""Where a person confirms or refuses what agents propose: a page, and the same by REST for one who is signed in."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.mcp.checking import checks_of
from vitruvian.serve.mcp.proposals import decide, proposal_of, proposals_of, shown
from vitruvian.serve.pages.person import identified
from vitruvian.serve.pages.render import page
from vitruvian.serve.server import server_of

router = APIRouter()
pages = APIRouter(include_in_schema=False)
rest = APIRouter(prefix="/api/v1/proposals", tags=["proposals"])
Writer = Annotated[Caller, Allow("ingest", "proposals")]


class Decision(BaseModel):
    """What a person decides."""

    decision: Literal["confirm", "refuse"]


@pages.get("/proposals")
def proposals_page(request: Request, caller: Writer) -> Response:
    """What waits, and what was decided; what the twins say of each order comes when the page stands."""
    found = proposals_of(server_of(request), caller)
    waiting, done = ([one for one in found if (one.state == "open") is open] for open in (True, False))
    people = {one: identified(caller.patient(one)) for one in sorted({each.person for each in found})}
    return page(request, "proposals.html", caller, waiting=waiting, done=done, people=people, checked={})


@pages.get("/proposals/{proposal}/checks")
def checks_page(request: Request, proposal: str, caller: Writer) -> Response:
    """What the twins say of one, and the decision: a part of the page, or a page of its own."""
    server = server_of(request)
    one = proposal_of(server, caller, proposal)
    checked = {one.id: checks_of(server, caller, one)}
    if "hx-request" in request.headers:
        return page(request, "proposal_checks.html", caller, one=one, checked=checked)
    people = {one.person: identified(caller.patient(one.person))}
    waiting, done = ([one], []) if one.state == "open" else ([], [one])
    return page(request, "proposals.html", caller, waiting=waiting, done=done, people=people, checked=checked)


@pages.post("/proposals/{proposal}/{decision}")
def decided_page(
    request: Request, proposal: str, decision: Literal["confirm", "refuse"], caller: Writer
) -> RedirectResponse:
    """Confirm or refuse one."""
    decide(server_of(request), caller, proposal, confirm=decision == "confirm")
    return RedirectResponse("/proposals", 303)


@rest.get("")
def listed(request: Request, caller: Writer, patient: str | None = None) -> list[dict[str, Any]]:
    """What agents propose about people whom the caller may see; newest first."""
    return [shown(one) for one in proposals_of(server_of(request), caller, patient)]


@rest.get("/{proposal}")
def one_proposal(request: Request, proposal: str, caller: Writer) -> dict[str, Any]:
    """One proposal, with the resource that would be written and, while it waits, what the twins say of it."""
    server = server_of(request)
    found = proposal_of(server, caller, proposal)
    return shown(found) | ({"checks": checks_of(server, caller, found).shown()} if found.state == "open" else {})


@rest.post("/{proposal}/decision")
def decision(request: Request, proposal: str, told: Decision, caller: Writer) -> dict[str, Any]:
    """Confirm (then it is written) or refuse; only a person who is signed in may, never a token."""
    return shown(decide(server_of(request), caller, proposal, confirm=told.decision == "confirm"))


router.include_router(pages)
router.include_router(rest)
