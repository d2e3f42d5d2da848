"""From a request to its caller: a bearer token, else the session of a browser."""

from __future__ import annotations

import secrets
from dataclasses import replace
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection, Request

from vitruvian.core import AccessError
from vitruvian.record import Record
from vitruvian.serve.caller import Caller, SignInNeeded
from vitruvian.serve.identity.accounts import Account, account_in, account_of, as_caller
from vitruvian.serve.identity.api_secret import HEADER, token_id_of
from vitruvian.serve.identity.known import Holder, known_tokens
from vitruvian.serve.identity.sessions import cookie_of, session_of
from vitruvian.serve.identity.tokens import token_with
from vitruvian.serve.server import Server, server_of
from vitruvian.serve.told import record_for

CSRF_HEADER = "x-csrf-token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


def caller_of(connection: HTTPConnection, csrf: str = "") -> Caller:
    """Who sent it; `csrf` is the token of a form, where it came with one.

    Raises `SignInNeeded`, and `AccessError` where what a session sends does not come from a page of this server.
    """
    server = server_of(connection)
    kind, _, secret = connection.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and secret:
        return caller_of_token(server, secret.strip(), connection.scope["path"], record_for(connection))
    if cookie := cookie_of(connection):
        return _of_session(server, connection, cookie, csrf)
    raise SignInNeeded("nobody is signed in", todo="Sign in, or send a token.")


def caller_of_token(server: Server, secret: str, path: str = "", record: Record | None = None) -> Caller:
    """Who holds a token, for a request to `path`, where it is told. Raises `SignInNeeded`."""
    return _holding(server, known_tokens(server).of(secret), path, record)


def caller_at_hand(connection: HTTPConnection) -> Caller | None:
    """Who holds the token that came, without waiting for the store; None where `caller_of` has to look it up."""
    kind, _, secret = connection.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not secret:
        return None
    server = server_of(connection)
    found = known_tokens(server).at_hand(secret.strip())
    return _holding(server, found, connection.scope["path"], record_for(connection)) if found else None


def caller_of_api_secret(connection: HTTPConnection) -> Caller | None:
    """Who sent Nightscout's `api-secret`; None where there is none. Raises `SignInNeeded`."""
    server, sent = server_of(connection), connection.headers.get(HEADER, "")
    if not sent or "authorization" in connection.headers:
        return None
    with server.store.looking() as looking:
        token = token_with(looking, token_id_of(looking, sent) or "")
        account = account_in(looking, token.account) if token else None
    held = (token, account) if token is not None and account is not None and account.active else None
    return _holding(server, held, connection.scope["path"], record_for(connection))


def _holding(server: Server, held: Holder | None, path: str, record: Record | None) -> Caller:
    if held is None or not held[0].serves(path):
        raise SignInNeeded("the token is not valid", todo="Make a new one.")
    token, account = held
    caller = as_caller(server, account, purpose=token.purpose, record=record)
    return replace(caller, scopes=token.scopes, only=token.patient)


async def form_token(connection: HTTPConnection) -> str:
    """The CSRF token of a form that a browser sends without scripts, from its field `csrf`; "" where there is none."""
    if not isinstance(connection, Request) or connection.method in _SAFE or not cookie_of(connection):
        return ""
    if connection.headers.get("content-type", "").partition(";")[0].strip().lower() not in _FORMS:
        return ""
    given = (await connection.form()).get("csrf", "")
    return given if isinstance(given, str) else ""


def _of_session(server: Server, connection: HTTPConnection, cookie: str, csrf: str) -> Caller:
    session = session_of(server.store, cookie)
    account = _active(server, session.account) if session else None
    if session is None or account is None:
        raise SignInNeeded("the session has ended", todo="Sign in again.")
    given = connection.headers.get(CSRF_HEADER) or csrf
    if not _from_here(connection, given, session.csrf):
        raise AccessError("the request does not come from a page of this server", todo="Load the page again.")
    record = record_for(connection)
    caller = as_caller(server, account, purpose=session.purpose, session=session.id, record=record)
    return replace(caller, csrf=session.csrf, only=session.patient, until_ms=session.until_ms)


def _from_here(connection: HTTPConnection, given: str, csrf: str) -> bool:
    """Whether it comes from a page of this server: a token with what changes something, for a socket its origin."""
    if connection.scope["type"] == "websocket":
        origin = connection.headers.get("origin")
        return origin is None or urlsplit(origin).netloc == connection.headers.get("host")
    method = connection.scope.get("method", "GET")
    return method in _SAFE or secrets.compare_digest(given.encode(), csrf.encode())


def _active(server: Server, account: str) -> Account | None:
    found = account_of(server.store, account)
    return found if found and found.active else None
