"""Audit rows of reads that are answered together: durable in one commit, before anything of the answer leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock

from vitruvian.record.auditing import AuditNote


@dataclass
class Notes:
    """What was read for one answer. Whoever answers keeps what `taken` gives first; what is read after that is kept at
    once. A process that ends before has told nobody what it read.
    """

    keep: Callable[[Sequence[AuditNote]], None]
    """Makes entries durable, or raises."""
    _waiting: list[AuditNote] = field(default_factory=list)
    _closed: bool = False
    _lock: Lock = field(default_factory=Lock)

    def add(self, entries: Sequence[AuditNote]) -> None:
        """Entries to be kept with those before; raises `StoreError` where they are kept at once and cannot be."""
        with self._lock:
            if not self._closed:
                self._waiting += entries
                return
        self.keep(entries)

    def taken(self) -> list[AuditNote]:
        """The entries so far; until they are durable, nothing of what was read may be told."""
        with self._lock:
            self._closed, entries, self._waiting = True, self._waiting, []
        return entries
