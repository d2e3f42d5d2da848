"""Reading by URL, alone or as an entry of a Bundle: a resource, its versions, a search, all of a person."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from vitruvian.core import UnknownNameError
from vitruvian.serve.caller import Caller
from vitruvian.serve.fhir.answering import Pairs, everything_of, history_of, searched, seen_by
from vitruvian.serve.fhir.asking import demand_known, demand_type
from vitruvian.serve.fhir.bundles import etag, resource
from vitruvian.serve.fhir.desk import home_of
from vitruvian.serve.fhir.query import asked
from vitruvian.serve.fhir.search import Cursor
from vitruvian.serve.fhir.single import single
from vitruvian.serve.fhir.summaries import shortened

_SHAPES = ("_summary", "_elements")


def answer_of(caller: Caller, request: Request, steps: Sequence[str], pairs: Pairs, tag: str = "") -> Response:
    """What a GET of a path (its steps below /fhir) answers; `tag` is the version that the asker has already.

    Raises `UnknownNameError` for a path that there is not, and whatever the reading raises.
    """
    demand_type(steps[0])
    match steps:
        case [kind]:
            return searched(caller, request, kind, pairs)
        case [kind, "_history"]:
            return versions(caller, request, kind, "", pairs)
        case [kind, name]:
            return _resource(caller, request, kind, name, pairs, tag)
        case ["Patient", name, "$everything"]:
            return _everything(caller, request, name, pairs)
        case [kind, name, "_history"]:
            return versions(caller, request, kind, name, pairs)
        case [kind, name, "_history", number]:
            return _version(caller, request, kind, name, number)
    raise UnknownNameError("there is nothing to read at this address", todo="See /fhir/metadata.")


def versions(
    caller: Caller, request: Request, kind: str, name: str, pairs: Pairs, cursor: Cursor = Cursor()
) -> Response:
    """A page of the versions of one resource, or (without a name) of all of a type."""
    seen = seen_by(caller, request)
    seen.demand(kind, "r")
    found = seen.history(kind, name) if name else seen.histories(kind)
    if name:
        single(found)
    return history_of(caller, request, f"{kind}/{name}" if name else kind, found, pairs, cursor)


def _resource(caller: Caller, request: Request, kind: str, name: str, pairs: Pairs, tag: str) -> Response:
    demand_known(request, [key for key, _ in pairs], _SHAPES)
    seen = seen_by(caller, request)
    seen.demand(kind, "r")
    found = single(seen.one(kind, name))
    if etag(found) in tag:
        return Response(status_code=304, headers={"etag": etag(found)})
    wanted = asked(kind, [(key, value) for key, value in pairs if key in _SHAPES])
    return resource(found, home_of(request), shortened(found, wanted))


def _everything(caller: Caller, request: Request, name: str, pairs: Pairs) -> Response:
    seen_by(caller, request).demand("Patient", "r")
    return everything_of(caller, request, name, pairs)


def _version(caller: Caller, request: Request, kind: str, name: str, number: str) -> Response:
    seen = seen_by(caller, request)
    seen.demand(kind, "r")
    found = seen.history(kind, name)
    single(found)
    return resource(single([one for one in found if one.number == number][:1]), home_of(request))
