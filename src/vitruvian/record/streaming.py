"""Samples as they come: kept durably at once, followed in order, and made chunks of streams a little later."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Engine

from vitruvian.core import Actor, DataError, UnknownNameError, now_ms
from vitruvian.record import journal
from vitruvian.record.access import permitted_streams, scope_of
from vitruvian.record.account import IngestReport
from vitruvian.record.auditing import AuditChain, told
from vitruvian.record.blobs import BlobStore
from vitruvian.record.fact import Samples
from vitruvian.record.faults import storage
from vitruvian.record.finding import persons_named, subjects_of
from vitruvian.record.formats import RawFile
from vitruvian.record.intake import Store, Taken, hash_of, take_in
from vitruvian.record.keys import KeyRing
from vitruvian.record.opening import reading
from vitruvian.record.scratch import scratch_folder

_MANY = 2000
"""Batches of one subject that are not left waiting longer."""


class Streaming(ABC):
    """What `Record` can do with samples that come a few at a time."""

    engine: Engine
    keys: KeyRing
    blobs: BlobStore
    chain: AuditChain
    actor: Actor

    @abstractmethod
    def transaction(self) -> AbstractContextManager[Connection]:
        """A transaction with its audit."""

    @abstractmethod
    def _demand(self, action: str, person: str) -> None: ...

    def append_samples(self, batches: Sequence[Samples]) -> None:
        """Keep batches of samples of known subjects, all or none; durable on return, and seen by every later read.

        The same samples again change nothing. Raises `UnknownNameError` for a subject that the record does not know,
        `DataError` for a batch that cannot be kept, `StoreError`. The audit tells of them when they become chunks.
        """
        self.keep_samples([self.prepare_samples(batches)])

    def prepare_samples(self, batches: Sequence[Samples]) -> list[journal.Row]:
        """Batches as what `keep_samples` keeps: of many senders at once. Raises as `append_samples` does."""
        self._demand("ingest", "")
        with storage():
            self._known({one.subject for one in batches})
            return journal.prepared(self.keys, batches, self.actor.id, now_ms())

    def keep_samples(self, prepared: Sequence[list[journal.Row]]) -> None:
        """Keep what was prepared, all or none, with one wait for the disk; durable on return."""
        if rows := [row for one in prepared for row in one]:
            with storage(), self.engine.begin() as connection:
                journal.append(connection, self.keys, rows)

    def _known(self, subjects: Collection[str]) -> None:
        """Raise `UnknownNameError` for subjects without a key: nobody ever came under these names, or not any more."""
        try:
            for one in subjects:
                self.keys.cipher(one)
        except DataError:
            raise UnknownNameError("no such patient", got=f"one of {len(subjects)}") from None

    def stream_subjects(self, names: Collection[str]) -> dict[str, str]:
        """The subject under whom samples of each person are kept, by name; asked by who may take in.

        Whom one who may read may not see does not exist. Raises `UnknownNameError`, without telling of others.
        """
        self._demand("ingest", "")
        reads = self.actor.permits("read")
        found: dict[str, str] = {}
        with self.transaction() as connection:
            for name in names:
                people = persons_named(connection, self.keys, name)
                hidden = reads and len(people) == 1 and not self._sees(connection, people[0])
                if len(people) != 1 or hidden or not (subjects := subjects_of(connection, people[0])):
                    raise UnknownNameError("no such patient", got=repr(name))
                found[name] = subjects[0]
            detail = told({"of": "streams", "people": len(found)})
            self.chain.append(connection, self.actor, "search", "", detail)
        return found

    def _sees(self, connection: Connection, person: str) -> bool:
        return scope_of(connection, self.keys, self.actor, person, now_ms()).anything

    def permitted_streams(self, streams: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """Those of some (subject, signal) whose samples this actor may see now, each with the person's id.

        Ask again before every use: a consent may be withdrawn at any time.
        """
        with self.transaction() as connection:
            found = permitted_streams(connection, self.keys, self.actor, streams, now_ms())
            people = len(set(found.values()))
            self.chain.append(connection, self.actor, "search", "", told({"of": "streams", "people": people}))
        return found

    def follow_samples(self, after: int, limit: int = 5000) -> list[journal.Streamed]:
        """Batches that were kept behind `after` (0: all that are still in the journal), in order, of everybody.

        For the monitor: whether it may look at a person is its to ask (`permitted_subjects`).
        """
        self._demand("read", "")
        with storage(), reading(self.engine) as connection:
            return journal.after(connection, self.keys, after, limit)

    def seal_samples(self, subjects: Sequence[str] | None = None, *, older_s: float | None = None) -> IngestReport:
        """Make chunks of what waits in the journal, of some subjects or of all; gives the account.

        With `older_s` only of subjects whose oldest batch waits so long, or of whom there are many.
        """
        with storage():
            now = now_ms()
            before = None if older_s is None else now - round(1000 * older_s)
            if subjects is None:
                with self.engine.begin() as connection:
                    journal.sweep(connection, now)
            with reading(self.engine) as connection:
                waiting = journal.waiting_subjects(connection, subjects, before, _MANY)
            return sum((self._seal(one) for one in waiting), IngestReport())

    def _seal(self, subject: str) -> IngestReport:
        """What waits of one subject, in one transaction."""
        total = IngestReport()
        obsolete: list[tuple[str, str]] = []
        with self.transaction() as connection:
            rows = journal.waiting_of(connection, subject)
            if not rows:
                return total
            batches = sorted(journal.opened(rows, self.keys), key=lambda one: (one.agent, one.seq))
            for agent, mine in groupby(batches, key=lambda one: one.agent):
                taken = self._take(connection, agent, list(mine))
                total += taken.report
                obsolete += taken.obsolete
                self._tell(connection, agent, subject, taken.report)
            journal.done(connection, subject, rows[-1].seq, now_ms())
        for owner, name in obsolete:
            self.blobs.remove(owner, name)
        return total

    def _take(self, connection: Connection, agent: str, batches: Sequence[journal.Streamed]) -> Taken:
        store = Store(connection, self.keys, self.blobs, agent, batches[-1].received_ms)
        with scratch_folder() as folder:
            path = Path(folder) / "stream.json"
            path.write_bytes(journal.as_file(batches))
            file = RawFile(path)
            return take_in(store, file, journal.JOURNAL, [one.samples for one in batches], None, hash_of(file))

    def _tell(self, connection: Connection, agent: str, subject: str, report: IngestReport) -> None:
        detail: dict[str, Any] = {k: v for k, v in report.to_json().items() if isinstance(v, int)}
        actor = replace(self.actor, id=agent)
        self.chain.append(connection, actor, "ingest", subject, orjson.dumps({"of": "stream", **detail}).decode())
