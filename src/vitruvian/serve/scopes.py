"""SMART App Launch v2 scopes: what a token may do of what its owner may. `patient|user|system/Type.cruds`.

Source: HL7 SMART App Launch 2.2, "Scopes and Launch Context".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from vitruvian.core import AccessError, InputError

if TYPE_CHECKING:
    from vitruvian.serve.caller import Caller

_SCOPE = re.compile(r"(patient|user|system)/(\*|[A-Z][A-Za-z]+)\.(c?r?u?d?s?|read|write|\*)(?:\?(.+))?")
_OLD = {"read": "rs", "write": "cud", "*": "cruds"}
OTHER = frozenset({"openid", "fhirUser", "profile", "launch", "launch/patient", "offline_access", "online_access"})
_LETTERS = {"read": "r", "search": "s", "ingest": "c", "derive": "r", "export": "r"}
"""What an action on the record needs of a token, beside the rights of its owner."""


@dataclass(frozen=True)
class Scope:
    """One scope; `letters` of "cruds"."""

    level: str
    kind: str
    letters: frozenset[str]

    def covers(self, kind: str, letter: str) -> bool:
        """Whether it allows `letter` on resources of a type ("*": on all types)."""
        return letter in self.letters and self.kind in ("*", kind)


def read_scopes(texts: Iterable[str]) -> tuple[Scope, ...]:
    """Scopes of texts; those of OpenID and launch are passed over. Raises `InputError` for one that is none."""
    return _read(texts if isinstance(texts, frozenset) else tuple(texts))


@lru_cache(maxsize=1024)
def _read(texts: Iterable[str]) -> tuple[Scope, ...]:
    found = []
    for text in texts:
        if text in OTHER:
            continue
        match = _SCOPE.fullmatch(text)
        if match is None or not match[3]:
            raise InputError("not a scope", got=repr(text), allowed="such as patient/Observation.rs")
        if match[4]:
            raise InputError("scopes with a search part are not supported", got=repr(text))
        found.append(Scope(match[1], match[2], frozenset(_OLD.get(match[3], match[3]))))
    return tuple(found)


def covers(caller: Caller, kind: str, letter: str) -> bool:
    """Whether the caller's token allows `letter` ("c", "r", "u", "d", "s") on resources of a FHIR type."""
    return caller.scopes is None or any(one.covers(kind, letter) for one in read_scopes(caller.scopes))


def demand(caller: Caller, action: str, resource: str) -> None:
    """Refuse a token whose scopes do not allow the action on a resource of the server.

    FHIR routes and tools of agents ask `covers` for each type themselves. Everything else reads across types, and needs
    `*`; what is neither reading nor taking in needs a caller without scopes. Raises `AccessError`.
    """
    if caller.scopes is None or resource in ("fhir", "cds", "agents"):
        return
    letter = "r" if resource == "metrics" else _LETTERS.get(action)
    if letter is None and caller.may(action):
        raise AccessError(f"a token may not {action}", todo="Sign in: a person does this, in a session.")
    if letter is None or not covers(caller, "*", letter):
        raise caller.actor.refusal(action)
