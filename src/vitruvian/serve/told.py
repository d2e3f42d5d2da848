"""Nothing of an answer leaves before every read that was made for it is durable in the audit, all in one commit."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vitruvian.core import StoreError
from vitruvian.record import Record
from vitruvian.serve.problems import answer
from vitruvian.serve.server import server_of

_RECORD = "vitruvian.record"


def record_for(connection: HTTPConnection) -> Record:
    """The record (as its owner) for what a connection asks; sockets have each read audited by itself."""
    found = connection.scope.get(_RECORD) or server_of(connection).record
    assert isinstance(found, Record)
    return found


class Told:
    """Middleware: the audit of an answer before its first byte; where that fails, nothing is told but the failure."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        record = scope[_RECORD] = scope["app"].state.server.record.answering()
        failed: StoreError | None = None

        async def sending(message: Message) -> None:
            nonlocal failed
            if message["type"] == "http.response.start":
                try:
                    await _close(record)
                except StoreError as error:
                    failed = error
                    raise
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except Exception:
            if failed is None:
                raise
            request = Request(scope, receive)
            await answer(request, 503, failed.what, failed)(scope, receive, send)
        finally:
            await _close(record)


async def _close(record: Record) -> None:
    assert record.notes is not None
    if record.notes.waiting:
        await run_in_threadpool(record.notes.close)
    else:
        record.notes.close()
