"""Opening a DICOM file (PS3.10) with pydicom: whole or refused, large values left on disk.

Pixel data and other values beyond `DEFER` bytes are not loaded; that they are there to the last byte is checked.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO
from warnings import catch_warnings, simplefilter

from vitruvian.core import DataError
from vitruvian.record import RawFile

if TYPE_CHECKING:
    from pydicom import Dataset
    from pydicom.dataset import FileDataset

DEFER = 1 << 20
LIMIT = 1 << 28  # bytes of a deflated data set, or of one sequence that is loaded
_UNDEFINED = 0xFFFFFFFF
_UID_ROOT = b"1.2.840.10008."
_FIRST_GROUPS = (b"\x08\x00", b"\x00\x08", b"\x02\x00")


@dataclass(frozen=True)
class Opened:
    """A data set with what the library found wrong in it, in words."""

    data: FileDataset
    notes: tuple[str, ...]


def looks_like_dicom(head: bytes) -> bool:
    """Part 10 by its mark; without a preamble only if it begins with group 0002 or 0008 and names a DICOM UID."""
    if head[128:132] == b"DICM":
        return True
    return head[:2] in _FIRST_GROUPS and _UID_ROOT in head[:2048] and _first_element(head)


def _first_element(head: bytes) -> bool:
    """Whether the first element has a value representation, or a short length without one."""
    return head[4:6].isalpha() or int.from_bytes(head[4:8], "little") < 256


def open_dicom(file: RawFile) -> Opened:
    """The data set of a file, large values deferred; raises `DataError` if it is damaged or cut short."""
    from pydicom import dcmread

    with _stream(file) as stream, reading() as notes:
        size = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        _check_inflated(stream)
        data = dcmread(stream, force=True, defer_size=DEFER)
        inflated = data.file_meta.get("TransferSyntaxUID") == "1.2.840.10008.1.2.1.99"
        _check_whole(data, None if inflated else size)
        if not data:
            raise DataError("the file is DICOM in name only: it holds no element")
        return Opened(data, tuple(dict.fromkeys(notes)))


def load_sequence(file: RawFile, data: Dataset, name: str) -> list[Dataset]:
    """The items of a sequence, read again from the file if it was deferred; [] if it is not there."""
    from pydicom import dcmread
    from pydicom.datadict import tag_for_keyword
    from pydicom.dataelem import RawDataElement

    tag = tag_for_keyword(name)
    if tag is None or tag not in data:
        return []
    raw = data.get_item(tag, keep_deferred=True)
    if isinstance(raw, RawDataElement) and raw.value is None and raw.length:
        if raw.length > LIMIT:
            raise DataError(f"{name} is too large", got=f"{raw.length} bytes", allowed=f"{LIMIT} bytes")
        with _stream(file) as stream, reading():
            return list(dcmread(stream, force=True, specific_tags=[tag])[tag].value)
    with reading():
        found = data[tag].value
    if not hasattr(found, "__iter__") or isinstance(found, bytes | str):
        raise DataError(f"{name} is not a sequence", got=str(data[tag].VR))
    return list(found)


@contextmanager
def reading() -> Iterator[list[str]]:
    """Whatever the library raises becomes a `DataError`; its warnings are collected."""
    notes: list[str] = []
    with catch_warnings(record=True) as caught:
        simplefilter("always")
        try:
            yield notes
        except DataError:
            raise
        except (Exception, RecursionError) as error:  # the library raises many unrelated types on damaged files
            raise DataError("the DICOM file is damaged", got=f"{type(error).__name__}: {str(error)[:200]}") from error
        finally:
            notes += [str(one.message)[:200] for one in caught]


@contextmanager
def _stream(file: RawFile) -> Iterator[BinaryIO]:
    """The content; gzip is undone in memory, within the limit of `RawFile.content`."""
    if file.compressed:
        yield io.BytesIO(file.content)
        return
    with file.open() as stream:
        yield stream


def _check_inflated(stream: BinaryIO) -> None:
    """A deflated data set is inflated by the library at once: its size is limited first."""
    if not _deflated(stream):
        return
    stream.seek(132)
    packed, inflater = stream.read(), zlib.decompressobj(-zlib.MAX_WBITS)
    stream.seek(0)
    at = 12 + int.from_bytes(packed[8:12], "little")  # group length of the file meta information
    if len(inflater.decompress(packed[at:], LIMIT + 1)) > LIMIT:
        raise DataError("the data set is too large once inflated", got=f"> {LIMIT} bytes", allowed=f"{LIMIT} bytes")


def _deflated(stream: BinaryIO) -> bool:
    found = b"1.2.840.10008.1.2.1.99" in stream.read(1024)
    stream.seek(0)
    return found


def _check_whole(data: FileDataset, size: int | None) -> None:
    """Raises `DataError` where an element says that it goes on behind the end of the file."""
    from pydicom.datadict import keyword_for_tag
    from pydicom.dataelem import RawDataElement

    for tag in data.keys():  # noqa: SIM118  (iterating over a Dataset converts its values)
        raw: Any = data.get_item(tag, keep_deferred=True)
        if not isinstance(raw, RawDataElement) or raw.length == _UNDEFINED:
            continue
        there = len(raw.value) if raw.value is not None else raw.length
        if size is not None and raw.value is None:
            there = min(raw.length, max(0, size - raw.value_tell))
        if there < raw.length:
            name = keyword_for_tag(tag) or str(tag)
            raise DataError(
                "the file is cut short",
                got=f"{there} bytes of {name}",
                allowed=f"the {raw.length} bytes that it says it has",
                todo="Send it again from the archive; nothing of it was taken in.",
            )
