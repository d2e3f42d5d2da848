"""Creating, updating and patching one resource: what is decided, and what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from vitruvian.core import AccessError, DataError, UnknownNameError, UnsupportedError
from vitruvian.record import Moment
from vitruvian.serve.caller import Caller
from vitruvian.serve.fhir.body import Json
from vitruvian.serve.fhir.conditional import demand_match
from vitruvian.serve.fhir.current import Current
from vitruvian.serve.fhir.desk import Desk
from vitruvian.serve.fhir.owner import Owner, references_of, settled
from vitruvian.serve.fhir.parameters import types
from vitruvian.serve.fhir.patch import patched
from vitruvian.serve.fhir.storing import Change, Written, change_of, new_id, same_content, store
from vitruvian.serve.fhir.validate import demand_valid
from vitruvian.serve.fhir.validate_elements import is_resource_type
from vitruvian.serve.scopes import covers

_ALONE: Mapping[str, Owner] = MappingProxyType({})


def demand_scope(caller: Caller, kind: str, letter: str) -> None:
    """Raise `AccessError` where the caller may not take in, or their token does not cover a type."""
    if kind not in types() and is_resource_type(kind):  # messages, and what belongs to this server
        raise UnsupportedError("resources of this type are not kept here", got=kind)
    if not caller.may("ingest") or not covers(caller, kind, letter):
        raise caller.actor.refusal("ingest")


def demand_there(before: Current | None) -> Current:
    """The resource that is to be changed; raises `UnknownNameError` where there is none."""
    if before is None:
        raise UnknownNameError("no such resource", todo="A new one is created by POST, or by PUT with criteria.")
    return before


def creation(desk: Desk, kind: str, document: Json, name: str = "", beside: Mapping[str, Owner] = _ALONE) -> Change:
    """A new resource under an id of this server's choice: `name`, else a new one. `beside` are patients ("Patient/id")
    that come in the same request. Raises `Invalid`, `DataError`, `AccessError`.

    An id of the sender's choice is never taken: it might be that of a resource whom they may not see.
    """
    demand_scope(desk.caller, kind, "c")
    demand_valid(document, kind)
    name = name or new_id()
    if kind == "Patient":
        if desk.caller.only:
            raise AccessError("this token writes for one patient only", got=kind)
        return change_of(document, Owner(name, name), name, None)
    document, owner = settled(desk.caller, document, desk.home, beside=beside)
    return change_of(document, owner, name, None)


def following(
    desk: Desk, kind: str, document: Json, before: Current, beside: Mapping[str, Owner] = _ALONE
) -> Change | None:
    """The next version of a resource; None where it says nothing new."""
    demand_scope(desk.caller, kind, "u")
    demand_valid(document, kind)
    document, _ = settled(desk.caller, document, desk.home, references_of(before.document), beside)
    if same_content(document, before):
        return None
    return change_of(document, before.owner, str(before.document["id"]), before)


def update(
    desk: Desk,
    kind: str,
    document: Json,
    before: Current,
    tag: str | None,
    beside: Mapping[str, Owner] = _ALONE,
) -> Change | None:
    """The next version of a resource from a whole one.

    Raises `DataError` where its id is another, and what `demand_match` and `following` raise.
    """
    demand_match(tag, before)
    if document.get("id") != before.document.get("id"):
        raise DataError("the id of the resource is not that of the URL", got=repr(document.get("id"))[:80])
    return following(desk, kind, document, before, beside)


def patch(desk: Desk, kind: str, operations: Any, before: Current, tag: str | None) -> Change | None:
    """The next version of a resource by JSON Patch.

    Raises `DataError` where it changes the id, and what `demand_match`, `patched` and `following` raise.
    """
    demand_match(tag, before)
    document = patched(before.document, operations)
    if not isinstance(document, dict) or document.get("id") != before.document.get("id"):
        raise DataError("a patch cannot change the id of a resource")
    return following(desk, kind, document, before)


def as_is(before: Current) -> Json:
    """A resource as it stands, with its version id."""
    return before.document | {"meta": {**(before.document.get("meta") or {}), "versionId": before.number}}


def written(desk: Desk, change: Change | None, before: Current | None, since: Moment | None) -> Written:
    """Store one change, and what is to be told of it."""
    if change is None:
        assert before is not None
        return Written(200, as_is(before))
    store(desk.caller, [change], since)
    return Written(201 if before is None else 200, change.document)
