"""Heads of the audit, kept outside the database: how many rows each shard has, and the hash of its last one.

A head tells that the newest rows were cut off, which a chain alone cannot. Each is signed. It is written after the
commit, so after a crash it may be behind its chain, never ahead; the next write brings it forward, but only along a
chain that passes through it: a head that the chain contradicts stays as it is, for `AuditChain.verify` to find.
"""

from __future__ import annotations

import fcntl
import hmac
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import orjson

from vitruvian.core import DataError, now_ms
from vitruvian.record.durable import sync_folder

WIDTH = 256  # bytes of a head in a file: never across a sector of the disk, so that it is written whole or not


@dataclass(frozen=True, slots=True)
class Head:
    """Rows of a shard and the hash of the last; `first`: rows that were there when the head was begun (0)."""

    count: int
    hash: str
    at_ms: int = 0
    first: int = 0


class Place(Protocol):
    """Where signed heads are kept, as lines of bytes."""

    def locked(self) -> Iterator[None]:
        """Keeps other writers out while it is open, as far as the place can; what was put is durable when it closes."""

    def get(self, shard: int) -> bytes:
        """The line of a shard, b"" if there is none."""

    def put(self, shard: int, line: bytes) -> None:
        """Replace the line of a shard, whole."""


@dataclass(frozen=True)
class HeadFile:
    """A file with one line a shard, each of the same width and replaced in place."""

    path: Path

    def locked(self) -> Iterator[None]:
        new = not self.path.exists()
        with self._open(os.O_RDWR | os.O_CREAT) as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            try:
                yield
            finally:
                os.fsync(handle)
        if new:
            sync_folder(self.path.parent)

    def get(self, shard: int) -> bytes:
        try:
            with self._open(os.O_RDONLY) as handle:
                return os.pread(handle, WIDTH, shard * WIDTH).rstrip(b" \n\x00")
        except FileNotFoundError:
            return b""

    def put(self, shard: int, line: bytes) -> None:
        with self._open(os.O_RDWR | os.O_CREAT) as handle:
            os.pwrite(handle, line.ljust(WIDTH - 1) + b"\n", shard * WIDTH)

    @contextmanager
    def _open(self, flags: int) -> Iterator[int]:
        handle = os.open(self.path, flags, 0o600)
        try:
            yield handle
        finally:
            os.close(handle)


@dataclass(frozen=True)
class HeadStore:
    """Objects under a URL (fsspec: s3://, gs://, memory://), one a shard."""

    url: str

    def locked(self) -> Iterator[None]:
        yield

    def get(self, shard: int) -> bytes:
        files, path = self._files(shard)
        return bytes(files.cat_file(path)) if files.exists(path) else b""

    def put(self, shard: int, line: bytes) -> None:
        files, path = self._files(shard)
        files.pipe_file(path, line)

    def _files(self, shard: int):  # type: ignore[no-untyped-def]
        from fsspec.core import url_to_fs

        return url_to_fs(f"{self.url.rstrip('/')}/{shard}.json", use_listings_cache=False)


def heads_place(name: str, beside: Path | None) -> Place:
    """Where the heads of record `name` are: VITRUVIAN_AUDIT_HEADS (a folder or URL), else the file `beside`.

    Raises `DataError` where neither is given.
    """
    told = os.environ.get("VITRUVIAN_AUDIT_HEADS")
    if told and "://" in told:
        return HeadStore(f"{told.rstrip('/')}/{name}")
    if told:
        Path(told).mkdir(parents=True, exist_ok=True)
        return HeadFile(Path(told) / f"{name}.audit-head")
    if beside is None:
        todo = "Set VITRUVIAN_AUDIT_HEADS to a folder or URL outside the database."
        raise DataError("the audit needs a place for its heads", todo=todo)
    return HeadFile(beside)


@dataclass(frozen=True)
class Heads:
    """Signed heads at a place."""

    place: Place
    key: bytes

    def read(self, shard: int) -> Head | None:
        """The head of a shard, None if there is none; raises `ValueError` if it was altered."""
        line = self.place.get(shard)
        if not line:
            return None
        found = orjson.loads(line)
        mac = found.pop("mac", "")
        if found.pop("shard", None) != shard or not hmac.compare_digest(mac, self._mac(shard, Head(**found))):
            raise ValueError("the head was altered")
        return Head(**found)

    def advance(self, grown: Sequence[tuple[int, Head, Head]], hash_at: Callable[[int, int], str | None]) -> None:
        """Write for each (shard, base, new) `new`, which continues `base`, unless the head says that the chain is not
        what it was; all of a commit are made durable together."""
        for _ in self.place.locked() if grown else ():
            for shard, base, new in grown:
                self._advance(shard, base, new, hash_at)

    def _advance(self, shard: int, base: Head, new: Head, hash_at: Callable[[int, int], str | None]) -> None:
        try:
            old = self.read(shard)
        except (ValueError, TypeError):
            return
        first = base.count if old is None else old.first
        if old is None or _continues(old, base, new, lambda row: hash_at(shard, row)):
            self._put(shard, Head(new.count, new.hash, now_ms(), first))

    def begin(self, shards: int, empty: Head) -> None:
        """Write the heads of an audit without rows, so that a crash after its first row leaves none missing."""
        for _ in self.place.locked():
            for shard in range(shards):
                if not self.place.get(shard):
                    self._put(shard, empty)

    def _put(self, shard: int, head: Head) -> None:
        row = {"shard": shard, "count": head.count, "hash": head.hash, "at_ms": head.at_ms, "first": head.first}
        self.place.put(shard, orjson.dumps(row | {"mac": self._mac(shard, head)}))

    def _mac(self, shard: int, head: Head) -> str:
        text = orjson.dumps([shard, head.count, head.hash, head.at_ms, head.first])
        return hmac.digest(self.key, text, "sha256").hex()


def _continues(old: Head, base: Head, new: Head, hash_at: Callable[[int], str | None]) -> bool:
    """Whether the rows from `base` to `new` lie after the head `old` on one chain."""
    if old.count > base.count:  # another writer was faster, or rows were cut off
        return False
    known = base.hash if old.count == base.count else hash_at(old.count)
    return old.count == 0 or old.hash == known
