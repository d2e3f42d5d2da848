"""Raw bytes by content hash, in a folder beside the database."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from vitruvian.core import DataError, content_hash


@dataclass(frozen=True)
class BlobStore:
    """A folder of files named by SHA-256; a file is whole or absent (written aside, synced, renamed)."""

    folder: Path

    def put(self, data: bytes) -> str:
        """Keep `data`, durable on return; gives its hash. Keeping the same bytes twice changes nothing."""
        name = content_hash(data)
        target = self._path(name)
        if target.exists():
            return name
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(dir=target.parent, prefix=".part-")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            Path(aside).replace(target)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)
        return name

    def get(self, name: str) -> bytes:
        """The bytes of hash `name`, checked; raises `DataError` if absent or altered."""
        path = self._path(name)
        if not path.exists():
            raise DataError("raw bytes are not in the blob store", got=name, todo=f"Restore the folder {self.folder}.")
        data = path.read_bytes()
        if content_hash(data) != name:
            raise DataError("raw bytes were altered on disk", got=str(path), todo="Restore the file from a backup.")
        return data

    def path(self, name: str) -> Path:
        """Where the bytes of hash `name` lie, for readers that need a file; raises `DataError` if absent."""
        path = self._path(name)
        if not path.exists():
            raise DataError("raw bytes are not in the blob store", got=name, todo=f"Restore the folder {self.folder}.")
        return path

    def _path(self, name: str) -> Path:
        return self.folder / name[:2] / name


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
