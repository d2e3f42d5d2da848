"""Raw bytes by content hash, encrypted under their owner's key: a folder, or any store that fsspec knows (s3://…).

`OWNER/HH/HASH`: OWNER is a pseudonym of the subject, HASH the SHA-256 of what was sealed. A blob is whole or absent.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from vitruvian.core import DataError, UnsupportedError, content_hash
from vitruvian.record.durable import make_folder, sync_folder
from vitruvian.record.keys import KeyRing
from vitruvian.record.scratch import aside_prefix, scratch_folder, sweep_aside

_READ = 1 << 20
_ASIDE = ".aside"
"""Where a folder holds what is being written, in the same file system."""


class Place(Protocol):
    """Where sealed bytes are kept, by name."""

    def has(self, name: str) -> bool:
        """Whether there is something of this name."""

    def write(self, name: str, pieces: Iterable[bytes]) -> None:
        """Keep it whole or not at all; durable on return."""

    def read(self, name: str) -> BinaryIO:
        """A stream of it; raises `FileNotFoundError`."""

    def remove(self, name: str) -> None:
        """Remove one, or all below a name; nothing if there is none."""

    def sweep(self) -> None:
        """Remove what writers that were killed left half written."""


@dataclass(frozen=True)
class Folder:
    """A folder of this machine: written aside, synced, renamed."""

    root: Path

    def has(self, name: str) -> bool:
        return (self.root / name).exists()

    def write(self, name: str, pieces: Iterable[bytes]) -> None:
        target = self.root / name
        make_folder(target.parent)
        make_folder(self.root / _ASIDE)
        handle, aside = tempfile.mkstemp(dir=self.root / _ASIDE, prefix=aside_prefix())
        try:
            with os.fdopen(handle, "wb") as stream:
                for piece in pieces:
                    stream.write(piece)
                stream.flush()
                os.fsync(stream.fileno())
            Path(aside).replace(target)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise
        sync_folder(target.parent)

    def read(self, name: str) -> BinaryIO:
        return (self.root / name).open("rb")

    def remove(self, name: str) -> None:
        path = self.root / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def sweep(self) -> None:
        sweep_aside(self.root / _ASIDE)


@dataclass(frozen=True)
class Bucket:
    """Objects under a URL of fsspec."""

    url: str

    def has(self, name: str) -> bool:
        files, path = self._files(name)
        return bool(files.exists(path))

    def write(self, name: str, pieces: Iterable[bytes]) -> None:
        files, path = self._files(name)
        with files.open(path, "wb") as stream:
            for piece in pieces:
                stream.write(piece)

    def read(self, name: str) -> BinaryIO:
        files, path = self._files(name)
        return cast(BinaryIO, files.open(path, "rb"))

    def remove(self, name: str) -> None:
        files, path = self._files(name)
        if files.exists(path):
            files.rm(path, recursive=True)

    def sweep(self) -> None:
        """Nothing: an object appears when its upload is whole."""

    def _files(self, name: str) -> tuple[Any, str]:
        from fsspec.core import url_to_fs

        try:
            return cast(tuple[Any, str], url_to_fs(f"{self.url.rstrip('/')}/{name}", use_listings_cache=False))
        except ImportError as error:
            todo = 'Install the extra: pip install "vitruvian[cloud]".'
            raise UnsupportedError(
                "this kind of blob store needs another package", got=str(error), todo=todo
            ) from error


@dataclass(frozen=True)
class BlobStore:
    """Blobs of subjects at a place."""

    place: Place
    keys: KeyRing

    @classmethod
    def open(cls, where: str | Path, keys: KeyRing) -> BlobStore:
        """A store in a folder or under a URL."""
        text = str(where)
        return cls(Bucket(text) if "://" in text else Folder(Path(text)), keys)

    def put(self, owner: str, data: bytes) -> str:
        """Keep `data` under `owner`'s key, durable on return; gives its hash. The same bytes twice change nothing."""
        return self._keep(owner, content_hash(data), [data])

    def put_file(self, owner: str, path: Path) -> str:
        """Keep a file of any size under `owner`'s key; gives its hash."""
        return self._keep(owner, file_hash(path), _pieces(path))

    def get(self, owner: str, name: str) -> bytes:
        """The bytes of hash `name`, checked; raises `DataError` if absent or altered."""
        return b"".join(self._open(owner, name))

    @contextmanager
    def file(self, owner: str, name: str, called: str = "", beside: Sequence[tuple[str, str]] = ()) -> Iterator[Path]:
        """The bytes as a private temporary file (named `called`) for readers that need one; gone afterwards.

        `beside`: (file name, blob) of files that lie beside it.
        """
        with scratch_folder() as folder:
            for other, blob in beside:
                with (Path(folder) / Path(other).name).open("wb") as stream:
                    stream.writelines(self._open(owner, blob))
            path = Path(folder) / (Path(called).name or name)
            with path.open("wb") as stream:
                stream.writelines(self._open(owner, name))
            yield path

    def remove(self, owner: str, name: str) -> None:
        """Remove one blob."""
        self.place.remove(self._name(owner, name))

    def sweep(self) -> None:
        """Remove what writers that were killed left half written."""
        self.place.sweep()

    def drop_owner(self, owner: str) -> None:
        """Remove all blobs of a subject."""
        self.place.remove(self.keys.pseudonym(owner))

    def _keep(self, owner: str, name: str, pieces: Iterable[bytes]) -> str:
        target = self._name(owner, name)
        if not self.place.has(target):
            self.place.write(target, self.keys.cipher(owner).seal_stream(pieces))
        return name

    def _open(self, owner: str, name: str) -> Iterator[bytes]:
        digest = sha256()
        try:
            stream = self.place.read(self._name(owner, name))
        except FileNotFoundError as error:
            todo = "Restore the blob store from a backup."
            raise DataError("raw bytes are not in the blob store", got=name, todo=todo) from error
        with stream:
            for piece in self.keys.cipher(owner).open_stream(stream):
                digest.update(piece)
                yield piece
        if digest.hexdigest() != name:
            raise DataError("raw bytes are not those that were kept", got=digest.hexdigest(), allowed=name)

    def _name(self, owner: str, name: str) -> str:
        return f"{self.keys.pseudonym(owner)}/{name[:2]}/{name}"


def file_hash(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    digest = sha256()
    for piece in _pieces(path):
        digest.update(piece)
    return digest.hexdigest()


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while piece := stream.read(_READ):
            yield piece
