"""Who acts, in which roles, and for what purpose; what is not allowed is denied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vitruvian.core.errors import AccessError

ACTIONS = ("read", "search", "ingest", "derive", "quarantine", "audit")

# role → actions on any person; a patient acts only on the persons named in `Actor.own`
_ROLES: dict[str, frozenset[str]] = {
    "owner": frozenset(ACTIONS),
    "clinician": frozenset({"read", "search", "ingest", "derive"}),
    "auditor": frozenset({"audit"}),
}
_OWN = frozenset({"read", "audit"})


@dataclass(frozen=True)
class Actor:
    """One who acts on a record: an id, roles, a purpose, and (for a patient) the persons who are themselves."""

    id: str
    roles: frozenset[str] = frozenset()
    purpose: str = ""
    own: frozenset[str] = frozenset()

    @classmethod
    def owner(cls) -> Actor:
        """The person at this machine, who owns a record that is opened locally."""
        return cls("local-owner", frozenset({"owner"}), "treatment")

    def permits(self, action: str, people: Iterable[str] = ()) -> bool:
        """Whether `action` on all of `people` is allowed; unknown roles, actions and empty purposes are not."""
        if action not in ACTIONS or not self.purpose:
            return False
        if any(action in _ROLES.get(role, frozenset()) for role in self.roles):
            return True
        people = set(people)
        return "patient" in self.roles and action in _OWN and bool(people) and people <= self.own

    def demand(self, action: str, people: Iterable[str] = ()) -> None:
        """Raise `AccessError` unless `permits`; the message is the same whether or not the person exists."""
        if not self.permits(action, people):
            raise AccessError(
                f"{self.id} may not {action} this", got=f"roles {sorted(self.roles)}, purpose {self.purpose!r}"
            )
