"""Applications register themselves (RFC 7591), as agents do before they ask for the first time."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from starlette.responses import JSONResponse, Response

from vitruvian.core import InputError, now_ms
from vitruvian.serve.caller import Open
from vitruvian.serve.identity.attempts import count
from vitruvian.serve.identity.forms import address_of
from vitruvian.serve.identity.secret import hashed, new_secret
from vitruvian.serve.oauth.answers import NO_STORE, refused
from vitruvian.serve.oauth.clients import BY_KEY, GRANTS, METHODS, Client, add_client, redirect_fault
from vitruvian.serve.server import server_of
from vitruvian.serve.signed import demand_public
from vitruvian.serve.store import Store

router = APIRouter()
_NAME = 80
_FREE = 200


@router.post("/oauth/register", dependencies=[Open("applications register themselves; people decide later")])
def register(request: Request, told: Annotated[dict[str, Any], Body()]) -> Response:
    """A new application; its secret is told once."""
    server = server_of(request)
    count(server.store, "register", address_of(request), _FREE)
    redirects = told.get("redirect_uris")
    if not isinstance(redirects, list):
        return refused("invalid_redirect_uri", "redirect_uris is needed")
    if fault := redirect_fault(redirects):
        return refused("invalid_redirect_uri", fault)
    try:
        made, secret = new_client(told)
    except InputError as error:
        return refused("invalid_client_metadata", error.what)
    if not add_client(server.store, made):
        return refused("temporarily_unavailable", "too many applications are registered", 503)
    answer: dict[str, Any] = {"client_id": made.client_id, "client_id_issued_at": now_ms() // 1000}
    answer |= {"client_name": made.name, "redirect_uris": redirects, "grant_types": sorted(made.grants)}
    answer |= {"response_types": ["code"], "token_endpoint_auth_method": made.method}
    answer |= {"jwks": made.keys} if made.keys else {}
    answer |= {"client_secret": secret, "client_secret_expires_at": 0} if secret else {}
    return JSONResponse(answer, 201, NO_STORE)


def new_client(told: Mapping[str, Any], launch_url: str = "") -> tuple[Client, str]:
    """An application of its metadata, and its secret ("" for a public one). Raises `InputError`."""
    method = told.get("token_endpoint_auth_method", "client_secret_basic")
    if method not in METHODS or told.get("response_types", ["code"]) != ["code"]:
        raise InputError("only the code flow, public, with a secret or by keys")
    keys = told.get("jwks") if method == BY_KEY else {}
    if not isinstance(keys, dict):
        raise InputError("jwks: the public keys themselves are needed; none is fetched")
    if method == BY_KEY:
        demand_public(keys)
    grants = told.get("grant_types", ["authorization_code"])
    if not isinstance(grants, list) or not all(isinstance(one, str) for one in grants):
        raise InputError("grant_types are words")
    name = told.get("client_name", "")
    if not isinstance(name, str) or len(name) > _NAME or not name.isprintable():
        raise InputError(f"client_name: up to {_NAME} printable characters")
    secret = "" if method in ("none", BY_KEY) else new_secret("vs")
    kept = frozenset(grants) & set(GRANTS) | {"authorization_code"}
    places = tuple(told["redirect_uris"])
    key = f"app-{secrets.token_hex(12)}"
    return Client(key, name, places, kept, method, hashed(secret) if secret else "", launch_url, keys), secret


def add_application(
    store: Store,
    name: str,
    launch_url: str,
    redirects: Sequence[str],
    confidential: bool,
    keys: Mapping[str, Any] | None = None,
) -> tuple[str, str]:
    """Set up an application that can be launched, with a secret, or with public keys; its id and secret.

    Raises `InputError`.
    """
    for fault in (redirect_fault([launch_url]), redirect_fault(redirects)):
        if fault:
            raise InputError(fault, got=f"{launch_url} {' '.join(redirects)}")
    told = {"redirect_uris": redirects, "client_name": name, "grant_types": list(GRANTS)}
    method = BY_KEY if keys is not None else "client_secret_basic" if confidential else "none"
    made, secret = new_client(told | {"token_endpoint_auth_method": method, "jwks": keys}, launch_url)
    if not add_client(store, made):
        raise InputError("too many applications are registered")
    return made.client_id, secret
