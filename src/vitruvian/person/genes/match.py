"""Every pair of named alleles that fits the calls of one gene.

A named allele says which base or bases it may carry at each position of its gene; what it leaves open is as in the
reference allele. A pair fits if the two can be laid on the two chromosomes so that every seen position agrees:

- unphased heterozygous positions may be turned independently of each other;
- heterozygous positions of one phase set turn together, and different phase sets independently;
- a position that was not seen restricts nothing.

So each phase set (and each unphased position) is one block, and a pair (i, j) fits a block if i carries its first and j
its second haplotype, or the other way round. Best first: fewest variants at unseen positions, then most defined
positions (as in PharmCAT, doi:10.1002/cpt.1568), then the gene's own priorities where unphased data fit several pairs,
then the name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Bool, Int

from vitruvian.person.genes.naming import natural, pair_name
from vitruvian.tables.pharmacogenomics import Call, Site, alleles, priorities, sites

Calls = Mapping[tuple[str, int], Call]
IUPAC = {"R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC"}


@dataclass(frozen=True)
class Definition:
    """A gene's named alleles as bit masks: bit b of `masks[i, s]` = allele i may carry `sites[s].alleles[b]`."""

    names: tuple[str, ...]
    sites: tuple[Site, ...]
    masks: Int[np.ndarray, "alleles sites"]
    defined: Bool[np.ndarray, "alleles sites"]


@dataclass(frozen=True)
class Pair:
    """Two allele names, the number of variants they claim at unseen positions, and the number of defined positions."""

    first: str
    second: str
    unseen: int
    score: int

    @property
    def name(self) -> str:
        """`*1/*2`."""
        return pair_name(self.first, self.second)


def bits(site: Site, allele: str) -> int:
    """Mask of one allele, or of an IUPAC code at a single-base position; 0 if it is not documented."""
    wanted = (allele,) if allele in site.alleles else tuple(IUPAC.get(allele, ""))
    return sum(1 << k for k, known in enumerate(site.alleles) if known in wanted)


@cache
def definition(gene: str) -> Definition:
    """The allele table of a gene as arrays."""
    places = tuple(site for site in sites() if site.gene == gene and not site.extra)
    facts = tuple(fact for fact in alleles(gene) if fact.kind != "outside")
    reference = next(fact for fact in facts if fact.kind == "reference")
    base = [bits(site, reference.definition.get(site.pos38, site.ref38)) for site in places]
    masks = np.array([base] * len(facts), dtype=np.int64).reshape(len(facts), len(places))
    defined = np.zeros(masks.shape, dtype=bool)
    for i, fact in enumerate(facts):
        for s, site in enumerate(places):
            if site.pos38 in fact.definition:
                masks[i, s], defined[i, s] = bits(site, fact.definition[site.pos38]), True
        if fact is reference:
            defined[i] = True
    return Definition(tuple(fact.name for fact in facts), places, masks, defined)


def blocks(places: tuple[Site, ...], calls: Calls) -> list[list[int]]:
    """Indices of seen positions, grouped by what turns together."""
    grouped: dict[object, list[int]] = {}
    for s, site in enumerate(places):
        call = calls.get(site.key)
        if call is None:
            continue
        loose = call.phase_set is None or call.homozygous
        grouped.setdefault(("alone", s) if loose else call.phase_set, []).append(s)
    return list(grouped.values())


def _mask(site: Site, allele: str | None) -> int:
    return -1 if allele is None else bits(site, allele)


def match(gene: str, calls: Calls) -> tuple[Pair, ...]:
    """All compatible pairs, best first. Undocumented alleles fit nothing: check for them before."""
    table = definition(gene)
    seen = [s for s, site in enumerate(table.sites) if site.key in calls]
    pairs = _fitting(table, calls)
    unseen = np.setdiff1d(np.arange(len(table.sites)), seen)
    reference = table.masks[table.defined.all(axis=1)][0]
    claims = ((table.masks & reference) == 0)[:, unseen].sum(axis=1)
    score = table.defined[:, seen].sum(axis=1)
    best: dict[str, Pair] = {}
    for i, j in pairs:
        pair = Pair(table.names[i], table.names[j], int(claims[i] + claims[j]), int(score[i] + score[j]))
        held = best.get(pair.name)
        if held is None or (pair.unseen, -pair.score) < (held.unseen, -held.score):
            best[pair.name] = pair
    ranked = sorted(best.values(), key=lambda p: (p.unseen, -p.score, natural(p.name)))
    return tuple(_prioritised(gene, ranked))


def _fitting(table: Definition, calls: Calls) -> list[tuple[int, int]]:
    """Indices (i ≤ j) of all pairs that fit every block."""
    masks = table.masks
    called = [(s, site, calls[site.key]) for s, site in enumerate(table.sites) if site.key in calls]
    seen = np.array([s for s, _, _ in called], dtype=np.int64)
    first = np.array([_mask(site, call.first) for _, site, call in called], dtype=np.int64)
    second = np.array([_mask(site, call.second) for _, site, call in called], dtype=np.int64)
    one, two = (masks[:, seen] & first) != 0, (masks[:, seen] & second) != 0
    kept = np.flatnonzero((one | two).all(axis=1))
    one, two = one[kept], two[kept]
    column = {s: k for k, s in enumerate(seen.tolist())}
    together = np.ones((len(kept), len(kept)), dtype=bool)
    for block in blocks(table.sites, calls):
        if len(block) == 1 and calls[table.sites[block[0]].key].homozygous:
            continue
        here = [column[s] for s in block]
        left, right = one[:, here].all(axis=1), two[:, here].all(axis=1)
        together &= (left[:, None] & right[None, :]) | (right[:, None] & left[None, :])
    return [(int(kept[i]), int(kept[j])) for i, j in zip(*np.nonzero(np.triu(together)), strict=True)]


def _prioritised(gene: str, ranked: list[Pair]) -> list[Pair]:
    """Moves the pair to the front that the gene's priority table names, if all its rivals fit too."""
    names = {pair.name for pair in ranked if pair.unseen == 0}
    held = [(len(options), first) for options, first in priorities(gene).items() if options <= names]
    if not held:
        return ranked
    front = max(held)[1]
    return sorted(ranked, key=lambda pair: pair.name != front)
