"""One's own account: password, second factor, tokens, sessions."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from vitruvian.core import AccessError, InputError, now_ms, to_datetime
from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.identity.accounts import Account, account_of
from vitruvian.serve.identity.attempts import attempt
from vitruvian.serve.identity.connections import connected_issuers
from vitruvian.serve.identity.forms import address_of, origin_of
from vitruvian.serve.identity.passwords import SHORTEST, has_password, password_fits, set_password
from vitruvian.serve.identity.qr import qr_picture
from vitruvian.serve.identity.second import app_address, begin_second, confirm_second, drop_second, has_second
from vitruvian.serve.identity.sessions import end_all, sessions_of
from vitruvian.serve.identity.tokens import drop_token, new_token, tokens_of
from vitruvian.serve.pages.render import page
from vitruvian.serve.server import server_of
from vitruvian.serve.trace import page_policy

router = APIRouter(prefix="/account")
Own = Annotated[Caller, Allow("own", "own")]
_FRESH_MS = 15 * 60_000


@router.get("")
def own_account(request: Request, caller: Own) -> Response:
    """What the account is and by what it signs in."""
    return _page(request, caller)


@router.post("/password")
def change_password(
    request: Request,
    caller: Own,
    new: Annotated[str, Form(max_length=1000)],
    again: Annotated[str, Form(max_length=1000)],
    password: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Set or change the password; all other sessions end."""
    prove(request, caller, password)
    if new != again:
        raise InputError("the two new passwords differ", todo="Go back and type them again.")
    store = server_of(request).store
    set_password(store, _account(request, caller), new)
    end_all(store, caller.account, but=caller.session)
    caller.record.note("password_changed")
    return _page(request, caller, done="The password was changed; all other sessions have ended.")


@router.post("/second")
def start_second(request: Request, caller: Own, password: Annotated[str, Form(max_length=1000)] = "") -> Response:
    """Show the secret for an authenticator app."""
    prove(request, caller, password)
    secret = begin_second(server_of(request), caller.account)
    address = app_address(caller.name, secret)
    return _page(request, caller, secret=secret, app=address, picture=qr_picture(address))


@router.post("/second/confirm")
def finish_second(request: Request, caller: Own, code: Annotated[str, Form(max_length=40)]) -> Response:
    """Use the second factor from now on; the recovery codes are shown once."""
    with attempt(server_of(request).store, f"second {caller.account}", address_of(request)) as one:
        codes = confirm_second(server_of(request), caller.account, code.strip().replace(" ", ""))
        one.passed = codes is not None
    if codes is None:
        raise InputError("the code does not fit", todo="Begin again, and see that the clock of the phone is right.")
    end_all(server_of(request).store, caller.account, but=caller.session)
    caller.record.note("second_factor_set")
    return _page(request, caller, recovery=codes)


@router.post("/second/remove")
def remove_second(request: Request, caller: Own, password: Annotated[str, Form(max_length=1000)] = "") -> Response:
    """Sign in without a second factor."""
    prove(request, caller, password)
    drop_second(server_of(request).store, caller.account)
    caller.record.note("second_factor_removed")
    return _page(request, caller, done="The second factor was removed.")


@router.post("/tokens")
def make_token(
    request: Request,
    caller: Own,
    label: Annotated[str, Form(min_length=1, max_length=80)],
    scopes: Annotated[str, Form(max_length=2000)],
    patient: Annotated[str, Form(max_length=200)] = "",
    days: Annotated[float, Form()] = 30.0,
) -> Response:
    """A personal token, shown once; it acts for the purpose of this session, and for one patient where that is told."""
    if caller.only:
        raise AccessError("no token is made for emergencies", todo="End the emergency first.")
    person = caller.patient(patient.strip()).id if patient.strip() else None
    purpose = caller.actor.purpose
    made = new_token(
        server_of(request).store, caller.account, label, scopes.split(), patient=person, purpose=purpose, days=days
    )
    caller.record.note("token_made", person or "")
    return _page(request, caller, token=made)


@router.post("/tokens/remove")
def remove_token(request: Request, caller: Own, token: Annotated[str, Form()]) -> Response:
    """A token is not valid any more."""
    drop_token(server_of(request).store, caller.account, token)
    caller.record.note("token_removed")
    return RedirectResponse("/account", 303)


@router.post("/sessions/end")
def end_sessions(request: Request, caller: Own) -> Response:
    """All other sessions end."""
    end_all(server_of(request).store, caller.account, but=caller.session)
    caller.record.note("sessions_ended")
    return RedirectResponse("/account", 303)


def prove(request: Request, caller: Caller, password: str) -> None:
    """Raise `AccessError` unless they know their password or, having none, have just signed in by other means."""
    store = server_of(request).store
    if not has_password(store, caller.account):
        mine = next((one for one in sessions_of(store, caller.account) if one.id == caller.session), None)
        if mine is None or now_ms() - mine.made_ms > _FRESH_MS:
            raise AccessError("this needs a session that has just begun", todo="Sign in again.")
        return
    with attempt(store, f"own {caller.account}", address_of(request)) as one:
        one.passed = password_fits(store, caller.account, password)
    if not one.passed:
        caller.record.note("refused", of="own")
        raise AccessError("the password is not right", todo="Go back and type it again.")


def _account(request: Request, caller: Caller) -> Account:
    found = account_of(server_of(request).store, caller.account)
    assert found is not None
    return found


def _page(request: Request, caller: Caller, **shown: Any) -> Response:
    store = server_of(request).store
    told: dict[str, Any] = {"done": "", "secret": "", "app": "", "picture": "", "recovery": (), "token": ""} | shown
    sessions, tokens = sessions_of(store, caller.account), tokens_of(store, caller.account)
    account, second = _account(request, caller), has_second(store, caller.account)
    told |= {"account": account, "sessions": sessions, "tokens": tokens, "second": second, "moment": moment}
    providers = server_of(request).settings.providers
    told |= {"providers": providers, "connected": connected_issuers(store, caller.account)}
    policy = page_policy(" ".join(origin_of(one.issuer) for one in providers))
    return page(
        request, "account.html", caller, headers={"content-security-policy": policy}, shortest=SHORTEST,
        password=has_password(store, caller.account), **told,
    )  # fmt: skip


def moment(at_ms: int) -> str:
    """A time as pages show it."""
    return to_datetime(at_ms).strftime("%Y-%m-%d %H:%M UTC")
