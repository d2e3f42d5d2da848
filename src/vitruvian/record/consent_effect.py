"""What a person's consents mean now: for each purpose and category of facts, whether those who ask may see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitruvian.core import Actor, now_ms
from vitruvian.record.access import consent_resources
from vitruvian.record.consent import Decision, Matter, decide, read_consent
from vitruvian.tables.categories import CATEGORIES

if TYPE_CHECKING:
    from vitruvian.record.record import Record

ASKING: Mapping[str, str] = {
    "treatment": "clinician",
    "emergency": "clinician",
    "research": "researcher",
    "public_health": "public_health_officer",
    "payment": "payer",
}
"""Purpose → the role that asks for it."""


@dataclass(frozen=True)
class Effect:
    """Whether facts of a category may be seen for a purpose, and why."""

    purpose: str
    category: str
    decision: Decision


def consent_effects(record: Record, name: str) -> tuple[Effect, ...]:
    """The decision for each purpose of `ASKING` and each category, as the next read would find it.

    For whoever has the role: a consent that names a person, or a code, may decide otherwise on that.
    """
    person, subjects = record.governed("consent", name)
    with record.transaction() as connection:
        found = [read_consent(one) for _, one in consent_resources(connection, record.keys, subjects)]
        record._note(connection, "consent", person, {"effects": True})
    now = now_ms()
    return tuple(
        Effect(purpose, one, decide(found, Actor("", frozenset({role}), purpose), Matter(frozenset({one})), now))
        for purpose, role in ASKING.items()
        for one in CATEGORIES
    )
