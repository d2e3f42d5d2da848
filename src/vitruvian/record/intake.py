"""Taking one file in: in one transaction, in pieces, every record accounted for, the bytes kept under their owner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from sqlalchemy import Connection, Dialect, insert, select, update

from vitruvian.core import InputError, stable_id
from vitruvian.record import schema
from vitruvian.record.account import IngestReport
from vitruvian.record.blobs import BlobStore, file_hash
from vitruvian.record.fact import NO_OFFSET, Item, Rejected, Samples, SourceRecord
from vitruvian.record.fact_rows import fact_row, is_structural, line_id, resource_id
from vitruvian.record.formats import Format, RawFile, Told
from vitruvian.record.keys import KeyRing
from vitruvian.record.quarantine import unneeded
from vitruvian.record.rows import insert_tuples, keep_new, many, present, upsert
from vitruvian.record.splitting import kept_parts
from vitruvian.record.streams import StreamWriter

BATCH = 2000
_LIGHT = 25  # samples that take the room of one record
_SHOWN = 20  # problems told in words; all are in quarantine


@dataclass(frozen=True)
class Store:
    """What writing needs: the open transaction, keys, blobs, who writes and when."""

    connection: Connection
    keys: KeyRing
    blobs: BlobStore
    agent: str
    now: int


class Refused(Exception):
    """The file as a whole cannot be accepted; what was written of it is to be rolled back."""


def files_under(paths: Iterable[str | Path]) -> list[Path]:
    """Every file named, folders searched; raises `InputError` for a path that does not exist."""
    found: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            found += sorted(inner for inner in path.rglob("*") if inner.is_file() and not inner.name.startswith("."))
        elif path.is_file():
            found.append(path)
        else:
            raise InputError("no such file", got=str(path), todo="Nothing was ingested; check the path.")
    return found


def items_of(file: RawFile, form: Format, told: Told) -> Iterator[Item]:
    """What the format reads; raises `Refused` where it refuses the file, or has a fault of its own."""
    if form.needs_patient and not (told.patient or told.samples or form.names_people):
        todo = "Ingest it again with --patient ID (patient=… in Python)."
        raise Refused(f"the file does not say whose it is. {todo}")
    try:
        for one in form.read(file, told):
            if told.zone is None and isinstance(one, Samples) and bool(np.any(one.offset == NO_OFFSET)):
                raise Refused(_NO_ZONE)  # read again with a zone, each of its samples would be another one
            yield one
    except Refused:
        raise
    except InputError as error:
        raise Refused(str(error)) from error
    except Exception as error:
        raise Refused(f"a fault of the parser {form.name}/{form.version}: {type(error).__name__}: {error}") from error


def take_in(
    store: Store, file: RawFile, form: tuple[str, str], items: Iterable[Item], reader: Format | None, origin: str
) -> Taken:
    """Write all items of one file inside the caller's transaction. `origin` is the hash of the file as received."""
    work = _Intake(store, file, form, reader, origin)
    for batch in _batches(items):
        work.add(batch)
    return work.close()


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Items in batches that fit into memory: some thousand records, or as many samples as weigh the same."""
    held: list[Item] = []
    weight = 0
    for one in items:
        held.append(one)
        weight += 1 + len(one.start) // _LIGHT if isinstance(one, Samples) else 1
        if weight >= BATCH:
            yield held
            held, weight = [], 0
    if held:
        yield held


_NO_ZONE = "its times are local and do not say where; ingest or replay it with --zone, such as Europe/Berlin"


@dataclass(frozen=True)
class Taken:
    """The account of a file, and blobs (owner, hash) to remove after the commit."""

    report: IngestReport
    obsolete: tuple[tuple[str, str], ...] = ()


@dataclass
class _Intake:
    store: Store
    file: RawFile
    form: tuple[str, str]
    reader: Format | None
    origin: str
    provs: dict[str, int] = field(default_factory=dict)
    places: dict[str, list[str]] = field(default_factory=dict)
    streams: StreamWriter = field(init=False)
    stored: list[str] = field(default_factory=list)
    duplicate: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    shared: dict[str, None] = field(default_factory=dict)
    records: int = 0

    def __post_init__(self) -> None:
        store = self.store
        self.streams = StreamWriter(store.connection, store.keys, store.blobs, store.now)

    @property
    def parser(self) -> str:
        name, version = self.form
        return f"{name}/{version}" if version else "none"

    def add(self, batch: Sequence[Item]) -> None:
        """Write one batch."""
        records = [one for one in batch if isinstance(one, SourceRecord)]
        faults = {k: fault for k, one in enumerate(records) if (fault := _fault(one))}
        self.rejected += [one for one in batch if isinstance(one, Rejected)]
        self.rejected += [_faulty(records[k], fault) for k, fault in faults.items()]
        self._write([one for k, one in enumerate(records) if k not in faults])
        for one in batch:
            if isinstance(one, Samples):
                self._sample(one)

    def _write(self, records: Sequence[SourceRecord]) -> None:
        self.records += len(records)
        for record in records:
            self.places.setdefault(record.subject, []).append(record.place)
        new, duplicate = _split(self.store.connection, records)
        self.duplicate += duplicate
        abouts = (resource_id(record) for record in records if not record.subject)
        self.shared |= {key: None for key in abouts if key not in new}
        if new:
            self._people(new.values())
            self._resources(new)
            self.stored += new

    def _sample(self, batch: Samples) -> None:
        if batch.subject not in self.provs:
            self._subjects([batch.subject])
        self.places.setdefault(batch.subject, [])
        try:
            self.streams.add(batch, self._prov(batch.subject))
        except InputError as error:
            raise Refused(str(error)) from error

    def _subjects(self, subjects: Iterable[str]) -> None:
        """Keys and rows for subjects that may be new; keys first, so that nothing sealed is ever without one."""
        named = list(dict.fromkeys(subjects))
        self.store.keys.make(named)
        rows = [{"subject": one, "person": one} for one in named if one]
        keep_new(self.store.connection, schema.subject, rows)

    def _people(self, records: Iterable[SourceRecord]) -> None:
        keys = self.store.keys
        records = list(records)
        self._subjects(record.subject for record in records)
        names = [
            {"pair": keys.blind(f"{system}|{value}"), "subject": record.subject, "value": keys.blind(value)}
            for record in records
            for system, value in record.identifiers
            if value
        ]
        keep_new(self.store.connection, schema.identifier, names)

    def _prov(self, subject: str) -> int:
        """The provenance of this file for a subject; its bytes are named when all of the file is read."""
        if subject not in self.provs:
            values: dict[str, Any] = {
                "subject": subject,
                "raw_hash": "",
                "origin_hash": self.origin,
                "format": self.form[0],
            }
            values |= {"parser": self.parser, "agent": self.store.agent, "received_ms": self.store.now}
            done = self.store.connection.execute(insert(schema.provenance).values(**values, sealed=b""))
            assert done.inserted_primary_key is not None
            self.provs[subject] = int(done.inserted_primary_key[0])
        return self.provs[subject]

    def _resources(self, new: dict[str, SourceRecord]) -> None:
        resources, heads, facts = [], [], []
        for key, record in new.items():
            line, prov = line_id(record), self._prov(record.subject)
            source_id = self.store.keys.blind(record.source_id)  # a source may name its records by names of people
            place = record.place if is_structural(record.place) else ""
            known = record.known_ms
            resources.append((key, line, record.kind, source_id, record.version, record.subject, known, prov, place))
            heads.append({"line": line, "rank": record.rank + "|" + record.version, "resource": key})
            if record.facts:
                cipher, now = self.store.keys.cipher(record.subject), self.store.now
                facts += [fact_row(key, record, draft, k, prov, now, cipher) for k, draft in enumerate(record.facts)]
        insert_tuples(self.store.connection, schema.resource, resources)
        if facts:
            insert_tuples(self.store.connection, schema.fact, facts)
        _heads(self.store.connection, heads)

    def close(self) -> Taken:
        """Write what streams hold, keep the bytes, put rejects into quarantine, give the account."""
        streams = self.streams.close()
        owners = kept_parts(self.store, self.file, self.reader, self.places, self.rejected, self.provs)
        hidden = {"name": self.file.origin or self.file.name, "companions": owners.companions}
        for subject, prov in self.provs.items():
            # a file's name may name a person: what is kept of nobody outlives them
            told = hidden if subject or len(self.provs) == 1 else {"name": "about nobody", "companions": []}
            if subject and self.shared:
                told = told | {"shared": list(self.shared)}
            sealed = self.store.keys.cipher(subject).seal(orjson.dumps(told), b"provenance")
            table = schema.provenance
            values = {"raw_hash": owners.hash_of[subject], "sealed": sealed}
            self.store.connection.execute(update(table).where(table.c.prov == prov).values(**values))
        ids = [self._reject(one, *owners.of(one), hidden) for one in self.rejected]
        gone = _accept(self.store, self.origin, ids)
        counts = {
            "records_in": self.records + streams.stored + streams.duplicate + len(self.rejected),
            "stored": len(self.stored) + streams.stored,
            "duplicate": len(self.duplicate) + streams.duplicate,
            "quarantined": len(self.rejected),
        }
        report = IngestReport(
            **counts,
            by_format={self.form[0]: counts},
            stored_ids=(*self.stored, *streams.chunks),
            duplicate_ids=tuple(self.duplicate),
            quarantined_ids=tuple(ids),
            problems=tuple(self._told()),
            people=tuple(subject for subject in self.places if subject),
        )
        return Taken(report, (*gone, *streams.obsolete))

    def _told(self) -> Iterator[str]:
        name = self.file.origin or self.file.name
        for one in self.rejected[:_SHOWN]:
            words = (word for word in (one.place, one.what) if word != "file" and not one.reason.startswith(word))
            yield ": ".join((name, *dict.fromkeys(words), one.reason))
        if len(self.rejected) > _SHOWN:
            yield f"{name}: and {len(self.rejected) - _SHOWN} more, see `vitruvian quarantine list`"

    def _reject(self, one: Rejected, owner: str, raw_hash: str, hidden: dict[str, Any]) -> str:
        key = stable_id(self.origin, one.place, one.what)
        told = hidden | {"place": one.place, "what": one.what, "reason": one.reason}
        row: dict[str, Any] = {"quarantine": key, "subject": owner, "raw_hash": raw_hash, "origin_hash": self.origin}
        row |= {"parser": self.parser, "received_ms": self.store.now, "accepted_ms": None}
        row["sealed"] = self.store.keys.cipher(owner).seal(orjson.dumps(told), key.encode())
        table = schema.quarantine
        again = upsert(self.store.connection.dialect, table)
        newest = {name: again.excluded[name] for name in ("parser", "sealed", "subject", "raw_hash", "accepted_ms")}
        self.store.connection.execute(
            again.values(**row).on_conflict_do_update(index_elements=["quarantine"], set_=newest)
        )
        return key


def _fault(record: SourceRecord) -> str | None:
    """Why a record cannot be written at all: a text with NUL, a number that is none."""
    if "\x00" in f"{record.kind}{record.source}{record.source_id}{record.version}{record.subject}{record.place}":
        return "an identifier holds a NUL character"
    for one in record.facts:
        if "\x00" in f"{one.kind}{one.system}{one.code}{one.status}{one.path}":
            return "a code holds a NUL character"
        if one.value is not None and one.value != one.value:
            return f"the value of {one.code or one.kind} is not a number"
    return None


def _faulty(record: SourceRecord, reason: str) -> Rejected:
    what = f"{record.kind}/{record.source_id}".replace("\x00", "�")
    return Rejected(what, record.place or "file", reason, record.subject if "\x00" not in record.subject else "")


def _split(connection: Connection, records: Sequence[SourceRecord]) -> tuple[dict[str, SourceRecord], list[str]]:
    """Records not stored yet, by id, and the ids of those that are (or that come twice)."""
    new: dict[str, SourceRecord] = {}
    duplicate: list[str] = []
    ids = [resource_id(record) for record in records]
    known = present(connection, schema.resource, "resource", ids)
    for key, record in zip(ids, records, strict=True):
        if key in known or key in new:
            duplicate.append(key)
        else:
            new[key] = record
    return new, duplicate


def _heads(connection: Connection, heads: list[dict[str, Any]]) -> None:
    """Make the greatest rank of each line its head."""
    if heads:
        many(connection, _newest_head(connection.dialect), heads)


@lru_cache(maxsize=4)
def _newest_head(dialect: Dialect) -> Any:
    statement = upsert(dialect, schema.head)
    newer = {"rank": statement.excluded.rank, "resource": statement.excluded.resource}
    where = statement.excluded.rank > schema.head.c.rank
    statement = statement.on_conflict_do_update(index_elements=["line"], set_=newer, where=where)
    return statement.compile(dialect=dialect, column_keys=["line", "rank", "resource"])


def _accept(store: Store, origin: str, rejected: Sequence[str]) -> list[tuple[str, str]]:
    """Mark what was in quarantine of this file before and is no longer; gives the bytes that nobody needs now."""
    table = schema.quarantine
    waiting = select(table).where(table.c.origin_hash == origin, table.c.accepted_ms.is_(None))
    accepted = [row for row in store.connection.execute(waiting).all() if row.quarantine not in set(rejected)]
    for row in accepted:
        store.connection.execute(
            update(table).where(table.c.quarantine == row.quarantine).values(accepted_ms=store.now)
        )
    return unneeded(store.connection, accepted, store.keys)


def hash_of(file: RawFile) -> str:
    """Hash of the file as received, read in pieces."""
    return file_hash(file.path)
