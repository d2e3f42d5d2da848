"""What is said to a call: notes of the twins on each order, or on what the patient takes now."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from time import monotonic
from typing import TYPE_CHECKING

from vitruvian.record import Patient
from vitruvian.serve.caller import Caller
from vitruvian.serve.cds.cards import bare_card, card_of, dose_page, patient_page
from vitruvian.serve.cds.chart import Chart
from vitruvian.serve.cds.hook import Call, Json
from vitruvian.serve.cds.thinking import PATIENCE_S, Thinking, known_of
from vitruvian.twin import orders
from vitruvian.twin.doors import Status, twin_door

if TYPE_CHECKING:
    from vitruvian.twin.orders import Note, Order

_ORDER = ("critical", "warning", "info")
_MOST = 10
_WARMED = 2


@dataclass(frozen=True)
class Answering:
    """One call of one caller about one person."""

    caller: Caller
    chart: Chart
    thinking: Thinking
    url: str
    deadline: float

    @classmethod
    def of(cls, caller: Caller, chart: Chart, thinking: Thinking, url: str) -> Answering:
        """From now on."""
        return cls(caller, chart, thinking, url, monotonic() + PATIENCE_S)

    @property
    def patient(self) -> Patient:
        """Of whom it is asked."""
        return self.chart.patient

    def cards(self, call: Call) -> list[Json]:
        """Cards, the gravest first; what is not ready in time is said so."""
        found = self._of_patient() if call.hook == "patient-view" else self._of_orders(call)
        found += [self._rests_on()] if self.chart.unread or (self.chart.passing and found) else []
        return sorted(found, key=lambda one: _ORDER.index(one["indicator"]))[:_MOST]

    def _of_orders(self, call: Call) -> list[Json]:
        read = {name: orders.orders_of(one, call.medications) for name, one in call.drafts.items()}
        found: list[Json] = []
        for name in sorted(call.selected):
            beside = [*self.chart.taken, *(order for other, some in read.items() if other != name for order in some)]
            for order in read[name]:
                notes, late = self._notes(order, beside)
                found += [card_of(note, self.url, self.chart.page, call.drafts[name]) for note in notes]
                found += [self._late(order.drug)] if late else []
            for note in orders.allergy_notes(self.patient, call.drafts[name], call.medications):
                found.append(card_of(note, self.url, self.chart.page, call.drafts[name]))
        return found

    def _notes(self, order: Order, beside: Sequence[Order]) -> tuple[list[Note], bool]:
        """Notes on an order, and whether that on its dose is not ready: it alone may take long."""
        key = self._key(order)
        self.thinking.begin(key, lambda: orders.dose_notes(self.patient, order))
        quick = self._quick(order, beside)
        slow = self.thinking.until(key, lambda: orders.dose_notes(self.patient, order), self.deadline)
        return [*(slow or ()), *quick], slow is None

    def _of_patient(self) -> list[Json]:
        states = [one for one in twin_door("dose").status(self.patient) if one.state != "stale"]
        taken = [orders.Order(one.subject, None, "", None, None) for one in states]
        for order in taken[:_WARMED]:  # so that the dose is warm when one is ordered
            self.thinking.begin(self._key(order), lambda order=order: orders.dose_notes(self.patient, order))  # type: ignore[misc]
        found = [self._standing(states)] if states else []
        grave = {
            note.summary: note
            for order in taken
            for note in self._quick(order, self.chart.taken)
            if note.weight != "info"
        }
        return found + [card_of(one, self.url, self.chart.page) for one in grave.values()]

    def _quick(self, order: Order, beside: Sequence[Order] = ()) -> list[Note]:
        return [*orders.interaction_notes(self.patient, order, beside), *orders.genotype_notes(self.patient, order)]

    def _standing(self, states: Sequence[Status]) -> Json:
        """One card on all drugs whose dose may be individualised."""
        names = ", ".join(one.subject for one in states)
        summary = f"Twins can speak to the dose of {names}"
        summary = summary if len(summary) <= orders.LONGEST else f"Twins can speak to the dose of {len(states)} drugs"
        detail = "\n".join(f"- {one.sentence} {one.credibility}".rstrip() for one in states)
        return bare_card("state", "info", summary, detail, self.url, patient_page(self.url, self.chart.page))

    def _late(self, drug: str) -> Json:
        summary = f"{drug}: the twin is still at work on this order; its page shows the answer when it is ready"
        page = dose_page(self.url, self.chart.page, drug)
        return bare_card("state", "info", summary[: orders.LONGEST], "", self.url, page)

    def _rests_on(self) -> Json:
        """From what it was answered, as far as that came with the call."""
        unread = f"{self.chart.unread} resources that the EHR sent could not be read"
        alone = f"Answered from what the EHR sent alone ({self.chart.resources} resources); nothing of it was kept"
        summary, detail = (alone, unread if self.chart.unread else "") if self.chart.passing else (unread, "")
        return bare_card("state", "warning" if self.chart.unread else "info", summary, detail, self.url, "")

    def _key(self, order: Order) -> Hashable:
        """Nobody shares the work of another, nor of an hour ago, nor of before a new fact: rights and data differ."""
        caller = self.caller
        rights = (caller.account, caller.actor, caller.scopes, caller.only)
        return (rights, self._seen, self.chart.passing, order)

    @cached_property
    def _seen(self) -> Hashable:
        return known_of(self.patient)
