"""Calls at positions → one result for each gene."""

from __future__ import annotations

from collections.abc import Mapping

from vitruvian.core import DataError
from vitruvian.person.genes.dpyd import call_dpyd
from vitruvian.person.genes.marker import marker_phenotypes
from vitruvian.person.genes.match import Calls, bits, blocks, match
from vitruvian.person.genes.naming import pair_name
from vitruvian.person.genes.outside import OutsideCall
from vitruvian.person.genes.phenotype import allele_fact, phenotype
from vitruvian.person.genes.result import Diplotype, GeneCall
from vitruvian.tables.pharmacogenomics import TABLE_VERSION, Call, Site, alleles, genes, phenotype_rules, sites

CALLER = "vitruvian genotype 1"
SLCO1B1_521 = ("chr12", 21178615)
NOTES = {
    "CYP2D6": "small variants only: deletions, duplications and hybrids are not seen in a VCF of small variants; "
    "an outside call is safer",
    "CYP4F2": "no phenotype is defined; its alleles enter warfarin dosing directly",
}


def genotype(calls: Calls, outside: Mapping[str, OutsideCall] | None = None) -> dict[str, GeneCall]:
    """Results by gene, in the order of the tables; outside calls replace what the positions say."""
    given = dict(outside or {})
    found = {gene: _outside(given.pop(gene)) if gene in given else _gene(gene, calls) for gene in genes()}
    return found | {gene: _outside(call) for gene, call in given.items()}


def _places(gene: str) -> tuple[Site, ...]:
    return tuple(site for site in sites() if site.gene == gene and not site.extra)


def _undocumented(places: tuple[Site, ...], calls: Calls) -> tuple[str, ...]:
    bad = []
    for site in places:
        call = calls.get(site.key)
        if call and not all(allele is None or bits(site, allele) for allele in (call.first, call.second)):
            bad.append(f"{site.label}: {call.text}, documented: {', '.join(site.alleles)}")
    return tuple(bad)


def _missing(places: tuple[Site, ...], calls: Calls) -> tuple[str, ...]:
    names = []
    for site in places:
        call = calls.get(site.key)
        if call is None:
            names.append(site.label)
        elif None in (call.first, call.second):
            names.append(f"{site.label}: half called {call.text}")
    return tuple(names)


def phase_of(places: tuple[Site, ...], calls: Calls) -> str:
    """How far the order of the heterozygous positions is known."""
    open_calls = [calls[site.key] for site in places if site.key in calls and not calls[site.key].homozygous]
    if len(open_calls) <= 1:
        return "not needed"
    turning = [b for b in blocks(places, calls) if any(not calls[places[s].key].homozygous for s in b)]
    if len(turning) == 1:
        return "phased"
    return "unphased" if len(turning) == len(open_calls) and not _ordered(open_calls) else "phase sets"


def _ordered(calls: list[Call]) -> bool:
    return any(call.phase_set is not None for call in calls)


def _gene(gene: str, calls: Calls) -> GeneCall:
    places = _places(gene)
    seen = sum(site.key in calls for site in places)
    undocumented = _undocumented(places, calls)
    extra = [(s.rsid, calls[s.key].text) for s in sites() if s.gene == gene and s.extra and s.key in calls]
    notes = [NOTES[gene]] if gene in NOTES else []
    diplotypes: tuple[Diplotype, ...] = ()
    not_excluded: tuple[str, ...] = ()
    reason = None
    if not seen:
        reason = "none of its positions is in the file"
    elif undocumented:
        reason = "an allele at a defining position is not documented: " + "; ".join(undocumented)
    elif gene == "DPYD":
        dpyd = call_dpyd(calls)
        diplotypes, not_excluded = dpyd.diplotypes, dpyd.not_excluded
        notes += dpyd.notes
    else:
        diplotypes, not_excluded = _named(gene, calls)
        if not diplotypes:
            reason = "no pair of named alleles fits the alleles seen: a new combination, or a wrong phase or genotype"
    phenotype, score = (diplotypes[0].phenotype, diplotypes[0].activity_score) if diplotypes else (None, None)
    if gene == "SLCO1B1" and not diplotypes and seen:
        phenotype, note = _slco1b1_521(calls)
        notes += note
    return GeneCall(
        gene=gene,
        diplotypes=diplotypes,
        phenotype=phenotype,
        activity_score=score,
        missing=_missing(places, calls),
        undocumented=undocumented,
        phase=phase_of(places, calls) if seen else "none",
        seen=seen,
        needed=len(places),
        caller=CALLER,
        table_version=table_version(gene),
        reason=reason,
        notes=tuple(notes),
        not_excluded=not_excluded,
        extra=tuple(extra),
    )


def table_version(gene: str) -> str:
    """Version of the allele table that a gene was called with."""
    return next((fact.source for fact in alleles(gene)), TABLE_VERSION)


def _named(gene: str, calls: Calls) -> tuple[tuple[Diplotype, ...], tuple[str, ...]]:
    """Diplotypes that fit, and the alleles that only a missing position leaves open."""
    pairs = match(gene, calls)
    found = []
    for pair in pairs:
        text, score = phenotype(gene, pair.first, pair.second)
        found.append(Diplotype(pair.name, (pair.first, pair.second), text, score, pair.unseen))
    shown = {name for pair in pairs if pair.unseen == 0 for name in (pair.first, pair.second)}
    possible = dict.fromkeys(name for pair in pairs for name in (pair.first, pair.second))
    return tuple(found), tuple(name for name in possible if name not in shown)


def _slco1b1_521(calls: Calls) -> tuple[str | None, list[str]]:
    """CPIC (doi:10.1002/cpt.2557) falls back on c.521T>C alone where no diplotype can be named."""
    call = calls.get(SLCO1B1_521)
    if call is None or {call.first, call.second} - {"T", "C"}:
        return None, []
    risk = (call.first, call.second).count("C")
    text = ("Normal Function", "Decreased Function", "Poor Function")[risk]
    return text, [f"phenotype from rs4149056 alone ({call.text})"]


def _outside(call: OutsideCall) -> GeneCall:
    gene, notes = call.gene, ["outside call: taken as given"]
    diplotypes: tuple[Diplotype, ...] = ()
    text, score = call.phenotype, _number(call)
    if call.diplotype:
        names = [part.strip() for part in call.diplotype.split("/")]
        markers = marker_phenotypes(gene, call.diplotype)
        if markers is not None:
            text = text or "; ".join(markers)
        elif len(names) == 2 and phenotype_rules(gene):
            unknown = [name for name in names if allele_fact(gene, name) is None]
            notes += [f"not in the allele table: {', '.join(unknown)}"] if unknown else []
            known, points = phenotype(gene, names[0], names[1])
            text, score = text or known, score if score is not None else points
        elif not phenotype_rules(gene):
            notes.append("no phenotype table for this gene here: shown, not interpreted")
        else:
            raise DataError(
                f"outside call of {gene}: not a diplotype", got=call.diplotype, allowed="two alleles, as *1/*2"
            )
        pair = (names[0], names[-1])
        name = pair_name(*names) if len(names) == 2 else call.diplotype
        diplotypes = (Diplotype(name, pair, text, score),)
    version = table_version(gene)
    return GeneCall(
        gene, diplotypes, text, score, (), (), "outside call", 0, 0, "outside call", version, None, tuple(notes)
    )


def _number(call: OutsideCall) -> float | None:
    if call.activity_score is None or call.activity_score.lower() == "n/a":
        return None
    try:
        return float(call.activity_score.lstrip("≥").strip())
    except ValueError:
        raise DataError(
            f"outside call of {call.gene}: activity score is not a number",
            got=call.activity_score,
            allowed="such as 1.5",
        ) from None
