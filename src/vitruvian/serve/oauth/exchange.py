"""Endpoints for applications: token, revocation, introspection."""

from __future__ import annotations

from typing import Annotated, Any

from authlib.oauth2 import OAuth2Error
from fastapi import APIRouter, Depends
from fastapi import Request as WebRequest
from sqlalchemy import delete, select
from starlette.responses import JSONResponse, Response

from vitruvian.serve.caller import Open
from vitruvian.serve.identity.approvals import approval_of, end_approval
from vitruvian.serve.identity.secret import hashed
from vitruvian.serve.identity.tokens import token_of, tokens
from vitruvian.serve.oauth.answers import NO_STORE, refused
from vitruvian.serve.oauth.clients import METHODS, Client
from vitruvian.serve.oauth.granting import Answer, Fields, Granting, Request
from vitruvian.serve.oauth.refresh import refresh_tokens
from vitruvian.serve.oauth.services import Service
from vitruvian.serve.server import Server, server_of

router = APIRouter()


async def _form(request: WebRequest) -> Fields:
    return [(name, value) for name, value in (await request.form()).multi_items() if isinstance(value, str)]


@router.post("/oauth/token", dependencies=[Open("a code, a refresh token or a signature is the proof")])
def token(request: WebRequest, form: Annotated[Fields, Depends(_form)]) -> Response:
    """A code, a refresh token or the signature of a registered program becomes an access token."""
    server, twice = server_of(request), len({name for name, _ in form}) < len(form)
    if twice:
        return refused("invalid_request", "a parameter came twice")
    asked = Request("POST", f"{server.settings.url}/oauth/token", form, request.headers)
    try:
        answer = Granting(server).create_token_response(asked)
    except ValueError:  # authlib will not put every text into a description
        return refused("invalid_request", "the request is not valid")
    return _json(answer)


@router.post("/oauth/revoke", dependencies=[Open("the token is the proof")])
def revoke(request: WebRequest, form: Annotated[Fields, Depends(_form)]) -> Response:
    """A token and all that belongs to its approval are not valid any more (RFC 7009); unknown ones are no fault."""
    server = server_of(request)
    client, problem = _client(server, request, form, "revocation")
    if client is None:
        return problem
    key = hashed(dict(form).get("token", ""))
    with server.store.transaction() as connection:
        row = connection.execute(select(tokens.c.approval, tokens.c.label).where(tokens.c.hash == key)).first()
        row = row or connection.execute(select(refresh_tokens.c.approval).where(refresh_tokens.c.hash == key)).first()
        if row is not None and row.approval and _owns(connection, row.approval, client):
            connection.execute(delete(tokens).where(tokens.c.hash == key))
            if isinstance(client, Client):
                end_approval(connection, row.approval)
    return JSONResponse({}, headers=NO_STORE)


@router.post("/oauth/introspect", dependencies=[Open("the application proves itself")])
def introspect(request: WebRequest, form: Annotated[Fields, Depends(_form)]) -> Response:
    """What an access token of this application is about (RFC 7662)."""
    server = server_of(request)
    client, problem = _client(server, request, form, "introspection")
    if client is None:
        return problem
    found = token_of(server.store, dict(form).get("token", ""))
    with server.store.transaction() as connection:
        mine = found is not None and _owns(connection, found.approval, client)
    if found is None or not mine:
        return JSONResponse({"active": False}, headers=NO_STORE)
    told: dict[str, Any] = {"active": True, "scope": " ".join(sorted(found.scopes)), "client_id": client.client_id}
    told |= {"token_type": "Bearer", "exp": found.until_ms // 1000, "iat": found.made_ms // 1000, "sub": found.account}
    told |= {"patient": found.patient} if found.patient else {}
    return JSONResponse(told, headers=NO_STORE)


def _client(
    server: Server, request: WebRequest, form: Fields, endpoint: str
) -> tuple[Client | Service | None, Response]:
    asked = Request("POST", f"{server.settings.url}/oauth/{endpoint}", form, request.headers)
    granting = Granting(server)
    try:
        return granting.authenticate_client(asked, METHODS, endpoint), Response()
    except OAuth2Error as error:
        return None, _json(granting.handle_error_response(asked, error))


def _owns(connection: Any, approval: str, client: Client | Service) -> bool:
    if isinstance(client, Service):
        return approval == client.client_id
    found = approval_of(connection, approval)
    return found is not None and found.client == client.client_id


def _json(answer: Answer) -> Response:
    body = answer.body if isinstance(answer.body, dict) else dict(answer.body)
    kept = {name: value for name, value in answer.headers.items() if name.lower() == "www-authenticate"}
    return JSONResponse(body, answer.status, NO_STORE | kept)
