"""What one caller may see, as resources: everything a search looks at comes from here, and nothing else does.

Roles, purpose, consents, the patient of a token and its scopes are judged anew for each request.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property

import orjson

from vitruvian.core import AccessError, UnknownNameError
from vitruvian.record import Held, Patient, Version, held, nobodys, whose, whose_fact
from vitruvian.serve.caller import Caller
from vitruvian.serve.fhir.current import version_id
from vitruvian.serve.fhir.elements import Json
from vitruvian.serve.fhir.entry import Entry
from vitruvian.serve.fhir.made import TYPES as MADE
from vitruvian.serve.fhir.made import key_of, kinds_behind, made, patient_id
from vitruvian.serve.fhir.references import literal
from vitruvian.serve.fhir.shelf import Shelf
from vitruvian.serve.scopes import covers

_AT_ONCE = 50
"""People who are read in one transaction."""
ADMINISTRATIVE = frozenset(
    {"Organization", "Practitioner", "PractitionerRole", "Location", "Medication", "Substance", "Endpoint",
     "HealthcareService", "ValueSet", "CodeSystem", "ConceptMap", "NamingSystem", "StructureDefinition"}
)  # fmt: skip
"""Types that are about nobody, whomever they mention; of others only those that refer to nothing are."""


class Seen:
    """Resources that a caller may see, read once for each request."""

    def __init__(self, caller: Caller, shelf: Shelf) -> None:
        self.caller, self._shelf = caller, shelf
        self._known: dict[tuple[str, str], tuple[Entry, ...]] = {}
        self._patients: dict[str, Patient | None] = {}
        self._persons: dict[tuple[str, str], list[str]] = {}

    def demand(self, kind: str, letter: str) -> None:
        """Raise `AccessError` unless the token covers it."""
        if not covers(self.caller, kind, letter):
            raise self.caller.actor.refusal("read" if letter == "r" else "search")

    @cached_property
    def people(self) -> list[str]:
        """Ids of all persons whom the caller may see."""
        return self.caller.people()

    def of(self, kind: str, people: Sequence[str] | None = None) -> list[Entry]:
        """Current resources of a type: those of some people (all by default), and those about nobody."""
        asked = self.people if people is None else people
        self._read(kind, [one for one in asked if (kind, one) not in self._known])
        return [entry for one in asked for entry in self._known[kind, one]] + self._nobodys(kind)

    def everything(self, person: str, types: Collection[str] = ()) -> list[Entry]:
        """All resources of a person, of some types or all that the caller's token covers."""
        (one,) = held(self.caller.record, [person], types)
        kinds = {version.type for version in one.versions} | (MADE & set(types) if types else MADE)
        return [entry for kind in sorted(kinds) if covers(self.caller, kind, "r") for entry in self._entries(one, kind)]

    def one(self, kind: str, name: str) -> list[Entry]:
        """Current resources of this type and id: one, none, or several where sources use the same id."""
        return [entry for entry in self.history(kind, name) if entry.current]

    def history(self, kind: str, name: str) -> list[Entry]:
        """All versions of the resources of this type and id, the newest first."""
        found: list[Entry] = []
        for person, line in dict.fromkeys(whose(self.caller.record, kind, name)):
            if not person:
                versions = nobodys(self.caller.record, [kind], line=line, past=True)
                found += self._permitted(self._opened(versions, "", ()))
            elif self._sees(person):
                (one,) = held(self.caller.record, [person], [kind], line=line, past=True, made=False)
                found += self._opened(one.versions, person, one.subjects)
        found = found or self._made_one(kind, name)
        return sorted(found, key=lambda one: (one.current, one.updated_ms, one.received_ms), reverse=True)

    def histories(self, kind: str, people: Sequence[str] | None = None) -> list[Entry]:
        """All versions of all resources of a type, the newest first."""
        found: list[Entry] = []
        for one in self._held(kind, self.people if people is None else people, past=True):
            found += self._entries(one, kind)
        found += self._permitted(self._opened(nobodys(self.caller.record, [kind], past=True), "", ()))
        return sorted(found, key=lambda one: (one.updated_ms, one.received_ms, one.name), reverse=True)

    def persons_of(self, kind: str, name: str) -> list[str]:
        """Persons (whom the caller may see) who may have a resource of this type and id, looked for once."""
        if (kind, name) not in self._persons:
            self._persons[kind, name] = self._persons_of(kind, name)
        return self._persons[kind, name]

    def _persons_of(self, kind: str, name: str) -> list[str]:
        people = {person for person, _ in whose(self.caller.record, kind, name) if person}
        if (key := key_of(name)) and (person := whose_fact(self.caller.record, key)):
            people.add(person)
        if kind == "Patient" and not people:
            people |= set(self._by_subject(name))
        return sorted(one for one in people if self._sees(one))

    def same(self, name: str) -> frozenset[str]:
        """References to the person of "Patient/id" under all of their ids."""
        kind, _, key = name.partition("/")
        if kind != "Patient" or not key:
            return frozenset({name})
        people = self.persons_of("Patient", key)
        subjects = {one for person in people if (found := self._patient(person)) for one in found.subjects}
        return frozenset({name, *(f"Patient/{patient_id(one)}" for one in subjects)})

    # -- one gate -----------------------------------------------------------------------------------------------

    def _read(self, kind: str, people: Sequence[str]) -> None:
        for one in self._held(kind, people):
            self._known[kind, one.person] = tuple(self._entries(one, kind))

    def _held(self, kind: str, people: Sequence[str], past: bool = False) -> Iterator[Held]:
        for start in range(0, len(people), _AT_ONCE):
            some = people[start : start + _AT_ONCE]
            yield from held(self.caller.record, some, [kind], past=past, made=kind in MADE, kinds=kinds_behind(kind))

    def _entries(self, one: Held, kind: str) -> Iterator[Entry]:
        yield from self._opened([v for v in one.versions if v.type == kind], one.person, one.subjects)
        if kind in MADE:
            for resource, moment in made(one, kind):
                yield _made_entry(kind, resource, moment, one)

    def _opened(self, versions: Sequence[Version], person: str, subjects: Sequence[str]) -> list[Entry]:
        return [
            Entry(
                one.type, content, person, _patients(one.subject, subjects), version_id(one), one.received_ms,
                one.line, one.current,
            )
            for one, content in zip(versions, self._shelf.of(self.caller.record, versions), strict=True)
        ]  # fmt: skip

    def _sees(self, person: str) -> bool:
        found = self._patient(person)
        return found is not None and found.id == person

    def _patient(self, name: str) -> Patient | None:
        """The person of a name, looked for once for each request; None where there is none to see."""
        if name not in self._patients:
            try:
                self._patients[name] = self.caller.patient(name)
            except (UnknownNameError, AccessError):
                self._patients[name] = None
        return self._patients[name]

    def _by_subject(self, name: str) -> Iterator[str]:
        """Persons of whom no Patient resource came, by the id that is made for them."""
        if found := self._patient(name):
            yield found.id
        else:
            yield from (one for one in self.people if patient_id(one) == name)

    def _made_one(self, kind: str, name: str) -> list[Entry]:
        if kind not in MADE:
            return []
        found = [entry for person in self.persons_of(kind, name) for entry in self.of(kind, [person])]
        return [entry for entry in found if entry.made and entry.id == name]

    # -- about nobody -------------------------------------------------------------------------------------------

    def _nobodys(self, kind: str) -> list[Entry]:
        if (kind, "") not in self._known:
            found = self._opened(nobodys(self.caller.record, [kind]), "", ())
            self._known[kind, ""] = tuple(self._permitted(found))
        return list(self._known[kind, ""])

    def _permitted(self, entries: Iterable[Entry]) -> list[Entry]:
        """Those that tell nothing of people whom the caller may not see: who and what is administrative, what refers
        to nothing, and what refers only to what the caller may see. For callers who see single people, of the first
        two only what these people's resources refer to."""
        every = list(entries)
        plain = [one for one in every if one.type in ADMINISTRATIVE or b'"reference"' not in one.content]
        if plain and (self.caller.only or not self.caller.actor.permits("search")):
            plain = [one for one in plain if one.name in self._mentioned]
        known = {id(one) for one in plain}
        return plain + [one for one in every if id(one) not in known and self._refers_to_seen(one)]

    def _refers_to_seen(self, entry: Entry) -> bool:
        """Whether it refers to resources of people, and to no resource that the caller may not see."""
        if entry.type in ADMINISTRATIVE:
            return False
        named = {name for name in mentioned(entry.resource) if not name.startswith("#")}
        kinds = {name.partition("/")[0] for name in named} - {entry.type}
        if not kinds or not all(covers(self.caller, kind, "r") for kind in kinds):
            return False
        own = {one.name for kind in kinds - ADMINISTRATIVE for one in self.of(kind) if one.person}
        return bool(named & own) and named <= own | {
            one.name for kind in kinds & ADMINISTRATIVE for one in self.of(kind)
        }

    @cached_property
    def _mentioned(self) -> frozenset[str]:
        """All that resources of the caller's people refer to, and what these refer to."""
        return frozenset(
            name for person in self.people for entry in self.everything(person) for name in mentioned(entry.resource)
        )


def mentioned(value: Json | list[Json] | object) -> Iterator[str]:
    """ "Type/id" of every reference inside a resource."""
    if isinstance(value, dict):
        text = value.get("reference")
        if isinstance(text, str):
            yield literal(text)
        for inner in value.values():
            yield from mentioned(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from mentioned(inner)


def _patients(subject: str, subjects: Sequence[str]) -> tuple[str, ...]:
    ordered = dict.fromkeys([*([subject] if subject else []), *subjects])
    return tuple(f"Patient/{patient_id(one)}" for one in ordered)


def _made_entry(kind: str, resource: Json, moment: int, one: Held) -> Entry:
    patients = _patients("", one.subjects)
    return Entry(kind, orjson.dumps(resource), one.person, patients, "1", moment, str(resource["id"]), made=True)
