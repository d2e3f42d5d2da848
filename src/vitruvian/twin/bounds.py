"""Limits of a drug's dose against one regimen: which of its amounts lie outside, in words."""

from __future__ import annotations

from typing import Literal

from vitruvian.pharmacology import Drug
from vitruvian.twin.candidates import Candidate
from vitruvian.twin.words import number_text

_OF = {"single": "a single dose", "daily": "a day", "rate": "an infusion per hour"}
_PER = {"single": "", "daily": " a day", "rate": "/h"}


def outside(
    drug: Drug,
    c: Candidate,
    kind: Literal["absolute", "recommended"] = "absolute",
    *,
    weight: float | None,
    bsa: float | None,
) -> tuple[str, ...]:
    """Each amount of a regimen outside its bound: "500 mg is above the absolute bound of a single dose, 10 mg".

    `weight` in kg, `bsa` in m². Raises `DataError` if a limit per kg or per m² needs a number not given.
    """
    amounts = [("single", c.amount), ("daily", c.daily)]
    amounts += [("rate", c.amount / c.duration)] if c.duration else []
    amounts += [("single", c.loading)] if c.loading is not None else []
    found = []
    for quantity, value in amounts:
        low, high = drug.bounds.range(quantity, kind, weight=weight, bsa=bsa)
        if low - 1e-9 <= value <= high + 1e-9:
            continue
        above = value > high
        bound = f"the {kind} bound of {_OF[quantity]}, {number_text(high if above else low)} {c.unit}"
        found.append(f"{number_text(value)} {c.unit}{_PER[quantity]} is {'above' if above else 'below'} {bound}")
    return tuple(dict.fromkeys(found))


def within_absolute(drug: Drug, c: Candidate, *, weight: float | None, bsa: float | None) -> bool:
    """Whether a candidate keeps all absolute bounds of the drug (single, daily, rate)."""
    return not outside(drug, c, weight=weight, bsa=bsa)
