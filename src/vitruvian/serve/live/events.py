"""What changes, to whoever watches: server-sent events with small deltas, only of streams that the watcher may see.

`streams`: `[[key, ms, value, verdict], …]` of streams that changed; `alerts`: that the list is another one. Whether the
watcher may still see them is asked again every few seconds.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from time import monotonic
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from vitruvian.core import VitruvianError
from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.live import alerts
from vitruvian.serve.live.room import room_of
from vitruvian.serve.live.seen import seen_streams
from vitruvian.serve.live.ward import Live
from vitruvian.serve.server import Server, server_of

router = APIRouter(prefix="/api/v1/monitor", tags=["monitor"])
TICK_S = 0.2
_ALERTS_S = 1.0
_ASK_S = 3.0
_SILENT_S = 15.0


@router.get("/events")
async def events(request: Request, caller: Annotated[Caller, Allow("read", "alerts")]) -> StreamingResponse:
    """A stream of events for the monitor page, until the watcher goes."""
    server = server_of(request)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_events(request, server, caller), media_type="text/event-stream", headers=headers)


async def _events(request: Request, server: Server, caller: Caller) -> AsyncIterator[bytes]:
    room, version, shown = room_of(server), 0, ""
    seen: frozenset[tuple[str, str]] = frozenset()
    asked = listed = said = -1e9
    while not room.closing.is_set() and not await request.is_disconnected():
        now = monotonic()
        try:
            if now - asked > _ASK_S:
                seen, asked = await run_in_threadpool(_seen, request, server, caller), now
            if now - listed > _ALERTS_S:
                newest, listed = await run_in_threadpool(_list, server, seen), now
                if newest != shown:
                    shown, said = newest, now
                    yield _event("alerts", newest)
        except VitruvianError:  # signed out, or the store fails: the page asks again, and is told
            return
        version, changed = room.ward.version, room.ward.changed(version)
        if rows := [_row(one) for one in changed if (one.subject, one.signal) in seen and one.points]:
            said = now
            yield _event("streams", rows)
        elif now - said > _SILENT_S:
            said = now
            yield b": still here\n\n"
        await room.rest(TICK_S)


def _seen(request: Request, server: Server, caller: Caller) -> frozenset[tuple[str, str]]:
    """Streams that the watcher sees now. Raises where they may not watch any more."""
    from vitruvian.serve.identity import caller_of

    again = caller_of(request)
    if not again.may("read") or again.account != caller.account:
        raise again.actor.refusal("read")
    return frozenset(seen_streams(again, room_of(server).ward, alerts.current(server.store)))


def _list(server: Server, seen: frozenset[tuple[str, str]]) -> str:
    """A mark of the alerts that are seen: another one when any of them changes."""
    rows = [(one.id, one.state, one.escalated_ms) for one in alerts.current(server.store)
            if (one.subject, one.signal) in seen]  # fmt: skip
    return hashlib.blake2b(orjson.dumps(rows), digest_size=8).hexdigest()


def _row(one: Live) -> list[Any]:
    at, value, verdict = one.points[-1]
    return [one.key, at, round(value, 2), verdict]


def _event(name: str, data: Any) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"
