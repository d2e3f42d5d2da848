"""The way in: a bounded queue before the disk. What is acknowledged is durable; what does not fit waits or is refused.

Batches of all senders that wait at the same time are kept with one wait for the disk (group commit).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from time import monotonic
from typing import Any

from vitruvian.core import UnknownNameError, VitruvianError
from vitruvian.record import Record, Samples
from vitruvian.serve.background import in_thread
from vitruvian.serve.live.batch import size
from vitruvian.serve.problems import TooMany

ROOM = 50_000
"""Samples that may wait for the disk."""
_AT_ONCE = 5_000


@dataclass
class _Waiting:
    rows: list[dict[str, Any]]
    samples: int
    done: asyncio.Future[None]
    since: float


@dataclass
class Inlet:
    """Takes batches of samples; `record` is the server's, `kept` is called after each commit."""

    record: Record
    kept: Callable[[], None]
    room: int = ROOM
    samples: int = 0
    """Samples kept since the start."""
    taken: int = 0
    """Samples taken into the queue since the start."""
    refused: int = 0
    """Samples for which there was no room: their senders were told to come again."""
    failed: int = 0
    """Samples that could not be kept: their senders were told why."""
    _waiting: deque[_Waiting] = field(default_factory=deque)
    _writing: tuple[_Waiting, ...] = ()
    _size: int = 0
    _come: asyncio.Event = field(default_factory=asyncio.Event)
    _gone: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def waiting(self) -> int:
        """Samples that wait for the disk."""
        return self._size

    @property
    def oldest_s(self) -> float:
        """How long the oldest of them has waited."""
        first = next(chain(self._writing, self._waiting), None)
        return monotonic() - first.since if first else 0.0

    @property
    def dropped(self) -> int:
        """Samples that were taken and of which nobody was told: none, or the queue is broken."""
        return max(self.taken - self.samples - self.failed - self._size, 0)

    async def offer(self, sender: Record, batches: list[Samples]) -> None:
        """Keep batches of one sender (a record that acts as them); durable on return.

        Raises `TooMany` where there is no room, and what the record raises: then nothing of it was kept.
        """
        if self._size >= self.room:
            self.refused += size(batches)
            raise TooMany(1, "then send the same batch again")
        await self._put(sender, batches)

    async def put(self, sender: Record, batches: list[Samples]) -> None:
        """The same, but waits for room: for senders who wait for the acknowledgement before they send more."""
        async with self._gone:
            await self._gone.wait_for(lambda: self._size < self.room)
        await self._put(sender, batches)

    async def _put(self, sender: Record, batches: list[Samples]) -> None:
        rows = sender.prepare_samples(batches)
        one = _Waiting(rows, size(batches), asyncio.get_running_loop().create_future(), monotonic())
        self._waiting.append(one)
        self._size += one.samples
        self.taken += one.samples
        self._come.set()
        await one.done

    async def run(self) -> None:
        """Keep what waits, until cancelled; then what still waits is kept, too."""
        try:
            while True:
                await self._come.wait()
                self._come.clear()
                await self._drain()
        finally:
            with suppress(VitruvianError):
                await asyncio.shield(self._drain())

    async def _drain(self) -> None:
        while self._waiting:
            group = [self._waiting.popleft()]
            while self._waiting and sum(one.samples for one in group) < _AT_ONCE:
                group.append(self._waiting.popleft())
            self._writing = tuple(group)
            await self._keep(group)
            self._writing = ()
            async with self._gone:
                self._gone.notify_all()

    async def _keep(self, group: list[_Waiting]) -> None:
        error: Exception | None = None
        try:
            await in_thread(self.record.keep_samples, [one.rows for one in group])
        except Exception as caught:
            error = caught
        if isinstance(error, UnknownNameError) and len(group) > 1:  # one sender's fault is not the others'
            for one in group:
                await self._keep([one])
            return
        count = sum(one.samples for one in group)
        if error is None:
            self.samples += count
        else:
            self.failed += count
        self._size -= count
        for one in group:
            if not one.done.done():
                one.done.set_exception(error) if error else one.done.set_result(None)
        if error is None:
            self.kept()
