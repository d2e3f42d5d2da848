"""What the twins say of a proposed order, for the person who decides: allergies, interactions, genes, then the dose."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from vitruvian.core import AccessError
from vitruvian.record import Patient
from vitruvian.serve.caller import Caller
from vitruvian.serve.cds import Thinking, known_of
from vitruvian.serve.mcp.proposals import Proposal, proposals_of
from vitruvian.serve.mcp.proposed import Resource
from vitruvian.serve.science import needed
from vitruvian.serve.server import Server
from vitruvian.twin import orders

if TYPE_CHECKING:
    from vitruvian.twin.orders import Note

PATIENCE_S = 0.4
_GRAVEST = ("critical", "warning", "info")


@dataclass(frozen=True)
class Checked:
    """Notes, the gravest first; `open` says what is not checked, or not yet; `ready` that nothing more will come."""

    notes: tuple[Note, ...] = ()
    ready: bool = True
    open: tuple[str, ...] = ()

    @property
    def grave(self) -> bool:
        """Whether anything speaks against it."""
        return any(one.weight == "critical" for one in self.notes)

    def shown(self) -> dict[str, Any]:
        """As JSON."""
        notes = [{"weight": one.weight, "topic": one.topic, "summary": one.summary} for one in self.notes]
        return {"ready": self.ready, "notes": notes, "open": list(self.open)}


def quick_checks(patient: Patient, resource: Resource, others: tuple[Resource, ...] = ()) -> Checked:
    """What can be said of an order at once: allergies, interactions with what is taken and with `others`, and genes.

    Nothing for what is no order. Raises `AccessError` for one who may not read.
    """
    beside = tuple(order for one in others for order in _orders(one))
    found = [
        note
        for order in _orders(resource)
        for note in (*orders.interaction_notes(patient, order, beside), *orders.genotype_notes(patient, order))
    ]
    if resource["resourceType"] == "MedicationRequest":
        found += orders.allergy_notes(patient, resource)
    return Checked(tuple(sorted(found, key=_rank)))


def checks_of(server: Server, caller: Caller, proposal: Proposal) -> Checked:
    """What is said of a proposal to one who decides on it; the dose is checked beside requests, once."""
    mine = _orders(proposal.resource)
    if not mine:
        return Checked()
    needed(server)
    patient = caller.patient(proposal.person)
    waiting = (one for one in proposals_of(server, caller, proposal.person) if one.state == "open")
    others = tuple(one.resource for one in waiting if one.id != proposal.id)
    try:
        quick = quick_checks(patient, proposal.resource, others)
        known = known_of(patient)
    except AccessError:
        return Checked(open=("You may not read this person's data, so nothing was checked for you.",))
    thinking, until = server.parts["cds"], monotonic() + PATIENCE_S
    assert isinstance(thinking, Thinking)
    rights = (caller.account, caller.actor, caller.scopes, caller.only)
    allergies = _allergies(patient, quick)
    doses = [thinking.until((rights, known, one), lambda one=one: _dose(patient, one), until) for one in mine]  # type: ignore[misc]
    notes = [*quick.notes, *(note for some in doses if some is not None for note in some[0])]
    said = [some[1] if some is not None else f"The dose of {one.drug} is still being checked."
            for one, some in zip(mine, doses, strict=True)]  # fmt: skip
    return Checked(tuple(sorted(notes, key=_rank)), None not in doses, tuple(filter(None, (*said, allergies))))


def _allergies(patient: Patient, quick: Checked) -> str:
    """What was looked at where no allergy speaks against an order."""
    if any(one.topic == "allergy" for one in quick.notes):
        return ""
    known = ", ".join(dict.fromkeys(one.display or one.code for one in orders.allergies_of(patient)))
    return f"No recorded allergy is to it; known: {known}." if known else "The record holds no allergy at all."


def _dose(patient: Patient, order: orders.Order) -> tuple[list[Note], str]:
    """Notes on the dose, and what is not known of it."""
    from vitruvian.pharmacology import library

    if order.drug not in library():
        return [], f"No twin knows the dose of {order.drug}: only allergies, interactions and genes were looked at."
    return orders.dose_notes(patient, order), ""


def _orders(resource: Resource) -> tuple[orders.Order, ...]:
    return orders.orders_of(resource, {}) if resource["resourceType"] == "MedicationRequest" else ()


def _rank(note: Note) -> int:
    return _GRAVEST.index(note.weight)
