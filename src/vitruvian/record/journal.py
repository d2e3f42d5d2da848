"""The journal: samples that come a few at a time are durable here at once, and become chunks of streams a little later.

A row holds one batch of one signal, sealed under its subject's key. Rows are read in the order in which they were kept
(`seq`), so that whoever follows the journal misses none. Keeping the same batch twice changes nothing in the end: what
makes a sample the same sample is decided when rows become chunks (see `streams`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import NoneType
from typing import Any

import numpy as np
import orjson
from sqlalchemy import Connection, bindparam, delete, func, insert, select, text, update

from vitruvian.core import DataError, UnknownNameError
from vitruvian.record import schema
from vitruvian.record.asking import values_of
from vitruvian.record.fact import Samples
from vitruvian.record.keys import KeyRing
from vitruvian.record.rows import present
from vitruvian.record.statements import one_of

JOURNAL = ("stream", "1")
KEPT_MS = 120_000
"""How long a row stays after it became part of a chunk, for those who follow the journal."""
_LOCK = 0x5649_544A  # advisory lock of PostgreSQL: rows become visible in the order of `seq`
_COLUMNS = ("start", "end", "offset", "value", "place")
Row = dict[str, Any]
"""A row of table `journal`."""
_FIRST, _LAST = -62_135_596_800_000, 253_402_300_800_000  # ms of the years 1 to 9999


@dataclass(frozen=True, slots=True)
class Streamed:
    """One batch of the journal: its place in the order, who sent it, and when it was kept (ms since 1970 UTC)."""

    seq: int
    agent: str
    received_ms: int
    samples: Samples


def prepared(keys: KeyRing, batches: Sequence[Samples], agent: str, now: int) -> list[Row]:
    """Batches of subjects that have keys, checked and sealed as rows. Raises `DataError` for columns that do not fit
    together and for subjects without a key."""
    return [_row(keys, one, agent, now) for one in batches]


def append(connection: Connection, keys: KeyRing, rows: Sequence[Row]) -> None:
    """Keep rows in the caller's transaction. Raises `UnknownNameError` for a subject that the record does not know."""
    subjects = sorted({str(one["subject"]) for one in rows})
    if unknown := set(subjects) - present(connection, schema.subject, "subject", subjects):
        raise UnknownNameError("no such patient", got=f"{len(unknown)} of the batches")
    keys.make(subjects)
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    connection.execute(insert(schema.journal), list(rows))


def after(connection: Connection, keys: KeyRing, seq: int, limit: int) -> list[Streamed]:
    """Rows behind `seq`, in order; those of an erased person are passed over."""
    table = schema.journal
    query = select(table).where(table.c.seq > seq).order_by(table.c.seq).limit(limit)
    return list(opened(connection.execute(query).all(), keys))


def newest(connection: Connection) -> int:
    """The greatest `seq`, 0 for none."""
    return int(connection.execute(select(func.coalesce(func.max(schema.journal.c.seq), 0))).scalar_one())


def waiting_subjects(
    connection: Connection, subjects: Sequence[str] | None, before: int | None, many: int
) -> list[str]:
    """Subjects of whom rows wait to become chunks: kept by `before`, or at least `many` of them; of some, or of all."""
    values: dict[str, Any] = {f"subject{k}": one for k, one in enumerate(subjects or ())}
    values |= {} if before is None else {"before": before, "many": many}
    query = _waiting(None if subjects is None else len(subjects), before is not None)
    return sorted(values_of(connection, query, values))


@lru_cache(maxsize=64)
def _waiting(subjects: int | None, old: bool) -> Any:
    table = schema.journal
    query = select(table.c.subject).where(table.c.done_ms.is_(None)).group_by(table.c.subject)
    if subjects is not None:
        query = query.where(one_of(table.c.subject, "subject", subjects))
    late = (func.min(table.c.received_ms) <= bindparam("before")) | (func.count() >= bindparam("many"))
    return query.having(late) if old else query


def waiting_of(connection: Connection, subject: str) -> Sequence[Any]:
    """Rows of a subject that wait to become chunks, in order; other writers wait until the transaction ends."""
    table = schema.journal
    query = select(table).where(table.c.subject == subject, table.c.done_ms.is_(None)).order_by(table.c.seq)
    return connection.execute(query.with_for_update()).all()


def done(connection: Connection, subject: str, last: int, now: int) -> None:
    """Say that the rows of a subject up to `last` are in chunks."""
    table = schema.journal
    mine = (table.c.subject == subject) & (table.c.seq <= last) & table.c.done_ms.is_(None)
    connection.execute(update(table).where(mine).values(done_ms=now))


def sweep(connection: Connection, now: int) -> None:
    """Remove rows that have been in chunks for `KEPT_MS`."""
    connection.execute(delete(schema.journal).where(schema.journal.c.done_ms < now - KEPT_MS))


def opened(rows: Iterable[Any], keys: KeyRing) -> Iterable[Streamed]:
    """Rows as batches; those that do not open are of a person who was erased."""
    for row in rows:
        try:
            told = orjson.loads(keys.cipher(row.subject).open(row.sealed, _place(row.subject, row.signal, row.agent)))
        except DataError:
            continue
        yield Streamed(row.seq, row.agent, row.received_ms, _samples(row.subject, row.signal, told))


def as_file(batches: Sequence[Streamed]) -> bytes:
    """Batches as the file that is kept of them."""
    told = [{"subject": one.samples.subject, "signal": one.samples.signal} | _told(one.samples) for one in batches]
    return orjson.dumps({"received_ms": [one.received_ms for one in batches], "batches": told})


def journal_samples(content: bytes) -> Iterator[Samples]:
    """The batches of such a file, as an export of a person holds it. Raises `DataError` for one that is none."""
    try:
        batches = orjson.loads(content)["batches"]
        for told in batches:
            for name in ("subject", "signal", "source", "unit"):
                _demand(told[name], str)
            for name in _COLUMNS:
                _demand_all(told[name], (int, float, NoneType) if name == "value" else (int,))
            _demand_all(told["text"] or [], (str,))
            one = _samples(told["subject"], told["signal"], told)
            _demand_whole(one)
            yield one
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        got = f"{type(error).__name__}: {error}"
        raise DataError("the file is no journal of samples", got=got[:80], todo="Take it from an export.") from error


def _demand_all(values: Any, kinds: tuple[type, ...]) -> None:
    _demand(values, list)
    for one in values:
        _demand(one, *kinds)


def _demand(value: Any, *kinds: type) -> None:
    if type(value) not in kinds:
        raise TypeError(f"{type(value).__name__} instead of {kinds[0].__name__}")


def _demand_whole(one: Samples) -> None:
    """Raise `DataError` for columns that do not fit together, and for times that there are not."""
    sizes = {len(getattr(one, name)) for name in _COLUMNS} | ({len(one.text)} if one.text is not None else set())
    if len(sizes) != 1 or 0 in sizes:
        raise DataError("the columns of a batch of samples differ in length, or are empty", got=str(sorted(sizes)))
    first, last = int(one.start.min()), int(one.start.max())
    if not (min(first, int(one.end.min())) >= _FIRST and max(last, int(one.end.max())) < _LAST):
        raise DataError("a sample has an impossible time", got=f"{first} to {last} ms since 1970")


def _row(keys: KeyRing, one: Samples, agent: str, now: int) -> Row:
    _demand_whole(one)
    sealed = keys.cipher(one.subject).seal(orjson.dumps(_told(one)), _place(one.subject, one.signal, agent))
    head: Row = {"subject": one.subject, "signal": one.signal, "agent": agent, "received_ms": now}
    return head | {"done_ms": None, "sealed": sealed}


def _told(one: Samples) -> dict[str, Any]:
    # NaN is null in JSON, which stands for no value
    columns = {name: getattr(one, name).tolist() for name in _COLUMNS}
    return {"source": one.source, "unit": one.unit, "text": None if one.text is None else list(one.text), **columns}


def _samples(subject: str, signal: str, told: dict[str, Any]) -> Samples:
    start, end, offset, place = (np.array(told[name], np.int64) for name in ("start", "end", "offset", "place"))
    value = np.array([np.nan if one is None else one for one in told["value"]], np.float64)
    words = None if told["text"] is None else tuple(told["text"])
    return Samples(subject, signal, told["source"], told["unit"], start, end, offset, value, place, words)


def _place(subject: str, signal: str, agent: str) -> bytes:
    return orjson.dumps([subject, signal, agent])
