"""Ids with slashes in addresses: a person who came with a URL is one path segment, with %2F in it."""

from __future__ import annotations

import re
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

_SLASH = re.compile(rb"%2[fF]")


class EncodedSlashes:
    """Middleware: a slash that was written as %2F stays so while routes are matched; see `with_slashes`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw = scope.get("raw_path") or b""
        if scope["type"] in ("http", "websocket") and _SLASH.search(raw):
            path = raw.partition(b"?")[0]
            scope = {**scope, "path": unquote(_SLASH.sub(b"%252F", path).decode("latin-1"))}
        await self.app(scope, receive, send)


def with_slashes(segment: str) -> str:
    """A segment as it was meant."""
    return segment.replace("%2F", "/")
