"""Genotypes of a what-if: which may be chosen, and what a choice says."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations_with_replacement

from vitruvian.person.genes import POPULATIONS, RULES, frequencies
from vitruvian.pharmacology import Drug
from vitruvian.pharmacology.interactions import find_victim
from vitruvian.twin.answer import Message
from vitruvian.twin.genome import genetic_names

_USUAL = 0.01
"""Alleles rarer than this in all populations are left out of the choices."""


def gene_choices(drugs: Iterable[Drug]) -> tuple[tuple[str, str], ...]:
    """("CYP3A5 *1/*3", the same for people) of every gene that acts on one of the drugs."""
    genes = sorted({gene for drug in drugs for gene in _acting(drug)})
    pairs = [(gene, *pair) for gene in genes for pair in combinations_with_replacement(_alleles(gene), 2)]
    return tuple((f"{gene} {first}/{second}", f"{gene} {first}/{second}") for gene, first, second in pairs)


def as_genes(drug: Drug, choice: str | None) -> tuple[dict[str, str] | None, tuple[Message, ...]]:
    """Diplotype by gene of a choice, and a note where the gene does not act on the drug."""
    if not choice:
        return None, ()
    gene, _, diplotype = choice.partition(" ")
    if gene not in _acting(drug):
        text = f"{gene} is not known to act on {drug.name}: the genotype asked about changes nothing."
        return None, (Message("note", "gene-does-not-act", text),)
    return {gene: diplotype}, ()


def _acting(drug: Drug) -> set[str]:
    tabulated = {gene for gene, _ in RULES.values()}
    in_models = {RULES[name][0] for name in genetic_names(drug)}
    return in_models | ({pathway.name for pathway in find_victim(drug.name).pathways} & tabulated)


def _alleles(gene: str) -> list[str]:
    held = {name: max(frequencies(gene, p).get(name, 0.0) for p in POPULATIONS) for name in frequencies(gene, "EUR")}
    return [name for name, most in held.items() if most >= _USUAL]
