"""VCF files as facts: several people in a file, a tumour and its normal, structural variants, and what is refused."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pysam
import pytest

from vitruvian.core import DataError, InputError
from vitruvian.ingest import VCF, read_calls
from vitruvian.record import Parsed, RawFile, SourceRecord, Told
from vitruvian.tables.pharmacogenomics import sites

LENGTH38 = "##contig=<ID=chr10,length=133797422>\n"
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT"
RS1799853 = "chr10 94942290 rs1799853 C T . PASS ."


def vcf(folder: Path, *rows: str, samples: str = "P1", header: str = LENGTH38, name: str = "genome.vcf") -> RawFile:
    """A VCF of rows whose fields are separated by blanks, samples too."""
    body = "".join("\t".join(row.split(" ")) + "\n" for row in rows)
    path = folder / name
    names = "\t".join(samples.split(" "))
    path.write_text(f"##fileformat=VCFv4.2\n##source=HaplotypeCaller\n{header}{COLUMNS}\t{names}\n{body}")
    return RawFile(path)


def read(file: RawFile, **told: object) -> Parsed:
    return Parsed.of(VCF.read(file, Told(**told)))  # type: ignore[arg-type]


def only(parsed: Parsed) -> SourceRecord:
    assert not parsed.rejected
    (record,) = parsed.records
    return record


def test_a_genome_tells_its_build_caller_phase_and_structural_variants(tmp_path: Path) -> None:
    rows = [
        f"{RS1799853} GT:PS 0|1:7",
        "chr10 94942300 . A <DEL> . PASS SVTYPE=DEL;END=94950000 GT 0/1",
        "chr10 94960000 . A A[chr2:321682[ . LowQual SVTYPE=BND GT 0/1",
        "chr10 94960001 . A *,G . PASS . GT 1/2",
        "chr10 94981296 . A <NON_REF> . . END=94981300 GT 0/0",
        "chr10 94990000 . A <CN0>,<DUP:TANDEM> . PASS . GT 1/2",
    ]
    record = only(read(vcf(tmp_path, *rows), patient="p"))
    assert record.subject == "p"
    assert record.facts[0].kind == "genome"
    assert record.facts[0].detail == {
        "build": "GRCh38",
        "caller": "HaplotypeCaller",
        "sample": "P1",
        "records": 6,
        "variants": 5,
        "filtered": 1,
        "reference_blocks": 1,
        "structural": {"*": 1, "BND": 1, "CN0": 1, "DEL": 1, "DUP:TANDEM": 1},
        "phased": 1,
        "phase_sets": True,
        "positions": 22,  # those that the deletion takes away too
        "notes": ["GRCh38 by the header"],
    }


def test_a_file_without_pharmacogenes_is_kept_but_is_no_genome_that_twins_read(tmp_path: Path) -> None:
    fact = only(read(vcf(tmp_path, "chr10 5 . N <DUP> . PASS END=900 GT 0/1"), patient="p")).facts[0]
    assert (fact.kind, fact.detail["positions"], fact.detail["structural"]) == ("variants", 0, {"DUP": 1})


def test_the_same_genome_plain_or_compressed_or_cut_out_is_one(tmp_path: Path) -> None:
    rows = [f"{RS1799853} GT 0/1 1/1", "chr10 94981296 . A C . PASS . GT 0/0 0/1"]
    both = vcf(tmp_path, *rows, samples="A B")
    zipped = tmp_path / "both.vcf.gz"
    pysam.tabix_compress(str(both.path), str(zipped), force=True)
    told = {"samples": {"A": "p", "B": "q"}}
    first = read(both, **told).records
    assert [one.source_id for one in first] == [one.source_id for one in read(RawFile(zipped), **told).records]
    assert first[0].source_id != first[1].source_id
    assert VCF.part(both, [one.place for one in first]).decode() == both.path.read_text()
    cut = tmp_path / "b.vcf"
    cut.write_bytes(VCF.part(both, [first[1].place]))
    assert "0/0" not in cut.read_text()
    again = only(read(RawFile(cut), patient="q"))
    assert (again.source_id, again.place) == (first[1].source_id, first[1].place)
    assert again.facts[0].detail == first[1].facts[0].detail
    assert read_calls(cut).calls == read_calls(both.path, sample="B").calls


def test_a_part_says_nothing_of_the_others(tmp_path: Path) -> None:
    header = LENGTH38 + "##SAMPLE=<ID=Ann,Sex=f>\n##SAMPLE=<ID=Bob,Sex=m>\n##PEDIGREE=<ID=Cid,Father=Bob,Mother=Ann>\n"
    file = vcf(tmp_path, f"{RS1799853} GT 0/1 1/1 0/0", samples="Ann Bob Cid", header=header)
    text = VCF.part(file, ["sample Ann"]).decode()
    assert "Ann" in text
    assert "Bob" not in text
    assert "Cid" not in text


def test_samples_are_found_told_or_rejected_one_by_one(tmp_path: Path) -> None:
    file = vcf(tmp_path, f"{RS1799853} GT 0/1 1/1 0/0", samples="A B C")
    found = read(file, samples={"A": "p"}, find={"B": "q"}.get, patient="r")
    assert {one.facts[0].detail["sample"]: one.subject for one in found.records} == {"A": "p", "B": "q"}
    (rejected,) = found.rejected
    assert (rejected.place, rejected.subject) == ("sample C", "C")  # so that its bytes are kept apart
    assert "--sample C=PATIENT" in rejected.reason


def test_a_single_sample_that_is_known_as_another_is_refused(tmp_path: Path) -> None:
    file = vcf(tmp_path, f"{RS1799853} GT 0/1", samples="A")
    with pytest.raises(DataError, match="another person"):
        read(file, patient="p", find={"A": "q"}.get)
    assert only(read(file, patient="p", samples={"A": "p"}, find={"A": "q"}.get)).subject == "p"
    assert only(read(file, find={"A": "q"}.get)).subject == "q"
    with pytest.raises(DataError, match="--patient"):
        read(file)


MUTECT = LENGTH38 + "##normal_sample=N7\n##tumor_sample=T7\n"
SOMATIC = {
    "Mutect2": (
        MUTECT,
        "N7 T7",
        "chr10 94942290 . C T,G . PASS DP=90 GT:AD:AF:DP 0/0:40,0,0:0.01,0.01:40 0/1/2:30,15,5:0.3,0.1:50",
        [("chr10:94942290:C:T", 0.3, 50), ("chr10:94942290:C:G", 0.1, 50)],
    ),
    "Strelka SNV": (
        LENGTH38,
        "NORMAL TUMOR",
        "chr10 94942290 . C T . LowEVS SOMATIC;QSS=3 DP:AU:CU:GU:TU 40:0,0:40,40:0,0:0,0 50:0,0:40,41:0,0:10,11",
        [("chr10:94942290:C:T", 0.2, 50)],
    ),
    "Strelka indel": (
        LENGTH38,
        "NORMAL TUMOR",
        "chr10 94942290 . C CT . PASS SOMATIC DP:TAR:TIR 40:40,40:0,0 40:30,31:10,10",
        [("chr10:94942290:C:CT", 0.25, 40)],
    ),
    "VarScan": (
        LENGTH38,
        "NORMAL TUMOR",
        "chr10 94942290 . C T . PASS SOMATIC GT:DP:FREQ 0/0:40:0% 0/1:80:12.5%",
        [("chr10:94942290:C:T", 0.125, 80)],
    ),
    "by pedigree": (
        LENGTH38 + "##PEDIGREE=<Derived=met,Original=blood>\n",
        "blood met",
        "chr10 94942290 . C T . PASS . GT:AD 0/0:9,0 0/1:6,2",
        [("chr10:94942290:C:T", 0.25, 8)],
    ),
}


@pytest.mark.parametrize("kind", SOMATIC)
def test_somatic_calls_are_variants_and_never_a_genome(tmp_path: Path, kind: str) -> None:
    header, samples, row, expected = SOMATIC[kind]
    file = vcf(tmp_path, row, samples=samples, header=header)
    found = read(file, patient="p")
    assert not found.rejected
    assert {one.subject for one in found.records} == {"p"}
    facts = [fact for one in found.records for fact in one.facts]
    assert [fact.kind for fact in facts] == ["somatic_variants"] + ["variant"] * len(expected)
    assert [(f.code, f.detail["depth"]) for f in facts[1:]] == [(code, depth) for code, _, depth in expected]
    assert [f.value for f in facts[1:]] == pytest.approx([share for _, share, _ in expected])
    for fact in facts[1:]:
        assert fact.detail["origin"] == "somatic"
        assert fact.detail["filter"] == row.split(" ")[6]
        assert fact.flags == (("filtered",) if row.split(" ")[6] != "PASS" else ())
        assert list(fact.detail["normal"]) == [samples.split(" ")[0]]
    with pytest.raises(DataError, match="somatic"):
        read_calls(file.path, sample=samples.split(" ")[1])


def test_a_tumour_and_a_normal_of_two_people_are_refused(tmp_path: Path) -> None:
    header, samples, row, _ = SOMATIC["Mutect2"]
    file = vcf(tmp_path, row, samples=samples, header=header)
    with pytest.raises(DataError, match="one person"):
        read(file, samples={"N7": "p", "T7": "q"})
    with pytest.raises(DataError, match="one person"):
        read(file, patient="p", find={"N7": "q"}.get)
    assert {one.subject for one in read(file, samples={"N7": "p", "T7": "p"}).records} == {"p"}


def test_a_somatic_record_in_a_germline_file_is_no_evidence_of_the_genotype(tmp_path: Path) -> None:
    rows = ["chr10 94942290 . C T . PASS SOMATIC GT:AD 0/1:9,3", "chr10 94981296 . A C . PASS . GT:AD 0/1:9,8"]
    found = read(vcf(tmp_path, *rows), patient="p")
    assert [one.facts[0].kind for one in found.records] == ["genome", "variant"]
    assert found.records[0].facts[0].detail["positions"] == 1
    assert found.records[1].facts[0].value == 0.25


# -- indexes -------------------------------------------------------------------------------------------------------


def whole(folder: Path, name: str, extra: int = 0) -> Path:
    """A bgzipped VCF with every pharmacogene position, and `extra` records on chromosome 10, indexed."""
    rows = [(s.chrom, s.pos38, f"{s.ref38}\t{','.join(s.alts)}\t.\tPASS\t.\tGT\t0/0") for s in sites()]
    rows += [("chr10", 1_000 + 7 * k, f"A\tC\t{k}.5\tPASS\tDP={k * 7919 % 997}\tGT\t0/1") for k in range(extra)]
    lines = [f"{c}\t{p}\t.\t{rest}\n" for c, p, rest in sorted(rows, key=lambda row: (row[0], row[1]))]
    plain = folder / f"{name}.vcf"
    plain.write_text(f"##fileformat=VCFv4.2\n{LENGTH38}{COLUMNS}\tP1\n{''.join(lines)}")
    blocked = folder / f"{name}.vcf.gz"
    pysam.tabix_compress(str(plain), str(blocked), force=True)
    return blocked


def test_look_ups_by_index_agree_with_one_pass_and_say_so(tmp_path: Path) -> None:
    path = whole(tmp_path, "a", extra=40_000)
    passed = read_calls(path)
    assert "one pass over 40" in passed.how
    pysam.tabix_index(str(path), preset="vcf", csi=True)
    elsewhere = tmp_path / "kept" / "index.csi"
    elsewhere.parent.mkdir()
    (tmp_path / "a.vcf.gz.csi").rename(elsewhere)
    assert "no index" in read_calls(path).how
    looked = read_calls(path, index=elsewhere)
    assert "index look-ups" in looked.how
    assert looked.records < 2_000
    assert looked.calls == passed.calls
    pysam.tabix_index(str(path), preset="vcf")
    assert VCF.companions(RawFile(path)) == [tmp_path / "a.vcf.gz.tbi"]
    assert read_calls(path).calls == passed.calls


def test_the_index_of_another_file_is_found_out(tmp_path: Path) -> None:
    path, other = whole(tmp_path, "a", extra=40_000), whole(tmp_path, "b", extra=20_000)
    for one in (path, other):
        pysam.tabix_index(str(one), preset="vcf")
    with pytest.raises(DataError, match="index"):
        read_calls(path, index=tmp_path / "b.vcf.gz.tbi")
    with pytest.raises(DataError, match="index"):
        read_calls(other, index=tmp_path / "a.vcf.gz.tbi")
    with pytest.raises(DataError, match="no such index"):
        read_calls(path, index=tmp_path / "c.tbi")
    with pytest.raises(DataError, match="bgzipped"):
        read_calls(tmp_path / "a.vcf", index=tmp_path / "a.vcf.gz.tbi")


# -- too much ------------------------------------------------------------------------------------------------------

GIGABYTES = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1_000_000_000, 1_000_000_000))
from vitruvian.core import InputError
from vitruvian.ingest import VCF
from vitruvian.record import Parsed, RawFile, Told
from pathlib import Path
try:
    Parsed.of(VCF.read(RawFile(Path(sys.argv[1])), Told(patient="p")))
except InputError as error:
    print(error)
print(next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")).split()[1])
"""


def bomb(kind: str) -> Iterator[bytes]:
    start = b"##fileformat=VCFv4.2\n"
    if kind == "a header of 4 GB":
        yield start
        yield from (b"##x=" + b"y" * 65531 + b"\n" for _ in range(65536))
    if kind == "a header line of 100 MB":
        yield start + b"##x="
        yield from (b"y" * 1_000_000 for _ in range(100))
    if kind == "a record line of 100 MB":
        yield start + LENGTH38.encode() + COLUMNS.encode() + b"\tP1\nchr10\t94942290\t.\tC\t"
        yield from (b"T" * 1_000_000 for _ in range(100))
    if kind == "one position for ever":
        yield start + LENGTH38.encode() + COLUMNS.encode() + b"\tP1\n"
        yield from (b"chr10\t94942290\t.\tC\tT\t.\tPASS\t.\tGT\t0/1\n" * 10_000 for _ in range(22))


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("a header of 4 GB", "header is too long"),
        ("a header line of 100 MB", "line is too long"),
        ("a record line of 100 MB", "line is too long"),
        ("one position for ever", "too much at the pharmacogenes"),
    ],
)
def test_endless_files_are_refused_in_bounded_memory(tmp_path: Path, kind: str, said: str) -> None:
    path = tmp_path / "bomb.vcf.gz"
    with gzip.open(path, "wb", compresslevel=1) as out:
        for k, part in enumerate(bomb(kind)):
            if k < 2000:  # 130 MB of header say as much as 4 GB
                out.write(part)
    done = subprocess.run([sys.executable, "-c", GIGABYTES, path], capture_output=True, text=True, check=True)
    assert said in done.stdout
    assert int(done.stdout.split()[-1]) < 600_000  # kB; getrusage would count what this process had when it forked


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("chr10 94942290 . C T . PASS . GT 0/1 0/1", "number of columns"),
        ("chr10 ten . C T . PASS . GT 0/1", "POS"),
        ("chr10 99999999999999 . C T . PASS . GT 0/1", "POS"),
        ("chr10 94942290 . C T . PASS . GT 0/7", "not a genotype"),
    ],
)
def test_lines_that_are_none_are_refused_whole(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(vcf(tmp_path, f"{RS1799853} GT 0/0", row), patient="p")


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="one name"):
        read(vcf(tmp_path, f"{RS1799853} GT 0/1 1/1", samples="A A"), samples={"A": "p"})


def test_shared_genomes_all_go_in(shared: Path) -> None:
    files = sorted((shared / "data" / "pharmacogenomics").glob("*.vcf"))
    assert len(files) == 3
    for path in files:
        fact = only(read(RawFile(path), patient="p")).facts[0]
        assert fact.kind == "genome"
        assert fact.detail["positions"] > 100
        assert fact.detail["build"] == "GRCh38"
