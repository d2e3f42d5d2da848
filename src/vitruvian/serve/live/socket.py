"""Samples over a WebSocket: each message is acknowledged when it is durable; a sender that is too fast is slowed down.

`{"id": "7", "patient": "…", "samples": […]}` or a list of such, answered by `{"id": "7", "kept": 3}` or by an error
with what to do. At most `UNDER_WAY` messages wait for their acknowledgement; further ones are not read until then.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Annotated

import orjson
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from starlette.concurrency import run_in_threadpool

from vitruvian.core import AccessError, VitruvianError
from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.live.batch import message, size
from vitruvian.serve.live.doubts import doubts
from vitruvian.serve.live.room import Room, batches_of, room_of
from vitruvian.serve.server import server_of

router = APIRouter()
UNDER_WAY = 32
_ASK_S = 30.0
_LARGEST = 4 << 20


@router.websocket("/api/v1/samples/socket")
async def socket(connection: WebSocket, caller: Annotated[Caller, Allow("ingest", "streams")]) -> None:
    """Samples of anybody whom the sender may take in for."""
    await connection.accept()
    room, places = room_of(server_of(connection)), asyncio.Semaphore(UNDER_WAY)
    asked = monotonic()

    async def one(data: str) -> None:
        try:
            await connection.send_bytes(await _answer(room, caller, data))
        except (WebSocketDisconnect, RuntimeError):  # gone: it sends again what was not acknowledged
            pass
        finally:
            places.release()

    try:
        async with asyncio.TaskGroup() as group:
            while True:
                await places.acquire()
                data = await connection.receive_text()
                if monotonic() - asked > _ASK_S:
                    caller, asked = await _again(connection), monotonic()
                group.create_task(one(data))
    except* (WebSocketDisconnect, KeyError):
        pass
    except* AccessError:
        await connection.close(4401, "sign in again")


async def _answer(room: Room, caller: Caller, data: str) -> bytes:
    key = ""
    try:
        if len(data) > _LARGEST:
            raise AccessError("the message is too large", got=f"{len(data)} characters", allowed=f"{_LARGEST}")
        many = message(data)
        key = many[0].id if many else ""
        found = await batches_of(room, caller, many)
        await room.inlet.put(caller.record, found)
        told = {name: [one.model_dump() for one in some] for name, some in doubts(found).items()}
        return orjson.dumps({"id": key, "kept": size(found)} | told)
    except VitruvianError as error:
        return orjson.dumps({"id": key, "error": {"title": error.what, "detail": str(error)}})


async def _again(connection: WebSocket) -> Caller:
    """Whether the sender may still do so."""
    from vitruvian.serve.identity import caller_of

    caller = await run_in_threadpool(caller_of, connection)
    if not caller.may("ingest"):
        raise caller.actor.refusal("ingest")
    return caller
