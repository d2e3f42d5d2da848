"""Follows the journal: each new sample through its watch, alerts into the store, what they say into the record.

Every process follows; an alert that two of them raise is kept once. Whom the monitor may watch is asked again and
again, as a clinician who treats: a consent that is withdrawn ends the watch.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from threading import Lock

import numpy as np

from vitruvian.core import Actor, VitruvianError, now_ms
from vitruvian.record import Record, Streamed, canonical_values
from vitruvian.serve.background import in_thread
from vitruvian.serve.live import alerts
from vitruvian.serve.live.facts import alert_fact, outcome_fact
from vitruvian.serve.live.follow_up import due, finished
from vitruvian.serve.live.ward import Live, Stream, Ward
from vitruvian.serve.store import Store
from vitruvian.twin.monitor import RULES, Alert, Event, Over, twin_forecast, usual_of

MONITOR = Actor("monitor", frozenset({"clinician"}), "treatment")
_LOG = logging.getLogger("vitruvian.serve.live")
_SPACE_S, _IDLE_S = 0.05, 0.5
_CLOCK_S = 2.0
_ASK_S = 10.0
_SEAL_S, _SEAL_AGE_S = 30.0, 600.0
_LEARN_MS, _LEARN_AGAIN_MS = 6 * 3_600_000, 1_800_000
_TWIN_MS = 5 * 60_000
_ENDED_MS = 86_400_000
_TRIES = 3


@dataclass
class Follower:
    """Work beside requests: `run` until cancelled."""

    record: Record
    store: Store
    ready: Callable[[], object] = bool
    """Returns once science is loaded."""
    ward: Ward = field(default_factory=Ward)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    after: int = 0
    taken: int = 0
    """Samples that went through a watch."""
    _people: dict[Stream, str] = field(default_factory=dict)
    _refused: set[Stream] = field(default_factory=set)
    _events: deque[tuple[str, str, Event]] = field(default_factory=deque)
    _settling: Lock = field(default_factory=Lock)
    _to_tell: deque[tuple[alerts.Kept, Alert, int]] = field(default_factory=deque)
    _learned: dict[Stream, tuple[int, bool]] = field(default_factory=dict)
    _foreseen: dict[Stream, int] = field(default_factory=dict)

    @property
    def untold(self) -> int:
        """Alerts and ends of alerts that wait for the store or the record."""
        return len(self._events) + len(self._to_tell)

    def __post_init__(self) -> None:
        self.record = replace(self.record, actor=MONITOR)

    async def run(self) -> None:
        """Everything at once, each piece in its own rhythm."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow())
            group.create_task(self._often(_CLOCK_S, self._clock))
            group.create_task(self._often(_ASK_S, self._ask_again))
            group.create_task(self._often(_SEAL_S, self._seal))
            group.create_task(self._often(0.5, self._tell))
            group.create_task(self._often(0.5, self._learn))

    async def _follow(self) -> None:
        while True:
            try:
                more = await in_thread(self.step)
            except Exception:  # whatever one batch or the disk does, the others are followed
                _LOG.exception("the journal could not be followed")
                more = False
            if not more:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.wake.wait(), _IDLE_S)
                self.wake.clear()
            await asyncio.sleep(_SPACE_S)

    async def _often(self, seconds: float, work: Callable[[], None]) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await in_thread(work)
            except Exception:
                _LOG.exception("work beside requests failed; it is done again")

    def step(self) -> bool:
        """Take what came since the last time; whether anything did."""
        found = self.record.follow_samples(self.after)
        watched = [one for one in found if one.samples.signal in RULES]
        self._ask({_stream(one) for one in watched} - self._people.keys() - self._refused)
        self._open([_stream(one) for one in watched])
        if found:
            self.after = found[-1].seq
        for one in watched:
            if (live := self.ward.streams.get(_stream(one))) is not None and _stream(one) in self._people:
                self._take(one, live)
        return bool(found)

    def _open(self, streams: list[Stream]) -> None:
        """New streams; each knows which of its alerts are not over."""
        new = [one for one in streams if one in self._people and one not in self.ward.streams]
        there = alerts.current(self.store) if new else []
        for stream in new:
            person = self._people[stream]
            active = {one.kind: one.raised_ms for one in there if (one.person, one.signal) == (person, stream[1])}
            self.ward.open(person, stream, active)

    def _take(self, one: Streamed, live: Live) -> None:
        samples = one.samples
        value = canonical_values(samples)
        for k in np.argsort(samples.start, kind="stable"):
            self._heard(live, self.ward.sample(live, int(samples.start[k]), float(value[k]), one.received_ms))
        self.taken += len(samples.start)

    def _heard(self, live: Live, events: list[Event]) -> None:
        self._events.extend((live.person, live.subject, event) for event in events)
        self._settle()

    def _settle(self) -> None:
        """Events into the store; one that the store does not take now waits for the next time."""
        with self._settling:
            while self._events:
                person, subject, event = self._events[0]
                if isinstance(event, Over):
                    alerts.over(self.store, person, event)
                elif kept := alerts.raised(self.store, person, subject, event):
                    self._to_tell.append((kept, event, 0))
                self._events.popleft()

    def _clock(self) -> None:
        now = now_ms()
        self._settle()
        for live, events in self.ward.tick(now):
            self._heard(live, events)
        alerts.escalate(self.store, now)
        for kept, since in due(self.store, now):
            patient = self.record.patient(kept.person)
            outcome_fact(self.record, kept, patient, since, now)
            finished(self.store, kept.id, since)

    def _tell(self) -> None:
        """What alerts say, into the record; tried again where the record fails."""
        while self._to_tell:
            kept, one, tries = self._to_tell.popleft()
            try:
                alerts.told(self.store, kept.id, alert_fact(self.record, kept, one))
            except VitruvianError:
                if tries < _TRIES:
                    self._to_tell.append((kept, one, tries + 1))
                raise

    def _ask(self, streams: set[Stream]) -> None:
        if streams:
            seen = self.record.permitted_streams(streams)
            self._people |= seen
            self._refused |= streams - seen.keys()

    def _ask_again(self) -> None:
        known = self._people.keys() | self._refused
        seen = self.record.permitted_streams(known) if known else {}
        self._people, self._refused = seen, known - seen.keys()
        self.ward.forget(self._refused)
        for stream, person in seen.items():
            if (live := self.ward.streams.get(stream)) is not None:
                live.person = person

        self._forget_old()

    def _forget_old(self) -> None:
        """Streams that have been silent for a day were ended by somebody; so are their alerts."""
        now = now_ms()
        self.ward.forget([stream for stream, one in self.ward.streams.items() if now - one.received_ms > _ENDED_MS])
        for kept in alerts.current(self.store):
            if now - kept.raised_ms > _ENDED_MS and (kept.subject, kept.signal) not in self.ward.streams:
                alerts.over(self.store, kept.person, Over(kept.kind, kept.signal, now))

    def _seal(self) -> None:
        self.record.seal_samples(older_s=_SEAL_AGE_S)

    def _learn(self) -> None:
        """What is usual, and what a twin expects, for the stream that has waited longest."""
        now = now_ms()
        for stream, live in list(self.ward.streams.items()):
            at, found = self._learned.get(stream, (0, False))
            if now - at > (_LEARN_MS if found else _LEARN_AGAIN_MS):
                self._learned[stream] = now, False
                self.ready()
                usual = usual_of(self.record.patient(live.subject), live.signal, now)
                self.ward.learn(live, usual)
                self._learned[stream] = now, usual is not None
                return
            if live.signal == "glucose" and live.samples and now - self._foreseen.get(stream, 0) > _TWIN_MS:
                self._foreseen[stream] = now
                self.ready()
                self.ward.foresee(live, twin_forecast(self.record.patient(live.subject)))
                return


def _stream(one: Streamed) -> Stream:
    return one.samples.subject, one.samples.signal
