"""The files of the analytic copy: Parquet, sealed under a key of its own, listed in one sealed index.

Nothing lies open: a part is written from memory and read into memory. DuckDB's own encryption is not used: without a
downloaded extension its writer takes nonces from a source that it calls unsafe itself.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import orjson

from vitruvian.record.blobs import Folder
from vitruvian.record.keys import KeyRing

if TYPE_CHECKING:
    import polars as pl

OWNER = "@analytic"
TABLES = ("facts", "resources", "samples")
_INDEX = "index"
_SEVERAL = 12  # parts of one table and kind before they are joined
_LARGE = 1_000_000  # rows of a part that is not joined to others, so that reading part after part stays bounded


@dataclass(frozen=True, slots=True)
class Part:
    """One file: which table it belongs to, of which kind (type of its resources, else ""), how many rows."""

    name: str
    table: str
    kind: str
    rows: int


@dataclass(frozen=True, slots=True)
class Index:
    """What the copy holds: parts, and the provenances and chunks of the record that went in."""

    generation: str = ""
    parts: tuple[Part, ...] = ()
    provs: frozenset[int] = frozenset()
    chunks: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Parts:
    """The folder of the copy."""

    folder: Folder
    keys: KeyRing

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One writer at a time."""
        import fcntl

        self.folder.root.mkdir(parents=True, exist_ok=True)
        with (self.folder.root / "lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def index(self) -> Index:
        """The index; an empty one where there is no copy, or where its key is gone."""
        if not self.folder.has(_INDEX) or not self.keys.holds(OWNER):
            return Index()
        told = orjson.loads(self._open(_INDEX))
        parts = tuple(Part(*one) for one in told["parts"])
        return Index(told["generation"], parts, frozenset(told["provs"]), frozenset(told["chunks"]))

    def publish(self, index: Index) -> Index:
        """Make `index` the content of the copy, whole or not at all; files that it does not name go."""
        index = replace(index, generation=uuid4().hex)
        told: dict[str, Any] = {
            "generation": index.generation,
            "parts": [[one.name, one.table, one.kind, one.rows] for one in index.parts],
            "provs": sorted(index.provs),
            "chunks": sorted(index.chunks),
        }
        self._keep(_INDEX, orjson.dumps(told))
        named = {one.name for one in index.parts} | {_INDEX, "lock"}
        for path in self.folder.root.iterdir():
            if path.name not in named and path.is_file():
                path.unlink()
        self.folder.sweep()
        return index

    def write(self, table: str, kind: str, rows: pl.DataFrame) -> Part:
        """Keep rows as a new part; it counts once the index names it."""
        stream = io.BytesIO()
        rows.write_parquet(stream, compression="zstd", compression_level=1)
        part = Part(f"{table}-{uuid4().hex}", table, kind, rows.height)
        self._keep(part.name, stream.getvalue())
        return part

    def read(self, part: Part, columns: list[str] | None = None) -> pl.DataFrame:
        """The rows of a part."""
        import polars as pl

        return pl.read_parquet(io.BytesIO(self._open(part.name)), columns=columns)

    def without(self, parts: tuple[Part, ...], column: str, values: pl.Series) -> tuple[Part, ...]:
        """The parts without rows whose `column` is one of `values`; only files that hold such rows are rewritten."""
        import polars as pl

        kept: list[Part] = []
        for part in parts:
            hit = len(values) > 0 and self.read(part, [column])[column].is_in(values.implode()).any()
            if not hit:
                kept.append(part)
                continue
            left = self.read(part).filter(~pl.col(column).is_in(values.implode()))
            if left.height:
                kept.append(self.write(part.table, part.kind, left))
        return tuple(kept)

    def joined(self, parts: tuple[Part, ...]) -> tuple[Part, ...]:
        """The parts, many small ones of one table and kind made few."""
        import polars as pl

        groups: dict[tuple[str, str], list[Part]] = {}
        for one in parts:
            groups.setdefault((one.table, one.kind), []).append(one)
        found: list[Part] = []
        for (table, kind), members in groups.items():
            small = [one for one in members if one.rows < _LARGE]
            if len(small) <= _SEVERAL:
                found += members
                continue
            found += [one for one in members if one.rows >= _LARGE]
            for bunch in _bunches(small):
                found.append(self.write(table, kind, pl.concat([self.read(one) for one in bunch])))
        return tuple(found)

    def _keep(self, name: str, data: bytes) -> None:
        self.keys.make([OWNER])
        self.folder.write(name, self.keys.cipher(OWNER).seal_stream([data]))

    def _open(self, name: str) -> bytes:
        with self.folder.read(name) as stream:
            return b"".join(self.keys.cipher(OWNER).open_stream(stream))


def _bunches(parts: list[Part]) -> Iterator[list[Part]]:
    """Parts in groups that are large together, but for the last."""
    bunch: list[Part] = []
    for one in parts:
        bunch.append(one)
        if sum(each.rows for each in bunch) >= _LARGE:
            yield bunch
            bunch = []
    if bunch:
        yield bunch


def folder_at(path: Path) -> Folder:
    """The folder of a copy."""
    return Folder(path)
