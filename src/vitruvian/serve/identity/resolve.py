"""From a request to its caller: a bearer token, else the session of a browser."""

from __future__ import annotations

import secrets
from dataclasses import replace

from starlette.requests import HTTPConnection, Request

from vitruvian.core import AccessError
from vitruvian.serve.caller import Caller, SignInNeeded
from vitruvian.serve.identity.accounts import Account, account_of, as_caller
from vitruvian.serve.identity.sessions import COOKIE, session_of
from vitruvian.serve.identity.tokens import token_of
from vitruvian.serve.server import Server, server_of

CSRF_HEADER = "x-csrf-token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


def caller_of(connection: HTTPConnection, csrf: str = "") -> Caller:
    """Who sent it; `csrf` is the token of a form, where it came with one. Raises `SignInNeeded`, and `AccessError` where a page's request lacks its CSRF token."""
    server = server_of(connection)
    kind, _, secret = connection.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and secret:
        return caller_of_token(server, secret.strip())
    if cookie := connection.cookies.get(COOKIE):
        return _of_session(server, connection, cookie, csrf)
    raise SignInNeeded("nobody is signed in", todo="Sign in, or send a token.")


def caller_of_token(server: Server, secret: str) -> Caller:
    """Who holds a token. Raises `SignInNeeded`."""
    token = token_of(server.store, secret)
    account = _active(server, token.account) if token else None
    if token is None or account is None:
        raise SignInNeeded("the token is not valid", todo="Make a new one.")
    return replace(as_caller(server, account, purpose=token.purpose), scopes=token.scopes, only=token.patient)


async def form_token(connection: HTTPConnection) -> str:
    """The CSRF token of a form that a browser sends without scripts, from its field `csrf`; "" where there is none."""
    if not isinstance(connection, Request) or connection.method in _SAFE or COOKIE not in connection.cookies:
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
    method = connection.scope.get("method", "GET")
    given = connection.headers.get(CSRF_HEADER) or csrf
    if method not in _SAFE and not secrets.compare_digest(given.encode(), session.csrf.encode()):
        raise AccessError("the request does not come from a page of this server", todo="Load the page again.")
    return replace(as_caller(server, account, purpose=session.purpose, session=session.id), csrf=session.csrf)


def _active(server: Server, account: str) -> Account | None:
    found = account_of(server.store, account)
    return found if found and found.active else None
