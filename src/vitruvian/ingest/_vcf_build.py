"""Which reference assembly a VCF was called against, from its header."""

from __future__ import annotations

import re

from vitruvian.core import DataError, UnsupportedError
from vitruvian.tables.pharmacogenomics import Build, contig_lengths

NAMES = {Build.GRCH38: r"grch38|hg38|hs38|b38", Build.GRCH37: r"grch37|hg19|hs37|b37|g1k_v37"}
OTHERS = r"hg18|ncbi36|chm13|t2t|hg17|grcm|mm10"
LIFT = "Call the variants against GRCh38 or GRCh37, or lift the file over with its reference genome."


def chromosome(name: str) -> str:
    """`chr10` for chr10, 10, Chr10, or the RefSeq accession NC_000010.11."""
    accession = re.fullmatch(r"NC_0000(\d\d)\.\d+", name)
    return f"chr{int(accession[1])}" if accession else "chr" + re.sub(r"^chr", "", name, flags=re.IGNORECASE)


def header_build(header: list[str]) -> Build | None:
    """The build that contig lengths, assembly or reference name; None where the header does not say.

    Raises UnsupportedError for another assembly, and DataError where the contigs contradict each other.
    """
    known = contig_lengths()
    sized = {chrom for chrom, _ in known}
    by_length: set[Build] = set()
    stranger = None
    for line in header:
        if not line.startswith("##contig="):
            continue
        name, length = re.search(r"[<,]ID=([^,>]+)", line), re.search(r"[<,]length=(\d+)", line)
        if name and length and chromosome(name[1]) in sized:
            build = known.get((chromosome(name[1]), int(length[1])))
            by_length |= {build} if build else set()
            stranger = stranger or (None if build else f"{name[1]} of length {length[1]}")
    if len(by_length) > 1:
        raise DataError("the header mixes contigs of GRCh37 and GRCh38", todo=LIFT)
    if stranger:
        raise UnsupportedError(
            "the contigs are of another assembly", got=stranger, allowed="GRCh38 or GRCh37", todo=LIFT
        )
    return by_length.pop() if by_length else _named_build(header)


def _named_build(header: list[str]) -> Build | None:
    text = "\n".join(x for x in header if re.match(r"##(reference|contig|assembly)\b", x)).lower()
    found = [build for build, pattern in NAMES.items() if re.search(pattern, text)]
    if not found and (other := re.search(OTHERS, text)):
        raise UnsupportedError("the file is of another assembly", got=other[0], allowed="GRCh38 or GRCh37", todo=LIFT)
    return found[0] if len(found) == 1 else None
