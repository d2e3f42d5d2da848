"""Signing in by an OpenID Connect provider, and connecting one to one's account."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from vitruvian.core import AccessError, UnknownNameError
from vitruvian.serve.caller import Allow, Caller, Open, SignInNeeded
from vitruvian.serve.identity.accounts import Account, account_of, as_caller
from vitruvian.serve.identity.connections import Begun, connect, connected_account, disconnect, keep_way, taken_way
from vitruvian.serve.identity.forms import local_place
from vitruvian.serve.identity.openid import Person, person_of, way_to
from vitruvian.serve.identity.own import prove
from vitruvian.serve.identity.provider_roles import first_account, follow_claims, forget_claims
from vitruvian.serve.identity.resolve import caller_of
from vitruvian.serve.identity.sessions import sign_in
from vitruvian.serve.server import Server, server_of
from vitruvian.serve.settings import OpenIdProvider

router = APIRouter()
_COOKIE = "vitruvian_provider"
_BACK = "/sign-in/back"


@router.get("/sign-in/with/{provider}", dependencies=[Open("this is how one signs in")])
def go(request: Request, provider: str, next: str = "/") -> Response:
    """To a provider, and back with a session."""
    return _sent(request, provider, local_place(next))


@router.post("/account/connect")
def begin_to_connect(
    request: Request,
    caller: Annotated[Caller, Allow("own", "own")],
    provider: Annotated[str, Form()],
    password: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """To a provider, and back with it connected to this account."""
    prove(request, caller, password)
    return _sent(request, provider, "/account", caller.account)


@router.post("/account/disconnect")
def end_connection(
    request: Request,
    caller: Annotated[Caller, Allow("own", "own")],
    issuer: Annotated[str, Form()],
    password: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """A provider does not sign this account in any more."""
    prove(request, caller, password)
    store = server_of(request).store
    disconnect(store, caller.account, issuer)
    if (account := account_of(store, caller.account)) is not None:
        forget_claims(store, account, issuer)
    caller.record.note("provider_disconnected")
    return RedirectResponse("/account", 303)


@router.get(_BACK, dependencies=[Open("this is how one signs in")])
def back(request: Request) -> Response:
    """Back from a provider."""
    server = server_of(request)
    begun = taken_way(server, request.cookies.get(_name(request), ""))
    if begun is None:
        raise AccessError("this browser was not on its way to a provider", todo="Begin again.")
    asked = dict(request.query_params)
    provider = _provider(server, begun.provider)
    person = person_of(provider, f"{server.settings.url}{_BACK}", begun.way, asked)
    answer = RedirectResponse(begun.next, 303)
    answer.delete_cookie(_name(request), path="/", secure=server.settings.secure, httponly=True)
    if begun.account:
        _connect(request, begun.account, person)
        return answer
    account = _account_of(server, provider, person)
    as_caller(server, account).record.note("sign_in", by="provider")
    sign_in(request, answer, account.id)
    return answer


def _account_of(server: Server, provider: OpenIdProvider, person: Person) -> Account:
    """Who they are here, with the roles that the provider's claims give now. Raises `SignInNeeded`."""
    store = server.store
    found = connected_account(store, person)
    account = account_of(store, found) if found else first_account(store, provider, person)
    if account is None or not account.active:
        todo = "Sign in by another way and connect the provider under your account, or ask an administrator."
        raise SignInNeeded("no account is connected to this identity", todo=todo)
    if found is None:
        as_caller(server, account).record.note("account_made", account=account.id, by="provider")
    connect(store, account.id, person)
    followed = follow_claims(store, provider, account, person.claims)
    if followed.roles != account.roles:
        as_caller(server, followed).record.note("roles_changed", account=account.id, by="provider")
    if not followed.roles:
        raise SignInNeeded("no role here is left to this identity", todo="Ask an administrator.")
    return followed


def _connect(request: Request, account: str, person: Person) -> None:
    caller = caller_of(request)
    if caller.account != account:
        raise AccessError("somebody else has signed in meanwhile", todo="Begin again.")
    connect(server_of(request).store, account, person)
    caller.record.note("provider_connected")


def _sent(request: Request, name: str, place: str, account: str = "") -> Response:
    server, cookie = server_of(request), secrets.token_urlsafe(32)
    way = way_to(_provider(server, name), f"{server.settings.url}{_BACK}")
    keep_way(server, cookie, Begun(name, way, place, account))
    answer = RedirectResponse(way.address, 303, {"cache-control": "no-store"})
    answer.set_cookie(
        _name(request), cookie, max_age=600, httponly=True, samesite="lax", secure=server.settings.secure, path="/"
    )
    return answer


def _provider(server: Server, name: str) -> OpenIdProvider:
    found = next((one for one in server.settings.providers if one.name == name), None)
    if found is None:
        raise UnknownNameError("no such provider", got=repr(name))
    return found


def _name(request: Request) -> str:
    return f"__Host-{_COOKIE}" if server_of(request).settings.secure else _COOKIE
