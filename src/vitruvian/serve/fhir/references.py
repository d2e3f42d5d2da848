"""References of resources as "Type/id", however a source wrote them, and as a search names them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from vitruvian.serve.fhir.elements import at
from vitruvian.serve.fhir.entry import Entry
from vitruvian.serve.fhir.parameters import Parameter

_LITERAL = re.compile(
    r"(?:(?P<base>[a-z]+://.+)/)?(?P<type>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9\-.]{1,64})(?:/_history/.+)?"
)
_PERSON = frozenset({("subject",), ("patient",), ("beneficiary",)})
"""Where a resource says whose it is; the record knows it, whatever the words."""


def literal(text: str) -> str:
    """ "Type/id" of a reference with or without a server and a version; the text itself where it is none."""
    found = _LITERAL.fullmatch(text)
    return f"{found['type']}/{found['id']}" if found else text


def names(entry: Entry, parameter: Parameter) -> Iterator[str]:
    """References of a resource at a parameter, those of types that it may not point to left out."""
    for path in parameter.paths:
        for value in at(entry.resource, (path,)):
            name = _name(value)
            if name and entry.patients and path in _PERSON and not _LITERAL.fullmatch(name):
                name = entry.patients[0]  # by identifier, or by a UUID of a file that is not here
            if name and (not parameter.targets or "/" not in name or name.partition("/")[0] in parameter.targets):
                yield name


def identifiers(entry: Entry, parameter: Parameter) -> list[Any]:
    """Identifiers that references at a parameter carry."""
    found = at(entry.resource, parameter.paths)
    return [one["identifier"] for one in found if isinstance(one, dict) and isinstance(one.get("identifier"), dict)]


def _name(value: Any) -> str:
    text = value.get("reference") if isinstance(value, dict) else value
    return literal(text) if isinstance(text, str) else ""
