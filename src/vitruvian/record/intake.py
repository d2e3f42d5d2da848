"""Taking one file in: raw bytes kept, every record accounted for, one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Table, insert, select

from vitruvian.core import InputError, stable_id
from vitruvian.record import schema
from vitruvian.record.fact import Draft, Parsed, Rejected, SourceRecord
from vitruvian.record.formats import Format, RawFile, Told

FUTURE_SKEW_MS = 24 * 3600 * 1000
_CHUNK = 500


@dataclass(frozen=True)
class IngestReport:
    """What became of every record that came in: records_in = stored + duplicate + quarantined."""

    records_in: int = 0
    stored: int = 0
    duplicate: int = 0
    quarantined: int = 0
    by_format: Mapping[str, int] = field(default_factory=dict)
    stored_ids: tuple[str, ...] = ()
    duplicate_ids: tuple[str, ...] = ()
    quarantined_ids: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    people: tuple[str, ...] = ()

    def __add__(self, other: IngestReport) -> IngestReport:
        formats = dict(self.by_format)
        for name, count in other.by_format.items():
            formats[name] = formats.get(name, 0) + count
        return IngestReport(
            self.records_in + other.records_in,
            self.stored + other.stored,
            self.duplicate + other.duplicate,
            self.quarantined + other.quarantined,
            formats,
            self.stored_ids + other.stored_ids,
            self.duplicate_ids + other.duplicate_ids,
            self.quarantined_ids + other.quarantined_ids,
            self.problems + other.problems,
            tuple(dict.fromkeys(self.people + other.people)),
        )

    def to_json(self) -> dict[str, Any]:
        """The counts, the problems in words, and whose records they were."""
        counts = {name: getattr(self, name) for name in ("records_in", "stored", "duplicate", "quarantined")}
        return counts | {
            "by_format": dict(self.by_format),
            "people": list(self.people),
            "problems": list(self.problems),
        }


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


def read(file: RawFile, one: Format, patient: str | None) -> Parsed:
    """Parse with `one`; a file that is wrong as a whole comes back as one rejected record."""
    if one.needs_patient and not patient:
        todo = "Ingest it again with --patient ID (patient=… in Python)."
        return Parsed(rejected=(Rejected(one.name, "file", f"the file does not say whose it is. {todo}"),))
    try:
        return Parsed.of(one.read(file, Told(patient)))
    except InputError as error:
        return Parsed(rejected=(Rejected(one.name, "file", str(error)),))


def store(
    connection: Connection, file: RawFile, raw_hash: str, form: tuple[str, str], parsed: Parsed, agent: str, now: int
) -> IngestReport:
    """Write what `parsed` holds inside the caller's transaction; gives the account of this file."""
    name, version = form
    parser = f"{name}/{version}" if version else "none"
    new, duplicate = _split(connection, parsed.records)
    if new:
        prov = _provenance(connection, file, raw_hash, name, parser, agent, now)
        _write_people(connection, new)
        _write_resources(connection, new, prov, now)
    rejected = [_reject(connection, file, raw_hash, parser, one, now) for one in parsed.rejected]
    records_in = len(parsed.records) + len(parsed.rejected)
    return IngestReport(
        records_in,
        len(new),
        len(duplicate),
        len(rejected),
        {name: records_in},
        tuple(new),
        tuple(duplicate),
        tuple(rejected),
        tuple(f"{file.name}: {r.place}: {r.what}: {r.reason}" for r in parsed.rejected),
        tuple(dict.fromkeys(record.subject for record in parsed.records if record.subject)),
    )


def resource_id(record: SourceRecord) -> str:
    """Id of one version of one source record."""
    return stable_id(record.kind, record.source, record.source_id, record.version)


def line_id(record: SourceRecord) -> str:
    """Id that all versions of one source record share."""
    return stable_id(record.kind, record.source, record.source_id, record.subject)


def fact_id(resource: str, draft: Draft, index: int) -> str:
    """Id of a fact: the record's version and the place in it; independent of whose it is said to be later."""
    return stable_id(resource, draft.path, str(index))


def keep_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows whose key is not there yet."""
    if rows:
        _many(connection, _insert(connection, table).on_conflict_do_nothing(), rows)


def _many(connection: Connection, statement: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Run `statement` for all rows (of the same columns), by the driver: saves a tenth of an ingest."""
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(rows[0]))
    if compiled.positional:
        connection.exec_driver_sql(str(compiled), list(map(itemgetter(*compiled.positiontup), rows)))
    else:
        connection.exec_driver_sql(str(compiled), list(rows))


def _insert(connection: Connection, table: Table) -> Any:
    """The dialect's own INSERT, which knows ON CONFLICT."""
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # costs 0.1 s to import

    return postgresql.insert(table)


def _split(connection: Connection, records: Sequence[SourceRecord]) -> tuple[dict[str, SourceRecord], list[str]]:
    """Records not stored yet, by id, and the ids of those that are (or that come twice in this file)."""
    new: dict[str, SourceRecord] = {}
    duplicate: list[str] = []
    ids = [resource_id(record) for record in records]
    known: set[str] = set()
    column = schema.resource.c.resource
    for chunk in _chunks(ids):
        known |= set(connection.execute(select(column).where(column.in_(chunk))).scalars())
    for key, record in zip(ids, records, strict=True):
        if key in known or key in new:
            duplicate.append(key)
        else:
            new[key] = record
    return new, duplicate


def _chunks(items: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]


def _provenance(
    connection: Connection, file: RawFile, raw_hash: str, name: str, parser: str, agent: str, now: int
) -> int:
    values = {"raw_hash": raw_hash, "name": file.name, "format": name, "parser": parser, "agent": agent}
    done = connection.execute(insert(schema.provenance).values(**values, received_ms=now))
    assert done.inserted_primary_key is not None
    return int(done.inserted_primary_key[0])


def _write_people(connection: Connection, new: Mapping[str, SourceRecord]) -> None:
    subjects = dict.fromkeys(record.subject for record in new.values() if record.subject)
    keep_new(connection, schema.subject, [{"subject": one, "person": one} for one in subjects])
    names = [
        {"system": system, "value": value, "subject": record.subject}
        for record in new.values()
        for system, value in record.identifiers
    ]
    keep_new(connection, schema.identifier, names)


def _write_resources(connection: Connection, new: Mapping[str, SourceRecord], prov: int, now: int) -> None:
    resources, heads, facts = [], [], []
    for key, record in new.items():
        line = line_id(record)
        resources.append(
            {
                "resource": key,
                "line": line,
                "kind": record.kind,
                "source_id": record.source_id,
                "version": record.version,
                "subject": record.subject,
                "known_ms": record.known_ms,
                "prov": prov,
                "path": record.place,
            }
        )
        heads.append({"line": line, "rank": record.rank + "|" + record.version, "resource": key})
        facts += [fact_row(key, record, draft, k, prov, now) for k, draft in enumerate(record.facts)]
    _many(connection, insert(schema.resource), resources)
    upsert = _insert(connection, schema.head)
    newer = {"rank": upsert.excluded.rank, "resource": upsert.excluded.resource}
    where = upsert.excluded.rank > schema.head.c.rank
    _many(connection, upsert.on_conflict_do_update(index_elements=["line"], set_=newer, where=where), heads)
    if facts:
        _many(connection, insert(schema.fact), facts)


def fact_row(key: str, record: SourceRecord, draft: Draft, index: int, prov: int, now: int) -> dict[str, Any]:
    """One row of table `fact`; a start later than the clock is flagged."""
    start, end = draft.start, draft.end
    flags = draft.flags
    if start is not None and draft.kind not in _PLANS and start.ms > now + FUTURE_SKEW_MS:
        flags = (*flags, "future")
    known = draft.known_ms if draft.known_ms is not None else record.known_ms
    return {
        "fact": fact_id(key, draft, index),
        "resource": key,
        "subject": record.subject,
        "kind": draft.kind,
        "system": draft.system,
        "code": draft.code,
        "display": draft.display,
        "value": draft.value,
        "unit": draft.unit,
        "value_raw": draft.value_raw,
        "unit_raw": draft.unit_raw,
        "value_code": draft.value_code,
        "value_text": draft.value_text,
        "start_ms": None if start is None else start.ms,
        "end_ms": None if end is None else end.ms,
        "offset_min": None if start is None else start.offset,
        "precision": None if start is None else start.precision,
        "known_ms": known,
        "status": draft.status,
        "flags": " ".join(flags),
        "supersedes": draft.supersedes,
        "basis": draft.basis,
        "prov": prov,
        "path": f"{record.place}{draft.path}",
        "detail": orjson.dumps(draft.detail).decode() if draft.detail else "{}",
    }


_PLANS = frozenset({"medication_request", "resource", "care_plan", "appointment"})


def _reject(connection: Connection, file: RawFile, raw_hash: str, parser: str, one: Rejected, now: int) -> str:
    key = stable_id(raw_hash, one.place, one.what)
    row = {"quarantine": key, "raw_hash": raw_hash, "name": file.name, "place": one.place, "what": one.what}
    keep_new(connection, schema.quarantine, [row | {"reason": one.reason, "parser": parser, "received_ms": now}])
    return key
