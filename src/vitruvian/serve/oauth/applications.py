"""Applications that may act for somebody: what they were allowed, ending it, and starting one from a patient's page."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from vitruvian.core import AccessError, UnknownNameError
from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.identity.approvals import approvals_of, drop_approval
from vitruvian.serve.identity.forms import origin_of
from vitruvian.serve.identity.own import moment
from vitruvian.serve.oauth.asking import in_words
from vitruvian.serve.oauth.clients import client_of, launchable
from vitruvian.serve.oauth.launches import new_launch
from vitruvian.serve.pages.render import page
from vitruvian.serve.server import server_of
from vitruvian.serve.trace import page_policy

router = APIRouter()
Own = Annotated[Caller, Allow("own", "own")]


@router.get("/account/applications")
def applications(request: Request, caller: Own) -> Response:
    """What one allowed to which application."""
    rows = approvals_of(server_of(request).store, caller.account)
    words = {scope: in_words(scope) for row in rows for scope in row.scopes}
    return page(request, "applications.html", caller, rows=rows, moment=moment, words=words)


@router.post("/account/applications/end")
def end(request: Request, caller: Own, approval: Annotated[str, Form()]) -> Response:
    """The application may not act any more."""
    drop_approval(server_of(request).store, caller.account, approval)
    caller.record.note("application_ended")
    return RedirectResponse("/account/applications", 303)


@router.get("/patients/{person}/applications")
def of_patient(request: Request, person: str, caller: Annotated[Caller, Allow("read", "patients")]) -> Response:
    """Applications that can be started for a patient."""
    found, clients = caller.patient(person), launchable(server_of(request).store)
    policy = page_policy(" ".join(sorted({origin_of(one.launch_url) for one in clients})))
    headers = {"content-security-policy": policy}
    return page(request, "launch.html", caller, patient=found, clients=clients, headers=headers)


@router.post("/patients/{person}/applications")
def launch(
    request: Request,
    person: str,
    caller: Annotated[Caller, Allow("read", "patients")],
    client: Annotated[str, Form()],
) -> Response:
    """Start an application with a patient (SMART launch from an EHR)."""
    server = server_of(request)
    found, app = caller.patient(person), client_of(server.store, client)
    if app is None or not app.launch_url:
        raise UnknownNameError("no such application", got=repr(client))
    if not caller.session or caller.only:
        raise AccessError("applications are started from an ordinary session")
    context = new_launch(server.store, caller.account, app.client_id, found.id)
    told = urlencode({"iss": f"{server.settings.url}/fhir", "launch": context})
    return RedirectResponse(f"{app.launch_url}{'&' if '?' in app.launch_url else '?'}{told}", 303)
