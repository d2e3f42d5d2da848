"""Whose a resource is, and what a bundle itself says of names, numbers and places to look for in its texts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vitruvian.deid.text import Known

_OWNERS = ("subject", "patient", "beneficiary", "individual", "for", "person")
_LOCAL = re.compile(r"(?:.*/)?(Patient)/([A-Za-z0-9.-]{1,64})(?:/_history/.*)?")


def persons_by_url(resource: Mapping[str, Any]) -> dict[str, str]:
    """Full URL of each Patient's entry → the id by which that person goes, at every depth of bundles."""
    found = {}
    for one in _entries(resource):
        inner = one.get("resource")
        if isinstance(inner, Mapping) and inner.get("resourceType") == "Patient":
            url = str(one.get("fullUrl") or "")
            found[url] = str(inner.get("id") or url.removeprefix("urn:uuid:"))
    return found


def person_of(resource: Mapping[str, Any], people: Mapping[str, str]) -> str | None:
    """The id of whose it is, by its own reference to a Patient; None where it says nothing."""
    if resource.get("resourceType") == "Patient":
        return str(resource.get("id") or "") or None
    for name in _OWNERS:
        held = resource.get(name)
        reference = held.get("reference") if isinstance(held, Mapping) else None
        if isinstance(reference, str):
            local = _LOCAL.fullmatch(reference)
            owner = people.get(reference) or (local[2] if local else None)
            if owner:
                return owner
    return None


def known_of(resource: Mapping[str, Any], told: Known) -> Known:
    """Names, numbers and places anywhere in the resource, beside those that were told."""
    names, numbers, places = set(told.names), set(told.numbers), set(told.places)
    for name, value in _members(resource):
        if name in ("name", "alias") and isinstance(value, str):
            names.add(value)
        elif name in ("family", "given"):
            names |= set(_texts(value))
        elif name in ("line", "city", "district"):
            places |= {one for one in _texts(value) if len(one) > 2}
        elif name in ("identifier", "telecom"):
            numbers |= {str(one.get("value")) for one in _things(value) if len(str(one.get("value") or "")) > 3}
    return Known(sorted(names), sorted(numbers), sorted(places))


def _entries(resource: Any) -> Iterator[Mapping[str, Any]]:
    for one in _things(resource.get("entry")):
        yield one
        if isinstance(one.get("resource"), Mapping):
            yield from _entries(one["resource"])


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    """Every named value, at every depth."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield name, inner
            yield from _members(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _members(inner)


def _things(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, Mapping)]


def _texts(value: Any) -> list[str]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]
