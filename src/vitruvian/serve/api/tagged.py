"""ETags: what a read answers is tagged by its content, and not sent again to one who has it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response


class Tagged(APIRoute):
    """A route whose answers to GET carry an ETag; `If-None-Match` is judged after rights are."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of the route, with tags."""
        inner = super().get_route_handler()

        async def tagged(request: Request) -> Response:
            response = await inner(request)
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


def tag_of(body: bytes) -> str:
    """The tag of a body."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def matches(given: str | None, tag: str) -> bool:
    """Whether a header of tags names this one (weak comparison: RFC 9110, section 13.1.2)."""
    if given is None:
        return False
    named = [one.strip().removeprefix("W/") for one in given.split(",")]
    return "*" in named or tag.removeprefix("W/") in named
