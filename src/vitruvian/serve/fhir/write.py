"""Routes that change the record by FHIR: create, update, patch, check. Deleting is refused: the record keeps all."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Request
from starlette.responses import Response

from vitruvian.core import UnknownNameError
from vitruvian.record import Moment
from vitruvian.serve.fhir import bulk_routes, subscription_routes, validate_routes
from vitruvian.serve.fhir.body import read_json, read_object
from vitruvian.serve.fhir.conditional import matching
from vitruvian.serve.fhir.current import Current, current_of
from vitruvian.serve.fhir.desk import Writer
from vitruvian.serve.fhir.request import Body, written_answer
from vitruvian.serve.fhir.storing import Written, decided
from vitruvian.serve.fhir.writing import as_is, creation, patch, update, written
from vitruvian.serve.problems import HttpError

write_router = APIRouter(include_in_schema=False)
for part in (validate_routes.router, bulk_routes.router, subscription_routes.router):
    write_router.include_router(part)


class NotDeleted(HttpError):
    """Deleting is not done here."""

    status = 405


@write_router.post("/{kind}")
def create(
    request: Request,
    kind: str,
    desk: Writer,
    body: Body,
    if_none_exist: Annotated[str | None, Header()] = None,
) -> Response:
    """A new resource; with If-None-Exist only where no resource fits the criteria."""
    document = read_object(body)

    def decide(since: Moment) -> Written:
        there = matching(desk, kind, if_none_exist) if if_none_exist else None
        if there is not None:
            return Written(200, as_is(there))
        change = creation(desk, kind, document)
        return written(desk, change, None, since if if_none_exist else None)

    return written_answer(request, decided(desk.caller, decide))


@write_router.put("/{kind}/{name}")
def put(
    request: Request,
    kind: str,
    name: str,
    desk: Writer,
    body: Body,
    if_match: Annotated[str | None, Header()] = None,
) -> Response:
    """The next version of a resource."""
    document = read_object(body)

    def decide(since: Moment) -> Written:
        before = _known(current_of(desk.caller, kind, name))
        change = update(desk, kind, document, before, if_match)
        return written(desk, change, before, since)

    return written_answer(request, decided(desk.caller, decide))


@write_router.put("/{kind}")
def put_matching(
    request: Request,
    kind: str,
    desk: Writer,
    body: Body,
    if_match: Annotated[str | None, Header()] = None,
) -> Response:
    """The next version of the resource that fits the criteria, or a new one where none does."""
    document = read_object(body)

    def decide(since: Moment) -> Written:
        before = matching(desk, kind, str(request.url.query))
        if before is None:
            return written(desk, creation(desk, kind, document), None, since)
        same_id = document | {"id": document.get("id", before.document["id"])}
        change = update(desk, kind, same_id, before, if_match)
        return written(desk, change, before, since)

    return written_answer(request, decided(desk.caller, decide))


@write_router.patch("/{kind}/{name}")
def patch_one(
    request: Request,
    kind: str,
    name: str,
    desk: Writer,
    body: Body,
    if_match: Annotated[str | None, Header()] = None,
) -> Response:
    """A resource changed by JSON Patch."""
    operations = read_json(body)

    def decide(since: Moment) -> Written:
        before = _known(current_of(desk.caller, kind, name))
        change = patch(desk, kind, operations, before, if_match)
        return written(desk, change, before, since)

    return written_answer(request, decided(desk.caller, decide))


@write_router.patch("/{kind}")
def patch_matching(
    request: Request,
    kind: str,
    desk: Writer,
    body: Body,
    if_match: Annotated[str | None, Header()] = None,
) -> Response:
    """The resource that fits the criteria, changed by JSON Patch."""
    operations = read_json(body)

    def decide(since: Moment) -> Written:
        before = _known(matching(desk, kind, str(request.url.query)))
        change = patch(desk, kind, operations, before, if_match)
        return written(desk, change, before, since)

    return written_answer(request, decided(desk.caller, decide))


@write_router.delete("/{kind}")
@write_router.delete("/{kind}/{name}")
def delete(kind: str, desk: Writer, name: str = "") -> Response:
    """Refused, with what to do instead."""
    raise NotDeleted(
        "nothing is deleted: the record is append-only",
        todo='Update the resource with the status "entered-in-error"; twins then leave it out.',
    )


def _known(before: Current | None) -> Current:
    if before is None:
        raise UnknownNameError("no such resource", todo="A new one is created by POST, or by PUT with criteria.")
    return before
