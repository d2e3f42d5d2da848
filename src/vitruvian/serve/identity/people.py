"""Administration: accounts, their roles, disabling them, one-time links; emergencies, for those who audit."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from vitruvian.core import RIGHTS, AccessError, UnknownNameError
from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.identity.accounts import Account, account_of, add_account, all_accounts, change_roles, set_active
from vitruvian.serve.identity.closing import close_ways_in, forget_ways_in
from vitruvian.serve.identity.emergencies import all_emergencies
from vitruvian.serve.identity.links import sign_in_link
from vitruvian.serve.identity.own import moment
from vitruvian.serve.identity.passwords import has_password
from vitruvian.serve.identity.second import has_second
from vitruvian.serve.pages.paging import Number, paged
from vitruvian.serve.pages.render import page
from vitruvian.serve.server import server_of

router = APIRouter(prefix="/accounts")
_ROWS = 25
Administrator = Annotated[Caller, Allow("administer", "accounts")]


@router.get("")
def accounts_page(request: Request, caller: Administrator, part: Number = 1) -> Response:
    """Everybody with an account."""
    return _page(request, caller, part=part)


@router.get("/{account}/change")
def one_account(request: Request, account: str, caller: Administrator) -> Response:
    """What an administrator may do with one account."""
    return page(request, "account_changed.html", caller, one=_account(request, account), roles=tuple(RIGHTS))


@router.post("")
def new_account(
    request: Request,
    caller: Administrator,
    name: Annotated[str, Form(max_length=200)],
    roles: Annotated[list[str], Form()],
    own: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """A new account, and the link by which its person signs in for the first time."""
    demand_rank(caller, roles)
    made = add_account(server_of(request).store, name, roles, own.split(","))
    caller.record.note("account_made", account=made.id)
    return _with_link(request, caller, made)


@router.post("/{account}/roles")
def new_roles(
    request: Request,
    account: str,
    caller: Administrator,
    roles: Annotated[list[str], Form()],
    own: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Other roles, from the next request on; sessions end, tokens hold no more than the new roles give."""
    demand_rank(caller, [*roles, *_account(request, account).roles])
    store = server_of(request).store
    change_roles(store, account, roles, own.split(","))
    close_ways_in(store, account, tokens=False, but=caller.session)
    caller.record.note("roles_changed", account=account)
    return RedirectResponse("/accounts", 303)


@router.post("/{account}/active")
def enable_or_disable(
    request: Request, account: str, caller: Administrator, active: Annotated[bool, Form()]
) -> Response:
    """Disable an account (sessions, tokens and links end) or enable it again."""
    demand_rank(caller, _account(request, account).roles)
    store = server_of(request).store
    set_active(store, account, active)
    if not active:
        close_ways_in(store, account)
    caller.record.note("account_enabled" if active else "account_disabled", account=account)
    return RedirectResponse("/accounts", 303)


@router.post("/{account}/link")
def link_for(request: Request, account: str, caller: Administrator) -> Response:
    """A one-time link to hand to its person."""
    found = _account(request, account)
    demand_rank(caller, found.roles)
    caller.record.note("link_made", account=account)
    return _with_link(request, caller, found)


@router.post("/{account}/reset")
def reset(request: Request, account: str, caller: Administrator) -> Response:
    """Forget password, second factor, tokens and sessions; its person begins anew by a one-time link."""
    found = _account(request, account)
    demand_rank(caller, found.roles)
    forget_ways_in(server_of(request).store, account)
    caller.record.note("account_reset", account=account)
    return _with_link(request, caller, found)


@router.get("/emergencies")
def emergencies_page(request: Request, caller: Annotated[Caller, Allow("audit", "audit")]) -> Response:
    """Who broke the glass, for whom and why."""
    caller.record.note("audit", of="emergencies")
    names = {one.id: one.name for one in all_accounts(server_of(request).store)}
    return page(
        request, "emergencies.html", caller, rows=all_emergencies(server_of(request)), names=names, moment=moment
    )


def demand_rank(caller: Caller, roles: Any) -> None:
    """Only an owner makes, changes or signs in as one who may read what an administrator may not.

    Raises `AccessError` where another touches the role of an owner.
    """
    if "owner" in roles and "owner" not in caller.actor.roles:
        raise AccessError("only an owner gives or takes that role")


def _account(request: Request, account: str) -> Account:
    found = account_of(server_of(request).store, account)
    if found is None:
        raise UnknownNameError("no such account", got=repr(account))
    return found


def _with_link(request: Request, caller: Caller, account: Account) -> Response:
    if not account.active:
        raise AccessError("the account is disabled", todo="Enable it first.")
    server = server_of(request)
    return _page(request, caller, link=sign_in_link(server.store, server.settings.url, account.id), of=account.name)


def _page(request: Request, caller: Caller, link: str = "", of: str = "", part: int = 1) -> Response:
    store = server_of(request).store
    some = paged(all_accounts(store), part, _ROWS)
    rows = [(one, has_password(store, one.id), has_second(store, one.id)) for one in some.rows]
    return page(request, "accounts.html", caller, some=some, rows=rows, roles=tuple(RIGHTS), link=link, of=of)
