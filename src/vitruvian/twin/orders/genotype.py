"""What guidelines say of an ordered drug for this person's genes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vitruvian.core import UnknownNameError, now_ms
from vitruvian.person.genes import Advice, advice
from vitruvian.twin.genome import gene_calls
from vitruvian.twin.orders.note import Note, Weight, listed
from vitruvian.twin.orders.order import Order
from vitruvian.twin.reading import trusted

if TYPE_CHECKING:
    from vitruvian.record import Patient

_USUAL = re.compile(
    r"^(label dose|usual dose|usual use|start with the usual dose( and|\.))|: usual use|use the standard dose\."
    r"|no change of dose|expressed: start with the usual dose",
    re.IGNORECASE,
)
"""Advice to do as always: nothing to say of an order."""


def genotype_notes(patient: Patient, order: Order) -> list[Note]:
    """Advice that rests on genes that are known, and that says other than the usual dose."""
    calls, genome, _ = gene_calls(patient, trusted(patient.facts(), now_ms()))
    if genome is None:
        return []
    try:
        found = advice(order.drug, calls)
    except UnknownNameError:
        return []
    return [_note(one, order) for one in found if _says_something(one)]


def _says_something(one: Advice) -> bool:
    known = one.basis and "unknown" not in one.basis
    return bool(known) and one.strength not in ("none", "") and _USUAL.search(one.text) is None


def _note(one: Advice, order: Order) -> Note:
    summary = f"{order.drug} ({', '.join(one.genes)}): {one.text}"
    doubt = "" if one.certain else "Other diplotypes that fit would lead elsewhere."
    lines = (one.text, f"Basis: {one.basis}", f"{one.guideline}, {one.strength}", doubt)
    weight: Weight = "warning" if one.certain and one.strength.startswith(("strong", "moderate")) else "info"
    return Note("genotype", weight, order.drug, summary, listed(lines), f"{one.source} [{one.status}]")
