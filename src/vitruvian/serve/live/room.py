"""What runs beside requests: the way in, the follower of the journal, and a broker's client where one is set."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from time import monotonic

from starlette.concurrency import run_in_threadpool

from vitruvian.core import UnknownNameError
from vitruvian.record import Samples
from vitruvian.serve.background import beside_requests
from vitruvian.serve.caller import Caller
from vitruvian.serve.live.batch import ManyIn, batches
from vitruvian.serve.live.follow import Follower
from vitruvian.serve.live.inlet import Inlet
from vitruvian.serve.live.ward import Ward
from vitruvian.serve.science import needed
from vitruvian.serve.server import Server

PART = "live"
_REMEMBERED_S = 60.0
_MOST_NAMES = 100_000


@dataclass
class Room:
    """Inlet and follower of one process, and names that senders used lately."""

    inlet: Inlet
    follower: Follower
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    _names: dict[tuple[str, str, str, str], tuple[str, float]] = field(default_factory=dict)

    @property
    def ward(self) -> Ward:
        """All live streams."""
        return self.follower.ward

    async def rest(self, seconds: float) -> None:
        """Wait, but not beyond the end of the server."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.closing.wait(), seconds)

    async def subjects(self, caller: Caller, names: Collection[str]) -> dict[str, str]:
        """The subjects under whom a caller's samples of people are kept, by name. Raises `UnknownNameError`."""
        who, now = (caller.account, caller.only or "", caller.actor.purpose), monotonic()
        known = {name: one for name in set(names) if (one := self._names.get((*who, name))) and one[1] > now}
        if unknown := sorted(set(names) - known.keys()):
            found = await run_in_threadpool(_subjects, caller, unknown)
            if len(self._names) > _MOST_NAMES:
                self._names.clear()
            known |= {name: (subject, now + _REMEMBERED_S) for name, subject in found.items()}
            self._names |= {(*who, name): known[name] for name in unknown}
        return {name: subject for name, (subject, _) in known.items()}


def room_of(server: Server) -> Room:
    """The room of a running server."""
    room = server.parts[PART]
    assert isinstance(room, Room)
    return room


@asynccontextmanager
async def running(server: Server) -> AsyncIterator[None]:
    """Inlet and follower while the server runs; at the end, what was taken in is kept."""
    from vitruvian.serve.live.mqtt import follow_broker

    follower = Follower(server.record, server.store, partial(needed, server))
    inlet = Inlet(server.record, follower.wake.set)
    room = server.parts[PART] = Room(inlet, follower)
    work = [inlet.run(), follower.run()]
    if server.settings.mqtt:
        work.append(follow_broker(server, inlet))
    async with beside_requests(*work):
        try:
            yield
        finally:
            room.closing.set()


def _subjects(caller: Caller, names: list[str]) -> dict[str, str]:
    """Subjects by name; a token of one patient knows no other."""
    found = caller.record.stream_subjects(names)
    if caller.only is not None:
        (only,) = caller.record.stream_subjects([caller.only]).values()
        if other := next((name for name, subject in found.items() if subject != only), None):
            raise UnknownNameError("no such patient", got=repr(other))
    return found


async def batches_of(room: Room, caller: Caller, given: Sequence[ManyIn]) -> list[Samples]:
    """What a sender gave of several people, as the record keeps it."""
    subjects = await room.subjects(caller, [one.patient for one in given])
    return [batch for one in given for batch in batches(subjects[one.patient], one)]
