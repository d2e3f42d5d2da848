"""Values of the pharmacogenomic tables, and what was seen of a person at one of their positions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Build(StrEnum):
    """A human reference assembly."""

    GRCH38 = "GRCh38"
    GRCH37 = "GRCh37"


@dataclass(frozen=True)
class Site:
    """One position of one gene; 1-based, left-aligned as in VCF. `pos37` is None where it is not known."""

    gene: str
    chrom: str
    pos38: int
    ref38: str
    alts: tuple[str, ...]
    rsid: str
    hgvs: str
    pos37: int | None
    ref37: str
    extra: bool = False

    @property
    def key(self) -> tuple[str, int]:
        """What calls are keyed by, on every build: chromosome and GRCh38 position."""
        return self.chrom, self.pos38

    @property
    def label(self) -> str:
        """How a report names it."""
        return f"{self.rsid or self.hgvs} ({self.chrom}:{self.pos38})"

    @property
    def alleles(self) -> tuple[str, ...]:
        """The documented alleles, the GRCh38 reference first."""
        return (self.ref38, *self.alts)

    def at(self, build: Build) -> int | None:
        """Position on a build, or None where it is not known."""
        return self.pos38 if build is Build.GRCH38 else self.pos37

    def ref(self, build: Build) -> str:
        """Reference allele on a build (five of these positions differ between the builds)."""
        return self.ref38 if build is Build.GRCH38 else self.ref37


@dataclass(frozen=True)
class Call:
    """What was seen at a site: two alleles spelled as in the table (None = not seen, "<...>" = not expressible there).

    `phase_set` is None where the two are unordered. Calls of one phase set name the same two chromosomes in order.
    """

    first: str | None
    second: str | None
    phase_set: str | None = None

    @property
    def homozygous(self) -> bool:
        """Both alleles were seen and are the same."""
        return self.first is not None and self.first == self.second

    @property
    def text(self) -> str:
        """As in a VCF, with bases in place of numbers."""
        return f"{self.first or '.'}{'/' if self.phase_set is None else '|'}{self.second or '.'}"


@dataclass(frozen=True)
class AlleleFact:
    """A named allele. `definition` maps GRCh38 position to allele (IUPAC code where several fit)."""

    gene: str
    name: str
    kind: str
    function: str
    activity: str
    definition: Mapping[int, str] = field(hash=False)
    source: str


@dataclass(frozen=True)
class PhenotypeRule:
    """Two functions, or a score and "", to a phenotype."""

    rule: str
    first: str
    second: str
    phenotype: str
