"""What is read is told when it is in the audit: at once, or with all other reads of one answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Connection, Engine

from vitruvian.core import Actor, now_ms
from vitruvian.record.auditing import AuditChain, AuditNote, told
from vitruvian.record.faults import storage
from vitruvian.record.group_commit import GroupCommit
from vitruvian.record.notes import Notes
from vitruvian.record.opening import reading

if TYPE_CHECKING:
    from vitruvian.record.record import Record


class Telling:
    """How `Record` reads: one transaction, then its audit rows, then what was found."""

    engine: Engine
    chain: AuditChain
    actor: Actor
    commits: GroupCommit
    notes: Notes | None

    @contextmanager
    def _audited(self) -> Iterator[tuple[Connection, Callable[[str, str, Mapping[str, Any]], None]]]:
        """A transaction that reads, and a function that says of whom: what it notes is durable before this ends, or
        waits in `notes` for the end of the answer."""
        entries: list[AuditNote] = []

        def note(action: str, person: str, detail: Mapping[str, Any]) -> None:
            entries.append(AuditNote(self.actor, action, person, told(detail), now_ms()))

        with storage(), reading(self.engine) as connection:
            yield connection, note
        keep = self.keep if self.notes is None else self.notes.add
        keep(entries)

    def keep(self, entries: Sequence[AuditNote]) -> None:
        """Make audit rows durable, in one commit; raises `StoreError`."""
        with storage():
            self.commits.run(lambda connection: self.chain.append_all(connection, entries))

    def answering(self) -> Record:
        """The same record for one answer, whose `notes` are to be kept before anything of it is told."""
        return replace(cast("Record", self), notes=Notes(self.keep))
