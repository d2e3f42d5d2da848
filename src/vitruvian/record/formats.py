"""How file formats reach the record without the record knowing them.

A format is an object with the attributes below, passed in or found through the entry-point group
"vitruvian.formats"; the built-in ones (room `ingest`) come in through the same door.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import BinaryIO, ClassVar, Protocol, cast, runtime_checkable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vitruvian.core import DataError, InputError, UnsupportedError
from vitruvian.record.fact import Item

GROUP = "vitruvian.formats"
HEAD = 65536
LIMIT = 1 << 28  # bytes of one file after decompression


def _nobody(_: str) -> str | None:
    return None


def _nothing() -> Mapping[str, frozenset[str]]:
    return {}


def time_zone(name: str | None) -> ZoneInfo | None:
    """The time zone of a name such as "Europe/Berlin", None for None; raises `InputError`."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InputError("no such time zone", got=name, allowed='a name such as "Europe/Berlin"') from error


@dataclass(frozen=True)
class Told:
    """What is said at the door of files that do not say it themselves, and whom the record knows.

    `patient`: the subject whose the file is. `zone`: where its local times were taken. `samples`: subject of each
    sample of a file with several. `mapping`: a confirmed column mapping of laboratory tables. `find` gives the
    subject of an id or identifier that the record knows, else None. `known` gives what the record knows of `patient`:
    values by "name", "birth_date" and "sex".
    """

    patient: str | None = None
    zone: ZoneInfo | None = None
    samples: Mapping[str, str] = field(default_factory=dict)
    mapping: Path | None = None
    find: Callable[[str], str | None] = _nobody
    known: Callable[[], Mapping[str, frozenset[str]]] = _nothing


def readable(name: str) -> str:
    """A file name as text: bytes of a name that are no text are written as "\\xff"."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")


@dataclass(frozen=True)
class RawFile:
    """A file as received, read when asked: `data` are its bytes, `content` the same with gzip undone.

    `origin` is what the user knows it by: its name, or "export.zip!inner/name" for a member of an archive.
    """

    path: Path
    origin: str = ""

    @property
    def name(self) -> str:
        """File name without folders; what is no text in it is written as "\\xff"."""
        return readable(self.path.name)

    def open(self) -> BinaryIO:
        """The content as a stream, gzip undone: for files too large to hold."""
        return cast(BinaryIO, gzip.open(self.path)) if self.compressed else self.path.open("rb")

    @cached_property
    def data(self) -> bytes:
        """All bytes as received."""
        return self.path.read_bytes()

    @cached_property
    def _start(self) -> bytes:
        with self.path.open("rb") as stream:
            return stream.read(HEAD)

    @property
    def compressed(self) -> bool:
        """Whether the bytes are gzip (or bgzip)."""
        return self._start[:2] == b"\x1f\x8b"

    @cached_property
    def head(self) -> bytes:
        """The first bytes of the content, from which formats recognise it; b"" if they cannot be read."""
        if not self.compressed:
            return self._start
        try:
            return zlib.decompressobj(31).decompress(self._start, HEAD)
        except zlib.error:
            return b""

    @cached_property
    def content(self) -> bytes:
        """The whole content; raises `DataError` if truncated, damaged, or larger than `LIMIT`."""
        if not self.compressed:
            return self.data
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(self.data)) as stream:
                content = stream.read(LIMIT + 1)
        except (EOFError, OSError, zlib.error) as error:
            raise DataError("the compressed file is truncated or damaged", got=str(error)) from error
        if len(content) > LIMIT:
            raise DataError("the file is too large once decompressed", got=f"> {LIMIT} bytes", allowed=f"{LIMIT} bytes")
        return content


@runtime_checkable
class Format(Protocol):
    """One file format: recognises content, and turns it into records about people. Subclass it, one class a format."""

    name: ClassVar[str]
    """Short name, such as "fhir"."""
    version: ClassVar[str]
    """Version of the parser, kept in provenance."""
    needs_patient: ClassVar[bool]
    """The file does not say whose it is."""
    names_people: ClassVar[bool] = False
    """It may name people inside (samples, a column) whom the record knows; then no patient need be told."""
    broad: ClassVar[bool] = False
    """Claims much that it cannot read (any table); it is asked after the others."""

    def claims(self, head: bytes) -> bool:
        """Whether content that begins with `head` (its first 64 KiB, gzip undone) is this format."""

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        """The file's records, samples and rejects, in order; raises an `InputError` to quarantine it whole."""

    def companions(self, file: RawFile) -> Sequence[Path]:
        """Files beside this one that belong to it and are not taken in alone (the .dat of a .hea)."""
        return ()

    def part(self, file: RawFile, places: Collection[str]) -> bytes:
        """A container with just the records at `places`, where those places still lead to them; by it a file about
        several people is split before it is kept. Raises `UnsupportedError` where a file is about one person."""
        raise UnsupportedError(f"a {self.name} file is about one person", got="several", todo="Split the file first.")


@lru_cache(maxsize=1)
def installed_formats() -> tuple[Format, ...]:
    """The formats of the entry-point group "vitruvian.formats", by name; raises `InputError` if there are none."""
    found = tuple(point.load() for point in sorted(entry_points(group=GROUP), key=lambda point: point.name))
    if not found:
        raise InputError(
            "no file format is installed",
            got=f"an empty entry-point group {GROUP!r}",
            todo="Install the package (`pip install -e .`) or pass formats=….",
        )
    return found


def recognise(file: RawFile, formats: Sequence[Format]) -> Format:
    """The format that claims the content, those of a broad claim asked last; raises `DataError` if none does."""
    for one in sorted(formats, key=lambda one: one.broad):
        if one.claims(file.head):
            return one
    shown = repr(file.head[:40])
    raise DataError("the file is of no known format", got=shown, allowed=", ".join(one.name for one in formats))
