"""The lines of a VCF that lie at or near a pharmacogene's position: found in one pass, for one build or both."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vitruvian.core import DataError
from vitruvian.ingest._vcf_build import chromosome
from vitruvian.ingest._vcf_genotype import record_end
from vitruvian.ingest._vcf_text import VcfText
from vitruvian.tables.pharmacogenomics import Build, Site, sites

REACH = 50
NEAR = 40
JOIN = 2_000
MOST_LINES, MOST_CHARACTERS = 200_000, 1 << 26


@dataclass
class Places:
    """Sites of a build by chromosome, in order of position."""

    build: Build
    by_chrom: dict[str, tuple[list[int], list[Site]]]

    @classmethod
    def of(cls, build: Build) -> Places:
        """All sites whose position on `build` is known."""
        grouped: dict[str, list[tuple[int, Site]]] = {}
        for site in sites():
            position = site.at(build)
            if position is not None:
                grouped.setdefault(site.chrom, []).append((position, site))
        ordered = {chrom: sorted(rows, key=lambda row: row[0]) for chrom, rows in grouped.items()}
        return cls(build, {c: ([p for p, _ in rows], [s for _, s in rows]) for c, rows in ordered.items()})

    def within(self, chrom: str, start: int, end: int) -> list[Site]:
        """Sites whose reference allele overlaps start..end."""
        positions, held = self.by_chrom.get(chrom, ([], []))
        first, last = bisect_left(positions, start - REACH), bisect_right(positions, end)
        return [s for p, s in zip(positions[first:last], held[first:last], strict=True) if p + len(s.ref38) > start]

    def regions(self, chrom: str) -> list[tuple[int, int]]:
        """Stretches to look up, close ones joined."""
        found: list[tuple[int, int]] = []
        for position in self.by_chrom[chrom][0]:
            if found and position - found[-1][1] < JOIN:
                found[-1] = (found[-1][0], position + REACH)
            else:
                found.append((position - REACH, position + REACH))
        return found


@dataclass(frozen=True, slots=True)
class Near:
    """A record line near a site: the nine fixed fields as they stand, and the sample columns that were asked for."""

    chrom: str
    position: int
    end: int
    fixed: str
    samples: tuple[str, ...]
    where: str


def near_sites(text: VcfText, lines: Iterable[str], columns: Sequence[int], every: Sequence[Places]) -> list[Near]:
    """The lines near any site of any of `every`; raises `DataError` where POS is not a number."""
    names = _contig_names(every[0])
    positions = {chrom: sorted(p for one in every for p in one.by_chrom[chrom][0]) for chrom in every[0].by_chrom}
    found: list[Near] = []
    kept = 0
    for line in lines:
        name, given, _, reference, _ = line.split("\t", 4)
        if name not in names:
            names[name] = chromosome(name)
        chrom = names[name]
        if chrom not in positions:
            continue
        if not (given.isdecimal() and given.isascii() and len(given) < 11):
            raise DataError(f"{text.where}: POS is not a number", got=given[:20], todo="Mend or leave out this line.")
        position = int(given)
        end = record_end(line) if "END=" in line else position + len(reference) - 1
        sites_here = positions[chrom]
        first = bisect_left(sites_here, position - NEAR - REACH)
        if first == len(sites_here) or sites_here[first] > end:
            continue
        if not any(places.within(chrom, position - NEAR, end) for places in every):
            continue
        fields = line.split("\t")
        one = Near(chrom, position, end, "\t".join(fields[:9]), tuple(fields[k] for k in columns), text.where)
        kept += len(one.fixed) + sum(map(len, one.samples))
        if kept > MOST_CHARACTERS or len(found) >= MOST_LINES:
            raise DataError(
                f"{text.path.name}: too much at the pharmacogenes' positions to be a genome",
                allowed=f"{MOST_LINES} records",
            )
        found.append(one)
    return found


def regions(every: Sequence[Places]) -> dict[str, list[tuple[int, int]]]:
    """What to look up in an index, by every name that a file may use for a chromosome."""
    names = _contig_names(every[0])
    return {name: [r for places in every for r in places.regions(chrom)] for name, chrom in names.items()}


def _contig_names(places: Places) -> dict[str, str]:
    """Names that a file may use for our chromosomes."""
    numbers = {chrom: chrom.removeprefix("chr") for chrom in places.by_chrom}
    accessions = {f"NC_{int(n):06d}.{version}": chrom for chrom, n in numbers.items() for version in range(9, 16)}
    return {chrom: chrom for chrom in numbers} | {n: chrom for chrom, n in numbers.items()} | accessions
