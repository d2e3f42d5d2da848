"""One pass over a whole VCF at ingest: every line checked and counted, each sample's own content hashed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from vitruvian.core import DataError
from vitruvian.ingest._vcf_places import Near, Places, near_sites
from vitruvian.ingest._vcf_samples import header_for, is_somatic
from vitruvian.ingest._vcf_text import VcfText

BLOCKS = frozenset({"<NON_REF>", "<*>"})
MOST_KINDS = 100


@dataclass
class Column:
    """What was counted of one sample."""

    name: str
    variants: int = 0
    phased: int = 0
    phase_sets: bool = False
    digest: Any = field(default_factory=sha256)

    def see(self, line: str, keys: str, value: str) -> None:
        """Count the sample's field of one line; `line` as it would be with this sample alone."""
        self.digest.update(line.encode() + b"\n")
        genotype = value[: value.find(":")] if ":" in value else value
        if not keys.startswith("GT") or genotype in ("0/0", "./.", "0|0", "0", "."):
            return
        self.variants += not set(genotype) <= {"0", ".", "/", "|"}
        if "|" in genotype:
            self.phased += 1
            self.phase_sets = self.phase_sets or "PS" in keys.split(":")

    @property
    def hash(self) -> str:
        """Hash of the file as it would be with this sample alone."""
        return str(self.digest.hexdigest()[:32])


@dataclass
class Survey:
    """Counts of a file: records, filtered ones, symbolic and breakend ALT alleles by kind, somatic ones."""

    text: VcfText
    columns: list[Column]
    structural: Counter[str] = field(default_factory=Counter)
    filtered: int = 0
    blocks: int = 0
    somatic: int = 0
    near: list[Near] = field(default_factory=list)

    @classmethod
    def of(cls, text: VcfText, names: Sequence[str], places: Sequence[Places]) -> Survey:
        """Read the file once, for the samples `names`; raises `DataError` for a line that is none of a VCF."""
        found = cls(text, [Column(name) for name in names])
        for column in found.columns:
            column.digest.update("\n".join([*header_for(text, [column.name]), ""]).encode())
        indices = [text.columns.index(name, 9) for name in names]
        found.near = near_sites(text, found._lines(indices), indices, places)
        if text.records == 0:
            raise DataError(f"{text.path.name}: the file has no records", todo="Give a VCF with the person's variants.")
        return found

    def _lines(self, indices: Sequence[int]) -> Iterator[str]:
        for line in self.text.every_line():
            fields = line.split("\t")
            self._see(fields)
            if len(fields) == 10:
                self.columns[0].see(line, fields[8], fields[9])
            else:
                fixed = "\t".join(fields[:9])
                for column, k in zip(self.columns, indices, strict=True):
                    column.see(f"{fixed}\t{fields[k]}", fields[8], fields[k])
            yield line

    def _see(self, fields: list[str]) -> None:
        if not fields[1].isdecimal():
            got = fields[1][:20]
            raise DataError(f"{self.text.where}: POS is not a number", got=got, todo="Mend or leave out this line.")
        self.filtered += fields[6] not in ("PASS", ".", "")
        self.somatic += is_somatic(fields[7])
        alleles = fields[4]
        if alleles.isalpha():
            return
        kinds = [kind for allele in alleles.split(",") if (kind := allele_kind(allele))]
        self.blocks += alleles in BLOCKS
        for kind in kinds:
            known = kind in self.structural or len(self.structural) < MOST_KINDS
            self.structural[kind if known else "others"] += 1

    def detail(self, column: Column) -> dict[str, Any]:
        """What a fact tells of one sample."""
        return {
            "sample": column.name,
            "records": self.text.records,
            "variants": column.variants,
            "filtered": self.filtered,
            "reference_blocks": self.blocks,
            "structural": dict(sorted(self.structural.items())),
            "phased": column.phased,
            "phase_sets": column.phase_sets,
        }


def allele_kind(allele: str) -> str | None:
    """DEL, DUP:TANDEM, BND, "*" (deleted upstream) …; None for bases, a missing allele, or a reference block."""
    if allele.isalpha() or allele in BLOCKS or allele == ".":
        return None
    if symbolic := re.fullmatch(r"<([\w:.\-]{1,40})>", allele):
        return symbolic[1]
    if "[" in allele or "]" in allele or allele.startswith(".") or allele.endswith("."):
        return "BND"
    return "*" if allele == "*" else "other"
