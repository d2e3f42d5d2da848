"""An order that somebody is about to sign, read as the record reads a MedicationRequest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vitruvian.core import UnitError, convert, same_dimension
from vitruvian.ingest import medication_request
from vitruvian.record import Draft
from vitruvian.twin.reading import route_of


@dataclass(frozen=True)
class Order:
    """A drug (its name in the tables) with its amount, interval and route as far as the order says them."""

    drug: str
    amount: float | None
    unit: str
    interval_h: float | None
    route: str | None

    def amount_in(self, unit: str) -> float | None:
        """The amount in another unit; None where there is none, or it is not of that kind."""
        if self.amount is None or not self.unit:
            return None
        try:
            return convert(self.amount, self.unit, unit)
        except UnitError:
            return None

    @property
    def dose_mg(self) -> float | None:
        """The amount in mg, where it is a mass."""
        return self.amount_in("mg") if self.unit and same_dimension(self.unit, "mg") else None


def orders_of(resource: Mapping[str, Any], medications: Mapping[str, Mapping[str, Any]]) -> tuple[Order, ...]:
    """The orders that a MedicationRequest states, one for each dosage; none for drugs that no table knows.

    `medications` are Medication resources by reference. Raises what reading an ill-formed resource raises.
    """
    return tuple(_orders(medication_request(resource, medications)))


def _orders(drafts: Iterator[Draft]) -> Iterator[Order]:
    for one in drafts:
        drug = one.detail.get("drug")
        if drug and not one.detail.get("doNotPerform"):
            amount, unit = (one.value, one.unit) if one.value is not None else (None, None)
            interval = one.detail.get("interval_h")
            yield Order(str(drug), amount, unit or "", interval, route_of(one.detail.get("route")))
