"""Browsers of other hosts may call CDS Hooks and nothing else; never with cookies, so that no session is borrowed."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_PATH = "/cds-services"


class Cors:
    """Middleware: the CORS headers of CDS Hooks 2.0, "Cross-Origin Resource Sharing"; `origins` may be ("*",)."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self.app = app
        headers = ("authorization", "content-type")
        self.open = CORSMiddleware(
            app, allow_origins=tuple(origins), allow_methods=("GET", "POST"), allow_headers=headers
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        there = scope["type"] == "http" and (path == _PATH or path.startswith(f"{_PATH}/"))
        await (self.open if there else self.app)(scope, receive, send)
