"""VCF → calls: every way to write a file, and every way to break one."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pysam
import pytest

from vitruvian.core import DataError, UnsupportedError, VitruvianError
from vitruvian.ingest import read_calls
from vitruvian.person import genotype
from vitruvian.tables.pharmacogenomics import Build, Call, sites

LENGTH38 = "##contig=<ID=chr10,length=133797422>\n##contig=<ID=chr1,length=248956422>\n"
LENGTH37 = "##contig=<ID=10,length=135534747>\n##contig=<ID=1,length=249250621>\n"
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT"
RS1799853 = ("chr10", 94942290)
RS1057910 = ("chr10", 94981296)
TA_REPEAT = ("chr2", 233760233)


def vcf(*rows: str, header: str = LENGTH38, samples: str = "P1", end: str = "\n") -> str:
    """A VCF of the rows, whose fields are separated by blanks."""
    body = "\n".join("\t".join(row.split(" ")) for row in rows)
    return f"##fileformat=VCFv4.2\n{header}{COLUMNS}\t{samples}\n{body}{end}"


def write(folder: Path, text: str) -> Path:
    path = folder / "genome.vcf"
    path.write_text(text)
    return path


def row(rsid: str, genotype: str = "0/0", format_: str = "GT") -> str:
    site = next(s for s in sites() if s.rsid == rsid)
    return f"{site.chrom} {site.pos38} {rsid} {site.ref38} {','.join(site.alts)} . PASS . {format_} {genotype}"


def whole(**seen: str) -> list[str]:
    """A row for every position: reference but for the rsids given."""
    kept = sorted(sites(), key=lambda s: (s.chrom, s.pos38))
    return [f"{s.chrom} {s.pos38} . {s.ref38} {','.join(s.alts)} . PASS . GT {seen.get(s.rsid, '0/0')}" for s in kept]


def diplotypes(source: Path | str | bytes, **options: object) -> dict[str, str | None]:
    return {gene: call.diplotype for gene, call in genotype(read_calls(source, **options).calls).items()}


def test_plain_gzip_bgzip_and_index_agree(tmp_path: Path) -> None:
    path = write(tmp_path, vcf(*whole(rs1799853="0/1", rs4244285="1|0", rs12769205="1|0", rs3758581="1|1")))
    plain = read_calls(path)
    assert plain.calls[RS1799853].text == "C/T"
    zipped = tmp_path / "plain.vcf.gz"
    zipped.write_bytes(gzip.compress(path.read_bytes()))
    blocked = tmp_path / "blocked.vcf.gz"
    pysam.tabix_compress(str(path), str(blocked), force=True)
    assert read_calls(zipped).calls == plain.calls
    assert read_calls(blocked).calls == plain.calls
    assert "no index" in read_calls(blocked).how
    pysam.tabix_index(str(blocked), preset="vcf", force=True)
    indexed = read_calls(blocked)
    assert indexed.calls == plain.calls
    assert "index look-ups" in indexed.how
    assert read_calls(blocked.read_bytes()).calls == plain.calls
    assert diplotypes(path)["CYP2C19"] == "*1/*2"


@pytest.mark.parametrize("name", ["chr10", "10", "Chr10", "NC_000010.11"])
def test_chromosome_names(tmp_path: Path, name: str) -> None:
    text = vcf(row("rs1799853", "0/1").replace("chr10", name), header="")
    assert read_calls(write(tmp_path, text)).calls[RS1799853].text == "C/T"


# Positions on GRCh37 as dbSNP gives them; where the reference base differs from GRCh38 the file has GRCh37's.
GRCH37 = [
    ("10 96541616 G A 0/1", "10 96602623 G A 0/0", "10 96535124 A G 0/1"),
    ("10 96702047 C T 0/1",),
    ("16 31107689 C T 1/1",),
    ("7 99270539 C T 0/1",),
    ("12 21331549 T C 0/1",),
    ("6 18130918 T C 0/1", "6 18139228 C T 0/1"),
    ("1 97547947 T A 0/1", "1 98348885 G A 1/1"),
    ("7 99366316 G A 0/1",),
    ("19 15990431 C T 0/1",),
    ("4 89052323 G T 0/1",),
    ("1 169519049 T C 0/1",),
]


def rows37() -> list[str]:
    lines = [line.split(" ") for group in GRCH37 for line in group]
    return [f"{c} {p} . {r} {a} . PASS . GT {g}" for c, p, r, a, g in lines]


def test_grch37_by_its_own_positions(tmp_path: Path) -> None:
    read = read_calls(write(tmp_path, vcf(*rows37(), header=LENGTH37)), assume_reference=True)
    assert read.build is Build.GRCH37
    calls = genotype(read.calls)
    wanted = {
        "CYP2C19": "*1/*2",
        "CYP2C9": "*1/*2",
        "CYP3A5": "*1/*3",
        "TPMT": "*1/*3A",
        "DPYD": "Reference/c.2846A>T",
        "CYP3A4": "*1/*22",
        "CYP4F2": "*1/*3",
        "F5": "rs6025 C/rs6025 T (Factor V Leiden)",
    }
    assert {gene: calls[gene].diplotype for gene in wanted} == wanted
    assert calls["VKORC1"].phenotype == "-1639 AA"
    assert calls["ABCG2"].phenotype == "Decreased Function"


def test_every_position_is_known_on_grch37() -> None:
    """One distance per gene between the builds, and the same base but for the five that changed."""
    by_gene: dict[str, set[int]] = {}
    for site in sites():
        assert site.pos37 is not None
        by_gene.setdefault(site.gene, set()).add(site.pos38 - site.pos37)
    assert all(len(gaps) == 1 for gaps in by_gene.values())
    changed = {site.rsid for site in sites() if site.ref37 != site.ref38}
    assert {"rs3758581", "rs776746", "rs1801265", "rs6025"} < changed
    assert len(changed) == 6


def test_wrong_build_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, vcf(*whole(), header=LENGTH38))
    with pytest.raises(DataError, match="wrong build"):
        read_calls(path, build="GRCh37")
    silent = write(tmp_path, vcf(*whole(), header=""))
    with pytest.raises(DataError, match=r"wrong build|no record at any"):
        read_calls(silent, build="GRCh37")
    named = write(tmp_path, vcf(*whole(), header="##reference=file:///refs/hs37d5.fa\n"))
    with pytest.raises(DataError, match="wrong build"):
        read_calls(named, build="GRCh38")
    chance = [*(line for line in rows37()), "chr1 97078987 . G T . PASS . GT 0/0"]
    with pytest.raises(DataError, match="fits GRCh37"):
        read_calls(write(tmp_path, vcf(*chance, header="")), assume_reference=True)
    lying = [line.replace(" C T ", " A T ").replace(" G A ", " T A ") for line in whole()]
    with pytest.raises(DataError, match="REF differs"):
        read_calls(write(tmp_path, vcf(*lying)))
    t2t = write(tmp_path, vcf(*whole(), header="##contig=<ID=chr10,length=134758134>\n"))
    with pytest.raises(UnsupportedError, match="another assembly"):
        read_calls(t2t)
    with pytest.raises(UnsupportedError, match="hg18"):
        read_calls(write(tmp_path, vcf(*whole(), header="##reference=hg18.fa\n")))
    with pytest.raises(UnsupportedError, match="unknown build"):
        read_calls(write(tmp_path, vcf(*whole())), build="hg38")


BROKEN = {
    "empty": b"",
    "not a VCF": b"rsid\tchromosome\tposition\tgenotype\n",
    "binary": bytes(range(256)) * 4,
    "no header line": b"##fileformat=VCFv4.2\n##contig=<ID=1>\n",
    "no records": vcf(end="").encode(),
    "cut in a line": vcf(row("rs1799853", "0/1"), row("rs1057910"))[:-9].encode(),
    "cut before the end of the line": vcf(row("rs1799853", "0/1"), end="").encode(),
    "missing column": vcf("chr10 94942290 . C T . PASS . GT").encode(),
    "no sample": vcf("chr10 94942290 . C T . PASS .").replace("\tFORMAT\tP1", "").encode(),
    "no GT": vcf("chr10 94942290 . C T . PASS . DP 30").encode(),
    "GT beyond ALT": vcf(row("rs1799853", "0/2")).encode(),
    "GT not a number": vcf(row("rs1799853", "A/B")).encode(),
    "position not a number": vcf(row("rs1799853").replace("94942290", "x")).encode(),
    "nothing at our positions": vcf("chr10 5 . C T . PASS . GT 0/1").encode(),
    "two samples": vcf(row("rs1799853", "0/1 0/0"), samples="P1\tP2").encode(),
    "gzip cut": gzip.compress(vcf(*whole()).encode())[:-200],
    "mixed builds": vcf(row("rs1799853"), header=LENGTH38 + LENGTH37).encode(),
}


SAID = {
    "empty": "empty",
    "binary": "not a VCF",
    "GT not a number": "not a genotype",
    "not a VCF": "not a VCF",
    "no header line": "no #CHROM line",
    "no records": "no records",
    "cut in a line": "does not end",
    "cut before the end of the line": "does not end",
    "missing column": "number of columns",
    "no sample": "no genotypes",
    "no GT": "no GT",
    "GT beyond ALT": "not a genotype",
    "position not a number": "POS",
    "nothing at our positions": "no record at any",
    "two samples": "--sample",
    "gzip cut": "cut off",
    "mixed builds": "mixes contigs",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_files_are_refused_whole(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "broken.vcf"
    path.write_bytes(BROKEN[kind])
    with pytest.raises(VitruvianError, match=SAID[kind]) as caught:
        read_calls(path)
    assert isinstance(caught.value, DataError | UnsupportedError)
    assert caught.value.todo or caught.value.allowed


def test_cut_bgzip_and_bcf_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, vcf(*whole()))
    blocked = tmp_path / "genome.vcf.gz"
    pysam.tabix_compress(str(path), str(blocked), force=True)
    cut = tmp_path / "cut.vcf.gz"
    cut.write_bytes(blocked.read_bytes()[:-28])
    with pytest.raises(DataError, match="cut off"):
        read_calls(cut)
    (tmp_path / "cut.vcf.gz").write_bytes(blocked.read_bytes()[:700])
    with pytest.raises(DataError, match="cut off"):
        read_calls(cut)
    with pytest.raises(DataError, match="no such file"):
        read_calls(tmp_path / "absent.vcf")
    bcf = tmp_path / "genome.bcf"
    bcf.write_bytes(b"BCF\x02\x02" + bytes(40))
    with pytest.raises(UnsupportedError, match="bcftools"):
        read_calls(bcf)


@pytest.mark.parametrize("kind", ["plain", "gzip", "bgzip"])
def test_damaged_bytes_are_refused_or_read_but_never_crash(tmp_path: Path, kind: str) -> None:
    """Cuts anywhere and bytes changed at random: a typed error, or calls that still go through."""
    path = write(tmp_path, vcf(*whole()[:80]))
    data = path.read_bytes()
    if kind == "gzip":
        data = gzip.compress(data)
    if kind == "bgzip":
        pysam.tabix_compress(str(path), str(tmp_path / "blocked.vcf.gz"), force=True)
        data = (tmp_path / "blocked.vcf.gz").read_bytes()
    chance = random.Random(7)
    refused = 0
    for turn in range(60):
        broken = bytearray(data[: chance.randrange(1, len(data))] if turn % 2 else data)
        for _ in range(0 if turn % 2 else 5):
            broken[chance.randrange(len(broken))] = chance.choice((0, 9, 10, 46, 47, 48, 65, 255))
        try:
            genotype(read_calls(bytes(broken)).calls)
        except VitruvianError:
            refused += 1
    assert refused >= 40


def test_line_ends_of_windows(tmp_path: Path) -> None:
    path = tmp_path / "windows.vcf"
    path.write_bytes(vcf(row("rs1799853", "0/1")).replace("\n", "\r\n").encode())
    assert read_calls(path).calls[RS1799853].text == "C/T"


def test_a_damaged_index_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, vcf(*whole()))
    blocked = tmp_path / "genome.vcf.gz"
    pysam.tabix_compress(str(path), str(blocked), force=True)
    (tmp_path / "genome.vcf.gz.tbi").write_bytes(b"nonsense")
    with pytest.raises(DataError, match="index"):
        read_calls(blocked)


def test_the_sample_asked_for_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, vcf(row("rs1799853", "0/1 1/1"), samples="P1\tP2"))
    assert read_calls(path, sample="P1").calls[RS1799853].text == "C/T"
    assert read_calls(path, sample="P2").calls[RS1799853].text == "T/T"
    with pytest.raises(DataError, match="P3"):
        read_calls(path, sample="P3")


def test_absent_is_missing_unless_reference_is_assumed(tmp_path: Path) -> None:
    path = write(tmp_path, vcf(row("rs1799853", "0/1")))
    assert set(read_calls(path).calls) == {RS1799853}
    assumed = read_calls(path, assume_reference=True)
    assert assumed.calls[RS1057910].text == "A/A"
    assert assumed.assumed == len(assumed.calls) - 1
    assert any("as asked" in note for note in assumed.notes)
    assert ("chr1", 97082391) not in assumed.calls  # the file does not speak of chromosome 1
    assert genotype(assumed.calls)["CYP2C9"].diplotype == "*1/*2"


def test_reference_blocks_of_a_gvcf(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        vcf(
            "chr10 94938000 . A <NON_REF> . . END=94942289 GT:DP:GQ 0/0:30:80",
            "chr10 94942290 . C T,<NON_REF> . . . GT:DP:GQ 0/1:30:80",
            "chr10 94942291 . G <NON_REF> . . END=94981295 GT:DP:GQ 0/0:30:80",
            "chr10 94981296 . A <NON_REF> . . END=94981296 GT:DP:GQ 0/0:0:0",
            "chr10 94981297 . T <NON_REF> . . END=94999999 GT:MIN_DP:GQ 0/0:25:60",
        ),
    )
    call = genotype(read_calls(path).calls)["CYP2C9"]
    assert call.missing == ("rs1057910 (chr10:94981296)",)  # no reads there: no evidence
    assert call.diplotype == "*1/*2"
    assert "*2/*3" in [d.name for d in call.diplotypes]


def test_phase_sets(tmp_path: Path) -> None:
    two = [row("rs1142345", "0|1:7", "GT:PS"), row("rs1800460", "0|1:9", "GT:PS")]
    rows = [line for line in whole() if not line.startswith(("chr6 18130918 ", "chr6 18138997 "))]
    apart = genotype(read_calls(write(tmp_path, vcf(*rows, *two))).calls)["TPMT"]
    assert {d.name for d in apart.diplotypes} == {"*1/*3A", "*3B/*3C"}
    together = [line.replace(":9", ":7") for line in two]
    same = genotype(read_calls(write(tmp_path, vcf(*rows, *together))).calls)["TPMT"]
    assert [d.name for d in same.diplotypes] == ["*1/*3A"]
    no_set = [line.replace("GT:PS", "GT").replace(":9", "").replace(":7", "") for line in two]
    bare = genotype(read_calls(write(tmp_path, vcf(*rows, *no_set))).calls)["TPMT"]
    assert bare.phase == "phased"


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (["chr2 233760233 . CAT C,CATAT . PASS . GT 0/2"], "CAT/CATAT"),
        (["chr2 233760233 . C CAT . PASS . GT 0/1"], "CAT/CATAT"),
        (["chr2 233760233 . CATATAT CATATATAT . PASS . GT 1/1"], "CATAT/CATAT"),
        (["chr2 233760233 . CAT C . PASS . GT 0/1", "chr2 233760233 . C CAT . PASS . GT 0/1"], "CATAT/C"),
        (["chr2 233760233 . C CAT . PASS . GT ./1"], "./CATAT"),
        (["chr2 233760233 . C G . PASS . GT 0/1"], "CAT/GAT"),
        (["chr2 233760233 . C <DEL> . PASS END=233760900 GT 0/1"], "CAT/<DEL>"),
        (["chr2 233760230 . TCTCAT T . PASS . GT 0/1"], "CAT/<TCTCAT>T at 233760230>"),
    ],
)
def test_spellings_of_one_variant(tmp_path: Path, rows: list[str], text: str) -> None:
    assert read_calls(write(tmp_path, vcf(*rows))).calls[TA_REPEAT].text == text


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (["chr10 94942289 . CC CT . PASS . GT 0/1"], "C/T"),
        (["chr10 94942290 . CG TG . PASS . GT 1|0"], "T|C"),
        (["chr10 94942290 . CGA C . PASS . GT 0/1"], "C/C"),
        (["chr10 94942290 . C T . PASS . GT 1"], "T/."),
        (["chr10 94942290 . C T . PASS . GT 0/1", "chr10 94942290 . C A . PASS . GT 1/0"], "A/T"),
        (["chr10 94942290 . c t . PASS . GT 0/1"], "C/T"),
        (["chr10 94942290 . C *,T . PASS . GT 1/2"], "<*>/T"),
    ],
)
def test_spellings_of_a_single_base(tmp_path: Path, rows: list[str], text: str) -> None:
    read = read_calls(write(tmp_path, vcf(*rows, "chr10 94981296 . A C . PASS . GT 0/0")))
    assert read.calls[RS1799853].text == text


@pytest.mark.parametrize("filters", ["LowQual", "q10;s50"])
def test_a_filtered_record_is_no_evidence(tmp_path: Path, filters: str) -> None:
    text = vcf(row("rs1799853", "0/1").replace("PASS", filters), row("rs1057910"))
    read = read_calls(write(tmp_path, text), assume_reference=True)
    assert RS1799853 not in read.calls
    assert any(filters.split(";")[0] in note for note in read.notes)


def test_an_indel_that_is_not_left_aligned_is_left_out_and_named(tmp_path: Path) -> None:
    rows = [line for line in whole() if not line.startswith("chr22 42128241 ")]
    shifted = ["chr22 42128241 . CT C . PASS . GT 0/0", "chr22 42128244 . TT T . PASS . GT 0/1"]
    read = read_calls(write(tmp_path, vcf(*rows, *shifted)))
    assert ("chr22", 42128241) not in read.calls
    assert any("left-aligned" in note for note in read.notes)


def test_shared_examples_match_their_reports(shared: Path) -> None:
    """PharmCAT's two example samples against its own reports: diplotype, phenotype, score."""
    import tarfile

    folder = shared / "data" / "pharmacogenomics"
    with tarfile.open(folder / "pharmcat_tables.tar.gz") as tables:
        names = {Path(m.name).name: m for m in tables.getmembers()}

        def text(name: str) -> str:
            held = tables.extractfile(names[name])
            assert held is not None
            return held.read().decode()

        reports = {k: text(f"pharmcat.example{k}.report.tsv") for k in ("", "2")}
    checked = 0
    for k, report in reports.items():
        calls = genotype(read_calls(folder / f"pharmcat.example{k}.vcf").calls)
        for line in report.splitlines()[2:]:
            gene, diplotype, phenotype, score, *rest = line.split("\t")
            if gene not in calls or rest[6] == "yes":
                continue
            call = calls[gene]
            assert call.diplotype == diplotype
            assert (call.phenotype or "") == phenotype
            assert call.activity_score == (float(score) if score else None)
            checked += 1
    assert checked == 28


def test_the_reference_genomes_are_what_is_known_of_them() -> None:
    """Star alleles of the two assemblies, as PyPGx 0.27.0 lists them (gene-table.csv)."""
    known = {
        Build.GRCH37: {
            "CYP2C19": "*1/*1",
            "CYP2D6": "*2/*2",
            "CYP3A5": "*3/*3",
            "DPYD": "c.85T>C (*9A)/c.85T>C (*9A)",
            "F5": "rs6025 T (Factor V Leiden)/rs6025 T (Factor V Leiden)",
            "SLCO1B1": "*1/*1",
        },
        Build.GRCH38: {"CYP2C19": "*38/*38", "CYP2D6": "*1/*1", "CYP3A5": "*1/*1", "DPYD": "Reference/Reference"},
    }
    for build, wanted in known.items():
        calls = genotype({s.key: Call(s.ref(build), s.ref(build)) for s in sites()})
        assert {gene: calls[gene].diplotype for gene in wanted} == wanted
