"""Nothing of an answer leaves before every read that was made for it is durable in the audit.

What is read for one answer is kept in one commit, with that of other answers that wait at the same time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from anyio import CapacityLimiter, to_thread
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vitruvian.core import StoreError
from vitruvian.record import AuditNote, Record
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
        self.app, self.keeper = app, _Keeper()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        record = scope[_RECORD] = scope["app"].state.server.record.answering()
        failed: StoreError | None = None

        async def sending(message: Message) -> None:
            nonlocal failed
            if message["type"] == "http.response.start":
                try:
                    await self.keeper.keep(record)
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
            await self.keeper.keep(record)


@dataclass
class _Keeper:
    """Keeps what answers read, of all that wait together; one commit after the other."""

    _waiting: list[tuple[Sequence[AuditNote], asyncio.Future[None]]] = field(default_factory=list)
    _work: asyncio.Task[None] | None = None
    _place: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))
    """A thread of its own: answers that are made do not stand in line behind questions."""

    async def keep(self, record: Record) -> None:
        """Return when what was read by now is durable; raises `StoreError`."""
        assert record.notes is not None
        if not (entries := record.notes.taken()):
            return
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((entries, done))
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._keep(record))
        await asyncio.shield(done)

    async def _keep(self, record: Record) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            failed: Exception | None = None
            try:
                entries = [one for some, _ in group for one in some]
                await to_thread.run_sync(record.keep, entries, limiter=self._place)
            except Exception as error:
                failed = error
            for _, done in group:
                if failed is None:
                    done.set_result(None)
                else:
                    done.set_exception(failed)
