"""Files about several people through the record: each person's bytes under their own key, all accounted for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vitruvian.ingest import omics_values, read_calls, samples
from vitruvian.record import IngestReport, Record
from vitruvian.twin.genome import gene_calls

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
        with record.open_blob(bob.facts(kind="genome")[0]) as path:
            assert read_calls(path).calls["chr10", 94942290].text == "T/T"
            assert "ann" not in path.read_text()
        with record.open_blob(ann.facts(kind="omics")[0]) as path:
            assert omics_values(path, "ann").of("ENSG00000141510") == 1.5
            assert "bob" not in path.read_text()
        calls, _ = gene_calls(bob, bob.facts())
        assert calls["CYP2C9"].diplotype == "*2/*2"
        again = everything(record, files)
        assert (again.stored, again.duplicate) == (0, 8)


def test_who_was_nobody_is_replayed_once_known(tmp_path: Path, files: dict[str, Path]) -> None:
    with Record.open(tmp_path / "a.db") as record:
        everything(record, files)
        places = sorted(one.place for one in record.quarantined())
        assert places[-1] == "sample cid"
        report = everything(record, files, samples={"cid": "bob"})
        assert (report.stored, report.duplicate, report.quarantined) == (3, 8, 1)


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
