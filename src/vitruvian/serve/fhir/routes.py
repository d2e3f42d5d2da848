"""Routes of /fhir. Reading is here; writing, operations on terminology and bulk data have routes of their own."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Request
from starlette.responses import JSONResponse, Response

from vitruvian.serve.caller import Allow, Caller, Open
from vitruvian.serve.fhir import twin_routes
from vitruvian.serve.fhir.answering import everything_of, history_of, searched, seen_by
from vitruvian.serve.fhir.asking import demand_type, form_pairs, spoken
from vitruvian.serve.fhir.bundles import MEDIA, etag, resource
from vitruvian.serve.fhir.capability import capability
from vitruvian.serve.fhir.desk import home_of
from vitruvian.serve.fhir.entry import Entry
from vitruvian.serve.fhir.errors import SearchError
from vitruvian.serve.fhir.paging import place_of
from vitruvian.serve.fhir.query import asked
from vitruvian.serve.fhir.search import Cursor
from vitruvian.serve.fhir.single import single
from vitruvian.serve.fhir.summaries import shortened
from vitruvian.serve.fhir.transaction import post_bundle
from vitruvian.serve.fhir.write import write_router
from vitruvian.serve.server import server_of

Reader = Annotated[Caller, Allow("read", "fhir")]
Form = Annotated[bytes, Body(media_type="application/x-www-form-urlencoded")]

router = APIRouter(prefix="/fhir", include_in_schema=False, dependencies=[Depends(spoken)])
"""Described by its CapabilityStatement, not by OpenAPI."""
for part in (write_router, twin_routes.router):
    router.include_router(part)
router.add_api_route("", post_bundle, methods=["POST"])


@router.get("/metadata", dependencies=[Open("clients must learn what a server can do before they sign in")])
def metadata(request: Request) -> Response:
    """The CapabilityStatement."""
    return JSONResponse(capability(server_of(request).settings.url), media_type=MEDIA)


@router.get("")
def further(request: Request, caller: Reader) -> Response:
    """A further page of a search, a history, or everything of a person."""
    text = request.query_params.get("_page")
    if text is None:
        raise SearchError("a search names a type", allowed="such as /fhir/Patient?name=ann")
    place = place_of(server_of(request), caller, text)
    if place.what == "search":
        return searched(caller, request, place.kind, place.pairs, place.cursor)
    if place.what == "everything":
        return everything_of(caller, request, place.kind, place.pairs, place.cursor)
    kind, _, name = place.kind.partition("/")
    return _history(request, caller, kind, name, place.pairs, place.cursor)


@router.get("/{kind}")
def search_type(kind: str, request: Request, caller: Reader) -> Response:
    """Search resources of a type."""
    demand_type(kind)
    return searched(caller, request, kind, request.query_params.multi_items())


@router.post("/{kind}/_search")
def search_form(kind: str, request: Request, caller: Reader, body: Form = b"") -> Response:
    """Search with the parameters in a form, so that none of them lies in a URL."""
    demand_type(kind)
    return searched(caller, request, kind, [*request.query_params.multi_items(), *form_pairs(body)])


@router.get("/{kind}/_history")
def history_type(kind: str, request: Request, caller: Reader) -> Response:
    """All versions of all resources of a type."""
    demand_type(kind)
    return _history(request, caller, kind, "", request.query_params.multi_items())


@router.api_route("/Patient/{name}/$everything", methods=["GET", "POST"])
def everything(name: str, request: Request, caller: Reader) -> Response:
    """All that the caller may see of a person."""
    seen_by(caller, request).demand("Patient", "r")
    return everything_of(caller, request, name, request.query_params.multi_items())


@router.get("/{kind}/{name}")
def read(kind: str, name: str, request: Request, caller: Reader) -> Response:
    """One resource as it is now."""
    demand_type(kind)
    seen = seen_by(caller, request)
    seen.demand(kind, "r")
    found = single(seen.one(kind, name))
    if etag(found) in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={"etag": etag(found)})
    wanted = [(key, value) for key, value in request.query_params.multi_items() if key in ("_summary", "_elements")]
    return resource(found, home_of(request), shortened(found, asked(kind, wanted)))


@router.get("/{kind}/{name}/_history")
def history_instance(kind: str, name: str, request: Request, caller: Reader) -> Response:
    """All versions of one resource."""
    demand_type(kind)
    return _history(request, caller, kind, name, request.query_params.multi_items())


@router.get("/{kind}/{name}/_history/{number}")
def vread(kind: str, name: str, number: str, request: Request, caller: Reader) -> Response:
    """One version of one resource."""
    demand_type(kind)
    seen = seen_by(caller, request)
    seen.demand(kind, "r")
    found = seen.history(kind, name)
    single(found)
    return resource(_numbered(found, number), home_of(request))


def _numbered(found: list[Entry], number: str) -> Entry:
    return single([one for one in found if one.number == number][:1])


def _history(
    request: Request,
    caller: Caller,
    kind: str,
    name: str,
    pairs: list[tuple[str, str]] | tuple[tuple[str, str], ...],
    cursor: Cursor = Cursor(),
) -> Response:
    seen = seen_by(caller, request)
    seen.demand(kind, "r")
    versions = seen.history(kind, name) if name else seen.histories(kind)
    if name:
        single(versions)
    return history_of(caller, request, f"{kind}/{name}" if name else kind, versions, pairs, cursor)


def _home(request: Request) -> str:
    return f"{server_of(request).settings.url}/fhir"
