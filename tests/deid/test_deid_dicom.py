"""De-identification over all files that pydicom ships: nothing that identifies is left anywhere in the bytes."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import pydicom
import pytest
from pydicom import dcmread

from vitruvian.core import DataError
from vitruvian.deid import deidentify_dicom
from vitruvian.deid.keyed import new_uid

pytest.importorskip("dicomanonymizer", reason="needs the extra imaging")

FOLDER = Path(pydicom.__file__).parent / "data"
FILES = sorted(p for kind in ("test_files", "charset_files") for p in (FOLDER / kind).rglob("*") if p.is_file())
KEY = b"a key of this test"
IDENTIFYING = [
    "PatientName", "PatientID", "OtherPatientIDs", "OtherPatientNames", "PatientBirthDate", "PatientAddress",
    "PatientTelephoneNumbers", "AccessionNumber", "InstitutionName", "InstitutionAddress", "ReferringPhysicianName",
    "PerformingPhysicianName", "OperatorsName", "NameOfPhysiciansReadingStudy", "PhysiciansOfRecord",
    "RequestingPhysician", "StationName", "DeviceSerialNumber", "AdmissionID", "StudyInstanceUID",
    "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID", "InstanceCreatorUID", "StudyID", "StudyDescription",
    "SeriesDescription", "PersonName", "VerifyingObserverName", "ContentCreatorName",
]  # fmt: skip
TECHNICAL = ["Manufacturer", "ManufacturerModelName", "ImageType", "BodyPartExamined", "ImageID"]
DATES = ["StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate", "InstanceCreationDate", "AcquisitionDateTime"]


def opened(source: Path | bytes) -> pydicom.Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dcmread(io.BytesIO(source) if isinstance(source, bytes) else source, force=True)


def objects() -> list[Path]:
    found = []
    for path in FILES:
        if path.suffix in (".json", ".txt", ".dump", ".gz", ".icc") or "IM0000" in path.name:
            continue
        data = opened(path)
        if data.get("SOPInstanceUID") and data.get("SOPClassUID"):
            found.append(path)
    return found


OBJECTS = objects()


def values(data: pydicom.Dataset, names: list[str]) -> set[str]:
    """Every value of the named elements at any depth, the words of names, and all private text."""
    found: set[str] = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for element in data.iterall():
            if element.keyword in names or (element.tag.is_private and element.VR in ("LO", "PN", "ST", "LT", "SH")):
                several = element.value if element.VM > 1 else [element.value]
                for one in map(str, several):
                    found |= {one, *(one.replace("=", "^").split("^") if element.VR == "PN" else ())}
        kept = " ".join(str(data.get(name)) for name in TECHNICAL)  # a vendor repeats these in private elements
    found = {one.strip() for one in found if one.strip() not in kept} - {pydicom.uid.PYDICOM_ROOT_UID.rstrip(".")}
    return {one for one in found if len(one) > 4 and one.lower() != "none"}


def encodings(data: pydicom.Dataset) -> list[str]:
    given = data.get("SpecificCharacterSet") or "ISO_IR 6"
    named = [given] if isinstance(given, str) else list(given)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ["latin-1", "utf-8", *pydicom.charset.convert_encodings(named)]


def test_there_are_enough_objects() -> None:
    assert len(OBJECTS) > 100


@pytest.mark.filterwarnings("ignore:Invalid value:UserWarning")  # one file has such values: it is meant to
@pytest.mark.parametrize("path", OBJECTS, ids=lambda p: p.name)
def test_nothing_that_identifies_is_left(path: Path) -> None:
    before = opened(path)
    after = deidentify_dicom(path, key=KEY)
    assert before.SOPInstanceUID not in after.content.decode("latin-1")
    for value in values(before, IDENTIFYING) | values(before, DATES):
        for name in encodings(before):
            try:
                written = value.encode(name)
            except (UnicodeEncodeError, LookupError):
                continue
            assert written not in after.content, value
    data = opened(after.content)
    assert data.PatientIdentityRemoved == "YES"
    assert [one.CodeValue for one in data.DeidentificationMethodCodeSequence] == ["113100"]
    assert (
        data.SOPInstanceUID
        == after.uid
        == data.file_meta.MediaStorageSOPInstanceUID
        == new_uid(KEY, before.SOPInstanceUID)
    )
    assert data.SOPClassUID == before.SOPClassUID
    assert not [one for one in data.iterall() if one.tag.is_private]
    assert after.content[:128] == b"\0" * 128
    if "PixelData" in before:
        assert bytes(data.PixelData) == bytes(before.PixelData)


def test_uids_and_person_are_the_same_in_a_set_and_another_under_another_key() -> None:
    files = sorted((FOLDER / "test_files" / "dicomdirtests" / "98892003" / "MR700").iterdir())
    cleaned = [opened(deidentify_dicom(one, key=KEY).content) for one in files]
    assert len({one.StudyInstanceUID for one in cleaned}) == 1
    assert len({one.PatientID for one in cleaned}) == 1
    assert len({one.SOPInstanceUID for one in cleaned}) == len(files)
    other = opened(deidentify_dicom(files[0], key=KEY[::-1]).content)
    assert other.StudyInstanceUID != cleaned[0].StudyInstanceUID
    assert other.PatientID != cleaned[0].PatientID


def test_dates_move_together_and_the_birth_date_goes() -> None:
    path = FOLDER / "test_files" / "waveform_ecg.dcm"
    data = opened(deidentify_dicom(path, key=KEY, shift_days=-10).content)
    assert (data.StudyDate, data.AcquisitionDateTime, data.StudyTime) == ("20130115", "20130115105919", "105919")
    assert not data.PatientBirthDate
    assert data.LongitudinalTemporalInformationModified == "MODIFIED"
    assert [one.CodeValue for one in data.DeidentificationMethodCodeSequence] == ["113100", "113107"]
    with pytest.raises(DataError, match="stay as they are"):
        deidentify_dicom(path, key=KEY, shift_days=0)


def test_burned_in_text_is_warned_of_and_blanked() -> None:
    path = FOLDER / "test_files" / "examples_rgb_color.dcm"
    assert "ultrasound" in " ".join(deidentify_dicom(path, key=KEY).warnings)
    assert not deidentify_dicom(FOLDER / "test_files" / "CT_small.dcm", key=KEY).warnings
    blank = deidentify_dicom(path, key=KEY, blank=[(0, 0, 200, 30)])
    before, after = opened(path).pixel_array, opened(blank.content).pixel_array
    assert before[:30, :200].any()
    assert not after[:30, :200].any()
    assert (before[30:] == after[30:]).all()
    assert (before[:30, 200:] == after[:30, 200:]).all()
    with pytest.raises(DataError, match="within the image"):
        deidentify_dicom(path, key=KEY, blank=[(0, 0, 20000, 30)])


def test_a_name_in_free_text_goes_with_it() -> None:
    data = opened(FOLDER / "test_files" / "CT_small.dcm")
    data.PatientName, data.ContrastFlowRate = "Mustermann^Erika", "2"
    data.ProtocolName, data.BodyPartExamined = "Abdomen", "ABDOMEN"
    data.ImageType = ["ORIGINAL", "PRIMARY", "MUSTERMANN"]
    buffer = io.BytesIO()
    data.save_as(buffer)
    after = deidentify_dicom(buffer.getvalue(), key=KEY)
    assert b"mustermann" not in after.content.lower()
    assert opened(after.content).BodyPartExamined == "ABDOMEN"


@pytest.mark.parametrize("content", [b"", b"\0" * 128 + b"DICM", b"not DICOM at all", b"\x08\x00\x05\x00CS\xff\xff"])
def test_what_is_no_object_is_refused(content: bytes) -> None:
    with pytest.raises(DataError):
        deidentify_dicom(content, key=KEY)
    with pytest.raises(DataError, match="too short"):
        deidentify_dicom(content, key=b"short")


def test_command(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from vitruvian.cli.main import app

    (tmp_path / "note.txt").write_text("Mrs Erika Mustermann, phone 030 1234567, came on 2024-03-01.")
    files = [str(FOLDER / "test_files" / "CT_small.dcm"), str(tmp_path / "note.txt")]
    done = CliRunner().invoke(app, ["deid", *files, "--out", str(tmp_path / "out"), "--name", "Erika Mustermann"])
    assert done.exit_code == 0, done.output
    written = {one.suffix: one.read_bytes() for one in (tmp_path / "out").iterdir()}
    assert b"CompressedSamples" not in written[".dcm"]
    assert b"Mustermann" not in written[".txt"]
    codes = [CliRunner().invoke(app, ["deid", files[1], "--out", str(tmp_path / "one")]).exit_code for _ in range(2)]
    assert codes[0] == 0 != codes[1], "nothing is written over"
