"""Bulk export: what it holds, counted person by person by a job, and its lines, read again when they are fetched.

No copy of anybody's data is made: a file is written from the record while it is fetched, under the rights and consents
of that moment. Source: HL7 Bulk Data Access 2.0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from vitruvian.core import InputError, to_ms
from vitruvian.serve.caller import Caller
from vitruvian.serve.fhir.entry import Entry
from vitruvian.serve.fhir.references import literal
from vitruvian.serve.fhir.seen import ADMINISTRATIVE, Seen
from vitruvian.serve.fhir.shelf import Shelf
from vitruvian.serve.fhir.single import single
from vitruvian.serve.fhir.validate_elements import is_resource_type
from vitruvian.serve.scopes import covers

Json = dict[str, Any]
LEVELS = ("system", "patient", "group")
_ROOM = 1 << 20


def export_steps(caller: Caller, asked: Json) -> list[tuple[str, Json]]:
    """(person, what is asked) for each person; the first one's brings what is about nobody, at the system's level.

    `asked`: level, types, since, the id of a Group. Raises `InputError` for what is none of these, and where the caller
    may see nobody of them; `UnknownNameError` for a Group that they may not see.
    """
    types = asked.get("types") or []
    if asked.get("level") not in LEVELS or not all(isinstance(one, str) and is_resource_type(one) for one in types):
        raise InputError("not an export", got=", ".join(map(str, types))[:80], allowed="types of FHIR R4")
    if uncovered := [one for one in types if not covers(caller, one, "r")]:
        raise InputError("the token does not cover a type", got=", ".join(uncovered))
    told: Json = {"types": types, "since": asked.get("since") or "", "request": asked.get("request") or ""}
    if told["since"]:
        to_ms(told["since"])
    people = _members(caller, asked["group"]) if asked["level"] == "group" else caller.people()
    if not people:
        raise InputError("there is nobody to export")
    return [(one, told | {"nobody": k == 0 and asked["level"] == "system"}) for k, one in enumerate(people)]


def _members(caller: Caller, name: str) -> list[str]:
    """Persons of a Group whom the caller may see, those who left it not among them."""
    seen = Seen(caller, Shelf(_ROOM))
    seen.demand("Group", "r")
    members = single(seen.one("Group", name)).resource.get("member") or ()
    here = [one.get("entity", {}).get("reference", "") for one in members if one.get("inactive") is not True]
    named = [text.partition("/") for text in map(literal, here)]
    return list(dict.fromkeys(p for kind, _, key in named if kind == "Patient" for p in seen.persons_of(kind, key)))


def export_counts(caller: Caller, person: str, asked: Json) -> Json:
    """How many resources of each type there are of a person."""
    return {"counts": dict(Counter(one.type for one in entries(Seen(caller, Shelf(_ROOM)), person, asked)))}


def entries(seen: Seen, person: str, asked: Json, only: str = "") -> Iterator[Entry]:
    """Resources that a step exports, of the types asked for or `only` one, changed since then."""
    types = [only] if only else list(asked["types"])
    found = seen.everything(seen.caller.patient(person).id, types)
    if asked["nobody"]:
        wanted = ADMINISTRATIVE & set(types) if types else ADMINISTRATIVE
        found += [one for kind in sorted(wanted) if covers(seen.caller, kind, "r") for one in seen.of(kind, [])]
    since = to_ms(asked["since"]) if asked["since"] else None
    return (one for one in found if (not types or one.type in types) and (since is None or one.updated_ms >= since))
