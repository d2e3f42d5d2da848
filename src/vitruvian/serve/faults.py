"""Faults of the program: answered like every other error, told in the log by kind and place, the connection kept."""

from __future__ import annotations

import logging

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vitruvian.serve.problems import answer

_LOG = logging.getLogger("vitruvian.serve")


class Faults:
    """Middleware: what no handler knows becomes a 500 that says how to report it, and nothing of what was held."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except Exception:
            _LOG.exception("the program failed")
            if started:  # a cut connection is the only way left to say that the answer is not whole
                raise
            what = "the program failed; the trace of this answer finds the place in the server's log"
            await answer(Request(scope, receive), 500, what)(scope, receive, send)
