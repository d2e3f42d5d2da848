"""Drugs with a model among what a person was given or ordered; nothing is computed of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vitruvian.record import Fact, Patient

_KINDS = frozenset({"medication_request", "medication_statement", "medication_administration"})
_GONE = frozenset({"stopped", "completed", "cancelled", "ended"})


@dataclass(frozen=True)
class Own:
    """A drug of the library among a person's medication; `newest` is the moment of the newest fact of it."""

    name: str
    newest: str
    taken: bool


def drugs_of(patient: Patient, at: str | None) -> list[Own]:
    """Drugs of the library that the person was given or ordered, those taken now first."""
    return drugs_among(patient.facts(until=at))


def drugs_among(all_facts: Iterable[Fact]) -> list[Own]:
    """The same, of facts that were read."""
    from vitruvian.pharmacology import library

    known = set(library())
    facts: dict[str, list[Fact]] = {}
    for one in all_facts:
        name = str(one.detail.get("drug") or "")
        if one.kind in _KINDS and name in known:
            facts.setdefault(name, []).append(one)
    found = [_own(name, mine) for name, mine in facts.items()]
    return sorted(found, key=lambda one: (not one.taken, one.name))


def _own(name: str, facts: list[Fact]) -> Own:
    said = [one for one in facts if one.kind != "medication_administration"]
    newest = max((one.start for one in facts if one.start), default=None)
    ended = bool(said) and all(one.status in _GONE for one in said)
    return Own(name, newest.isoformat() if newest else "", not ended)
