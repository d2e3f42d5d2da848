"""DICOM files (PS3.10) as facts: header, measurements and waveforms; pixels stay in the file, kept by its hash.

An instance is named by its SOP Instance UID: the same UID with other content is another version of it. A file that is
cut short is refused whole, since the image would be there in part only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from vitruvian.core import DataError, now_ms
from vitruvian.ingest.dicom_directory import directory_items, directory_part, is_directory
from vitruvian.ingest.dicom_header import image_fact, taken
from vitruvian.ingest.dicom_person import identifiers, study_record, subject_of
from vitruvian.ingest.dicom_read import Opened, looks_like_dicom, open_dicom
from vitruvian.ingest.dicom_report import report_facts
from vitruvian.ingest.dicom_values import Clock, text
from vitruvian.ingest.dicom_waveform import waveform_facts
from vitruvian.ingest.waveform import hash_of
from vitruvian.record import Draft, Format, Item, RawFile, SourceRecord, Told

if TYPE_CHECKING:
    from pydicom import Dataset


class Dicom(Format):
    """The format "dicom": any SOP instance, or a DICOMDIR."""

    name = "dicom"
    version = "1"
    needs_patient = False

    def claims(self, head: bytes) -> bool:
        """Part 10, or a bare data set that begins like one and names a DICOM UID."""
        return looks_like_dicom(head)

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        """The instance, and person and study as its header tells; the entries of a DICOMDIR.

        Raises `DataError` for a file that is damaged, cut short, without SOP Instance UID, or does not say whose it is.
        """
        opened = open_dicom(file)
        if is_directory(opened.data):
            yield from directory_items(file, opened.data, told)
            return
        uid = _instance_uid(opened.data)
        subject = subject_of(opened.data, told)
        yield _instance(file, opened, uid, subject, told)
        study = study_record(opened.data, subject, told)
        if study is not None:
            yield study

    def part(self, file: RawFile, places: Collection[str]) -> bytes:
        """A DICOMDIR with only the entries at `places`."""
        return directory_part(file, places)


def _instance_uid(data: Dataset) -> str:
    meta = getattr(data, "file_meta", None)
    uid = text(data, "SOPInstanceUID") or (text(meta, "MediaStorageSOPInstanceUID") if meta is not None else "")
    if not uid:
        raise DataError("the file is DICOM but no object: it has no SOP Instance UID", todo="Send the whole object.")
    return uid


def _instance(file: RawFile, opened: Opened, uid: str, subject: str, told: Told) -> SourceRecord:
    data = opened.data
    clock = Clock.of(data, told.zone)
    start = taken(data, clock)
    facts: list[Draft] = [image_fact(opened, start)]
    if "ContentSequence" in data:
        facts += report_facts(data, start, clock)
    if "WaveformSequence" in data:
        facts += waveform_facts(file, data, start)
    version = hash_of([file])
    made = "".join(text(data, name) for name in ("InstanceCreationDate", "InstanceCreationTime"))
    known = start.ms if start is not None else now_ms()
    return SourceRecord(
        "DicomInstance", "", uid, version, f"{made} {version}", subject, "instance", tuple(facts),
        known_ms=known, identifiers=identifiers(data),
    )  # fmt: skip
