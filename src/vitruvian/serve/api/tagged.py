"""ETags: what a read answers is tagged by its content, and not sent again to one who has it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from vitruvian.core import InputError


class Tagged(APIRoute):
    """A route whose answers to GET carry an ETag; `If-None-Match` is judged after rights are."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of the route, with tags."""
        inner = super().get_route_handler()

        async def tagged(request: Request) -> Response:
            response = await inner(request)
            _demand_known(request)
            if request.method not in ("GET", "HEAD") or response.status_code != 200 or not hasattr(response, "body"):
                return response
            tag = response.headers.get("etag") or tag_of(bytes(response.body))
            response.headers["etag"] = tag
            response.headers.setdefault("cache-control", "private, no-cache")
            if matches(request.headers.get("if-none-match"), tag):
                kept = {name: response.headers[name] for name in ("etag", "cache-control")}
                return Response(status_code=304, headers=kept)
            return response

        return tagged


def _demand_known(request: Request) -> None:
    """Refuse, once rights were judged, a question with a word that the route does not take: nothing is passed over."""
    route = request.scope.get("route")
    if isinstance(route, APIRoute):
        known = set(_parameters(route.dependant))
        if unknown := sorted(set(request.query_params) - known):
            raise InputError("no such parameter", got=", ".join(unknown), allowed=", ".join(sorted(known)) or "none")


def _parameters(asked: Dependant) -> Iterator[str]:
    yield from (one.alias for one in asked.query_params)
    for one in asked.dependencies:
        yield from _parameters(one)


def tag_of(body: bytes) -> str:
    """The tag of a body."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def matches(given: str | None, tag: str) -> bool:
    """Whether a header of tags names this one (weak comparison: RFC 9110, section 13.1.2)."""
    if given is None:
        return False
    named = [one.strip().removeprefix("W/") for one in given.split(",")]
    return "*" in named or tag.removeprefix("W/") in named
