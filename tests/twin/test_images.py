"""Segmentations made by highdicom: into the record, measured, and kept as derived facts with what they come from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from vitruvian.core import DataError, InputError
from vitruvian.record import Record
from vitruvian.twin import ejection_fraction, image_features

highdicom = pytest.importorskip("highdicom", reason="needs the extra imaging")
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
SPACING = (4.0, 1.5, 1.5)
SIDE = 56


def slices(day: str) -> list[Dataset]:
    """A CT series of 28 slices without anything to see."""
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    found = []
    for k in range(28):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, CTImageStorage
        one = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
        one.SOPClassUID, one.SOPInstanceUID = CTImageStorage, generate_uid()
        one.StudyInstanceUID, one.SeriesInstanceUID, one.FrameOfReferenceUID = study, series, frame
        one.PatientID, one.PatientName, one.PatientBirthDate, one.PatientSex = "heart-1", "A^B", "19600101", "F"
        one.StudyDate = one.SeriesDate = one.ContentDate = day
        one.StudyTime = one.SeriesTime = one.ContentTime = "120000"
        one.Modality, one.SeriesNumber, one.InstanceNumber, one.StudyID = "CT", 1, k + 1, "1"
        one.AccessionNumber = one.ReferringPhysicianName = one.PositionReferenceIndicator = ""
        one.Rows = one.Columns = SIDE
        one.PixelSpacing, one.SliceThickness = list(SPACING[1:]), SPACING[0]
        one.ImageOrientationPatient, one.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, k * SPACING[0]]
        one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
        one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 16, 16, 15, 0
        one.PixelData = bytes(2 * SIDE * SIDE)
        found.append(one)
    return found


def cavity(radius: float, half_length: float) -> np.ndarray:
    """An ellipsoid in the middle of the series, in mm."""
    z, y, x = np.meshgrid(*(np.arange(n) - (n - 1) / 2 for n in (28, SIDE, SIDE)), indexing="ij")
    return (z * 4.0 / half_length) ** 2 + (y * 1.5 / radius) ** 2 + (x * 1.5 / radius) ** 2 <= 1


def segmentation(images: list[Dataset], mask: np.ndarray, path: Path) -> Path:
    codes = highdicom.sr.CodedConcept
    algorithm = highdicom.AlgorithmIdentificationSequence("segmenter", codes("123109", "DCM", "Manual"), "1")
    segment = highdicom.seg.SegmentDescription(
        1, "cavity", codes("123037004", "SCT", "Body structure"), codes("87878005", "SCT", "Left ventricle"),
        highdicom.seg.SegmentAlgorithmTypeValues.AUTOMATIC, algorithm,
    )  # fmt: skip
    made = highdicom.seg.Segmentation(
        images, mask.astype(np.uint8), highdicom.seg.SegmentationTypeValues.BINARY, [segment], generate_uid(), 2,
        generate_uid(), 1, "maker", "model", "1", "serial",
    )  # fmt: skip
    made.save_as(path)
    return path


def test_features_of_a_segmentation(tmp_path: Path) -> None:
    mask = cavity(24.0, 48.0)
    path = segmentation(slices("20240102"), mask, tmp_path / "a.dcm")
    with Record.open(tmp_path / "clinic.db") as record:
        assert record.ingest(path).quarantined == 0
        patient = record.patient("heart-1")
        done = image_features(patient)
        assert done.left_out == ()
        facts = {one.code: one for one in patient.facts("imaging_feature")}
        assert {one.id for one in facts.values()} == set(done.facts)
        assert facts["volume"].quantity.value == pytest.approx(4 / 3 * np.pi * 48 * 24**2 / 1000, rel=0.03)
        assert facts["volume"].unit == "mL"
        assert facts["maximum_diameter"].value == pytest.approx(96, abs=4)
        assert facts["long_axis"].value == pytest.approx(48, abs=3)
        one = facts["volume"]
        assert (one.basis, one.parser) == ("derived", "vitruvian.imaging.shape/1")
        assert one.detail["structure"] == {"system": "http://snomed.info/sct", "code": "87878005"}
        assert one.start is not None
        (seg,) = patient.facts("segmentation")
        assert one.detail["segmentation"] == seg.id
        assert image_features(patient).facts == done.facts, "the same result again changes nothing"
        assert len(patient.facts("imaging_feature")) == len(facts)


def test_ejection_fraction_of_two_phases(tmp_path: Path) -> None:
    images = slices("20240102")
    diastole = segmentation(images, cavity(24.0, 48.0), tmp_path / "ed.dcm")
    systole = segmentation(images, cavity(18.0, 44.0), tmp_path / "es.dcm")
    exact = 100 * (1 - (44 * 18**2) / (48 * 24**2))
    with Record.open(tmp_path / "clinic.db") as record:
        record.ingest(diastole)
        record.ingest(systole)
        patient = record.patient("heart-1")
        by_volume = sorted(patient.facts("segmentation"), key=lambda one: one.detail["frames"])
        heart = ejection_fraction(patient, by_volume[-1], by_volume[0], segment="cavity")
        assert heart.ejection_fraction == pytest.approx(exact, abs=1.5)
        (kept,) = patient.facts("imaging_feature", "10230-1")
        assert (kept.value, kept.unit, kept.basis) == (heart.ejection_fraction, "%", "derived")
        with pytest.raises(DataError, match="end of diastole"):
            ejection_fraction(patient, by_volume[0], by_volume[-1], segment="cavity")
        with pytest.raises(DataError, match="no such segment"):
            ejection_fraction(patient, by_volume[0], by_volume[-1], segment="atrium")


def test_a_person_without_segmentation(tmp_path: Path) -> None:
    images = slices("20240102")
    images[0].save_as(tmp_path / "ct.dcm", enforce_file_format=True)
    with Record.open(tmp_path / "clinic.db") as record:
        record.ingest(tmp_path / "ct.dcm")
        with pytest.raises(InputError, match="no segmentation"):
            image_features(record.patient("heart-1"))
