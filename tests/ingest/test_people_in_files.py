"""Files about several people through the record: each person's bytes under their own key, all accounted for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vitruvian.cli.main import app
from vitruvian.ingest import omics_values, read_calls, samples
from vitruvian.record import IngestReport, Record
from vitruvian.twin.genome import alternatives, gene_calls

VCF = """##fileformat=VCFv4.2
##reference=GRCh38
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tann\tbob\tcid
chr10\t94942290\trs1799853\tC\tT\t.\tPASS\t.\tGT\t0/1\t1/1\t0/0
chr10\t94981296\trs1057910\tA\tC\t.\tPASS\t.\tGT\t0/0\t0/0\t1/1
"""
OMICS = "sample,gene_id,tpm\nann,ENSG00000141510,1.5\nbob,ENSG00000141510,7\ncid,ENSG00000141510,9\n"
LABORATORY = "Patient;Date;Test;Result;Unit\nann;01.03.2025;Creatinine;1,1;mg/dL\nbob;02.03.2025;Creatinine;1,4;mg/dL\n"
LABORATORY += "cid;02.03.2025;Creatinine;1,2;mg/dL\nann;03.03.2025;Creatinine;1.2;mg/dL\n"
MAPPING = """confirmed = true
[[table]]
layout = "long"
decimal = ","
dates = ["%d.%m.%Y"]
[table.columns]
subject = "Patient"
date = "Date"
analyte = "Test"
value = "Result"
unit = "Unit"
[table.analytes.Creatinine]
loinc = "2160-0"
"""


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    people = [{"resource": {"resourceType": "Patient", "id": one}} for one in ("ann", "bob")]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": people}
    held = {"family.vcf": VCF, "genes.csv": OMICS, "lab.csv": LABORATORY, "people.json": json.dumps(bundle)}
    for name, text in held.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "map.toml").write_text(MAPPING)
    return {name: tmp_path / name for name in held}


def balanced(report: IngestReport) -> IngestReport:
    assert report.records_in == report.stored + report.duplicate + report.quarantined
    return report


def everything(record: Record, files: dict[str, Path], **told: object) -> IngestReport:
    mapping = files["lab.csv"].parent / "maps" / "map.toml"
    return balanced(record.ingest(*files.values(), mapping=mapping, **told))  # type: ignore[arg-type]


def test_files_of_a_family_are_split_and_come_out(tmp_path: Path, files: dict[str, Path]) -> None:
    with Record.open(tmp_path / "a.db") as record:
        report = everything(record, files)
        assert (report.records_in, report.stored, report.quarantined) == (12, 8, 4)
        assert sorted(report.people) == ["ann", "bob"]
        ann, bob = record.patient("ann"), record.patient("bob")
        assert [f.value for f in ann.facts(code="creatinine")] == [1.1]
        assert [f.value for f in bob.facts(code="creatinine")] == [1.4]
        assert bob.observations("creatinine")["value"].to_list() == [1.4]
        with record.open_blob(bob.facts(kind="genome")[0]) as path:
            assert read_calls(path).calls["chr10", 94942290].text == "T/T"
            assert "ann" not in path.read_text()
        with record.open_blob(ann.facts(kind="omics")[0]) as path:
            assert omics_values(path, "ann").of("ENSG00000141510") == 1.5
            assert "bob" not in path.read_text()
        calls, _, messages = gene_calls(bob, bob.facts())
        assert (calls["CYP2C9"].diplotype, messages) == ("*2/*2", [])
        again = everything(record, files)
        assert (again.stored, again.duplicate) == (0, 8)


def test_who_was_nobody_is_replayed_once_known(tmp_path: Path, files: dict[str, Path]) -> None:
    with Record.open(tmp_path / "a.db") as record:
        everything(record, files)
        places = sorted(one.place for one in record.quarantined())
        assert places[-1] == "sample cid"
        report = everything(record, files, samples={"cid": "bob"})
        assert (report.stored, report.duplicate, report.quarantined) == (3, 8, 1)


def test_genomes_that_disagree_are_not_used_and_that_is_said(tmp_path: Path, files: dict[str, Path]) -> None:
    with Record.open(tmp_path / "a.db") as record:
        everything(record, files)
        everything(record, files, samples={"cid": "bob"})
        bob = record.patient("bob")
        calls, genome, (message,) = gene_calls(bob, bob.facts())
        assert genome is not None
        assert "CYP2C9" not in calls
        assert "VKORC1" in calls
        assert (message.severity, message.code) == ("warning", "genomes-disagree")
        assert "(bob, cid)" in message.text
        assert "CYP2C9 *2/*2 or *3/*3" in message.text
        assert len(alternatives(calls, ("CYP2C9_2", "CYP2C9_3"))) > 2
        assert "CYP2C9" not in {f.code for f in bob.facts(kind="genotype")}
        for _ in range(2):
            assert gene_calls(bob, bob.facts())[0] == calls
        assert [one.action for one in record.audit_log()].count("derive") == 1  # kept once
    shown = CliRunner().invoke(app, ["patient", "show", "bob", "--record", str(tmp_path / "a.db")]).output
    assert "sample bob" in shown
    assert "sample cid" in shown


def test_a_genome_with_its_index_beside_it(tmp_path: Path) -> None:
    import pysam

    bundle, genome = samples()["sample-a"]
    folder = tmp_path / "genome"
    folder.mkdir()
    blocked = folder / "genome.vcf.gz"
    pysam.tabix_compress(str(genome), str(blocked), force=True)
    pysam.tabix_index(str(blocked), preset="vcf", force=True)
    with Record.open(tmp_path / "a.db") as record:
        report = balanced(record.ingest(bundle, folder, patient="sample-a"))
        assert report.quarantined == 0
        assert balanced(record.ingest(genome, patient="sample-a")).duplicate == 1  # the same genome, not compressed


JANE = {"resourceType": "Patient", "id": "jane", "gender": "female", "birthDate": "1970-01-02"}
JANE |= {"name": [{"given": ["Jane", "Ann"], "family": "Roe"}]}


def dicom(folder: Path, **said: str) -> Path:
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.88.33", generate_uid()
    data.Modality, data.StudyInstanceUID = "SR", generate_uid()
    for keyword, value in said.items():
        setattr(data, keyword, value)
    path = folder / f"{data.SOPInstanceUID}.dcm"
    data.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture
def jane(tmp_path: Path) -> Iterator[Record]:
    (tmp_path / "jane.json").write_text(json.dumps(JANE))
    with Record.open(tmp_path / "jane.db") as record:
        record.ingest(tmp_path / "jane.json")
        yield record


def names(record: Record, person: str) -> set[str | None]:
    return {one.value_text for one in record.patient(person).facts(kind="demographic", code="name")}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"PatientName": "Doe^John"}, "names differ"),
        ({"PatientName": "Roe^Mary"}, "names differ"),
        ({"PatientName": "Roe^Jane", "PatientBirthDate": "19800102"}, "birth dates differ"),
        ({"PatientName": "Roe^Jane", "PatientSex": "M"}, "sexes differ"),
    ],
)
def test_an_image_that_names_another_person_is_not_taken_for_theirs(
    jane: Record, tmp_path: Path, said: dict[str, str], reason: str
) -> None:
    report = balanced(jane.ingest(dicom(tmp_path, **said), patient="jane"))
    assert (report.stored, report.quarantined) == (0, 1)
    assert reason in report.problems[0]
    assert names(jane, "jane") == {"Jane Ann Roe"}


@pytest.mark.parametrize("name", ["", "ROE^JANE", "Roe^J", "Roe^Jané^Ann^Dr."])
def test_an_image_that_names_the_same_person_or_nobody_is_theirs(jane: Record, tmp_path: Path, name: str) -> None:
    report = jane.ingest(dicom(tmp_path, PatientName=name, PatientSex="F"), patient="jane")
    assert (report.stored, report.quarantined) == (2, 0)


def test_who_changed_their_name_is_said_at_the_door(jane: Record, tmp_path: Path) -> None:
    image = dicom(tmp_path, PatientName="Smith^Jane")
    assert jane.ingest(image, patient="jane").quarantined == 1
    assert jane.ingest(image, patient="jane", samples={"Jane Smith": "jane"}).quarantined == 0
    assert jane.quarantined() == []
    assert jane.ingest(dicom(tmp_path, PatientName="Smith^J."), patient="jane").quarantined == 0


def test_an_export_of_another_person_is_not_taken_for_theirs(jane: Record, tmp_path: Path) -> None:
    me = '<Me HKCharacteristicTypeIdentifierDateOfBirth="{}" HKCharacteristicTypeIdentifierBiologicalSex="{}"/>'
    head = '<HealthData><ExportDate value="2025-01-01 08:00:00 +0000"/>'
    export = tmp_path / "export.xml"
    export.write_text(head + me.format("1980-05-06", "HKBiologicalSexMale") + "</HealthData>")
    assert "birth dates and sexes differ" in jane.ingest(export, patient="jane").problems[0]
    export.write_text(head + me.format("1970-01-02", "HKBiologicalSexFemale") + "</HealthData>")
    assert jane.ingest(export, patient="jane").quarantined == 0
    clarity = tmp_path / "clarity.csv"
    columns = "Index,Timestamp (YYYY-MM-DDThh:mm:ss),Event Type,Event Subtype,Patient Info,Glucose Value (mg/dL)\n"
    clarity.write_text(f"{columns}1,,FirstName,,John,\n2,,LastName,,Doe,\n3,2025-01-01T08:00:00,EGV,,,100\n")
    assert "names differ" in jane.ingest(clarity, patient="jane").problems[0]
    clarity.write_text(f"{columns}1,,FirstName,,Jane,\n2,,LastName,,Roe,\n3,2025-01-01T08:00:00,EGV,,,100\n")
    assert "--zone" in jane.ingest(clarity, patient="jane").problems[0]  # with a zone told later, all would come twice
    assert jane.ingest(clarity, patient="jane", zone="Europe/Berlin").quarantined == 0


def test_a_recording_of_another_person_is_not_taken_for_theirs(jane: Record, tmp_path: Path) -> None:
    pytest.importorskip("edfio", reason="needs the extra waveforms")
    from recordings import write_edf

    assert "names and birth dates differ" in jane.ingest(write_edf(tmp_path, code="X"), patient="jane").problems[0]


def test_names_of_samples_do_not_lie_open(tmp_path: Path, files: dict[str, Path]) -> None:
    from pydicom.data import get_testdata_file

    people = {"entry": [{"resource": {"resourceType": "Patient", "id": one}} for one in ("p1", "p2")]}
    files["people.json"].write_text(json.dumps({"resourceType": "Bundle", "type": "collection", **people}))
    for one in ("family.vcf", "genes.csv"):
        files[one].write_text(files[one].read_text().replace("ann", "Annabella-Ro"))
    disc = Path(str(get_testdata_file("DICOMDIR", read=False))).parent
    with Record.open(tmp_path / "a.db") as record:
        told = {"samples": {"Annabella-Ro": "p1", "bob": "p2"}}
        assert everything(record, files, **told).stored == 7
        places = {one.path for one in record.patient("p1").facts(kind="genome")}
        assert places == {"sample Annabella-Ro"}
        assert record.ingest(disc).stored > 0
        entries = [f for one in record.patients() for f in one.facts(kind="image_index")]
        assert any(one.detail["file"].startswith("98892003/") for one in entries)
        record.engine.dispose()
    for kept in tmp_path.glob("a.db*"):
        if kept.is_file():
            assert b"Annabella" not in kept.read_bytes(), kept
            assert b"98892003/" not in kept.read_bytes(), kept
