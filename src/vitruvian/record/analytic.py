"""The analytic copy of a record: its current content as columns, derived, never the source of truth.

It is brought up to date by what the record took in since (provenances and chunks that the copy has not seen), can be
rebuilt from the record at any time, and forgets whom the record forgets.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, func, select

from vitruvian.core import InputError
from vitruvian.record import schema
from vitruvian.record.analytic_parts import TABLES, Index, Part, Parts, folder_at
from vitruvian.record.analytic_source import fact_frames, resource_frames, sample_frames
from vitruvian.record.blobs import BlobStore
from vitruvian.record.keys import KeyRing
from vitruvian.record.rows import chunks as chunks_of_ids

if TYPE_CHECKING:
    import polars as pl

_FOLDER = "VITRUVIAN_ANALYTIC"


@dataclass(frozen=True, slots=True)
class Refreshed:
    """Rows of the copy by table, and how many were added by this refresh."""

    facts: int
    resources: int
    samples: int
    added: int


@dataclass(frozen=True)
class Analytic:
    """The copy of one record. Reading it goes through `Record.cohort` and `Record.query`."""

    engine: Engine
    keys: KeyRing
    blobs: BlobStore
    parts: Parts

    @classmethod
    def existing(cls, engine: Engine, keys: KeyRing, blobs: BlobStore) -> Analytic | None:
        """The copy, or None where a record on a server has no folder for one."""
        return cls.of(engine, keys, blobs) if os.environ.get(_FOLDER) or engine.dialect.name == "sqlite" else None

    @classmethod
    def of(cls, engine: Engine, keys: KeyRing, blobs: BlobStore) -> Analytic:
        """The copy beside a record: folder NAME.analytic, or VITRUVIAN_ANALYTIC."""
        named = os.environ.get(_FOLDER)
        if not named and engine.dialect.name != "sqlite":
            todo = f"Set {_FOLDER}."
            raise InputError("the analytic copy of a record on a server needs a folder", todo=todo)
        folder = Path(named) if named else Path(f"{engine.url.database}.analytic")
        return cls(engine, keys, blobs, Parts(folder_at(folder), keys))

    def refresh(self) -> Refreshed:
        """Bring the copy up to date: only what changed in the record since the last time is read."""
        with self.parts.locked(), self.engine.connect() as connection:
            return self._refresh(connection, self.parts.index())

    def rebuild(self) -> Refreshed:
        """Make the copy anew from the record."""
        with self.parts.locked(), self.engine.connect() as connection:
            return self._refresh(connection, Index())

    def erase(self, subjects: Collection[str]) -> None:
        """Forget subjects: the files that hold rows of theirs are rewritten."""
        import polars as pl

        if not self.parts.folder.root.is_dir():
            return
        with self.parts.locked():
            index = self.parts.index()
            left = self.parts.without(index.parts, "subject", pl.Series(list(subjects), dtype=pl.String))
            self.parts.publish(Index("", left, index.provs, index.chunks))

    def current(self) -> Index:
        """The index, after a refresh if the record has moved on."""
        index = self.parts.index()
        with self.engine.connect() as connection:
            if index.generation and _extent(index.provs) == extent(connection):
                return index
        self.refresh()
        return self.parts.index()

    def _refresh(self, connection: Connection, old: Index) -> Refreshed:
        import polars as pl

        provs, chunks = _there(connection)
        new = sorted(provs - old.provs)
        made: list[Part] = []
        lines: dict[str, frozenset[str]] = {}
        for frame in fact_frames(connection, self.keys, new):
            _note_categories(frame, lines)
            made.append(self.parts.write("facts", "", frame))
        for frame in resource_frames(connection, self.blobs, new, lines):
            made += self._by_type(frame)
        for frame in sample_frames(connection, self.blobs, chunks - old.chunks):
            made.append(self.parts.write("samples", "", frame))
        kept = self.parts.without(old.parts, "prov", pl.Series(sorted(old.provs - provs), dtype=pl.Int64))
        facts = tuple(one for one in kept if one.table != "samples")
        samples = tuple(one for one in kept if one.table == "samples")
        replaced = pl.Series(_lines(connection, new) if facts else [], dtype=pl.String)
        gone = pl.Series(sorted(old.chunks - chunks), dtype=pl.String)
        kept = (*self.parts.without(facts, "line", replaced), *self.parts.without(samples, "line", gone))
        index = self.parts.publish(Index("", self.parts.joined((*kept, *made)), provs, chunks))
        facts_now, resources_now, samples_now = (_rows(index.parts, table) for table in TABLES)
        return Refreshed(facts_now, resources_now, samples_now, sum(one.rows for one in made))

    def _by_type(self, frame: pl.DataFrame) -> Iterable[Part]:
        for (kind,), rows in frame.group_by("type", maintain_order=True):
            yield self.parts.write("resources", str(kind), rows)


def _extent(provs: Collection[int]) -> tuple[int, int, int]:
    return len(provs), max(provs, default=0), sum(provs)


def extent(connection: Connection) -> tuple[int, int, int]:
    """Number, newest and sum of the provenances of the record: whatever is taken in or erased changes them."""
    prov = schema.provenance.c.prov
    row = connection.execute(select(func.count(), func.coalesce(func.max(prov), 0), func.coalesce(func.sum(prov), 0)))
    count, newest, total = row.one()
    return int(count), int(newest), int(total)


def _there(connection: Connection) -> tuple[frozenset[int], frozenset[str]]:
    """Provenances and chunks of the record now."""
    provs = connection.execute(select(schema.provenance.c.prov)).scalars()
    return frozenset(provs), frozenset(connection.execute(select(schema.chunk.c.chunk)).scalars())


def _lines(connection: Connection, provs: Collection[int]) -> list[str]:
    """Source records whose newest version came with some provenances."""
    resource, head = schema.resource, schema.head
    query = select(head.c.line).join_from(head, resource, resource.c.resource == head.c.resource)
    found: list[str] = []
    for some in chunks_of_ids(list(provs)):
        found += connection.execute(query.where(resource.c.prov.in_(some))).scalars()
    return sorted(found)


def _note_categories(frame: pl.DataFrame, lines: dict[str, frozenset[str]]) -> None:
    for line, categories in frame.select("line", "categories").unique().iter_rows():
        lines[line] = lines.get(line, frozenset()) | frozenset(categories.split())


def _rows(parts: Iterable[Part], table: str) -> int:
    return sum(one.rows for one in parts if one.table == table)
