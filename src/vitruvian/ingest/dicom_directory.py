"""DICOMDIR (PS3.3 Annex F): each entry accounted for, with the person above it; a missing file is said."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vitruvian.core import DataError, content_hash, now_ms
from vitruvian.ingest.dicom_person import subject_of
from vitruvian.ingest.dicom_read import open_dicom, reading
from vitruvian.ingest.dicom_values import DCM, items, numbers, text
from vitruvian.record import Draft, Item, RawFile, Rejected, SourceRecord, Told

if TYPE_CHECKING:
    from pydicom import Dataset

_DIRECTORY = "1.2.840.10008.1.3.10"
_NEXT, _LOWER = "OffsetOfTheNextDirectoryRecord", "OffsetOfReferencedLowerLevelDirectoryEntity"
_ROOT = (
    "OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity",
    "OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity",
)
_LEVELS = ("PATIENT", "STUDY", "SERIES")
_COMPONENT = re.compile(r"[^/\\\0:]{1,64}")


@dataclass(frozen=True)
class Entry:
    """A record that names a file: its place, and the records above it, from the patient down."""

    record: Dataset
    above: tuple[Dataset, ...]
    place: str


def is_directory(data: Dataset) -> bool:
    """Whether a data set is a DICOMDIR."""
    meta = getattr(data, "file_meta", None)
    return "DirectoryRecordSequence" in data or (
        meta is not None and text(meta, "MediaStorageSOPClassUID") == _DIRECTORY
    )


def entries(data: Dataset) -> list[Entry]:
    """Entries that name a file, with what stands above them. Raises `DataError` for one that does not hang together."""
    records = items(data, "DirectoryRecordSequence")
    above = _by_offset(data, records) if _offset(data, _ROOT[0]) else _by_order(records)
    lost = [one for one in records if id(one) not in above]
    if lost:
        raise DataError("the DICOMDIR has records that nothing leads to", got=len(lost), todo="Write it anew.")
    return [Entry(one, above[id(one)], _place(one)) for one in records if text(one, "ReferencedFileID")]


def _by_offset(data: Dataset, records: list[Dataset]) -> dict[int, tuple[Dataset, ...]]:
    """What stands above each record, by following the offsets (bytes from the start of the file)."""
    at = {int(one.seq_item_tell): one for one in records if one.seq_item_tell is not None}
    found: dict[int, tuple[Dataset, ...]] = {}
    stack: list[tuple[int, tuple[Dataset, ...]]] = [(_offset(data, _ROOT[0]), ())]
    while stack:
        offset, above = stack.pop()
        if not offset:
            continue
        if offset not in at or id(at[offset]) in found:
            raise DataError("the DICOMDIR does not hang together", got=f"offset {offset}", todo="Write it anew.")
        record = at[offset]
        found[id(record)] = above
        stack += [(_offset(record, _NEXT), above), (_offset(record, _LOWER), (*above, record))]
    return found


def _by_order(records: list[Dataset]) -> dict[int, tuple[Dataset, ...]]:
    """The same for a DICOMDIR without offsets: a record belongs to the last one of the level above it."""
    found: dict[int, tuple[Dataset, ...]] = {}
    above: tuple[Dataset, ...] = ()
    for record in records:
        kind = text(record, "DirectoryRecordType")
        depth = _LEVELS.index(kind) if kind in _LEVELS else len(_LEVELS)
        above = above[:depth]
        found[id(record)] = above
        above = (*above, record) if kind in _LEVELS else above
    return found


def _offset(record: Dataset, name: str) -> int:
    found = numbers(record, name)
    return int(found[0]) if found else 0


def _place(record: Dataset) -> str:
    uid = text(record, "ReferencedSOPInstanceUIDInFile")
    return f"entry {uid or content_hash(text(record, 'ReferencedFileID').encode())[:16]}"


def directory_items(file: RawFile, data: Dataset, told: Told) -> Iterator[Item]:
    """One record per entry whose file lies beside the DICOMDIR; the others are rejected, each with its reason."""
    found = entries(data)
    if not found:
        raise DataError("the DICOMDIR lists no file")
    for entry in found:
        owner = next((one for one in entry.above if text(one, "DirectoryRecordType") == "PATIENT"), entry.record)
        try:
            subject = subject_of(owner, told)
        except DataError as error:
            yield Rejected("dicom", entry.place, str(error))
            continue
        name = text(entry.record, "ReferencedFileID")
        if not _beside(file.path, name):
            reason = f"the file {name.replace(chr(92), '/')} that the DICOMDIR names is not beside it"
            todo = "Ingest the whole folder or disc again; a replay has the DICOMDIR alone."
            yield Rejected("dicom", entry.place, f"{reason}. {todo}", subject)
            continue
        yield _record(entry, name, subject)


def _beside(path: Path, name: str) -> bool:
    """Whether the file is there; a name that would lead out of the folder is not."""
    parts = name.split("\\")
    if any(part in (".", "..") or not _COMPONENT.fullmatch(part) for part in parts):
        return False
    return path.parent.joinpath(*parts).is_file()


def _record(entry: Entry, name: str, subject: str) -> SourceRecord:
    record, uid = entry.record, text(entry.record, "ReferencedSOPInstanceUIDInFile")
    detail = {"file": name.replace("\\", "/"), "sop_uid": uid, "type": text(record, "DirectoryRecordType")}
    for level in entry.above:
        for key, keyword in (("study_uid", "StudyInstanceUID"), ("series_uid", "SeriesInstanceUID")):
            if text(level, keyword):
                detail[key] = text(level, keyword)
    version = content_hash(repr(sorted(detail.items())).encode())[:32]
    fact = Draft("image_index", DCM, "DICOMDIR", f"{detail['type']} entry", status="final", detail=detail)
    return SourceRecord(
        "DicomdirEntry", "", f"{uid} {name}", version, version, subject, entry.place, (fact,), known_ms=now_ms()
    )


def directory_part(file: RawFile, places: Collection[str]) -> bytes:
    """The DICOMDIR with only the entries at `places`, and what stands above them; offsets written anew."""
    from pydicom import dcmread

    data = open_dicom(file).data
    kept = [entry for entry in entries(data) if entry.place in places]
    parents: dict[int, int] = {}
    for entry in kept:
        line = (*entry.above, entry.record)
        parents |= {id(one): id(line[k - 1]) if k else 0 for k, one in enumerate(line)}
    with reading():
        records = [one for one in data.DirectoryRecordSequence if id(one) in parents]
        data.DirectoryRecordSequence = records
        draft = dcmread(io.BytesIO(_written(data)), force=True)  # tells where the records will lie
        at = [int(one.seq_item_tell) for one in draft.DirectoryRecordSequence]
        _chain(data, records, parents, at)
        return _written(data)


def _chain(data: Dataset, records: list[Dataset], parents: dict[int, int], at: list[int]) -> None:
    """Set each record's offsets: to the next with the same parent, and to its first child."""
    children: dict[int, list[int]] = {}
    for k, one in enumerate(records):
        children.setdefault(parents[id(one)], []).append(k)
    for level in children.values():
        for k, following in zip(level, [*level[1:], None], strict=True):
            setattr(records[k], _NEXT, 0 if following is None else at[following])
            below = children.get(id(records[k]))
            setattr(records[k], _LOWER, at[below[0]] if below else 0)
    roots = children.get(0, [])
    for name, k in zip(_ROOT, (roots[0], roots[-1]) if roots else (), strict=bool(roots)):
        setattr(data, name, at[k])


def _written(data: Dataset) -> bytes:
    buffer = io.BytesIO()
    data.save_as(buffer)
    return buffer.getvalue()
