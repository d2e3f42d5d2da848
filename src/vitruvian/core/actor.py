"""Who acts, in which roles, and for what purpose; what is not allowed is denied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from vitruvian.core.errors import AccessError
from vitruvian.core.purpose import ANY_PURPOSE, lineage, purpose_code

ACTIONS = (
    "read", "search", "ingest", "derive", "export", "consent", "identity", "erase", "quarantine", "audit"
)  # fmt: skip


def _to(actions: str) -> frozenset[str]:
    return frozenset(actions.split())


# role → purpose (or any part of it) → actions; a patient acts only on the persons named in `Actor.own`
RIGHTS: Mapping[str, Mapping[str, frozenset[str]]] = {
    "owner": {ANY_PURPOSE: frozenset(ACTIONS)},
    "clinician": {"TREAT": _to("read search ingest derive export consent")},
    "researcher": {"HRESCH": _to("read search derive export")},
    "public_health_officer": {"PUBHLTH": _to("read search")},
    "payer": {"HPAYMT": _to("read")},
    "auditor": {"HOPERAT": _to("audit")},
    "administrator": {"HOPERAT": _to("ingest quarantine identity erase audit")},
    "data_loader": {"TREAT": _to("ingest"), "HOPERAT": _to("ingest"), "HRESCH": _to("ingest")},
    "patient": {"PATRQT": _to("read export consent audit")},
}
"""What each role may do, by purpose. Whose data, and which of them, is a matter of consent."""


@dataclass(frozen=True)
class Actor:
    """One who acts on a record: an id, roles, a purpose, and (for a patient) the persons who are themselves.

    `purpose` is a code of HL7 PurposeOfUse ("TREAT") or its readable spelling ("treatment").
    """

    id: str
    roles: frozenset[str] = frozenset()
    purpose: str = ""
    own: frozenset[str] = frozenset()

    @classmethod
    def owner(cls, purpose: str = "treatment") -> Actor:
        """The person at this machine, who owns a record that is opened locally."""
        return cls("local-owner", frozenset({"owner"}), purpose)

    @property
    def purpose_code(self) -> str:
        """The code of the purpose, "" if it is not one."""
        return purpose_code(self.purpose)

    def permits_all(self, action: str) -> bool:
        """Whether a role allows `action` on people in general; unknown roles, actions and purposes allow nothing."""
        return any(role != "patient" and action in self._actions(role) for role in self.roles)

    def permits(self, action: str, people: Iterable[str] = ()) -> bool:
        """Whether `action` on all of `people` is allowed: to a patient only where all of them are in `own`."""
        if self.permits_all(action):
            return True
        people = set(people)
        mine = "patient" in self.roles and action in self._actions("patient")
        return mine and bool(people) and people <= self.own

    def demand(self, action: str, people: Iterable[str] = ()) -> None:
        """Raise `AccessError` unless `permits`; the message is the same whether or not the person exists."""
        if not self.permits(action, people):
            raise self.refusal(action)

    def refusal(self, action: str) -> AccessError:
        """The error that says that this actor may not do it."""
        return AccessError(
            f"{self.id} may not {action} this", got=f"roles {sorted(self.roles)}, purpose {self.purpose!r}"
        )

    def _actions(self, role: str) -> frozenset[str]:
        return _actions_of(role, self.purpose)


@lru_cache(maxsize=1024)
def _actions_of(role: str, purpose: str) -> frozenset[str]:
    by_purpose = RIGHTS.get(role, {})
    return frozenset().union(*(by_purpose.get(code, frozenset()) for code in lineage(purpose_code(purpose))))
