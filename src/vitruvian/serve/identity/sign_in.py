"""Signing in by name and password, by a one-time link; signing out."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from vitruvian.serve.caller import Allow, Caller, Open, SignInNeeded
from vitruvian.serve.identity.accounts import Account, account_of, as_caller, by_name
from vitruvian.serve.identity.attempts import attempt
from vitruvian.serve.identity.forms import address_of, demand_form_key, form_key, give_form_cookie, local_place
from vitruvian.serve.identity.links import account_of_link, redeemed
from vitruvian.serve.identity.passwords import password_fits
from vitruvian.serve.identity.second import has_second, second_fits
from vitruvian.serve.identity.sessions import cookie_name, cookie_of, end, sign_in
from vitruvian.serve.pages.render import page
from vitruvian.serve.problems import TooMany
from vitruvian.serve.server import Server, server_of

router = APIRouter()
_WRONG = "Name, password and code do not belong together."


@router.get("/sign-in", dependencies=[Open("this is how one signs in")])
def sign_in_page(request: Request, next: str = "/") -> Response:
    """The form, and the providers that may sign in."""
    return _form(request, next)


@router.post("/sign-in", dependencies=[Open("this is how one signs in")])
def sign_in_by_password(
    request: Request,
    name: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=1000)],
    form: Annotated[str, Form()] = "",
    code: Annotated[str, Form(max_length=40)] = "",
    next: Annotated[str, Form(max_length=4000)] = "/",
) -> Response:
    """Name, password and (where one is in use) the code of the second factor become a session."""
    demand_form_key(request, form)
    server = server_of(request)
    try:
        with attempt(server.store, name, address_of(request)) as one:
            account = _proven(server, name, password, code)
            one.passed = account is not None
    except TooMany as error:
        answer = _form(request, next, f"{error.what.capitalize()}. {error.todo}", 429)
        answer.headers["retry-after"] = str(error.wait_s)
        return answer
    if account is None:
        return _form(request, next, _WRONG, 401)
    as_caller(server, account).record.note("sign_in", by="password")
    answer = RedirectResponse(local_place(next), 303)
    sign_in(request, answer, account.id)
    return answer


@router.get("/sign-in/once", dependencies=[Open("this is how one signs in")])
def sign_in_once(request: Request, key: str) -> Response:
    """A one-time link becomes a session; where a second factor is in use its code is asked for first."""
    account = _linked(request, key)
    if has_second(server_of(request).store, account.id):
        return _code_form(request, key)
    return _by_link(request, key, account)


@router.post("/sign-in/once", dependencies=[Open("this is how one signs in")])
def sign_in_once_with_code(
    request: Request,
    key: Annotated[str, Form(max_length=200)],
    code: Annotated[str, Form(max_length=40)],
    form: Annotated[str, Form()] = "",
) -> Response:
    """A one-time link and a code of the second factor become a session; a wrong code leaves the link as it was."""
    demand_form_key(request, form)
    server, account = server_of(request), _linked(request, key)
    with attempt(server.store, f"link {account.id}", address_of(request)) as one:
        one.passed = second_fits(server, account.id, code)
    if not one.passed:
        as_caller(server, account).record.note("refused", of="sign_in")
        return _code_form(request, key, "The code does not fit.", 401)
    return _by_link(request, key, account)


@router.post("/sign-out")
def sign_out(request: Request, caller: Annotated[Caller, Allow("own", "own")]) -> Response:
    """End the session."""
    end(server_of(request).store, cookie_of(request))
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(cookie_name(request), path="/", secure=server_of(request).settings.secure, httponly=True)
    answer.headers["clear-site-data"] = '"cache", "storage"'
    return answer


def _linked(request: Request, key: str) -> Account:
    store = server_of(request).store
    found = account_of_link(store, key)
    account = account_of(store, found) if found else None
    if account is None or not account.active:
        raise _no_link()
    return account


def _by_link(request: Request, key: str, account: Account) -> Response:
    server = server_of(request)
    if redeemed(server.store, key) != account.id:  # of two at once, one gets it
        raise _no_link()
    as_caller(server, account).record.note("sign_in", by="link")
    answer = RedirectResponse("/", 303)
    sign_in(request, answer, account.id)
    return answer


def _no_link() -> SignInNeeded:
    return SignInNeeded("the link was used or is too old", todo="Ask for a new one.")


def _code_form(request: Request, key: str, problem: str = "", status: int = 200) -> Response:
    cookie, form = form_key(request)
    answer = page(request, "sign_in_code.html", None, status=status, form_key=form, link=key, problem=problem)
    give_form_cookie(request, answer, cookie)
    return answer


def _proven(server: Server, name: str, password: str, code: str) -> Account | None:
    """The account that name, password and code prove; each failure takes the time of a hash, and says the same."""
    account = by_name(server.store, name)
    usable = account if account is not None and account.active else None
    if not password_fits(server.store, usable.id if usable else None, password) or usable is None:
        if usable is not None:
            as_caller(server, usable).record.note("refused", of="sign_in")
        return None
    if has_second(server.store, usable.id) and not second_fits(server, usable.id, code):
        as_caller(server, usable).record.note("refused", of="sign_in")
        return None
    return usable


def _form(request: Request, place: str, problem: str = "", status: int = 200) -> Response:
    cookie, key = form_key(request)
    providers = [one.name for one in server_of(request).settings.providers]
    shown: dict[str, Any] = {"next": local_place(place), "problem": problem, "providers": providers}
    answer = page(request, "sign_in.html", None, status=status, form_key=key, **shown)
    give_form_cookie(request, answer, cookie)
    return answer
