"""Taking in whole or not at all: for programs that write to the record and must know at once what became of it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from vitruvian.core import DataError, VitruvianError, now_ms
from vitruvian.record.account import IngestReport
from vitruvian.record.analytic import extent
from vitruvian.record.fact import Item, Rejected
from vitruvian.record.faults import storage
from vitruvian.record.formats import Format, RawFile, Told
from vitruvian.record.intake import Refused, Store, Taken, hash_of, items_of, take_in
from vitruvian.record.scratch import scratch_folder

if TYPE_CHECKING:
    from vitruvian.record.record import Record

Moment = tuple[int, int, int]
_LOCK = 0x5649_5457  # advisory lock of PostgreSQL: one such write at a time


class Moved(VitruvianError):
    """The record took something in since the moment that was given."""


class NotAccepted(DataError):
    """Nothing was stored; `problems` says of each record that is refused where it is and why."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__("nothing was stored", got="; ".join(problems), todo="Correct it and send it again.")


def moment_of(record: Record) -> Moment:
    """What the record has taken in up to now; it changes with everything that is taken in or erased."""
    with storage(), record.engine.begin() as connection:
        return extent(connection)


def take_in_whole(
    record: Record, content: bytes, name: str, form: Format, *, about: Collection[str], since: Moment | None = None
) -> IngestReport:
    """Take the bytes of one file in, all of its records or none: in one transaction, accounted for and audited.

    `about`: the subjects whom its records may be about ("" for nobody); `since`: the moment at which the caller looked
    before deciding to write. Raises `NotAccepted` where a record of the file is refused (it does not go into
    quarantine: the caller still has it) or is about somebody else, `Moved` where the record has moved on since that
    moment, `AccessError`, `StoreError`.
    """
    record._demand("ingest", "")
    with storage(), scratch_folder() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        try:
            with record.transaction() as connection:
                taken = _write(record, connection, RawFile(path), form, frozenset(about), since)
        except NotAccepted:
            with record.transaction() as connection:
                record._note(connection, "refused", "", {"action": "ingest"})
            raise
        for owner, blob in taken.obsolete:
            record.blobs.remove(owner, blob)
    return taken.report


def _write(
    record: Record, connection: Connection, file: RawFile, form: Format, about: frozenset[str], since: Moment | None
) -> Taken:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    if since is not None and extent(connection) != since:
        raise Moved("the record has moved on", todo="Look again, then write.")
    items = _all(file, form, record._told(connection, Told(None), None, None))
    if others := [one for one in items if one.subject not in about]:
        raise NotAccepted(tuple(f"{one.place}: it is about somebody else" for one in others))
    store = Store(connection, record.keys, record.blobs, record.actor.id, now_ms())
    origin = hash_of(file)
    taken = take_in(store, file, (form.name, form.version), items, form, origin)
    if taken.report.quarantined:
        raise NotAccepted(taken.report.problems)
    record._tell_of(connection, taken.report, origin)
    return taken


def _all(file: RawFile, form: Format, told: Told) -> list[Item]:
    """What the format reads, if it accepts all of it."""
    try:
        found = list(items_of(file, form, told))
    except Refused as error:
        raise NotAccepted((str(error),)) from error
    if refused := [one for one in found if isinstance(one, Rejected)]:
        raise NotAccepted(tuple(f"{one.place}: {one.reason}" for one in refused))
    return found
