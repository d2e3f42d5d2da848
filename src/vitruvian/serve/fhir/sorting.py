"""The order of results: by parameters, each up or down; what lacks a value comes last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vitruvian.serve.fhir.dates import span_of
from vitruvian.serve.fhir.elements import at, texts
from vitruvian.serve.fhir.entry import Entry
from vitruvian.serve.fhir.parameters import Parameter, parameters
from vitruvian.serve.fhir.plain import folded
from vitruvian.serve.fhir.references import names
from vitruvian.serve.fhir.tokens import tokens


def ordered(entries: Sequence[Entry], kind: str, sort: Sequence[tuple[str, bool]]) -> list[Entry]:
    """Entries in order; those that are equal stay as they were."""
    found = list(entries)
    for name, descending in reversed(sort):
        parameter = parameters(kind)[name]
        keys = {id(one): _key(one, parameter, descending) for one in found}
        there = [one for one in found if keys[id(one)] is not None]
        lacking = [one for one in found if keys[id(one)] is None]
        found = sorted(there, key=lambda one: keys[id(one)], reverse=descending) + lacking
    return found


def _key(entry: Entry, parameter: Parameter, descending: bool) -> Any:
    """The least value going up, the greatest going down; None where there is none."""
    values = _values(entry, parameter, descending)
    return (max if descending else min)(values) if values else None


def _values(entry: Entry, parameter: Parameter, descending: bool) -> list[Any]:
    if parameter.kind == "id":
        return [entry.id]
    if parameter.kind == "updated":
        return [entry.updated_ms]
    found = at(entry.resource, parameter.paths)
    if parameter.kind == "date":
        return [one[1 if descending else 0] for value in found if (one := span_of(value))]
    if parameter.kind in ("number", "quantity"):
        values = [one.get("value") if isinstance(one, dict) else one for one in found]
        return [float(one) for one in values if isinstance(one, int | float)]
    if parameter.kind == "token":
        return [folded(one.words[0] if one.words else one.code) for value in found for one in tokens(value)]
    if parameter.kind == "reference":
        return list(names(entry, parameter))
    return [folded(one) for value in found for one in texts(value)]
