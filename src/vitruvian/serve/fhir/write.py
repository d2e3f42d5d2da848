"""Routes that change the record by FHIR: create, update, patch. Deleting is refused: the record keeps all."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header
from starlette.responses import Response

from vitruvian.record import Moment
from vitruvian.serve.fhir import bulk_routes, subscription_routes, validate_routes
from vitruvian.serve.fhir.body import read_object
from vitruvian.serve.fhir.conditional import matching
from vitruvian.serve.fhir.desk import Writer
from vitruvian.serve.fhir.patch import operations_of
from vitruvian.serve.fhir.sent import Sent
from vitruvian.serve.fhir.storing import Written
from vitruvian.serve.fhir.writing import as_is, creation, demand_there, patch, update, written
from vitruvian.serve.problems import HttpError

write_router = APIRouter(include_in_schema=False)
for part in (validate_routes.router, bulk_routes.router, subscription_routes.router):
    write_router.include_router(part)
Change = Annotated[Sent, Depends()]


class NotDeleted(HttpError):
    """Deleting is not done here."""

    status = 405


@write_router.post("/{kind}")
def create(sent: Change, if_none_exist: Annotated[str | None, Header()] = None) -> Response:
    """A new resource; with If-None-Exist only where no resource fits the criteria."""
    desk, kind, document = sent.desk, sent.kind, read_object(sent.body)

    def decide(since: Moment) -> Written:
        there = matching(desk, kind, if_none_exist) if if_none_exist else None
        if there is not None:
            return Written(200, as_is(there))
        return written(desk, creation(desk, kind, document), None, since if if_none_exist else None)

    return sent.answered(decide)


@write_router.put("/{kind}")
@write_router.put("/{kind}/{name}")
def put(sent: Change) -> Response:
    """The next version of a resource; where criteria stand for the id and nothing fits them, a new one."""
    desk, kind, document = sent.desk, sent.kind, read_object(sent.body)

    def decide(since: Moment) -> Written:
        before = sent.before()
        if before is None and not sent.name:
            return written(desk, creation(desk, kind, document), None, since)
        before = demand_there(before)
        same_id = document if sent.name else document | {"id": document.get("id", before.document["id"])}
        return written(desk, update(desk, kind, same_id, before, sent.tag), before, since)

    return sent.answered(decide)


@write_router.patch("/{kind}")
@write_router.patch("/{kind}/{name}")
def patch_by_operations(sent: Change) -> Response:
    """A resource (by id, or the one that fits the criteria) changed by JSON Patch."""
    operations = operations_of(sent.body)

    def decide(since: Moment) -> Written:
        before = demand_there(sent.before())
        return written(sent.desk, patch(sent.desk, sent.kind, operations, before, sent.tag), before, since)

    return sent.answered(decide)


@write_router.delete("/{kind}")
@write_router.delete("/{kind}/{name}")
def delete(desk: Writer) -> Response:
    """Refused, with what to do instead."""
    raise NotDeleted(
        "nothing is deleted: the record is append-only",
        todo='Update the resource with the status "entered-in-error"; twins then leave it out.',
    )
