"""Allergies of the record against an order, of any drug: by code, or by the substance that both name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from vitruvian.ingest import medication_request
from vitruvian.record import Draft, Fact
from vitruvian.tables.codes import drug_of
from vitruvian.twin.guard import check_allergy
from vitruvian.twin.orders.note import Note, listed

if TYPE_CHECKING:
    from vitruvian.record import Patient

_OVER = frozenset({"inactive", "resolved", "entered-in-error"})
_NOT_NAMES = re.compile(
    r"\b(allerg(y|ic|ies)|intolerance|to|of|oral|tablets?|capsules?|solution|injection|product|drug|substance|salts?"
    r"|sodium|potassium|hydrochloride|mg|ml|g|hr|[0-9.]+)\b"
)


def allergies_of(patient: Patient) -> tuple[Fact, ...]:
    """Allergies and intolerances that are not said to be over, doubtful ones among them."""
    return tuple(one for one in patient.facts(kind="allergy") if one.status not in _OVER)


def allergy_notes(
    patient: Patient, resource: Mapping[str, Any], medications: Mapping[str, Mapping[str, Any]] | None = None
) -> list[Note]:
    """A note for each allergy to what a MedicationRequest orders; raises what reading an ill-formed one raises.

    `medications` are Medication resources by reference.
    """
    known = allergies_of(patient)
    ordered = {(one.system, one.code, one.display): one for one in medication_request(resource, medications or {})}
    found = (
        _note(order, allergy)
        for order in ordered.values()
        for allergy in known
        if not order.detail.get("doNotPerform") and is_of(order, allergy)
    )
    return list(dict.fromkeys(found))


def is_of(order: Draft, allergy: Fact) -> bool:
    """Whether an allergy is to the drug of an order: a code of both, one drug of the tables, or one substance."""
    if _codes(order) & _codes(allergy):
        return True
    drug = order.detail.get("drug")
    if drug and drug == drug_of(allergy.system, allergy.code, allergy.display):
        return True
    if drug and _modelled(str(drug), allergy):
        return True
    mine, theirs = _substance(order.display), _substance(allergy.display)
    return bool(mine and theirs) and (mine <= theirs or theirs <= mine)


def _modelled(drug: str, allergy: Fact) -> bool:
    from vitruvian.pharmacology import find, library

    return drug in library() and bool(check_allergy(find(drug), [(allergy.display, allergy.code)]))


def _codes(one: Draft | Fact) -> set[tuple[str, str]]:
    others: Iterable[Any] = one.detail.get("codings") or ()
    return {(s, c) for s, c in ((one.system, one.code), *((s, c) for s, c, *_ in others)) if s and c}


def _substance(display: str) -> frozenset[str]:
    """The words of a name that tell the substance."""
    return frozenset(re.findall(r"[a-z]{4,}", _NOT_NAMES.sub(" ", display.lower())))


def _note(order: Draft, allergy: Fact) -> Note:
    drug = str(order.detail.get("drug") or order.display)
    name = allergy.display or allergy.code
    kind = "an intolerance of" if allergy.detail.get("type") == "intolerance" else "an allergy to"
    how = str(allergy.detail.get("criticality") or "")
    lines = (
        f"Recorded {allergy.start:%d %b %Y}." if allergy.start else "Recorded without a date.",
        f"Criticality: {how}." if how else "",
        "Clear the allergy in the record, or choose another drug.",
    )
    return Note("allergy", "critical", drug, f"{drug}: the record holds {kind} {name}", listed(lines))
