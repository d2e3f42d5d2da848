"""Interactions of an order with what the person takes: the change of exposure, in this person's genotype."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from vitruvian.core import SolveError, UnknownNameError, now_ms
from vitruvian.person.genes import GeneCall
from vitruvian.pharmacology.interactions import InteractionEffect, find_perpetrator, find_victim, strength
from vitruvian.twin.effects import ratio_in_person
from vitruvian.twin.genome import gene_calls
from vitruvian.twin.orders.note import Note, Weight, listed
from vitruvian.twin.orders.order import Order
from vitruvian.twin.reading import Taken, taking, trusted

if TYPE_CHECKING:
    from vitruvian.record import Patient

_WEIGHTS: Mapping[str, Weight] = {"strong": "critical", "moderate": "warning", "weak": "info"}


def interaction_notes(patient: Patient, order: Order, beside: Sequence[Order] = ()) -> list[Note]:
    """Notes on interactions of an order with drugs taken now and with other orders; the largest change first."""
    facts = trusted(patient.facts(), now_ms())
    calls, _, _ = gene_calls(patient, facts)
    taken = {one.name: one for one in taking(facts, now_ms()) if one.end_ms is None}
    taken |= {one.drug: Taken(one.drug, now_ms(), None, one.dose_mg) for one in beside}
    others = [one for name, one in sorted(taken.items()) if name != order.drug]
    own = Taken(order.drug, now_ms(), None, order.dose_mg)
    found = [note for one in others for note in _between(own, one, calls, order)]
    return [note for _, note in sorted(found, key=lambda one: -one[0])]


def _between(own: Taken, other: Taken, calls: Mapping[str, GeneCall], order: Order) -> list[tuple[float, Note]]:
    """What each of two drugs does to the other."""
    found = []
    for victim, agent in ((own, other), (other, own)):
        route = order.route if victim is own and order.route else "oral"
        effect = _effect(victim.name, agent, calls, route)
        if effect is None:
            continue
        size = strength(effect.auc_ratio)
        if weight := _WEIGHTS.get(size.split()[0]):
            ratio = max(effect.auc_ratio, 1 / effect.auc_ratio)
            found.append((ratio, _note(victim.name, agent.name, effect, weight, order)))
    return found


def _effect(victim: str, agent: Taken, calls: Mapping[str, GeneCall], route: str) -> InteractionEffect | None:
    try:
        find_victim(victim)
        find_perpetrator(agent.name)
        return ratio_in_person(victim, agent, calls, route)
    except (UnknownNameError, SolveError):
        return None


def _note(victim: str, agent: str, effect: InteractionEffect, weight: Weight, order: Order) -> Note:
    low, high = 1 / effect.quantiles[0.95], 1 / effect.quantiles[0.05]
    ratio = effect.auc_ratio
    change = f"raises {victim} exposure {ratio:.1f}-fold" if ratio >= 1 else f"lowers {victim} exposure to {ratio:.0%}"
    summary = f"{agent} {change} in this patient (90 %: {low:.2g}–{high:.2g}-fold)"
    lines = (
        f"{effect.strength}; clearance of {victim} is multiplied by {effect.point:.2f}",
        *effect.reasons,
        *(f"The effect of {one} is not in the tables." for one in effect.unknown),
    )
    return Note("interaction", weight, order.drug, summary, listed(lines), "Mechanistic static model (Fahmi 2008)")
