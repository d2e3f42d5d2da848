"""The dependency of the services: a token of this server, or one that a trusted EHR signed."""

from __future__ import annotations

from typing import Any

from fastapi import Depends
from starlette.requests import HTTPConnection

from vitruvian.serve.caller import Allowed, Caller, SignInNeeded
from vitruvian.serve.cds.ehr import ehr_of_token
from vitruvian.serve.identity import account_of, as_caller
from vitruvian.serve.scopes import covers
from vitruvian.serve.server import server_of
from vitruvian.serve.told import record_for


class _AllowedEhr(Allowed):
    """As `Allow`; the token may also be a JWT of an EHR, which then acts as its account."""

    def at_hand(self, connection: HTTPConnection) -> Caller | None:
        return None

    def who(self, connection: HTTPConnection, csrf: str) -> Caller:
        server = server_of(connection)
        kind, _, secret = connection.headers.get("authorization", "").partition(" ")
        audience = f"{server.settings.url}{connection.url.path.removesuffix('/feedback')}"
        ehr = ehr_of_token(server.store, secret.strip(), audience) if kind.lower() == "bearer" else None
        if ehr is None:
            caller = super().who(connection, csrf)
            if not covers(caller, "*", "r"):  # twins read across types
                raise caller.actor.refusal(self.action)
            return caller
        account = account_of(server.store, ehr.account)
        if account is None or not account.active:
            raise SignInNeeded("the EHR's account is not active", todo="Ask an administrator.")
        return as_caller(server, account, record=record_for(connection))


def AllowEhr(action: str, resource: str) -> Any:
    """The dependency of a route that EHRs call."""
    return Depends(_AllowedEhr(action, resource))
