"""What runs beside requests: the way in, the follower of the journal, and a broker's client where one is set."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic

from starlette.concurrency import run_in_threadpool

from vitruvian.serve.caller import Caller
from vitruvian.serve.live.follow import Follower
from vitruvian.serve.live.inlet import Inlet
from vitruvian.serve.live.ward import Ward
from vitruvian.serve.server import Server

PART = "live"
_REMEMBERED_S = 60.0


@dataclass
class Room:
    """Inlet and follower of one process, and names that senders used lately."""

    inlet: Inlet
    follower: Follower
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    _names: dict[tuple[str, str | None, str, str], tuple[str, float]] = field(default_factory=dict)

    @property
    def ward(self) -> Ward:
        """All live streams."""
        return self.follower.ward

    async def rest(self, seconds: float) -> None:
        """Wait, but not beyond the end of the server."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.closing.wait(), seconds)

    async def subject(self, caller: Caller, name: str) -> str:
        """The subject under whom a caller's samples of a person are kept. Raises `UnknownNameError`."""
        key = (caller.account, caller.only, caller.actor.purpose, name)
        known = self._names.get(key)
        if known is None or known[1] < monotonic():
            found = await run_in_threadpool(_subject, caller, name)
            if len(self._names) > 100_000:
                self._names.clear()
            known = self._names[key] = found, monotonic() + _REMEMBERED_S
        return known[0]


def room_of(server: Server) -> Room:
    """The room of a running server."""
    room = server.parts[PART]
    assert isinstance(room, Room)
    return room


@asynccontextmanager
async def running(server: Server) -> AsyncIterator[None]:
    """Inlet and follower while the server runs; at the end, what was taken in is kept."""
    from vitruvian.serve.live.mqtt import follow_broker

    follower = Follower(server.record, server.store)
    inlet = Inlet(server.record, follower.wake.set)
    room = server.parts[PART] = Room(inlet, follower)
    tasks = [asyncio.create_task(inlet.run()), asyncio.create_task(follower.run())]
    if server.settings.mqtt:
        tasks.append(asyncio.create_task(follow_broker(server, inlet)))
    try:
        yield
    finally:
        room.closing.set()
        for task in reversed(tasks):
            task.cancel()
        for task in reversed(tasks):
            with suppress(asyncio.CancelledError):
                await task


def _subject(caller: Caller, name: str) -> str:
    """Who may read finds whom they may see; who may only take in finds whom the record knows."""
    if caller.may("read"):
        return caller.patient(name).subjects[0]
    subject = caller.record.stream_subject(name)
    if caller.only is not None and caller.record.stream_subject(caller.only) != subject:
        return caller.record.stream_subject("")  # as for anybody who is not known
    return subject
