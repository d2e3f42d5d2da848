"""Administration of programs that nobody sits before: registering them with their keys, and ending them."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from vitruvian.core import DataError, UnknownNameError
from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.identity.accounts import account_of, all_accounts
from vitruvian.serve.identity.own import moment
from vitruvian.serve.identity.people import demand_rank
from vitruvian.serve.oauth.services import add_service, all_services, end_service, service_of
from vitruvian.serve.pages.render import page
from vitruvian.serve.server import server_of

router = APIRouter(prefix="/accounts/programs")
Administrator = Annotated[Caller, Allow("administer", "accounts")]


@router.get("")
def programs(request: Request, caller: Administrator) -> Response:
    """Every registered program."""
    return _page(request, caller)


@router.post("")
def register(
    request: Request,
    caller: Administrator,
    name: Annotated[str, Form(max_length=200)],
    account: Annotated[str, Form(max_length=80)],
    scopes: Annotated[str, Form(max_length=2000)],
    keys: Annotated[str, Form(max_length=20_000)],
) -> Response:
    """Register a program with its public keys; it acts as an account."""
    store = server_of(request).store
    found = account_of(store, account)
    if found is None:
        raise UnknownNameError("no such account", got=repr(account))
    demand_rank(caller, found.roles)
    try:
        told = orjson.loads(keys)
    except ValueError as error:
        raise DataError("the keys are not JSON", allowed="a JWK set of public keys") from error
    made = add_service(store, name, found.id, told if isinstance(told, dict) else {}, scopes.split())
    caller.record.note("program_registered", account=found.id, client=made.client_id)
    return _page(request, caller, made=made.client_id)


@router.post("/end")
def end(request: Request, caller: Administrator, client: Annotated[str, Form(max_length=80)]) -> Response:
    """The program gets no token any more; those that it has end."""
    store = server_of(request).store
    found = service_of(store, client)
    acts_as = account_of(store, found.account) if found else None
    demand_rank(caller, acts_as.roles if acts_as else ())
    end_service(store, client)
    caller.record.note("program_ended", client=client)
    return _page(request, caller)


def _page(request: Request, caller: Caller, made: str = "") -> Response:
    server = server_of(request)
    accounts = [one for one in all_accounts(server.store) if one.active]
    told: dict[str, Any] = {"rows": all_services(server.store), "names": {one.id: one.name for one in accounts}}
    place = f"{server.settings.url}/oauth/token"
    return page(request, "programs.html", caller, accounts=accounts, made=made, place=place, moment=moment, **told)
