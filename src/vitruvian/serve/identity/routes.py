"""Signing in and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from vitruvian.serve.caller import Allow, Caller, Open, SignInNeeded
from vitruvian.serve.identity.links import redeemed
from vitruvian.serve.identity.sessions import COOKIE, begin, end
from vitruvian.serve.server import server_of

router = APIRouter(include_in_schema=False)


@router.get("/sign-in/once", dependencies=[Open("this is how one signs in")])
def sign_in_once(request: Request, key: str) -> Response:
    """A one-time link becomes a session."""
    server = server_of(request)
    account = redeemed(server.store, key)
    if account is None:
        raise SignInNeeded("the link was used or is too old", todo="Ask for a new one.")
    answer = RedirectResponse("/", 303)
    cookie = begin(server.store, account)
    answer.set_cookie(COOKIE, cookie, httponly=True, samesite="lax", secure=server.settings.secure, path="/")
    return answer


@router.post("/sign-out")
def sign_out(request: Request, caller: Annotated[Caller, Allow("own", "own")]) -> Response:
    """End the session."""
    end(server_of(request).store, request.cookies.get(COOKIE, ""))
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(COOKIE, path="/")
    return answer
