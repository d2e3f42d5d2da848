"""Routes of /fhir. Reading is here; writing, operations on terminology and bulk data have routes of their own."""

from __future__ import annotations

from typing import Annotated

from fastapi import Body, Depends, Request
from starlette.responses import JSONResponse, Response

from vitruvian.serve.caller import Allow, Caller, Open
from vitruvian.serve.fhir import twin_routes
from vitruvian.serve.fhir.answering import everything_of, searched
from vitruvian.serve.fhir.asking import form_pairs, spoken
from vitruvian.serve.fhir.bundles import MEDIA
from vitruvian.serve.fhir.capability import capability
from vitruvian.serve.fhir.errors import SearchError
from vitruvian.serve.fhir.paging import place_of
from vitruvian.serve.fhir.reading import answer_of, versions
from vitruvian.serve.fhir.transaction import post_bundle
from vitruvian.serve.fhir.write import write_router
from vitruvian.serve.server import server_of
from vitruvian.serve.under import RouterUnder

Reader = Annotated[Caller, Allow("read", "fhir")]
Form = Annotated[bytes, Body(media_type="application/x-www-form-urlencoded")]

router = RouterUnder(prefix="/fhir", include_in_schema=False, dependencies=[Depends(spoken)])
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
    return versions(caller, request, kind, name, place.pairs, place.cursor)


@router.get("/{kind}")
@router.get("/{kind}/_history")
@router.get("/{kind}/{name}")
@router.get("/{kind}/{name}/_history")
@router.get("/{kind}/{name}/_history/{number}")
@router.get("/Patient/{name}/$everything")
def read(request: Request, caller: Reader) -> Response:
    """A search of a type, one resource, its versions or those of a type, all of a person: as the path says."""
    steps = request.scope["path"].removeprefix("/fhir/").split("/")
    pairs = request.query_params.multi_items()
    return answer_of(caller, request, steps, pairs, request.headers.get("if-none-match", ""))


@router.post("/{kind}/_search")
def search_form(kind: str, request: Request, caller: Reader, body: Form = b"") -> Response:
    """Search with the parameters in a form, so that none of them lies in a URL."""
    pairs = [*request.query_params.multi_items(), *form_pairs(body)]
    return answer_of(caller, request, [kind], pairs)


@router.post("/Patient/{name}/$everything")
def everything(name: str, request: Request, caller: Reader) -> Response:
    """All that the caller may see of a person."""
    return answer_of(caller, request, ["Patient", name, "$everything"], request.query_params.multi_items())
