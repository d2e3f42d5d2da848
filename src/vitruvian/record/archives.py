"""Archives (zip, tar, tar.gz) given to an ingest, opened as folders; what could do harm refuses the archive whole.

Members go to a private temporary folder, one after the other. Refused: paths that lead outside, links and devices,
encryption, more than the limits below (a bomb), archives nested more than two deep. A zip that is a format of its own
(a workbook, a document) stays whole.
"""

from __future__ import annotations

import io
import lzma
import os
import re
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from vitruvian.core import DataError, InputError, StoreError, UnsupportedError
from vitruvian.record.formats import RawFile
from vitruvian.record.scratch import scratch_folder

MOST_BYTES = 64 << 30
MOST_MEMBERS = 200_000
MOST_RATIO = 1000
"""Bytes of all members for one byte of the archive, beyond the first 64 MiB."""
FREE = 64 << 20
DEEPEST = 2
_PIECE = 1 << 20
MOST_HEADER = 1 << 20
"""Bytes of one extended header of a tar."""
_BROKEN = (
    zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, NotImplementedError, OSError,
    ValueError, LookupError, RuntimeError,
)  # fmt: skip
# a document that is a zip archive: its parts come in any order
_OFFICE = re.compile(rb"PK\x03\x04.{26}(?:\[Content_Types\]\.xml|mimetype|xl/|word/|ppt/)", re.DOTALL)


def is_archive(file: RawFile) -> bool:
    """Whether a file is an archive to be opened, by its content."""
    head = file.head
    if head[257:262] == b"ustar":
        return True
    return head[:4] == b"PK\x03\x04" and _OFFICE.search(head) is None


@contextmanager
def opened(paths: Sequence[Path]) -> Iterator[list[RawFile | tuple[RawFile, InputError]]]:
    """All files of `paths`, archives opened; an archive that is refused comes with the reason."""
    with scratch_folder() as folder:
        yield [one for path in paths for one in _open(RawFile(path), Path(folder), DEEPEST, _Room(path))]


def _open(file: RawFile, folder: Path, depth: int, room: _Room) -> Iterator[RawFile | tuple[RawFile, InputError]]:
    if not is_archive(file):
        yield file
        return
    inside = Path(tempfile.mkdtemp(dir=folder))
    name = file.origin or file.name
    try:
        if depth == 0:
            raise DataError("an archive in an archive in an archive is not opened", got=name, todo="Unpack it first.")
        members = _unpack(file, inside, room)
    except InputError as error:
        shutil.rmtree(inside)
        yield file, error
        return
    except _BROKEN as error:
        shutil.rmtree(inside)
        yield file, DataError("the archive is damaged", got=str(error) or type(error).__name__, todo="Fetch it again.")
        return
    for member in members:
        yield from _open(RawFile(inside / member, f"{name}!{member}"), folder, depth - 1, room)


def _unpack(file: RawFile, inside: Path, room: _Room) -> list[str]:
    """Names of the members, each written below `inside`; raises `DataError`."""
    if file.head[:2] == b"PK":
        with zipfile.ZipFile(file.path) as archive:
            return [_write(archive, one, inside, room) for one in archive.infolist() if not one.is_dir()]
    with tarfile.open(file.path, "r:*", tarinfo=_Member, errors="strict") as tar:
        found = []
        for member in tar:
            room.member()
            if member.isdir():
                continue
            if not member.isfile():
                raise DataError("the archive holds a link or a device", got=member.name, allowed="files and folders")
            stream = tar.extractfile(member)
            assert stream is not None
            found.append(_copy(stream, member.name, inside, room))
        return found


def _write(archive: zipfile.ZipFile, one: zipfile.ZipInfo, inside: Path, room: _Room) -> str:
    room.member()
    if one.flag_bits & 1:
        raise UnsupportedError("the archive is encrypted", got=one.filename, todo="Unpack it with its password first.")
    if stat.S_ISLNK(one.external_attr >> 16):
        raise DataError("the archive holds a link or a device", got=one.filename, allowed="files and folders")
    with archive.open(one) as stream:
        return _copy(stream, one.filename, inside, room)


class _Member(tarfile.TarInfo):
    """A member whose extended headers are small: the library reads them whole."""

    def _proc_pax(self, tar: tarfile.TarFile) -> tarfile.TarInfo:
        return self._bounded(super()._proc_pax, tar)  # type: ignore[misc]

    def _proc_gnulong(self, tar: tarfile.TarFile) -> tarfile.TarInfo:
        return self._bounded(super()._proc_gnulong, tar)  # type: ignore[misc]

    def _bounded(self, read: Callable[[tarfile.TarFile], tarfile.TarInfo], tar: tarfile.TarFile) -> tarfile.TarInfo:
        if self.size > MOST_HEADER:
            raise DataError("a header of the archive is too long", got=f"{self.size} bytes", allowed=MOST_HEADER)
        return read(tar)


class _Room:
    """How much a given file may still unpack to, archives inside it included."""

    def __init__(self, path: Path) -> None:
        self.left = min(MOST_BYTES, max(FREE, path.stat().st_size * MOST_RATIO))
        self.members = MOST_MEMBERS

    def take(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise DataError(
                "the archive unpacks to too much", allowed=f"{MOST_RATIO} times its size, {MOST_BYTES} bytes"
            )

    def member(self) -> None:
        self.members -= 1
        if self.members < 0:
            raise DataError("the archive has too many members", allowed=MOST_MEMBERS)


def _copy(stream: IO[bytes], name: str, inside: Path, room: _Room) -> str:
    safe = PurePosixPath(name.replace("\\", "/"))
    if not safe.parts or safe.is_absolute() or ".." in safe.parts or ":" in safe.parts[0] or "\x00" in name:
        raise DataError("a path in the archive leads outside of it", got=name, allowed="relative paths")
    target = inside / safe
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        out = io.FileIO(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w")
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise DataError("the archive holds the same name twice", got=name, allowed="each name once") from error
    with out:
        while piece := stream.read(_PIECE):
            room.take(len(piece))
            _save(out, piece)
    return str(safe)


def _save(out: io.FileIO, piece: bytes) -> None:
    """Write all of it; raises `StoreError` where the disk is at fault, not the archive."""
    try:
        if out.write(piece) != len(piece):
            raise OSError("the disk is full")
    except OSError as error:
        todo = "Free space in the folder for temporary files (TMPDIR)."
        raise StoreError("an archive could not be unpacked", got=str(error), todo=todo) from error
