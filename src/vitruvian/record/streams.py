"""Streams: samples in, de-duplicated, as sealed chunks; and out again.

A sample is the same sample if signal, source, times, value as received, unit and text are the same, for one subject:
so the same export twice, exports that overlap, and files in any order give the same rows. Late data are one more chunk
of their window; see `windows` for what is joined when. Joining is safe at any moment: the joined chunk is kept first,
the rows of table `chunk` change in the caller's transaction, and the bytes of the old chunks go after it is committed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from vitruvian.core import stable_id
from vitruvian.record import schema
from vitruvian.record.blobs import BlobStore
from vitruvian.record.fact import Samples
from vitruvian.record.keys import KeyRing
from vitruvian.record.rows import chunks as pieces
from vitruvian.record.sample_frame import IDENTITY, from_parquet, sample_frame, sample_schema, to_parquet
from vitruvian.record.statements import one_of
from vitruvian.record.windows import FULL, MOST, Window, cut, tier

if TYPE_CHECKING:
    import polars as pl

BUFFER = 100_000
"""Samples of one file that are held in memory before the largest streams become chunks."""

Stream = tuple[str, str]
"""(subject, signal)."""


@dataclass(frozen=True)
class StreamReport:
    """What became of the samples of one file; `obsolete` are (subject, blob) to remove once the file is committed."""

    stored: int
    duplicate: int
    chunks: tuple[str, ...]
    obsolete: tuple[tuple[str, str], ...]


@dataclass
class StreamWriter:
    """Takes the samples of one file in, inside the caller's transaction, in bounded memory; then `close`.

    The bound is one for all subjects of the file. Each of them must be in table `subject` and have a key; `now` is the
    time of the ingest (ms since 1970 UTC).
    """

    connection: Connection
    keys: KeyRing
    blobs: BlobStore
    now: int
    _held: dict[Stream, list[pl.DataFrame]] = field(default_factory=dict)
    _sizes: dict[Stream, int] = field(default_factory=dict)
    _locked: set[str] = field(default_factory=set)
    _written: dict[Stream, None] = field(default_factory=dict)
    _chunks: list[str] = field(default_factory=list)
    _stored: int = 0
    _samples: int = 0
    _filled: int = 0

    def add(self, batch: Samples, prov: int) -> None:
        """Take one batch in, of a provenance; raises `DataError` if it cannot be."""
        frame = sample_frame(batch, prov, self.now)
        stream = (batch.subject, batch.signal)
        self._held.setdefault(stream, []).append(frame)
        self._sizes[stream] = self._sizes.get(stream, 0) + frame.height
        self._samples += frame.height
        self._filled += frame.height
        if self._filled > BUFFER:
            self._spill()

    def close(self) -> StreamReport:
        """Write what is held, join small chunks, and give the account."""
        for stream in list(self._held):
            self._write(stream)
        obsolete = [one for stream in self._written for one in self._join(stream)]
        return StreamReport(self._stored, self._samples - self._stored, tuple(self._chunks), self._unnamed(obsolete))

    def _spill(self) -> None:
        """Write the largest streams until half of the room is free."""
        for stream in sorted(self._sizes, key=lambda one: -self._sizes[one]):
            self._write(stream)
            if self._filled <= BUFFER // 2:
                return

    def _write(self, stream: Stream) -> None:
        import polars as pl

        self._lock(stream[0])
        held = pl.concat(self._held.pop(stream))
        self._filled -= self._sizes.pop(stream)
        for window, rows in cut(held.unique(IDENTITY, keep="first", maintain_order=True)):
            new = self._not_there(stream, rows)
            if new.height:
                self._chunks.append(self._keep(stream, window, new))
                self._stored += new.height
        self._written[stream] = None

    def _lock(self, subject: str) -> None:
        """Let one writer at a time add to a person's streams (SQLite lets one write at all)."""
        if subject not in self._locked:
            query = select(schema.subject.c.subject).where(schema.subject.c.subject == subject)
            self.connection.execute(query.with_for_update())
            self._locked.add(subject)

    def _not_there(self, stream: Stream, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows that no stored chunk holds; only chunks that overlap in time are read."""
        first, last = rows["start"][0], rows["start"][-1]
        for chunk in self.connection.execute(*chunks_of(stream[:1], stream[1:], first, last)).all():
            known = read_chunk(self.blobs, chunk, IDENTITY)
            rows = rows.join(known, on=IDENTITY, how="anti", nulls_equal=True, maintain_order="left")
            if rows.is_empty():
                break
        return rows

    def _keep(self, stream: Stream, window: Window, rows: pl.DataFrame) -> str:
        """One sealed chunk: bytes first, then its row."""
        subject, signal = stream
        blob = self.blobs.put(subject, to_parquet(rows))
        key = stable_id(subject, signal, blob)
        values = {
            "chunk": key,
            "subject": subject,
            "signal": signal,
            "window_start": window.start,
            "window_end": window.end,
            "rows": rows.height,
            "first_ms": rows["start"].min(),
            "last_ms": rows["start"].max(),
            "prov": rows["prov"].max(),
            "raw_hash": blob,
        }
        self.connection.execute(insert(schema.chunk).values(**values))
        return key

    def _join(self, stream: Stream) -> list[tuple[str, str]]:
        """Join chunks of one window and tier where there are more than `MOST`; gives the bytes no longer needed."""
        import polars as pl

        groups: dict[tuple[int, int, int], list[Any]] = {}
        for one in self.connection.execute(*chunks_of(stream[:1], stream[1:])).all():
            groups.setdefault((one.window_start, one.window_end, tier(one.rows)), []).append(one)
        gone: list[Any] = []
        for (_, _, size), chunks in groups.items():
            if len(chunks) <= MOST or size >= FULL:
                continue
            frames = [read_chunk(self.blobs, one) for one in chunks]
            table = schema.chunk
            self.connection.execute(delete(table).where(table.c.chunk.in_([one.chunk for one in chunks])))
            for window, rows in cut(pl.concat(frames)):
                self._keep(stream, window, rows)
            gone += chunks
        return [(one.subject, one.raw_hash) for one in gone]

    def _unnamed(self, blobs: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Those that no chunk names: what is joined and cut by months again may be the bytes that were there."""
        table = schema.chunk
        named: set[tuple[str, str]] = set()
        for some in pieces(blobs):
            query = select(table.c.subject, table.c.raw_hash).where(table.c.raw_hash.in_([name for _, name in some]))
            named.update((row.subject, row.raw_hash) for row in self.connection.execute(query))
        return tuple(one for one in blobs if one not in named)


def chunks_of(
    subjects: Sequence[str], names: Sequence[str], first: int | None = None, last: int | None = None
) -> tuple[Any, dict[str, Any]]:
    """Statement and values of the chunks of streams that may hold a start from `first` to `last`, in order; of all
    signals for ()."""
    given = {"first": first, "last": last}
    bounds = {name: one for name, one in given.items() if one is not None}
    values = {f"subject{k}": one for k, one in enumerate(subjects)} | {f"name{k}": one for k, one in enumerate(names)}
    return _chunk_statement(len(subjects), len(names), frozenset(bounds)), values | bounds


@lru_cache(maxsize=256)
def _chunk_statement(subjects: int, names: int, bounds: frozenset[str]) -> Any:
    table = schema.chunk
    query = select(table).where(one_of(table.c.subject, "subject", subjects))
    if names:
        query = query.where(one_of(table.c.signal, "name", names))
    if "first" in bounds:
        query = query.where(table.c.last_ms >= bindparam("first"))
    if "last" in bounds:
        query = query.where(table.c.first_ms <= bindparam("last"))
    return query.order_by(table.c.first_ms, table.c.chunk)


def read_chunk(blobs: BlobStore, chunk: Any, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """The rows of one chunk (a row of table `chunk`), or some columns of them."""
    return from_parquet(blobs.get(chunk.subject, chunk.raw_hash), columns)


def read_samples(
    blobs: BlobStore, chunks: Sequence[Any], first: int | None = None, last: int | None = None
) -> pl.DataFrame:
    """Samples of the chunks that start from `first` to `last` (both included), in order of start."""
    import polars as pl

    frames = [read_chunk(blobs, one) for one in chunks]
    if not frames:
        return pl.DataFrame(schema=sample_schema())
    rows = pl.concat(frames)
    if first is not None:
        rows = rows.filter(pl.col("start") >= first)
    if last is not None:
        rows = rows.filter(pl.col("start") <= last)
    return rows.sort("start", "end", "source", "raw", "unit", "text", maintain_order=True)
