"""DICOM: all files that pydicom ships go in, each accounted for, and come out byte for byte; facts of some by hand."""

from __future__ import annotations

import shutil
import zlib
from pathlib import Path

import pydicom
import pytest
from pydicom import Dataset, dcmread
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from vitruvian.core import DataError, content_hash
from vitruvian.ingest import DICOM, FORMATS, read_dicom_waveform, read_segmentation
from vitruvian.ingest.dicom_person import person_name
from vitruvian.record import Draft, Parsed, RawFile, Record, SourceRecord, Told, export_patient
from vitruvian.record.formats import recognise

DATA = Path(pydicom.__file__).parent / "data"
FOLDER = DATA / "test_files"
EVERYTHING = sorted(p for kind in ("test_files", "charset_files") for p in (DATA / kind).rglob("*") if p.is_file())


def read(path: Path, told: Told = Told()) -> Parsed:
    return Parsed.of(DICOM.read(RawFile(path), told))


def facts(path: Path, told: Told = Told()) -> dict[str, Draft]:
    return {fact.path: fact for one in read(path, told).records for fact in one.facts}


def made(folder: Path, name: str = "a.dcm", **values: object) -> Path:
    """A small object with the elements that are given."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.88.33", generate_uid()
    data.PatientID, data.Modality, data.StudyInstanceUID = "p-1", "SR", generate_uid()
    for keyword, value in values.items():
        setattr(data, keyword, value)
    data.save_as(folder / name, enforce_file_format=True)
    return folder / name


def item(**values: object) -> Dataset:
    found = Dataset()
    for keyword, value in values.items():
        setattr(found, keyword, value)
    return found


def code(value: str, scheme: str, meaning: str) -> list[Dataset]:
    return [item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)]


# -- everything that pydicom ships ----------------------------------------------------------------------------------


def test_every_file_is_accounted_for_and_comes_out_again(tmp_path: Path) -> None:
    with Record.open(tmp_path / "clinic.db") as record:
        seen: dict[Path, int] = {}
        report = record.ingest(
            FOLDER,
            DATA / "charset_files",
            formats=FORMATS,
            on_file=lambda path, one: seen.update({path: one.records_in}),
        )
        assert report.records_in == report.stored + report.duplicate + report.quarantined
        assert set(seen) == {p for p in EVERYTHING if not p.name.startswith(".")}
        assert all(count >= 1 for count in seen.values()), "no file vanishes without a word"
        assert all(len(one) > 40 for one in report.problems)
        again = record.ingest(FOLDER, DATA / "charset_files", formats=FORMATS)
        assert (again.stored, again.quarantined) == (0, report.quarantined)
        assert again.duplicate == report.stored + report.duplicate
        waiting = {one.raw_hash for one in record.quarantined()}
        for k, patient in enumerate(record.patients()):
            export_patient(patient, tmp_path / "out" / str(k))
        out = {one.read_bytes() for one in (tmp_path / "out").rglob("*") if one.is_file()}
        mixed = {"DICOMDIR", "DICOMDIR-bigEnd", "DICOMDIR-implicit", "DICOMDIR-nooffset", "DICOMDIR-reordered"}
        for path in EVERYTHING:
            if path.name in mixed and path.parent.name == "dicomdirtests":
                continue  # of two people: split before it is kept
            data = path.read_bytes()
            same = RawFile(path).content in out  # a packed copy of what is there is a duplicate
            assert data in out or same or content_hash(data) in waiting, path


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("MR_truncated.dcm", "cut short"),
        ("rtplan_truncated.dcm", "cut short"),
        ("dicomdirtests/DICOMDIR-empty.dcm", "lists no file"),
        ("dicomdirtests/DICOMDIR-nopatient", "nothing leads to"),
        ("meta_missing_tsyntax.dcm", "no SOP Instance UID"),
        ("ExplVR_LitEndNoMeta.dcm", "whose it is"),
        ("SC_rgb_jpeg.dcm", "whose it is"),
    ],
)
def test_what_is_refused_and_why(name: str, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        read(FOLDER / name)


@pytest.mark.parametrize(
    ("name", "person", "sort"),
    [
        ("chrArab", "لنزار قباني", "SCSARAB"),
        ("chrFren", "Jérôme Buc", "SCSFREN"),
        ("chrFrenMulti", "Jérôme Buc", "SCSFREN"),
        ("chrGerm", "Rüdiger Äneas", "SCSGERM"),
        ("chrGreek", "Διονυσιος", "SCSGREEK"),
        ("chrH31", "Tarou Yamada", "H31EXAMPLE"),
        ("chrHbrw", "דבורה שרון", "SCSHBRW"),
        ("chrI2", "Gildong Hong", "I2EXAMPLE"),
        ("chrJapMulti", "たろう やまだ", "2008-4"),
        ("chrKoreanMulti", "김희중", "2008-3"),
        ("chrRuss", "Люкceмбypг", "SCSRUSS"),
        ("chrX1", "XiaoDong Wang", "X1EXAMPLE"),
    ],
)
def test_character_sets(name: str, person: str, sort: str) -> None:
    found = facts(DATA / "charset_files" / f"{name}.dcm")
    assert found[".name"].value_text == person
    assert read(DATA / "charset_files" / f"{name}.dcm").records[0].subject == sort


def test_names() -> None:
    assert person_name("Adams^John Robert Quincy^^Rev.^B.A. M.Div.") == "Rev. John Robert Quincy Adams B.A. M.Div."
    assert person_name("=山田^太郎") == "太郎 山田"
    assert person_name("^^^^") == ""


# -- header facts ---------------------------------------------------------------------------------------------------


def test_header_of_a_ct() -> None:
    found = facts(FOLDER / "CT_small.dcm")
    image = found[".header"]
    assert (image.kind, image.code, str(image.start)) == ("image", "CT", "1997-04-30T11:29:36-05:00")
    assert (image.detail["rows"], image.detail["columns"]) == (128, 128)
    assert image.detail["spacing_mm"] == [0.661468, 0.661468]
    assert (image.detail["manufacturer"], image.detail["sop_class"]) == ("GE MEDICAL SYSTEMS", "CT Image Storage")
    assert found[".sex"].value_code == "other"
    assert str(found[".study"].start) == "2004-01-19T07:27:30-05:00"


def test_multi_frame_and_segmentation() -> None:
    assert facts(FOLDER / "examples_ybr_color.dcm")[".header"].detail["frames"] == 30
    liver = facts(FOLDER / "liver_1frame.dcm")[".header"]
    assert (liver.kind, liver.detail["segments"][0]["meaning"]) == ("segmentation", "Liver")
    assert liver.detail["spacing_mm"] == [0.810547, 0.810547]
    bad = facts(FOLDER / "badVR.dcm")[".header"]
    assert "bad_header_value" in bad.flags
    assert any(key.endswith("_as_received") for key in bad.detail)


def test_pixels_are_not_in_the_database(tmp_path: Path) -> None:
    with Record.open(tmp_path / "clinic.db") as record:
        record.ingest(FOLDER / "examples_rgb_color.dcm")
    assert (tmp_path / "clinic.db").stat().st_size < 1_000_000
    pixels = dcmread(FOLDER / "examples_rgb_color.dcm").PixelData
    assert pixels[109670:109770] not in (tmp_path / "clinic.db").read_bytes()


def test_issuer_and_other_ids(tmp_path: Path) -> None:
    path = made(
        tmp_path, IssuerOfPatientID="HOSP", OtherPatientIDsSequence=[item(PatientID="9", IssuerOfPatientID="X")]
    )
    (one, *_) = read(path).records
    assert (one.subject, one.identifiers) == ("HOSP|p-1", (("HOSP", "p-1"), ("X", "9")))


def test_same_uid_with_other_content_is_a_new_version() -> None:
    first, second = read(FOLDER / "MR_small.dcm").records[0], read(FOLDER / "MR_small_RLE.dcm").records[0]
    assert first.source_id == second.source_id
    assert first.version != second.version
    zipped = read(FOLDER / "zipMR.gz").records[0]
    assert zipped.source_id == first.source_id


# -- waveforms and reports ------------------------------------------------------------------------------------------


def test_twelve_leads() -> None:
    found = facts(FOLDER / "waveform_ecg.dcm")
    rhythm = found[".waveform[0]"]
    assert (rhythm.value, rhythm.unit, rhythm.display) == (10.0, "s", "RHYTHM")
    assert rhythm.detail["leads"] == ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"]
    assert (rhythm.detail["rate_hz"], rhythm.detail["statements"]) == (1000.0, ["RITMO SINUSALE", "ECG NORMALE"])
    times = {one.code: (one.value, one.unit) for one in found.values() if one.system == "http://loinc.org"}
    assert times == {"8625-6": (161, "ms"), "8633-0": (75, "ms"), "8634-8": (368, "ms"), "8636-3": (370, "ms")}


def test_samples_of_an_ecg() -> None:
    """Raw 80, 65, 50, 35 at 1.25 µV a unit: the example of pydicom's documentation."""
    rhythm, beat = read_dicom_waveform(FOLDER / "waveform_ecg.dcm")
    assert (rhythm.samples.shape, rhythm.rate, rhythm.units[0]) == ((12, 10000), 1000.0, "mV")
    assert rhythm.samples[0, :4] == pytest.approx([0.1, 0.08125, 0.0625, 0.04375])
    assert (beat.label, beat.duration) == ("MEDIAN BEAT", 1.2)
    with pytest.raises(DataError, match="no waveform"):
        read_dicom_waveform(FOLDER / "CT_small.dcm")


def test_measurements_of_a_report(tmp_path: Path) -> None:
    site = item(
        ValueType="CODE", RelationshipType="HAS CONCEPT MOD",
        ConceptNameCodeSequence=code("363698007", "SCT", "Finding Site"),
        ConceptCodeSequence=code("10200004", "SCT", "Liver"),
    )  # fmt: skip
    method = item(
        ValueType="CODE", RelationshipType="HAS CONCEPT MOD",
        ConceptNameCodeSequence=code("121401", "DCM", "Derivation"),
        ConceptCodeSequence=code("373098007", "SCT", "Mean"),
    )  # fmt: skip
    value = item(NumericValue="4.25", MeasurementUnitsCodeSequence=code("cm", "UCUM", "centimeter"))
    number = item(
        ValueType="NUM", RelationshipType="CONTAINS", MeasuredValueSequence=[value], ContentSequence=[method],
        ConceptNameCodeSequence=code("103339001", "SCT", "Long axis"), ObservationDateTime="20240102101500+0100",
    )  # fmt: skip
    weight = item(
        ValueType="NUM", RelationshipType="CONTAINS", ConceptNameCodeSequence=code("29463-7", "LN", "Body weight"),
        MeasuredValueSequence=[item(NumericValue="154", MeasurementUnitsCodeSequence=code("[lb_av]", "UCUM", "lb"))],
    )  # fmt: skip
    absent = item(
        ValueType="NUM", RelationshipType="CONTAINS", ConceptNameCodeSequence=code("103340004", "SCT", "Short axis"),
        NumericValueQualifierCodeSequence=code("114006", "DCM", "Measurement failure"), MeasuredValueSequence=[],
    )  # fmt: skip
    group = item(
        ValueType="CONTAINER", RelationshipType="CONTAINS", ContentSequence=[site, number, weight, absent],
        ConceptNameCodeSequence=code("125007", "DCM", "Measurement Group"),
    )  # fmt: skip
    path = made(
        tmp_path, ContentDate="20240102", ContentTime="110000", ContentSequence=[group], ValueType="CONTAINER",
        ConceptNameCodeSequence=code("126000", "DCM", "Imaging Measurement Report"), VerificationFlag="VERIFIED",
        TimezoneOffsetFromUTC="+0200",
    )  # fmt: skip
    found = {one.code: one for one in facts(path).values()}
    axis = found["103339001"]
    assert (axis.value, axis.unit, axis.status) == (4.25, "cm", "final")
    assert str(axis.start) == "2024-01-02T10:15:00+01:00"
    assert axis.detail == {"group": "Measurement Group", "site": "Liver", "modifiers": {"Derivation": "Mean"}}
    assert (found["29463-7"].value, found["29463-7"].value_raw) == (pytest.approx(69.853, abs=1e-3), 154.0)
    assert str(found["29463-7"].start) == "2024-01-02T11:00:00+02:00"
    assert (found["103340004"].value, found["103340004"].flags) == (None, ("no_value",))
    assert "Long axis: 4.25 cm" in (found["126000"].value_text or "")


# -- DICOMDIR -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "-bigEnd", "-implicit", "-nooffset", "-reordered"])
def test_entries_of_a_dicomdir(name: str) -> None:
    parsed = read(FOLDER / "dicomdirtests" / f"DICOMDIR{name}")
    assert len(parsed.records) == 31
    assert {one.subject for one in parsed.records} == {"77654033", "98890234"}


def test_missing_files_of_a_dicomdir_are_said(tmp_path: Path) -> None:
    (tmp_path / "DICOMDIR").write_bytes((FOLDER / "dicomdirtests" / "DICOMDIR").read_bytes())
    here = tmp_path / "77654033" / "CR1"
    here.mkdir(parents=True)
    (here / "6154").write_bytes(b"")
    parsed = read(tmp_path / "DICOMDIR")
    assert (len(parsed.records), len(parsed.rejected)) == (1, 30)
    assert "is not beside it" in parsed.rejected[0].reason


def test_a_dicomdir_without_its_images_is_ingested_again_with_them(tmp_path: Path) -> None:
    whole = FOLDER / "dicomdirtests"
    (tmp_path / "alone").mkdir()
    alone = tmp_path / "alone" / "DICOMDIR"
    alone.write_bytes((whole / "DICOMDIR").read_bytes())
    with Record.open(tmp_path / "a.db") as record:
        assert record.ingest(alone).quarantined == 31
        assert record.replay().quarantined == 31
        assert all("Ingest the whole folder or disc again" in one.reason for one in record.quarantined())
        shutil.copytree(whole / "77654033", alone.parent / "77654033")
        shutil.copytree(whole / "98892003", alone.parent / "98892003")
        shutil.copytree(whole / "98892001", alone.parent / "98892001")
        assert record.ingest(alone.parent).quarantined == 0
        assert record.quarantined() == []


def test_a_dicomdir_is_split_by_person(tmp_path: Path) -> None:
    whole = FOLDER / "dicomdirtests" / "DICOMDIR"
    places = {one.place for one in read(whole).records if one.subject == "77654033"}
    (tmp_path / "DICOMDIR").write_bytes(DICOM.part(RawFile(whole), places))
    left = dcmread(tmp_path / "DICOMDIR")
    assert "98890234" not in str(left)
    parsed = read(tmp_path / "DICOMDIR")
    every = [*parsed.records, *parsed.rejected]
    assert {one.place for one in every} == places
    assert {one.subject for one in every} == {"77654033"}


def test_a_name_that_leads_out_of_the_folder(tmp_path: Path) -> None:
    inner = tmp_path / "one" / "two"
    inner.mkdir(parents=True)
    (tmp_path / "outside1234").write_bytes(b"")
    whole = (FOLDER / "dicomdirtests" / "DICOMDIR").read_bytes()
    changed = whole.replace(rb"77654033\CR1\6154", rb"..\..\outside1234")
    assert changed != whole
    (inner / "DICOMDIR").write_bytes(changed)
    parsed = read(inner / "DICOMDIR")
    assert (len(parsed.records), len(parsed.rejected)) == (0, 31)


# -- attacks --------------------------------------------------------------------------------------------------------


def test_a_deflated_bomb_is_refused(tmp_path: Path) -> None:
    source = (FOLDER / "image_dfl.dcm").read_bytes()
    head = source[: 144 + int.from_bytes(source[140:144], "little")]
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(packer.compress(bytes(1 << 24)) for _ in range(20)) + packer.flush()
    path = tmp_path / "bomb.dcm"
    path.write_bytes(head + packed)
    with pytest.raises(DataError, match="too large"):
        read(path, Told("p"))


def test_sequences_without_end(tmp_path: Path) -> None:
    nested = b"\x40\x00\x30\xa7SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * 3000
    path = made(tmp_path)
    path.write_bytes(path.read_bytes() + nested)
    with pytest.raises(DataError):
        read(path)


def test_a_length_of_four_gigabytes(tmp_path: Path) -> None:
    path = made(tmp_path)
    path.write_bytes(path.read_bytes() + b"\xe0\x7f\x10\x00OW\0\0\xf0\xff\xff\xff" + bytes(100))
    with pytest.raises(DataError, match="cut short"):
        read(path)


def test_text_is_not_taken_for_dicom(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"x": "1.2.840.10008.1.1"}')
    with pytest.raises(DataError, match="no known format"):
        recognise(RawFile(FOLDER / "no_meta.dcm"), [DICOM])
    assert not DICOM.claims(b"\x08\x00" + bytes(3000))
    assert recognise(RawFile(FOLDER / "rtstruct.dcm"), FORMATS).name == "dicom"


def test_segmentation_of_something_else() -> None:
    pytest.importorskip("highdicom", reason="needs the extra imaging")
    with pytest.raises(DataError, match="no segmentation"):
        read_segmentation(FOLDER / "CT_small.dcm")


def test_records_are_about_someone() -> None:
    for one in read(FOLDER / "CT_small.dcm").records:
        assert isinstance(one, SourceRecord)
        assert one.subject == "1CT1"
