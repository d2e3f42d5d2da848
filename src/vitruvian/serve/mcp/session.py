"""What an agent works in: somebody's rights, one person at most, a purpose, scopes, and whether it may propose."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from vitruvian.core import AccessError, InputError
from vitruvian.record import Patient
from vitruvian.serve.caller import Caller
from vitruvian.serve.scopes import demand, read_scopes
from vitruvian.serve.server import Server

Channel = Literal["stdio", "http"]


@dataclass(frozen=True)
class AgentSession:
    """One session of one agent; several agents with the same rights and person share what is proposed about them."""

    server: Server
    caller: Caller
    channel: Channel
    proposes: bool = False
    """Whether it may propose writes; nothing is written before a person confirms it."""

    @property
    def person(self) -> str:
        """Id of the one person of the session, "" where it may look at several."""
        return self.caller.people()[0] if self.caller.only else ""

    def demand(self, action: str, resource: str) -> None:
        """Refuse what roles or scopes do not allow. Raises `AccessError`."""
        if not self.caller.may(action):
            raise self.caller.actor.refusal(action)
        scopes = read_scopes(self.caller.scopes or ())
        if not self.caller.only and any(one.level == "patient" for one in scopes):
            raise AccessError("the token is for one patient and names none", todo="Ask for a token of a patient.")
        demand(self.caller, action, resource)

    def patient(self, name: str | None) -> Patient:
        """The person who is asked about: the one named, else the session's. Raises `InputError`, `UnknownNameError`."""
        wanted = name or self.caller.only
        if not wanted:
            raise InputError("which patient?", todo="Give `patient`; the tool search_patients finds one.")
        return self.caller.patient(wanted)


def narrowed(caller: Caller, patient: str) -> Caller:
    """The same caller with one patient alone. Raises `UnknownNameError`."""
    return replace(caller, only=caller.patient(patient).id)
