"""How file formats reach the record without the record knowing them.

A format is an object with the attributes below, passed in or found through the entry-point group
"vitruvian.formats"; the built-in ones (room `ingest`) come in through the same door.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

from vitruvian.core import DataError, InputError
from vitruvian.record.fact import Parsed

GROUP = "vitruvian.formats"
HEAD = 65536
LIMIT = 1 << 30  # bytes of one file after decompression


@dataclass(frozen=True)
class RawFile:
    """A file as received, read when asked: `data` are its bytes, `content` the same with gzip undone."""

    path: Path

    @property
    def name(self) -> str:
        """File name without folders."""
        return self.path.name

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
        """The whole content; raises `DataError` if truncated, damaged, or larger than 1 GiB."""
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


class Format(Protocol):
    """One file format: recognises content, and turns it into records about people."""

    @property
    def name(self) -> str:
        """Short name, such as "fhir"."""

    @property
    def version(self) -> str:
        """Version of the parser, kept in provenance."""

    @property
    def needs_patient(self) -> bool:
        """The file does not say whose it is."""

    def claims(self, head: bytes) -> bool:
        """Whether content that begins with `head` is this format."""

    def parse(self, file: RawFile, patient: str | None) -> Parsed:
        """Read the file; raises an `InputError` to quarantine it whole."""


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
    """The format that claims the content; raises `DataError` if none does."""
    for one in formats:
        if one.claims(file.head):
            return one
    shown = repr(file.head[:40])
    raise DataError("the file is of no known format", got=shown, allowed=", ".join(one.name for one in formats))
