"""De-identification of FHIR R4 by Safe Harbor (45 CFR 164.514(b)(2)): what is not known to be harmless does not stay.

Every element is treated by its type, at every depth, in extensions and contained resources too. Ids, references and
identifiers get pseudonyms under a key, dates of a person move by that person's days; names, contacts, addresses but
state and three digits of a ZIP code, narratives, attachments and extensions are taken out; codes stay where they are
published. Free text goes, or is cleaned as notes are (`texts="clean"`): then let a person read it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from vitruvian.core import DataError
from vitruvian.deid.fhir_dates import OLDEST, Calendar, Dates
from vitruvian.deid.fhir_people import known_of, person_of, persons_by_url
from vitruvian.deid.fhir_treatments import Walk
from vitruvian.deid.fhir_types import is_resource
from vitruvian.deid.keyed import demand_key, shift_of
from vitruvian.deid.text import Known

Texts = Literal["remove", "clean"]
_AGES = frozenset({"30525-0", "21611-9", "21612-7", "29553-5", "63900-5"})  # LOINC: age now, estimated, reported, …
_MARK = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "PSEUDED"}


@dataclass(frozen=True)
class CleanFhir:
    """A resource or bundle without what identifies; how many elements of which kind went; what must be looked at."""

    resource: dict[str, Any]
    removed: Mapping[str, int]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Told:
    key: bytes
    dates: Dates
    texts: Texts
    on: date
    known: Known
    people: Mapping[str, str] = field(default_factory=dict)
    only: str | None = None


def deidentify_fhir(
    resource: Mapping[str, Any],
    *,
    key: bytes,
    dates: Dates = "shift",
    texts: Texts = "remove",
    on: date | None = None,
    known: Known = Known(),
) -> CleanFhir:
    """De-identify a resource, or a Bundle and all within it. `key`: at least 16 secret bytes, the same for all files.

    `dates`: "shift" keeps intervals, which is no longer Safe Harbor to the letter; "year" keeps the year alone. `on`:
    the day the data are given away (today), by which ages over 89 are judged. `known`: names and numbers to be looked
    for in text beside those in the resource. Raises `DataError` for what is no resource of FHIR R4.
    """
    demand_key(key)
    kind = resource.get("resourceType") if isinstance(resource, Mapping) else None
    if not is_resource(kind):
        raise DataError("not a resource of FHIR R4", got=repr(kind)[:60])
    removed: Counter[str] = Counter()
    people = persons_by_url(resource)
    everybody = sorted(set(people.values()))
    only = everybody[0] if len(everybody) == 1 else None
    told = _Told(key, dates, texts, on or date.today(), known_of(resource, known), people, only)
    clean = _bundle(resource, told, removed) if kind == "Bundle" else _one(resource, told, removed)
    warnings = () if texts == "remove" else ("let a person read the texts: a name that nothing marks stays",)
    return CleanFhir(clean, dict(sorted(removed.items())), warnings)


def _one(resource: Mapping[str, Any], told: _Told, removed: Counter[str]) -> dict[str, Any]:
    """A resource, with a mark in its meta that it is pseudonymised."""
    owner = person_of(resource, told.people) or told.only
    days = None if owner is None else shift_of(told.key, owner)
    calendar = Calendar(told.dates, days, told.on)
    clean = Walk(told.key, calendar, told.texts == "clean", told.known, removed).resource(resource)
    for one in (clean, *clean.get("component", ())):
        if _speaks_of_age(one) and one.get("valueInteger", 0) > OLDEST:
            one["valueInteger"] = OLDEST + 1
            removed["age"] += 1
        elif _speaks_of_age(one) and (told_value := one.get("valueQuantity")) and "unit" not in told_value:
            told_value["value"] = min(told_value.get("value", 0), OLDEST + 1)
    meta = clean.setdefault("meta", {})
    meta["security"] = [*meta.get("security", ()), _MARK]
    return clean


def _speaks_of_age(observation: Mapping[str, Any]) -> bool:
    """Whether an Observation, or a component of one, is an age that need not say so by its unit."""
    code = observation.get("code")
    coded = code.get("coding", ()) if isinstance(code, Mapping) else ()
    return any(one.get("code") in _AGES for one in coded)


def _bundle(bundle: Mapping[str, Any], told: _Told, removed: Counter[str]) -> dict[str, Any]:
    """A Bundle whose entries are treated each by the days of whose they are."""
    entries = [one for one in bundle.get("entry") or () if isinstance(one, Mapping)]
    clean = _one({name: value for name, value in bundle.items() if name != "entry"}, told, removed)
    walk = Walk(told.key, Calendar(told.dates, None, told.on), told.texts == "clean", told.known, removed)
    made = []
    for one in entries:
        inner = one.get("resource")
        new = walk.thing({name: value for name, value in one.items() if name != "resource"}, "BundleEntry") or {}
        if isinstance(inner, Mapping):
            if not is_resource(inner.get("resourceType")):
                raise DataError("an entry is no resource of FHIR R4", got=repr(inner.get("resourceType"))[:60])
            new["resource"] = (
                _bundle(inner, told, removed) if inner["resourceType"] == "Bundle" else _one(inner, told, removed)
            )
        if new:
            made.append(new)
    return clean | ({"entry": made} if made else {})
