"""Putting resources into the record through its ingest: all of them or none, with their versions."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from vitruvian.core import AccessError, StoreError, now_ms, to_datetime
from vitruvian.ingest import FHIR
from vitruvian.record import Moment, Moved, moment_of, take_in_whole
from vitruvian.serve.caller import Caller
from vitruvian.serve.fhir.body import Json, write_json
from vitruvian.serve.fhir.current import Current
from vitruvian.serve.fhir.owner import NOBODY, Owner

_TRIES = 20
T = TypeVar("T")


@dataclass(frozen=True)
class Change:
    """One resource to be written: a new one, or the next version of `before`."""

    document: Json
    owner: Owner
    before: Current | None

    @property
    def kind(self) -> str:
        """Type of the resource."""
        return str(self.document["resourceType"])

    @property
    def id(self) -> str:
        """Id of the resource."""
        return str(self.document["id"])

    @property
    def number(self) -> str:
        """Its version id."""
        return str(self.document["meta"]["versionId"])

    @property
    def updated(self) -> str:
        """When it was written."""
        return str(self.document["meta"]["lastUpdated"])


@dataclass(frozen=True)
class Written:
    """A resource after a request: `status` 201 for a new one, 200 otherwise."""

    status: int
    document: Json

    @property
    def name(self) -> str:
        """ "Type/id"."""
        return f"{self.document['resourceType']}/{self.document['id']}"

    @property
    def number(self) -> str:
        """Version id."""
        return str(self.document["meta"]["versionId"])


def new_id() -> str:
    """An id for a new resource."""
    return str(uuid.uuid4())


def change_of(document: Json, owner: Owner, name: str, before: Current | None) -> Change:
    """The resource with its id, version and moment."""
    number = before.number if before else "0"
    following = str(int(number) + 1) if number.isdecimal() and len(number) < 16 else f"{number[:60]}.1"
    moment = max(now_ms(), before.version.known_ms + 1 if before else 0)
    meta = {**(document.get("meta") or {}), "versionId": following}
    meta["lastUpdated"] = to_datetime(moment).isoformat(timespec="milliseconds")
    head = {"resourceType": document["resourceType"], "id": name, "meta": meta}
    return Change(head | {k: v for k, v in document.items() if k not in head}, owner, before)


def same_content(document: Json, before: Current) -> bool:
    """Whether a resource says what its current version says, but for what the server itself writes."""
    return _content(document) == _content(before.document)


def _content(document: Json) -> bytes:
    meta = {k: v for k, v in (document.get("meta") or {}).items() if k not in ("versionId", "lastUpdated")}
    return write_json(dict(sorted((document | {"meta": meta}).items())))


def store(caller: Caller, changes: Iterable[Change], since: Moment | None) -> None:
    """Write all changes in one transaction, or nothing. Raises `Moved`, `NotAccepted`, `AccessError`."""
    changes = list(changes)
    for one in changes:
        _demand(caller, one)
    entries = [_entry(one) for one in changes]
    content = write_json({"resourceType": "Bundle", "type": "collection", "entry": entries})
    about = {one.owner.subject for one in changes}
    take_in_whole(caller.record, content, "fhir-request.json", FHIR, about=about, since=since)


def decided(caller: Caller, decide: Callable[[Moment], T]) -> T:
    """What `decide` gives, which looks at the record and then writes since that moment; once more where another
    writer came between. Raises `StoreError` where that never ends."""
    for _ in range(_TRIES):
        try:
            return decide(moment_of(caller.record))
        except Moved:
            continue
    raise StoreError("others write at the same time", todo="Send it again.")


def _demand(caller: Caller, change: Change) -> None:
    if change.owner == NOBODY and caller.only:
        raise AccessError("this token writes for one patient only", got=change.kind)
    if change.kind == "Patient" and caller.only and change.owner.person != caller.patient(caller.only).id:
        raise AccessError("this token writes for one patient only", got=change.kind)
    if change.kind == "Consent":  # it decides who may see what: a right of its own
        caller.record.actor.demand("consent", [change.owner.person])


def _entry(change: Change) -> Json:
    """As the source of the person would send it, so that ids mean what they mean there."""
    if change.before is not None:
        url = change.before.full_url
    else:
        base = change.owner.base
        url = f"{base}/{change.kind}/{change.id}" if base else ""
    return ({"fullUrl": url} if url else {}) | {"resource": change.document}
