"""The fields of dosing questions for one drug: only choices that can be made for it, and no field without choices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from vitruvian.twin.doors.door import Field

if TYPE_CHECKING:
    from vitruvian.pharmacology import Drug


def fields_for(fields: Iterable[Field], drug: str) -> tuple[Field, ...]:
    """The fields as they stand for a drug by name: its own routes and genes, and other drugs than itself to stop."""
    from vitruvian.pharmacology import find

    known = find(drug)
    fitted = (_fitted(one, known) for one in fields)
    return tuple(one for one in fitted if one.kind != "choice" or one.choices)


def slow_to_compare(drug: str) -> bool:
    """Whether doses of a drug do not act in proportion: every regimen is then simulated by itself."""
    from vitruvian.pharmacology import find
    from vitruvian.twin.twin import by_default

    return not all(model.linear for model in by_default(find(drug)))


def _fitted(field: Field, drug: Drug) -> Field:
    match field.name:
        case "genotype":
            from vitruvian.twin.doors.genes import gene_choices

            return replace(field, choices=gene_choices([drug]))
        case "route":
            own = {one.route for one in drug.regimens}
            return replace(field, choices=tuple(one for one in field.choices if one[0] in own))
        case "start" | "stop":
            return replace(field, choices=tuple(one for one in field.choices if one[0] != drug.name))
    return field
