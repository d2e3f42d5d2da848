"""The pharmacogenes of a whole-genome VCF: by index and in one pass, beside plain loops of pysam."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pysam

from bench.timing import Row, Spent, best
from vitruvian.ingest import read_calls
from vitruvian.tables.pharmacogenomics import Site, sites

LIMIT_S = 0.3
CHUNK = 5000
# GRCh38 lengths of chromosomes 1 to 22 (NCBI assembly GCF_000001405)
LENGTHS = (
    248956422, 242193529, 198295559, 190214555, 181538259, 170805979, 159345973, 145138636, 138394717, 133797422,
    135086622, 133275309, 114364328, 107043718, 101991189, 90338345, 83257441, 80373285, 58617616, 64444167, 46709983,
    50818468,
)  # fmt: skip
FIELDS = (
    ("INFO=<ID=AC", "Integer"), ("INFO=<ID=AF", "Float"), ("INFO=<ID=DP", "Integer"), ("FORMAT=<ID=GT", "String"),
    ("FORMAT=<ID=AD", "Integer"), ("FORMAT=<ID=DP", "Integer"), ("FORMAT=<ID=GQ", "Integer"),
)  # fmt: skip


def rows(records: int, rounds: int) -> list[Row]:
    """Look-ups in a bgzipped genome of about so many records, with and without its index."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "genome.vcf.gz"
        write_genome(path, records)
        bare = Path(folder) / "bare.vcf.gz"
        bare.symlink_to(path)
        passed, peer_passed = best(lambda: read_calls(bare), 1), best(lambda: _every_record(path), 1)
        pysam.tabix_index(str(path), preset="vcf")
        looked, peer_looked = best(lambda: read_calls(path), rounds), best(lambda: _fetch(path, sites()), rounds)
    size = f"{records:,} records"
    return [
        Row(
            f"pharmacogenes of a VCF of {size}, by index",
            f"< {LIMIT_S} s",
            f"{looked.wall:.3f} s",
            looked.wall < LIMIT_S,
            _beside(f"pysam, fetching {len(sites())} positions", looked, peer_looked),
        ),
        Row(
            f"the same without an index, one pass over {size}",
            "said in the answer",
            f"{passed.cpu:.1f} s",
            None,
            _beside("pysam, reading every record's genotype", passed, peer_passed),
        ),
    ]


def _beside(peer: str, own: Spent, other: Spent) -> str:
    return f"{peer}: {other.cpu:.2f} s; ratio {own.cpu / other.cpu:.1f}"


def _fetch(path: Path, wanted: Sequence[Site]) -> int:
    """What a reader of the same library does: one look-up per position."""
    with pysam.TabixFile(str(path)) as table:
        return sum(1 for site in wanted for _ in table.fetch(site.chrom, site.pos38 - 1, site.pos38))


def _every_record(path: Path) -> int:
    pysam.set_verbosity(0)
    with pysam.VariantFile(str(path)) as table:
        return sum(record.samples[0]["GT"] is not None for record in table)


def write_genome(path: Path, records: int, seed: int = 5) -> None:
    """A bgzipped VCF of one sample: random SNVs over all autosomes, and every pharmacogene position as reference."""
    chance = random.Random(seed)
    with pysam.BGZFile(str(path), "wb", None) as out:
        contigs = "".join(f"##contig=<ID=chr{k},length={size}>\n" for k, size in enumerate(LENGTHS, 1))
        fields = "".join(f'##{kind},Number=.,Type={type_},Description="">\n' for kind, type_ in FIELDS)
        columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tP1\n"
        out.write(f"##fileformat=VCFv4.2\n{contigs}{fields}{columns}".encode())
        for k, size in enumerate(LENGTHS, 1):
            lines = _chromosome(f"chr{k}", size, round(records * size / sum(LENGTHS)), chance)
            for start in range(0, len(lines), CHUNK):
                out.write("".join(line for _, line in lines[start : start + CHUNK]).encode())


def _chromosome(chrom: str, size: int, records: int, chance: random.Random) -> list[tuple[int, str]]:
    fixed = [
        (s.pos38, _line(s.chrom, s.pos38, s.ref38, ",".join(s.alts), "0/0", 30)) for s in sites() if s.chrom == chrom
    ]
    found = []
    for position in sorted(chance.randrange(1, size) for _ in range(records)):
        reference = chance.choice("ACGT")
        other = "CGTA"["ACGT".index(reference)]
        found.append((position, _line(chrom, position, reference, other, "0/1", chance.randrange(15, 60))))
    return sorted(fixed + found)


def _line(chrom: str, position: int, reference: str, allele: str, genotype: str, depth: int) -> str:
    info = f"AC=1;AF=0.5;DP={depth}\tGT:AD:DP:GQ\t{genotype}:{depth // 2},{depth}:{depth}:{position % 80 + 20}"
    return f"{chrom}\t{position}\t.\t{reference}\t{allele}\t{depth}.5\tPASS\t{info}\n"
