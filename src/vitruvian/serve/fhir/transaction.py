"""Bundles of requests: a transaction is done whole or not at all, of a batch each entry for itself.

What is read in a transaction is read after what it writes.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fastapi import Request
from starlette.responses import Response

from vitruvian.core import DataError, UnsupportedError, VitruvianError
from vitruvian.record import Moment
from vitruvian.serve.fhir import bundle_reading
from vitruvian.serve.fhir.body import Json, read_json, read_object
from vitruvian.serve.fhir.bundle_reading import Ask, answered, answered_or_not, ask_of, failed
from vitruvian.serve.fhir.conditional import matching
from vitruvian.serve.fhir.current import Current, current_of
from vitruvian.serve.fhir.desk import Desk, Sender
from vitruvian.serve.fhir.owner import Owner, references_of, renamed
from vitruvian.serve.fhir.request import Body, fhir_answer, headers_of
from vitruvian.serve.fhir.storing import Change, Written, decided, new_id, store
from vitruvian.serve.fhir.validate import Invalid, issues_of
from vitruvian.serve.fhir.writing import as_is, creation, demand_scope, demand_there, patch, update

_MOST = 2000
_WRITING = ("POST", "PUT", "PATCH")


@dataclass(frozen=True)
class Step:
    """One entry: method, type, id, criteria of its URL (or of ifNoneExist), resource."""

    place: str
    full_url: str
    method: str
    kind: str
    name: str
    criteria: str
    tag: str | None
    resource: Json

    @property
    def conditional(self) -> bool:
        """Whether criteria say what it is about."""
        return bool(self.criteria)


@dataclass(frozen=True)
class Placed:
    """A step with the resource that it changes, and the id that it has or will have."""

    step: Step
    before: Current | None
    name: str

    @property
    def reference(self) -> str:
        """ "Type/id"."""
        return f"{self.step.kind}/{self.name}"


def post_bundle(request: Request, desk: Sender, body: Body) -> Response:
    """A transaction or batch."""
    bundle = read_object(body)
    entries = _entries(bundle)
    if bundle["type"] == "batch":
        done = [_alone(request, desk, k, one) for k, one in enumerate(entries)]
    else:
        done = _whole(request, desk, [_step(k, one, desk.home) for k, one in enumerate(entries)])
    return fhir_answer({"resourceType": "Bundle", "type": f"{bundle['type']}-response", "entry": done})


def _entries(bundle: Json) -> list[Json]:
    """The entries of a Bundle that can be done. Raises `Invalid`, `UnsupportedError`, `DataError`."""
    entries: list[Json] = bundle.get("entry") or []
    bare = [{k: v for k, v in one.items() if k != "resource"} if isinstance(one, dict) else one for one in entries]
    if wrong := issues_of(bundle | ({"entry": bare} if "entry" in bundle else {}), "Bundle"):
        raise Invalid(wrong, "Bundle")
    if bundle["type"] not in ("transaction", "batch"):
        raise UnsupportedError(
            "only transactions and batches are done", got=bundle["type"], todo="Ingest it as a file."
        )
    if len(entries) > _MOST:
        raise DataError("too many entries", got=len(entries), allowed=f"up to {_MOST}", todo="Ingest it as a file.")
    reads = sum((one.get("request") or {}).get("method") == "GET" for one in entries)
    if reads > bundle_reading.MOST:
        raise DataError("too many GET entries", got=reads, allowed=f"up to {bundle_reading.MOST}")
    return entries


def _whole(request: Request, desk: Desk, steps: list[Step | Ask]) -> list[Json]:
    """Answers to the entries of a transaction. What cannot be read refuses it before anything is written."""
    first = [answered(desk.caller, request, one) for one in steps if isinstance(one, Ask)]
    writes = [one for one in steps if isinstance(one, Step)]
    if not writes:
        return first
    done = iter(decided(desk.caller, lambda since: transaction(desk, writes, since)))
    return [
        _told(next(done), desk.home) if isinstance(one, Step) else answered_or_not(desk.caller, request, one)
        for one in steps
    ]


def transaction(desk: Desk, steps: list[Step], since: Moment | None) -> list[Written]:
    """All steps or none. Raises what the first one that fails raises, with its place."""
    placed = [_placed(desk, one) for one in steps]
    named = [one.reference for one in placed if one.step.method in _WRITING]
    if len(set(named)) < len(named):
        raise DataError("a transaction changes a resource twice", got=next(n for n in named if named.count(n) > 1))
    names = {one.step.full_url: one.reference for one in placed if one.step.full_url}
    beside = {one.reference: Owner(one.name, one.name) for one in placed if _is_new_patient(one)}
    changes = [_change(desk, one, names, beside) for one in placed]
    store(desk.caller, [one for one in changes if one is not None], since)
    return [_result(one, change) for one, change in zip(placed, changes, strict=True)]


def _is_new_patient(one: Placed) -> bool:
    return one.step.kind == "Patient" and one.before is None


def _result(placed: Placed, change: Change | None) -> Written:
    if change is not None:
        return Written(200 if change.before else 201, change.document)
    assert placed.before is not None
    return Written(200, as_is(placed.before))


def _step(k: int, entry: Json, home: str) -> Step | Ask:
    asked, place = entry.get("request"), f"entry[{k}]"
    if asked is None:
        raise DataError(f"{place}: request is missing")
    method = asked["method"]
    if method == "DELETE":
        raise UnsupportedError(f"{place}: nothing is deleted", todo='Send it with the status "entered-in-error".')
    if method == "GET":
        return ask_of(asked, home)
    if method not in _WRITING:
        raise UnsupportedError(f"{place}: {method} is not done in a bundle", allowed=", ".join(("GET", *_WRITING)))
    parts = urlsplit(asked["url"].removeprefix(f"{home}/").lstrip("/"))
    kind, _, name = parts.path.partition("/")
    if not kind or (method == "POST" and name) or (method != "POST" and not name and not parts.query):
        raise DataError(f"{place}: the URL does not fit {method}", got=asked["url"][:80])
    criteria = parts.query or (asked.get("ifNoneExist", "") if method == "POST" else "")
    resource = entry.get("resource")
    if not isinstance(resource, dict):
        raise DataError(f"{place}: resource is missing")
    return Step(place, entry.get("fullUrl", ""), method, kind, name, criteria, asked.get("ifMatch"), resource)


def _placed(desk: Desk, step: Step) -> Placed:
    demand_scope(desk.caller, step.kind, "c" if step.method == "POST" else "u")
    before = matching(desk, step.kind, step.criteria) if step.conditional else None
    if step.name:
        before = current_of(desk.caller, step.kind, step.name)
    if step.name or step.method == "PATCH":
        before = demand_there(before)
    return Placed(step, before, str(before.document["id"]) if before else new_id())


def _change(desk: Desk, placed: Placed, names: Mapping[str, str], beside: Mapping[str, Owner]) -> Change | None:
    before = placed.before
    if before is not None and placed.step.method == "POST":
        return None
    with _at(placed.step) as step:
        if before is not None and step.method == "PATCH":
            return patch(desk, step.kind, _operations(step.resource), before, step.tag)
        document = renamed(step.resource, {**names, **_conditional(desk, step.resource)})
        if before is None:
            return creation(desk, step.kind, document, placed.name, beside)
        same_id = document if step.name else document | {"id": document.get("id", placed.name)}
        return update(desk, step.kind, same_id, before, step.tag, beside)


def _conditional(desk: Desk, resource: Json) -> dict[str, str]:
    """What references by criteria ("Patient?identifier=…") mean."""
    found = {}
    for text in references_of(resource):
        kind, asks, criteria = text.partition("?")
        if asks and kind.isalpha() and parse_qs(criteria):
            there = matching(desk, kind, criteria)
            if there is None:
                raise DataError("a reference by criteria means nothing that is here", got=kind)
            found[text] = f"{kind}/{there.document['id']}"
    return found


def _operations(resource: Json) -> Any:
    """The JSON Patch that a Binary carries."""
    try:
        return read_json(base64.b64decode(resource.get("data", ""), validate=True))
    except (binascii.Error, TypeError, ValueError) as error:
        raise DataError("a patch in a bundle is a Binary with the JSON Patch as data") from error


def _alone(request: Request, desk: Desk, k: int, entry: Json) -> Json:
    """An entry of a batch: done, or what was wrong with it."""
    try:
        step = _step(k, entry, desk.home)
        if isinstance(step, Ask):
            return answered(desk.caller, request, step)
        (found,) = decided(desk.caller, lambda since: transaction(desk, [step], since))
    except VitruvianError as error:
        return failed(error)
    return _told(found, desk.home)


def _told(done: Written, home: str) -> Json:
    headers = headers_of(done, home)
    response = {"status": "201 Created" if done.status == 201 else "200 OK", "etag": headers["ETag"]}
    response["location"] = headers["Content-Location"].removeprefix(f"{home}/")
    if moment := done.document["meta"].get("lastUpdated"):
        response["lastModified"] = moment
    return {"response": response}


@contextmanager
def _at(step: Step) -> Iterator[Step]:
    """Errors inside say where in the bundle."""
    try:
        yield step
    except Invalid as error:
        within = [replace(one, place=f"{step.place}.resource.{one.place}".rstrip(".")) for one in error.found]
        raise Invalid(within, "Bundle") from error
