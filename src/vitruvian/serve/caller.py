"""Who calls, with which rights; and the one dependency through which every route of every channel is allowed.

A route declares `Annotated[Caller, Allow("read", "facts")]`: an action of `vitruvian.core.ACTIONS` (or one of
`OWN_ACTIONS`) and a resource of `RESOURCES`. A route open to everybody declares `Open("why")`. The test of the
authorisation matrix reads these declarations from the routes, and fails for a route without one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from fastapi import Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from vitruvian.core import ACTIONS, AccessError, Actor, UnknownNameError, lineage, purpose_code
from vitruvian.record import Patient, Record
from vitruvian.serve.server import server_of
from vitruvian.serve.slashes import with_slashes

RESOURCES = (
    "patients", "facts", "twins", "scenarios", "jobs", "streams", "alerts", "consent", "audit", "quarantine",
    "identity", "files", "accounts", "own", "fhir", "cds", "metrics", "agents", "proposals",
)  # fmt: skip
OWN_ACTIONS = ("administer", "own", "monitor")
"""Beside those on a record: administering accounts, one's own account, acknowledging alerts."""
_LIGHT = frozenset({"patients", "own"})
"""What is answered without any science."""
_OWN_RIGHTS: Mapping[str, frozenset[str]] = {
    "owner": frozenset(OWN_ACTIONS),
    "administrator": frozenset({"administer", "own"}),
    "clinician": frozenset({"monitor", "own"}),
}


class SignInNeeded(AccessError):
    """Nobody is signed in, or the token is not valid (any more)."""


@dataclass(frozen=True)
class Caller:
    """One who calls. `record` acts as them; `scopes` narrow what their roles give, `only` the people."""

    account: str
    name: str
    record: Record
    scopes: frozenset[str] | None = None
    """SMART scopes of a token; None where roles alone decide."""
    only: str | None = None
    """The one patient of a token or of a launch."""
    session: str = ""
    """Id of the browser session, "" for tokens."""
    csrf: str = ""
    """What every form and request of this session's pages must bring back."""
    until_ms: int | None = None
    """When an emergency ends that this session declared."""

    @property
    def actor(self) -> Actor:
        """Who acts on the record."""
        return self.record.actor

    @cached_property
    def _only_person(self) -> str:
        return self.record.patient(self.only).id if self.only else ""

    def patient(self, name: str) -> Patient:
        """The person of this name; one whom the caller may not see does not exist. Raises `UnknownNameError`."""
        name = with_slashes(name)
        if not self.only and self.actor.permits("search"):
            return self.record.patient(name)
        unknown = UnknownNameError("no such patient", got=repr(name))
        try:
            found = self.record.patient(name)
        except (AccessError, UnknownNameError):
            raise unknown from None
        if self.only and found.id != self._only_person:
            raise unknown
        return found

    def people(self) -> list[str]:
        """Ids of all whom the caller may see."""
        if self.only:
            return [self._only_person]
        if self.actor.permits("search"):
            return self.record.people()
        return sorted({self.record.patient(one).id for one in self.actor.own})

    def may(self, action: str) -> bool:
        """Whether their roles allow an action at all (on whom is a matter of each read)."""
        if action in OWN_ACTIONS:
            return action == "own" or any(action in _OWN_RIGHTS.get(role, ()) for role in self.actor.roles)
        return self.actor.permits_all(action) or self.actor.permits(action, self.actor.own)

    def refusal(self, action: str) -> AccessError:
        """The error that says that their roles do not allow it, in words for a person."""
        roles = ", ".join(sorted(self.actor.roles)) or "none"
        todo = "Ask somebody whose role allows it, or an administrator for such a role."
        return AccessError(f"your roles do not allow this ({action})", got=f"roles: {roles}", todo=todo)

    def acting(self, purpose: str) -> Caller:
        """The same caller with another purpose of use. Raises `AccessError` for an emergency that was not declared."""
        if "ETREAT" in lineage(purpose_code(purpose)) and "ETREAT" not in lineage(self.actor.purpose_code):
            raise AccessError("an emergency is declared with its reason", todo="Break the glass in a session.")
        return replace(self, record=self.record.acting(purpose))


class Allowed:
    """A dependency that gives the caller, or refuses; callable so that routes can be asked what they demand."""

    def __init__(self, action: str, resource: str) -> None:
        if action not in (*ACTIONS, *OWN_ACTIONS) or resource not in RESOURCES:
            raise ValueError(f"no such action or resource: {action} {resource}")
        self.action, self.resource = action, resource

    async def __call__(self, connection: HTTPConnection) -> Caller:
        from vitruvian.serve.identity import form_token
        from vitruvian.serve.science import ready

        nothing_to_load = self.resource in _LIGHT or ready(server_of(connection))
        if nothing_to_load and (caller := self.at_hand(connection)):
            return self._judged(connection, caller)
        return await run_in_threadpool(self._caller, connection, await form_token(connection))

    def _caller(self, connection: HTTPConnection, csrf: str) -> Caller:
        from vitruvian.serve.limits import limits_of

        try:
            caller = self.who(connection, csrf)
        except SignInNeeded:
            strangers = limits_of(server_of(connection)).strangers
            strangers.take(connection.client.host if connection.client else "")
            raise
        return self._judged(connection, caller)

    def _judged(self, connection: HTTPConnection, caller: Caller) -> Caller:
        from vitruvian.serve.limits import limits_of
        from vitruvian.serve.science import needed
        from vitruvian.serve.scopes import demand

        limits_of(server_of(connection)).accounts.take(caller.account)
        if not caller.may(self.action):
            raise caller.refusal(self.action)
        demand(caller, self.action, self.resource)
        if self.resource not in _LIGHT:
            needed(server_of(connection))
        return caller

    def at_hand(self, connection: HTTPConnection) -> Caller | None:
        """Who sent it, where nobody has to be waited for; None where `who` must look."""
        from vitruvian.serve.identity import caller_at_hand

        return caller_at_hand(connection)

    def who(self, connection: HTTPConnection, csrf: str) -> Caller:
        """Who sent it. Raises `SignInNeeded`, `AccessError`."""
        from vitruvian.serve.identity import caller_of

        return caller_of(connection, csrf)


class _Open:
    """Marks a route that everybody may use, with the reason."""

    def __init__(self, why: str) -> None:
        self.why = why

    def __call__(self) -> None:
        return None


def Allow(action: str, resource: str) -> Any:
    """The dependency of a route: the caller may do `action` on `resource`."""
    return Depends(Allowed(action, resource))


def Open(why: str) -> Any:
    """The dependency of a route that needs nobody signed in."""
    return Depends(_Open(why))


def demands(route: Any) -> tuple[tuple[str, str], ...] | None:
    """(action, resource) of a route, `()` for one that is open, None for one that declares nothing."""
    calls = [one.call for one in _walk(route.dependant)]
    found = tuple((one.action, one.resource) for one in calls if isinstance(one, Allowed))
    return found or (() if any(isinstance(one, _Open) for one in calls) else None)


def _walk(dependant: Any) -> Any:
    for one in dependant.dependencies:
        yield one
        yield from _walk(one)
