"""What the header of a DICOM object says of the image, segmentation or document: one fact an instance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vitruvian.core import DataError, Instant
from vitruvian.ingest.dicom_read import Opened
from vitruvian.ingest.dicom_values import DCM, Clock, coded, count, items, moment, moment_of, number, numbers, text
from vitruvian.record import Draft

if TYPE_CHECKING:
    from pydicom import Dataset

_TEXTS = {
    "sop_uid": "SOPInstanceUID", "study_uid": "StudyInstanceUID", "series_uid": "SeriesInstanceUID",
    "frame_of_reference_uid": "FrameOfReferenceUID", "series": "SeriesDescription", "study": "StudyDescription",
    "protocol": "ProtocolName", "sequence": "SequenceName", "laterality": "Laterality",
    "image_laterality": "ImageLaterality", "position": "PatientPosition", "view": "ViewPosition",
    "image_type": "ImageType", "photometric": "PhotometricInterpretation", "manufacturer": "Manufacturer",
    "model": "ManufacturerModelName", "serial": "DeviceSerialNumber", "station": "StationName",
    "software": "SoftwareVersions", "accession": "AccessionNumber", "contrast": "ContrastBolusAgent",
    "burned_in_annotation": "BurnedInAnnotation", "lossy": "LossyImageCompression",
    "identity_removed": "PatientIdentityRemoved", "document_title": "DocumentTitle",
    "document_type": "MIMETypeOfEncapsulatedDocument", "label": "RTPlanLabel", "structure_set": "StructureSetLabel",
}  # fmt: skip
_COUNTS = {
    "series_number": "SeriesNumber", "instance_number": "InstanceNumber", "rows": "Rows", "columns": "Columns",
    "frames": "NumberOfFrames", "samples_per_pixel": "SamplesPerPixel", "bits_stored": "BitsStored",
}  # fmt: skip
_NUMBERS = {
    "spacing_mm": "PixelSpacing", "imager_spacing_mm": "ImagerPixelSpacing", "slice_thickness_mm": "SliceThickness",
    "spacing_between_slices_mm": "SpacingBetweenSlices", "position_mm": "ImagePositionPatient",
    "orientation": "ImageOrientationPatient", "kvp": "KVP", "field_tesla": "MagneticFieldStrength",
    "echo_time_ms": "EchoTime", "repetition_time_ms": "RepetitionTime", "frame_time_ms": "FrameTime",
    "heart_rate_per_min": "HeartRate",
}  # fmt: skip
_KINDS = {"SEG": "segmentation", "SR": "dicom", "ECG": "dicom", "HD": "dicom", "EPS": "dicom"}
_WHEN = (
    ("AcquisitionDate", "AcquisitionTime"), ("ContentDate", "ContentTime"), ("SeriesDate", "SeriesTime"),
    ("StudyDate", "StudyTime"), ("InstanceCreationDate", "InstanceCreationTime"),
)  # fmt: skip


def taken(data: Dataset, clock: Clock) -> Instant | None:
    """When it was acquired, else made; None where the header holds no date."""
    found = moment_of(data, "AcquisitionDateTime", clock)
    for date, time in _WHEN:
        found = found or moment(data, date, time, clock)
    return found


def image_fact(opened: Opened, start: Instant | None, status: str = "final") -> Draft:
    """Modality, body part, description, device, geometry and UIDs; the pixels stay in the file."""
    data, flags = opened.data, [] if start is not None else ["no_time"]
    modality = text(data, "Modality")
    uid, meta = text(data, "SOPClassUID"), getattr(data, "file_meta", None)
    detail: dict[str, Any] = {"sop_class": _name_of_uid(uid), "sop_class_uid": uid}
    if meta is not None:
        detail["transfer_syntax"] = _name_of_uid(text(meta, "TransferSyntaxUID"))
    detail |= _filled({key: text(data, name) for key, name in _TEXTS.items()})
    for key, name in _COUNTS.items():
        detail |= _kept(key, name, data, flags, count)
    for key, name in _NUMBERS.items():
        detail |= _kept(key, name, data, flags, _one_or_more)
    detail |= _geometry(data, detail) | _body_part(data) | _segments(data)
    if opened.notes:
        flags.append("nonconformant")
        detail["notes"] = list(opened.notes[:10])
    kind = _KINDS.get(modality, "image")
    words = (detail.get("series"), detail.get("study"), detail.get("document_title"), detail["sop_class"])
    return Draft(
        kind, DCM, modality, next((one for one in words if one), "DICOM object"), ".header",
        start=start, status=status, flags=tuple(dict.fromkeys(flags)), detail=_filled(detail),
    )  # fmt: skip


def _name_of_uid(uid: str) -> str:
    from pydicom.uid import UID

    return UID(uid).name if uid else ""


def _one_or_more(data: Dataset, name: str) -> float | list[float] | None:
    found = numbers(data, name)
    return None if not found else found[0] if len(found) == 1 else found


def _kept(key: str, name: str, data: Dataset, flags: list[str], read: Any) -> Mapping[str, Any]:
    """The value; one that cannot be is kept as text and flagged."""
    try:
        return {key: read(data, name)}
    except DataError:
        flags.append("bad_header_value")
        return {f"{key}_as_received": text(data, name)[:80]}


def _geometry(data: Dataset, detail: Mapping[str, Any]) -> dict[str, Any]:
    """Spacing of multi-frame objects, from the groups that all frames share."""
    found: dict[str, Any] = {}
    for shared in items(data, "SharedFunctionalGroupsSequence")[:1]:
        for measures in items(shared, "PixelMeasuresSequence")[:1]:
            found["spacing_mm"] = numbers(measures, "PixelSpacing") or detail.get("spacing_mm")
            found["slice_thickness_mm"] = number(measures, "SliceThickness")
            found["spacing_between_slices_mm"] = number(measures, "SpacingBetweenSlices")
    return _filled(found)


def _body_part(data: Dataset) -> dict[str, Any]:
    system, code, meaning = coded(data, "AnatomicRegionSequence")
    found: dict[str, Any] = {"body_part": text(data, "BodyPartExamined") or meaning}
    if code:
        found["body_part_code"] = {"system": system, "code": code}
    return _filled(found)


def _segments(data: Dataset) -> dict[str, Any]:
    found = []
    for one in items(data, "SegmentSequence"):
        system, code, meaning = coded(one, "SegmentedPropertyTypeCodeSequence")
        shown = {
            "number": count(one, "SegmentNumber"), "label": text(one, "SegmentLabel"),
            "algorithm": text(one, "SegmentAlgorithmName"), "algorithm_type": text(one, "SegmentAlgorithmType"),
            "system": system, "code": code, "meaning": meaning,
        }  # fmt: skip
        found.append(_filled(shown))
    return {"segments": found} if found else {}


def _filled(detail: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in detail.items() if v not in (None, "", [], {})}
