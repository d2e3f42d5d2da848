"""Work of the twins with an end to waiting: what is not ready in time goes on, and is there for the next call."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import blake2b
from threading import Lock
from time import monotonic
from typing import TypeVar

from vitruvian.core import now_ms
from vitruvian.record import Patient

PATIENCE_S = 0.4
"""How long an EHR is kept waiting for one call."""
_WORKERS, _WAITING, _KEPT = 2, 32, 128
_HOUR_MS = 3_600_000
T = TypeVar("T")


class Thinking:
    """A few threads; a question is worked on once, and its answer is kept: a key must say from what it is answered.

    At most 128 answers are kept, the least used dropped first; what raised is not.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_WORKERS, "cds")
        self._going: dict[Hashable, Future[object]] = {}
        self._ready: OrderedDict[Hashable, Future[object]] = OrderedDict()
        self._lock = Lock()

    def until(self, key: Hashable, work: Callable[[], T], deadline: float) -> T | None:
        """What `work` gives, if it is ready by `deadline` (of the monotonic clock); else None, and it goes on.

        Raises what it raises.
        """
        future = self.begin(key, work)
        try:
            return future.result(max(deadline - monotonic(), 0.0)) if future is not None else None  # type: ignore[return-value]
        except TimeoutError:
            return None

    def begin(self, key: Hashable, work: Callable[[], object]) -> Future[object] | None:
        """Begin work unless it is going on or done; None where too much waits already."""
        with self._lock:
            if key in self._ready:
                self._ready.move_to_end(key)
                return self._ready[key]
            if (there := self._going.get(key)) is not None:
                return there
            if len(self._going) >= _WAITING:
                return None
            future = self._going[key] = self._pool.submit(work)
        future.add_done_callback(lambda _: self._done(key))
        return future

    def _done(self, key: Hashable) -> None:
        with self._lock:
            done = self._going.pop(key, None)
            if done is not None and not done.cancelled() and done.exception() is None:
                self._ready[key] = done
                while len(self._ready) > _KEPT:
                    self._ready.popitem(last=False)

    def close(self) -> None:
        """Begin nothing more; wait for what is going on, which may keep what it learned in the record."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def known_of(patient: Patient) -> Hashable:
    """The person and what is read of them this hour; what twins keep of their own answers changes nothing."""
    facts = [one for one in patient.facts() if one.basis != "derived"]
    return patient.id, blake2b(repr((now_ms() // _HOUR_MS, facts)).encode(), digest_size=16).digest()
