"""The version of a resource that a change starts from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vitruvian.core import UnknownNameError
from vitruvian.record import Version, contents, full_url_of, held, nobodys, whose
from vitruvian.serve.caller import Caller
from vitruvian.serve.fhir.body import Json, read_object
from vitruvian.serve.fhir.owner import NOBODY, Owner


@dataclass(frozen=True)
class Current:
    """A resource as it stands: its content, whose it is, and the URL under which its source sent it."""

    version: Version
    document: Json
    owner: Owner
    full_url: str

    @property
    def number(self) -> str:
        """Its version id."""
        return version_id(self.version)


def version_id(version: Version) -> str:
    """What a version of a resource is called here: as its source calls it, else by its content."""
    return version.number or version.digest[:16]


def current_of(caller: Caller, kind: str, name: str) -> Current | None:
    """The resource of this type and id, None where there is none that the caller may see."""
    found = list(_versions(caller, kind, name))
    if len(found) != 1:
        return None
    owner, version = found[0]
    (_, content), *_ = contents(caller.record, [version])
    return Current(version, read_object(content), owner, full_url_of(caller.record, version))


def _versions(caller: Caller, kind: str, name: str) -> Iterator[tuple[Owner, Version]]:
    for person, line in whose(caller.record, kind, name):
        if not person:
            yield from ((NOBODY, one) for one in nobodys(caller.record, [kind], line=line) if one.current)
            continue
        try:
            patient = caller.patient(person)
        except UnknownNameError:
            continue
        for one in held(caller.record, [patient.id], [kind], line=line, made=False):
            yield from ((Owner(patient.id, version.subject), version) for version in one.versions)
