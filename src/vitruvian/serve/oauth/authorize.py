"""The page on which a person allows an application to act for them, or refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from authlib.common.urls import add_params_to_uri
from authlib.oauth2 import OAuth2Error
from fastapi import APIRouter, Depends
from fastapi import Request as WebRequest
from starlette.responses import RedirectResponse, Response

from vitruvian.core import AccessError, InputError, UnknownNameError
from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.identity.approvals import Approval
from vitruvian.serve.identity.forms import origin_of
from vitruvian.serve.identity.purpose import purposes_of
from vitruvian.serve.oauth.asking import given, in_words, needs_patient
from vitruvian.serve.oauth.granting import Answer, Fields, Granting, Request
from vitruvian.serve.oauth.launches import end_launch, launched_patient
from vitruvian.serve.oauth.places import path_of
from vitruvian.serve.pages.render import page
from vitruvian.serve.server import Server, server_of
from vitruvian.serve.trace import page_policy

router = APIRouter()
Own = Annotated[Caller, Allow("own", "own")]
_ASKED = (
    "response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "aud", "resource", "launch",
    "code_challenge", "code_challenge_method", "prompt",
)  # fmt: skip
_SHOWN = 200


async def _form(request: WebRequest) -> Fields:
    return [(name, value) for name, value in (await request.form()).multi_items() if isinstance(value, str)]


@router.get("/oauth/authorize")
def ask(request: WebRequest, caller: Own) -> Response:
    """Who asks for what; nothing is allowed yet."""
    server = server_of(request)
    fields = [(name, value) for name, value in request.query_params.multi_items() if name in _ASKED]
    asked = Request("GET", f"{server.settings.url}/oauth/authorize", fields, {})
    grant, problem = _grant(server, asked)
    if problem is not None:
        return problem
    wanted = given(asked.payload.scope or "")
    if fault := _fault(server, asked.payload.data, wanted):
        return _back(server, grant.redirect_uri, asked.payload.state, fault)
    launch = asked.payload.data.get("launch", "")
    patient = launched_patient(server.store, launch, caller.account, asked.client.client_id) if launch else None
    if launch and patient is None:
        return _back(server, grant.redirect_uri, asked.payload.state, "invalid_request")
    policy = {"content-security-policy": page_policy(origin_of(grant.redirect_uri))}
    return page(
        request, "authorize.html", caller, client=asked.client, place=_place(grant.redirect_uri), fields=fields,
        scopes=[(one, in_words(one)) for one in sorted(wanted)], patient=patient, choose=needs_patient(wanted),
        people=_people(caller), purposes=purposes_of(caller.actor), headers=policy,
    )  # fmt: skip


@router.post("/oauth/authorize")
def decide(request: WebRequest, caller: Own, form: Annotated[Fields, Depends(_form)]) -> Response:
    """The person's word: the application gets a code, or is told that it was refused."""
    server = server_of(request)
    fields = [(name, value) for name, value in form if name in _ASKED]
    asked = Request("POST", f"{server.settings.url}/oauth/authorize", fields, {})
    grant, problem = _grant(server, asked)
    if problem is not None:
        return problem
    told = dict(form)
    wanted = given(asked.payload.scope or "") & {value for name, value in form if name == "allow"}
    approval = None
    if told.get("decision") == "allow":
        if fault := _fault(server, asked.payload.data, wanted):
            return _back(server, grant.redirect_uri, asked.payload.state, fault)
        approval = _approval(server, caller, asked, wanted, told)
        caller.record.note("application_allowed", approval.patient or "", scopes=sorted(wanted))
        end_launch(server.store, asked.payload.data.get("launch", ""))
    answer = Granting(server).create_authorization_response(asked, approval, grant)
    return _redirect(server, answer)


def _grant(server: Server, asked: Request) -> tuple[Any, Response | None]:
    """The checked request, or where the fault is told: to the application once its address is known to be its own."""
    granting = Granting(server)
    try:
        return granting.get_consent_grant(asked), None
    except OAuth2Error as error:
        if error.redirect_uri:
            return None, _redirect(server, granting.handle_error_response(asked, error))
        raise InputError("the application's request is not valid", got=error.description or error.error) from error
    except ValueError as error:  # authlib will not put every text into a description
        raise InputError("the application's request is not valid") from error


def _fault(server: Server, asked: Mapping[str, str], wanted: frozenset[str]) -> str:
    """Why a request whose address is right is refused, as a code of RFC 6749, RFC 8707; "" if it is not."""
    if not wanted:
        return "invalid_scope"
    audience = asked.get("aud") or asked.get("resource")
    if audience is not None and path_of(server.settings, audience) is None:
        return "invalid_target"
    return ""


def _approval(
    server: Server, caller: Caller, asked: Request, wanted: frozenset[str], told: Mapping[str, str]
) -> Approval:
    """What the person allows. Raises `InputError`, `AccessError`, `UnknownNameError` for what they cannot allow."""
    if caller.only:
        raise AccessError("nothing is allowed to applications in an emergency", todo="End the emergency first.")
    launch = asked.payload.data.get("launch", "")
    chosen = told.get("patient", "").strip()
    if launch:
        chosen = launched_patient(server.store, launch, caller.account, asked.client.client_id) or ""
    if needs_patient(wanted) and not chosen:
        raise InputError("this application needs a patient", todo="Go back and choose one.")
    purpose = told.get("purpose", "") or caller.actor.purpose
    if purpose not in purposes_of(caller.actor):
        raise AccessError("your roles do not act for this", got=repr(purpose))
    patient = caller.acting(purpose).patient(chosen).id if chosen else None
    audience = asked.payload.data.get("aud") or asked.payload.data.get("resource")
    path = path_of(server.settings, audience) if audience else ""
    client = asked.client
    return Approval(caller.account, client.client_id, client.name, wanted, patient, purpose, path or "")


def _people(caller: Caller) -> list[str]:
    try:
        return caller.people()[:_SHOWN]
    except (AccessError, UnknownNameError):
        return []


def _back(server: Server, place: str, state: str | None, error: str) -> Response:
    told = {"error": error} | ({"state": state} if state else {})
    return _redirect(server, Answer(302, "", {"Location": add_params_to_uri(place, list(told.items()))}))


def _redirect(server: Server, answer: Answer) -> Response:
    """Back to the application, told who answers (RFC 9207)."""
    place = add_params_to_uri(answer.headers["Location"], [("iss", server.settings.url)])
    return RedirectResponse(place, 303, {"cache-control": "no-store"})


def _place(address: str) -> str:
    """Where an answer goes, as a person reads it."""
    parts = urlsplit(address)
    return parts.netloc if parts.scheme in ("http", "https") else f"the application {parts.scheme}"
