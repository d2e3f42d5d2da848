"""A small cache of calibrated twins and their answers, keyed by what the person's facts are now for this caller."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from hashlib import blake2b
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

from vitruvian.core import now_ms

if TYPE_CHECKING:
    from vitruvian.record import Patient

T = TypeVar("T")
_HOUR_MS = 3_600_000


class Warm(Generic[T]):
    """At most `most` values, the least used dropped first; of threads that ask for one at once, one makes it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[Hashable, T] = OrderedDict()
        self._making: dict[Hashable, Lock] = {}
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value of a key, made where it is not held; what `make` raises is raised, and nothing is kept."""
        with self._lock:
            making = self._making.setdefault(key, Lock())
        try:
            with making:
                found = self.peek(key)
                if found is None:
                    found = make()
                    self.put(key, found)
                return found
        finally:
            with self._lock:
                self._making.pop(key, None)

    def peek(self, key: Hashable) -> T | None:
        """The value of a key where it is held."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def put(self, key: Hashable, value: T) -> None:
        """Hold a value."""
        with self._lock:
            self._held[key] = value
            while len(self._held) > self._most:
                self._held.popitem(last=False)


def seen_now(patient: Patient) -> tuple[str, str, str]:
    """What this caller sees of a person now, as a key: record, person, and a digest of what one read gave.

    The read goes through the record's gate, so a consent withdrawn, another purpose or a new fact gives another key.
    The hour is in it, for facts dated ahead come to count as time goes.
    """
    digest = blake2b(repr((now_ms() // _HOUR_MS, patient.facts())).encode(), digest_size=16).hexdigest()
    return str(patient.record.engine.url), patient.id, digest
