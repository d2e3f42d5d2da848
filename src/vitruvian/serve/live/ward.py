"""What the server knows of every stream that is live: its watch, its last values, what was thought of each sample.

Lives in memory, rebuilt from the journal and the record at a start; every process has one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import RLock
from typing import NamedTuple

from vitruvian.core import stable_id
from vitruvian.twin.monitor import RULES, Event, Kind, Span, Usual, Watch, expected, passed, sampled

SPARK = 40
"""Points of a small curve."""

Stream = tuple[str, str]
"""(subject, signal)."""


class Point(NamedTuple):
    """One sample as shown: ms, value, what was thought of it."""

    at: int
    value: float
    verdict: str


@dataclass
class Live:
    """One stream. `version` is that of the ward when it last changed."""

    key: str
    """Names the stream on pages: the same in every process, and telling nothing."""
    person: str
    subject: str
    signal: str
    watch: Watch
    points: deque[Point] = field(default_factory=lambda: deque(maxlen=SPARK))
    received_ms: int = 0
    version: int = 0
    doubted: int = 0
    samples: int = 0

    @property
    def forecast(self) -> Span | None:
        """What is expected next."""
        return expected(self.watch)


@dataclass
class Ward:
    """All live streams of the server."""

    streams: dict[Stream, Live] = field(default_factory=dict)
    version: int = 0
    _changing: RLock = field(default_factory=RLock)

    def open(self, person: str, stream: Stream, active: Mapping[Kind, int]) -> Live:
        """A new stream; `active` says by kind since when an alert is there."""
        made = self.streams[stream] = Live(
            stable_id("live", *stream)[:12], person, *stream, Watch(RULES[stream[1]], active=active)
        )
        return made

    def sample(self, live: Live, at: int, value: float, received: int) -> list[Event]:
        """Take one sample in canonical unit; gives what is to be told."""
        with self._changing:
            live.watch, verdict, events = sampled(live.watch, at, value, received)
            self.version += 1
            live.version = self.version
        live.received_ms, live.samples = received, live.samples + 1
        live.doubted += verdict != "good"
        if verdict not in ("late", "future", "no value"):
            live.points.append(Point(at, value, verdict))
        return events

    def tick(self, now: int) -> Iterable[tuple[Live, list[Event]]]:
        """Let the clock pass for all streams; gives those that have something to tell."""
        for live in list(self.streams.values()):
            with self._changing:
                live.watch, events = passed(live.watch, now)
                if events:
                    self.version += 1
                    live.version = self.version
            if events:
                yield live, events

    def learn(self, live: Live, usual: Usual | None) -> None:
        """What is usual for the person from now on."""
        with self._changing:
            live.watch = live.watch._replace(usual=usual)

    def foresee(self, live: Live, twin: tuple[tuple[int, Span], ...]) -> None:
        """A twin's forecast."""
        with self._changing:
            live.watch = live.watch._replace(twin=twin)

    def forget(self, streams: Iterable[Stream]) -> None:
        """Streams that may not be watched (any more)."""
        for one in streams:
            self.streams.pop(one, None)

    def changed(self, since: int) -> list[Live]:
        """Streams that changed after a version."""
        return [one for one in list(self.streams.values()) if one.version > since]
