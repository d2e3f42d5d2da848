"""Whose a resource is that somebody sends: the patients it names must be such as the sender may see."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from vitruvian.core import DataError, UnknownNameError
from vitruvian.ingest import named_patient
from vitruvian.record import whose
from vitruvian.serve.caller import Caller
from vitruvian.serve.fhir.body import Json

_PATIENT = re.compile(r"(?:(?P<base>https?://[^?#]+)/)?Patient/(?P<id>[A-Za-z0-9.-]{1,64})(?:/_history/[^/]+)?")


@dataclass(frozen=True)
class Owner:
    """A person, and the id under which their source knows them ("" both for nobody)."""

    person: str
    subject: str

    @property
    def base(self) -> str:
        """Address of the source's server, "" for ids without one."""
        return self.subject.rpartition("/Patient/")[0]

    @property
    def id(self) -> str:
        """Id of their Patient resource."""
        return self.subject.rpartition("/Patient/")[2]


NOBODY = Owner("", "")
_ALONE: Mapping[str, Owner] = MappingProxyType({})


def patient_owner(caller: Caller, name: str) -> Owner:
    """The person whose Patient has this id, as far as the caller may see them. Raises `UnknownNameError`.

    Who may take in but not read (a loader of data) learns nothing: the id stands for itself, as in a file.
    """
    if not caller.may("read"):
        return Owner(name, name)
    people = [person for person, _ in whose(caller.record, "Patient", name) if person] or [name]
    found = []
    for person in dict.fromkeys(people):
        try:
            found.append(caller.patient(person))
        except UnknownNameError:
            continue
    if len(found) != 1:
        raise UnknownNameError("no such patient", got=repr(f"Patient/{name}"))
    subjects = found[0].subjects
    own = [one for one in subjects if one.rpartition("/Patient/")[2] == name]
    return Owner(found[0].id, (own or list(subjects))[0])


def settled(
    caller: Caller, resource: Json, home: str, known: Collection[str] = (), beside: Mapping[str, Owner] = _ALONE
) -> tuple[Json, Owner]:
    """The resource with references to patients as the record writes them, and whose it is.

    `home` is this server's own address for FHIR; references that are `known` stay as they are; `beside` are patients
    who come in the same request. Raises `DataError` for a patient whom the caller may not see, which is the same as
    one who does not exist.
    """
    resource = deepcopy(resource)
    owners: dict[str, Owner] = {}
    for one in _references(resource):
        text = one["reference"].removeprefix(f"{home}/")
        match = None if text in known else _PATIENT.fullmatch(text)
        if match is None:
            one["reference"] = text
            continue
        owner = owners[text] = beside.get(text) or _owner(caller, match)
        one["reference"] = owner.subject if owner.base else f"Patient/{owner.subject}"
    named = named_patient(resource)
    mine = [owner for owner in owners.values() if named in (owner.subject, f"Patient/{owner.subject}")]
    every = set(owners.values())
    if mine:
        return resource, mine[0]
    return resource, every.pop() if len(every) == 1 and not named else NOBODY


def _owner(caller: Caller, match: re.Match[str]) -> Owner:
    try:
        if match["base"]:
            patient = caller.patient(f"{match['base']}/Patient/{match['id']}")
            return Owner(patient.id, f"{match['base']}/Patient/{match['id']}")
        return patient_owner(caller, match["id"])
    except UnknownNameError as error:
        todo = "Create the patient first, or send both in one transaction."
        raise DataError("a patient to whom it refers is not known", got=match[0], todo=todo) from error


def renamed(resource: Json, names: Mapping[str, str]) -> Json:
    """The resource with references put as `names` says."""
    found = deepcopy(resource)
    for one in _references(found):
        one["reference"] = names.get(one["reference"], one["reference"])
    return found


def references_of(resource: Json) -> frozenset[str]:
    """All references of a resource."""
    return frozenset(one["reference"] for one in _references(resource))


def _references(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
