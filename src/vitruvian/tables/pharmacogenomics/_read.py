"""Reads the frozen tables of this folder: tab-separated text, `#` lines are the attribution."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from vitruvian.tables.pharmacogenomics._types import AlleleFact, Build, PhenotypeRule, Site


def rows(name: str) -> list[dict[str, str]]:
    """Rows of one table as dicts of text."""
    text = files("vitruvian.tables.pharmacogenomics").joinpath(name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    header = lines[0].split("\t")
    return [dict(zip(header, line.split("\t"), strict=True)) for line in lines[1:]]


def _site(row: dict[str, str]) -> Site:
    return Site(
        gene=row["gene"],
        chrom=row["chrom"],
        pos38=int(row["pos38"]),
        ref38=row["ref"],
        alts=tuple(row["alts"].split(",")),
        rsid=row["rsid"],
        hgvs=row["hgvs38"],
        pos37=int(row["pos37"]) if row["pos37"] else None,
        ref37=row["ref37"] or row["ref"],
        extra=row["kind"] == "extra",
    )


@cache
def sites() -> tuple[Site, ...]:
    """Every position that is looked up, in table order."""
    return tuple(_site(row) for row in rows("positions.tsv"))


@cache
def genes() -> tuple[str, ...]:
    """Genes with a definition, in the order of the report."""
    return tuple(dict.fromkeys(site.gene for site in sites()))


@cache
def _alleles() -> dict[str, tuple[AlleleFact, ...]]:
    found: dict[str, list[AlleleFact]] = {}
    for row in rows("alleles.tsv"):
        definition = dict(part.split("=") for part in row["definition"].split(";") if part)
        fact = AlleleFact(
            gene=row["gene"],
            name=row["allele"],
            kind=row["kind"],
            function=row["function"],
            activity=row["activity"],
            definition={int(position): allele for position, allele in definition.items()},
            source=row["source"],
        )
        found.setdefault(fact.gene, []).append(fact)
    return {gene: tuple(facts) for gene, facts in found.items()}


def alleles(gene: str) -> tuple[AlleleFact, ...]:
    """Named alleles of a gene; the reference allele first."""
    return _alleles().get(gene, ())


@cache
def _phenotypes() -> dict[str, dict[tuple[str, str], PhenotypeRule]]:
    found: dict[str, dict[tuple[str, str], PhenotypeRule]] = {}
    for row in rows("phenotypes.tsv"):
        rule = PhenotypeRule(row["rule"], row["first"], row["second"], row["phenotype"])
        found.setdefault(row["gene"], {})[(rule.first, rule.second)] = rule
    return found


def phenotype_rules(gene: str) -> dict[tuple[str, str], PhenotypeRule]:
    """Rules of a gene by (function, function) in alphabetical order, or by (activity score, "")."""
    return _phenotypes().get(gene, {})


@cache
def priorities(gene: str) -> dict[frozenset[str], str]:
    """Sets of unphased diplotypes that fit the same data, and the one to name first."""
    return {frozenset(r["options"].split("|")): r["first"] for r in rows("priorities.tsv") if r["gene"] == gene}


@cache
def contig_lengths() -> dict[tuple[str, int], Build]:
    """(chromosome, length) to the build that has it."""
    known = {"GRCh38": Build.GRCH38, "GRCh37": Build.GRCH37}
    return {(row["chrom"], int(row["length"])): known[row["build"]] for row in rows("contigs.tsv")}
