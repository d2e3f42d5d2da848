"""DPYD: variants are listed per chromosome, and the least active one decides (CPIC, doi:10.1002/cpt.911).

Each chromosome counts with the lowest activity value among its variants; the score is the sum of the two. Where the
phase is not known, every arrangement is returned, the least active first: CPIC presumes different variants on different
chromosomes. HapB3 is decided by its intronic variant (rs75017182); the exonic one (rs56038477) stands in only where the
intronic one was not seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from vitruvian.person.genes.match import Calls
from vitruvian.person.genes.phenotype import score_phenotype
from vitruvian.person.genes.result import Diplotype
from vitruvian.tables.pharmacogenomics import AlleleFact, Call, alleles, sites

HAPB3 = "c.1129-5923C>G, c.1236G>A (HapB3)"
INTRONIC, EXONIC = 97579893, 97573863
MOST_BLOCKS = 10
MOST_MISSING = 3

Strands = tuple[frozenset[str], frozenset[str]]


@dataclass(frozen=True)
class DpydCall:
    """Diplotypes that fit, notes on HapB3, and the alleles that missing positions leave open."""

    diplotypes: tuple[Diplotype, ...]
    notes: tuple[str, ...]
    not_excluded: tuple[str, ...]


def call_dpyd(calls: Calls) -> DpydCall:
    """All arrangements of the variants seen, least active first."""
    facts = {fact.name: fact for fact in alleles("DPYD")}
    order = {name: k for k, name in enumerate(facts)}
    named = {(pos, base): fact.name for fact in facts.values() for pos, base in fact.definition.items()}
    seen = {site.pos38: calls[site.key] for site in sites() if site.gene == "DPYD" and site.key in calls}
    seen = {
        pos: call for pos, call in seen.items() if None not in (call.first, call.second) or _carries(pos, call, named)
    }
    notes = _settle_hapb3(seen)
    blocks = _strand_blocks(seen, named)
    if len(blocks) > MOST_BLOCKS:
        note = f"{len(blocks)} unphased variants: only the least active arrangement is given"
        arrangements, notes = [_least_active(blocks, facts)], (*notes, note)
    else:
        arrangements = _arrange(blocks)
    positions = {name: set(fact.definition) for name, fact in facts.items() if name != "Reference"}
    open_names = [name for name, where in positions.items() if not where & set(seen)]
    found = {_key(strands): (strands, 0) for strands in arrangements}
    if 0 < len(open_names) <= MOST_MISSING and len(blocks) <= MOST_BLOCKS:
        for strands, count in _with_unseen(blocks, open_names):
            found.setdefault(_key(strands), (strands, count))
    elif open_names:
        notes = (*notes, "missing positions: the diplotypes assume no variant there; see not_excluded")
    diplotypes = [_diplotype(strands, unseen, facts, order) for strands, unseen in found.values()]
    ranked = sorted(diplotypes, key=lambda d: (d.unseen, d.activity_score, len(d.name), d.name))
    return DpydCall(tuple(ranked), notes, tuple(open_names))


def _carries(position: int, call: Call, named: dict[tuple[int, str], str]) -> bool:
    """A half call counts only for the variant that it shows."""
    return any((position, allele or "") in named for allele in (call.first, call.second))


def _settle_hapb3(seen: dict[int, Call]) -> tuple[str, ...]:
    """Removes the exonic call where the intronic one decides; changes `seen`."""
    intron, exon = seen.get(INTRONIC), seen.get(EXONIC)
    if intron is None:
        carried = exon is not None and "T" in (exon.first, exon.second)
        return ("HapB3 from its exonic proxy rs56038477: confirm with rs75017182",) if carried else ()
    seen.pop(EXONIC, None)
    if exon is None:
        return ()
    counts = [(intron.first, intron.second).count("C"), (exon.first, exon.second).count("T")]
    return (
        ("HapB3: rs56038477 and rs75017182 disagree; the intronic rs75017182 decides",) if counts[0] < counts[1] else ()
    )


def _strand_blocks(seen: dict[int, Call], named: dict[tuple[int, str], str]) -> list[Strands]:
    """Variants per chromosome, grouped by what turns together; homozygous ones stand in every arrangement."""
    grouped: dict[object, list[tuple[str | None, str | None]]] = {}
    for position, call in seen.items():
        first, second = (named.get((position, allele or "")) for allele in (call.first, call.second))
        if first is None and second is None:
            continue
        loose = call.phase_set is None or call.homozygous
        grouped.setdefault(position if loose else call.phase_set, []).append((first, second))
    return [(frozenset(a for a, _ in pairs if a), frozenset(b for _, b in pairs if b)) for pairs in grouped.values()]


def _arrange(blocks: list[Strands]) -> list[Strands]:
    """Every way to turn the blocks against each other."""
    turning = [block for block in blocks if block[0] != block[1]]
    fixed = frozenset().union(*(block[0] for block in blocks if block[0] == block[1]))
    found: list[Strands] = []
    for turns in product((False, True), repeat=max(len(turning) - 1, 0)):
        first, second = fixed, fixed
        for block, turned in zip(turning, (False, *turns), strict=False):
            first, second = (first | block[turned], second | block[not turned])
        found.append((first, second))
    return found


def _with_unseen(blocks: list[Strands], names: list[str]) -> list[tuple[Strands, int]]:
    """Arrangements in which missing positions carry a variant on one or both chromosomes, with how many copies."""
    found = []
    for copies in product((0, 1, 2), repeat=len(names)):
        added = [
            (frozenset({name}), frozenset({name}) if count == 2 else frozenset())
            for name, count in zip(names, copies, strict=True)
            if count
        ]
        found += [(strands, sum(copies)) for strands in _arrange(blocks + added)]
    return found


def _least_active(blocks: list[Strands], facts: dict[str, AlleleFact]) -> Strands:
    """The arrangement that puts the two least active variants on different chromosomes, as far as phase allows."""

    def lowest(names: frozenset[str]) -> float:
        return min((float(facts[name].activity) for name in names), default=1.0)

    ordered = sorted(blocks, key=lambda block: min(map(lowest, block)))
    first, second = sorted(ordered[0], key=lowest)
    for block in ordered[1:]:
        low, high = sorted(block, key=lowest)
        first, second = first | high, second | low
    return first, second


def _key(strands: Strands) -> frozenset[frozenset[str]]:
    return frozenset(strands)


def _diplotype(strands: Strands, unseen: int, facts: dict[str, AlleleFact], order: dict[str, int]) -> Diplotype:
    lists = [sorted(strand or {"Reference"}, key=order.__getitem__) for strand in strands]
    lists.sort(key=lambda names: (len(names) > 1, [order[name] for name in names]))
    texts = [names[0] if len(names) == 1 else f"[{' + '.join(names)}]" for names in lists]
    lowest = [min(names, key=lambda name: (float(facts[name].activity), order[name])) for names in lists]
    phenotype, score = score_phenotype("DPYD", (facts[lowest[0]].activity, facts[lowest[1]].activity))
    return Diplotype("/".join(texts), (lowest[0], lowest[1]), phenotype, score, unseen)
