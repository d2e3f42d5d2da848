"""De-identification of a DICOM object by PS3.15 Annex E, Basic Application Level Confidentiality Profile.

What is done to each attribute is the table E.1-1 as the package dicom-anonymizer keeps it (release 2026c). It is
applied here at every depth of sequences, with UIDs and the person's id replaced under a key: the same key gives the
same UIDs in every file of a set. Free text that holds the person's name or a number of theirs is emptied as well.
Pixels are left as they are, except for rectangles that the caller names: read the warnings.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from warnings import catch_warnings, simplefilter

from vitruvian.core import DataError, UnsupportedError
from vitruvian.deid.dicom_pixels import Rectangle, blanked, pixel_warnings
from vitruvian.deid.dicom_table import Action, dummy, profile
from vitruvian.deid.keyed import demand_key, new_uid, pseudonym, shift_of

if TYPE_CHECKING:
    from pydicom import DataElement, Dataset
    from pydicom.dataset import FileDataset

_NAMED = (
    "PatientName", "PatientID", "OtherPatientIDs", "OtherPatientNames", "PatientBirthName", "PatientMotherBirthName",
    "PatientAddress", "PatientTelephoneNumbers", "AccessionNumber", "InstitutionName", "ReferringPhysicianName",
    "AdmissionID", "PerformingPhysicianName", "OperatorsName", "MedicalRecordLocator", "MilitaryRank",
)  # fmt: skip
_TEXT = frozenset(["AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"])
_KEPT = frozenset({"SpecificCharacterSet", "SOPClassUID", "Modality", "PixelData"})
_SHORTEST = 4  # letters of a word that is searched for in free text


@dataclass(frozen=True)
class CleanDicom:
    """The object without what identifies, its new SOP Instance UID, and what a person must still look at."""

    content: bytes
    uid: str
    warnings: tuple[str, ...]


def deidentify_dicom(
    source: str | Path | bytes,
    *,
    key: bytes,
    shift_days: int | Literal["person"] | None = None,
    blank: Sequence[Rectangle] = (),
) -> CleanDicom:
    """De-identify one object. `key`: at least 16 secret bytes, the same for all files of a set.

    Dates are removed, or with `shift_days` moved by that many days, or by those of the person under the key (as in
    tables and FHIR, by Patient ID); the birth date is always removed. `blank`: rectangles (left, top, right, bottom;
    pixels) that are set to zero in every frame. Raises `DataError` for a file that is not a whole DICOM object,
    `UnsupportedError` without the extra imaging or for pixels that cannot be decoded.
    """
    demand_key(key)
    if shift_days == 0:
        raise DataError("dates would stay as they are", got="shift_days=0", allowed="a number of days, or None")
    with catch_warnings():
        simplefilter("ignore")
        try:
            data = _opened(source)
            warnings = (*pixel_warnings(data, bool(blank)), *_document_warnings(data))
            if blank:
                blanked(data, blank)
            days = shift_of(key, _person(data)) if shift_days == "person" else shift_days
            _Cleaner(data, key, days).clean(data)
            _mark(data, days, bool(blank))
            return CleanDicom(_written(data, key), str(data.SOPInstanceUID), warnings)
        except (DataError, UnsupportedError):
            raise
        except (Exception, RecursionError) as error:  # the library raises many unrelated types on damaged files
            raise DataError("the DICOM file is damaged", got=f"{type(error).__name__}: {str(error)[:200]}") from error


def _opened(source: str | Path | bytes) -> FileDataset:
    from pydicom import dcmread

    data = dcmread(io.BytesIO(source) if isinstance(source, bytes) else source, force=True)
    if not data.get("SOPInstanceUID") or not data.get("SOPClassUID"):
        raise DataError("not a DICOM object", got="no SOP Instance or Class UID")
    return data


class _Cleaner:
    """Applies the profile to a data set and to all within it."""

    def __init__(self, data: Dataset, key: bytes, shift_days: int | None) -> None:
        self._key, self._shift = key, shift_days
        self._pseudonym = pseudonym(key, _person(data))
        self._words = _words(data)
        self._profile = profile()
        self._gone = {str(one.value) for one in data if self._goes(one)}

    def _goes(self, element: DataElement) -> bool:
        """Whether it is text that the profile removes, long enough to be known again elsewhere."""
        named = self._profile(element.tag.group, element.tag.element) is not None
        return named and element.VR in _TEXT and len(str(element.value)) >= _SHORTEST

    def clean(self, data: Dataset) -> None:
        """In place, at every depth."""
        data.remove_private_tags()
        for element in list(data):
            if element.keyword not in _KEPT:
                self._element(data, element)

    def _element(self, data: Dataset, element: DataElement) -> None:
        action = self._profile(element.tag.group, element.tag.element)
        if element.keyword in ("PatientName", "PatientID"):
            element.value = self._pseudonym
        elif element.VR in ("DA", "DT") and self._shift is not None and element.keyword != "PatientBirthDate":
            element.value = _each(element.value, self._moved)
        elif element.VR == "TM" and self._shift is not None:
            return
        elif element.VR == "UI" and (action is not None or not str(element.value).startswith("1.2.840.10008.")):
            element.value = _each(element.value, lambda uid: new_uid(self._key, uid))
        elif action is Action.REMOVE:
            del data[element.tag]
        elif element.VR == "SQ" and action in (None, Action.UID):
            for item in element.value:
                self.clean(item)
        elif action is Action.EMPTY or (element.VR in ("DA", "DT") and action is None):
            data[element.tag].value = [] if element.VR == "SQ" else None
        elif action is not None:
            element.value = dummy(element.VR)
        elif element.VR in _TEXT and self._speaks_of_them(str(element.value)):
            element.value = None

    def _moved(self, written: str) -> str:
        """A date or date and time, moved; one that is none is removed."""
        try:
            day = datetime.strptime(written[:8], "%Y%m%d") + timedelta(days=self._shift or 0)
        except (ValueError, OverflowError):
            return ""
        return f"{day:%Y%m%d}{written[8:]}"

    def _speaks_of_them(self, text: str) -> bool:
        """Whether it holds a word that names them, or repeats what was removed elsewhere."""
        low = text.lower()
        return text in self._gone or any(word in low for word in self._words)


def _words(data: Dataset) -> frozenset[str]:
    """Words by which the person, and who treated them, are named in the header."""
    found: set[str] = set()
    for name in _NAMED:
        text = str(data.get(name) or "").lower()
        for mark in "^=\\,;()[]{}'\"":
            text = text.replace(mark, " ")
        found |= {word for word in text.split() if len(word) >= _SHORTEST}
    return frozenset(found)


def _each(value: Any, change: Callable[[str], str]) -> Any:
    from pydicom.multival import MultiValue

    if isinstance(value, MultiValue | list):
        return [change(str(one)) for one in value]
    return change(str(value)) if value else value


def _person(data: Dataset) -> str:
    """By which id the person goes."""
    return str(data.get("PatientID") or data.get("PatientName") or "")


def _document_warnings(data: Dataset) -> tuple[str, ...]:
    return ("the encapsulated document was removed: it may name the person",) if "EncapsulatedDocument" in data else ()


def _mark(data: FileDataset, shift_days: int | None, pixels: bool) -> None:
    """Say that it was done, and by which profile and options (PS3.16 CID 7050)."""
    from pydicom.dataset import Dataset

    codes = [("113100", "Basic Application Confidentiality Profile")]
    if shift_days is not None:
        codes.append(("113107", "Retain Longitudinal Temporal Information Modified Dates Option"))
    if pixels:
        codes.append(("113101", "Clean Pixel Data Option"))
    marks = []
    for code, meaning in codes:
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code, "DCM", meaning
        marks.append(item)
    data.PatientIdentityRemoved = "YES"
    data.DeidentificationMethod = "DICOM PS3.15 Annex E"
    data.DeidentificationMethodCodeSequence = marks
    data.LongitudinalTemporalInformationModified = "REMOVED" if shift_days is None else "MODIFIED"


def _written(data: FileDataset, key: bytes) -> bytes:
    """As a Part 10 file with a new, short file meta group and an empty preamble."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

    syntax = data.file_meta.get("TransferSyntaxUID")
    if syntax is None:
        implicit, little = data.original_encoding
        syntax = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian if little else ExplicitVRBigEndian
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    data.file_meta, data.preamble = meta, b"\0" * 128
    buffer = io.BytesIO()
    data.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
