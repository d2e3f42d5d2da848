"""Genes → covariates of the drug models, as weighted alternatives where they are not known for sure.

| covariate | meaning |
|---|---|
| `CYP2C9_1`, `_2`, `_3` | allele counts (sum 2); other decreased ones count as *2, no-function as *3, unrated as *1 |
| `VKORC1_A` | number of -1639 A alleles |
| `CYP3A5_EXPRESSOR` | 1 if at least one functional allele |
| `CYP3A4_22` | number of *22 alleles |
| `CYP4F2_3` | number of *3 alleles (V433M) |
| `CYP2C19_REDUCED` | 1 if at least one allele without function (*2, *3, …) |
| `CYP2C19_ACTIVITY` | 0 poor, 1 intermediate, 2 normal, 3 rapid, 4 ultrarapid |

An unknown gene is a mixture over the population's allele frequencies (Hardy-Weinberg), never the reference. An
ambiguous one is a mixture over the diplotypes that fit, weighted in the same way; where only a phenotype is reported,
over the diplotypes that have it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations_with_replacement, product

from vitruvian.core import UnknownNameError
from vitruvian.person.genes.phenotype import allele_fact, phenotype
from vitruvian.person.genes.result import GeneCall
from vitruvian.tables.pharmacogenomics import rows

POPULATIONS = ("EUR", "AFR", "EAS", "AMR")
RARE = 1e-4
ACTIVITY = {"poor": 0.0, "intermediate": 1.0, "normal": 2.0, "rapid": 3.0, "ultrarapid": 4.0}

Pair = tuple[str, str]
Weighted = dict[Pair, float]


@dataclass(frozen=True)
class Alternative:
    """Covariate values and how likely they are; the weights of all alternatives sum to 1."""

    weight: float
    values: Mapping[str, float]


def _count(names: Iterable[str]) -> Callable[[Pair], float]:
    wanted = frozenset(names)
    return lambda pair: float(sum(name in wanted for name in pair))


def _cyp2c9(pair: Pair, star: int) -> float:
    def kind(name: str) -> int:
        if name in ("*1", "*2", "*3"):
            return int(name[1])
        fact = allele_fact("CYP2C9", name)
        return {"0.0": 3, "0.5": 2}.get(fact.activity if fact else "", 1)

    return float(sum(kind(name) == star for name in pair))


def _without_function(gene: str, pair: Pair) -> int:
    facts = [allele_fact(gene, name) for name in pair]
    return sum(fact is not None and fact.function == "No function" for fact in facts)


def _cyp2c19(pair: Pair) -> float:
    text, _ = phenotype("CYP2C19", *pair)
    words = (text or "").lower().replace("likely ", "").split()
    return ACTIVITY.get(words[0] if words else "", 2.0)


RULES: dict[str, tuple[str, Callable[[Pair], float]]] = {
    "CYP2C9_1": ("CYP2C9", lambda pair: _cyp2c9(pair, 1)),
    "CYP2C9_2": ("CYP2C9", lambda pair: _cyp2c9(pair, 2)),
    "CYP2C9_3": ("CYP2C9", lambda pair: _cyp2c9(pair, 3)),
    "VKORC1_A": ("VKORC1", _count(["rs9923231 variant (T)"])),
    "CYP3A5_EXPRESSOR": ("CYP3A5", lambda pair: float(_without_function("CYP3A5", pair) < 2)),
    "CYP3A4_22": ("CYP3A4", _count(["*22"])),
    "CYP4F2_3": ("CYP4F2", _count(["*3"])),
    "CYP2C19_REDUCED": ("CYP2C19", lambda pair: float(_without_function("CYP2C19", pair) > 0)),
    "CYP2C19_ACTIVITY": ("CYP2C19", _cyp2c19),
}


@cache
def frequencies(gene: str, population: str) -> dict[str, float]:
    """Frequency of the alleles that the covariates ask for; what is left is the common allele."""
    mine = [row for row in rows("frequencies.tsv") if (row["gene"], row["population"]) == (gene, population)]
    found = {row["allele"]: float(row["frequency"]) for row in mine}
    common = "rs9923231 reference (C)" if gene == "VKORC1" else "*1"
    return {common: 1.0 - sum(found.values()), **found}


def _hardy_weinberg(gene: str, pair: Pair, population: str) -> float:
    held = frequencies(gene, population)
    first, second = (held.get("*1" if (gene, name) == ("CYP2C19", "*38") else name, RARE) for name in pair)
    return first * second * (1.0 if pair[0] == pair[1] else 2.0)


def _mean(gene: str, pair: Pair, population: str | None) -> float:
    """Probability of a pair; without a population, the plain mean of the four."""
    chosen = (population,) if population else POPULATIONS
    return sum(_hardy_weinberg(gene, pair, name) for name in chosen) / len(chosen)


def _pairs(gene: str, call: GeneCall | None, population: str | None) -> Weighted:
    if call is not None and call.diplotypes:
        pairs = [d.alleles for d in call.diplotypes]
    else:
        everyone = list(combinations_with_replacement(frequencies(gene, population or POPULATIONS[0]), 2))
        told = call.phenotype if call is not None else None
        pairs = [pair for pair in everyone if told and phenotype(gene, *pair)[0] == told] or everyone
    weights = {pair: _mean(gene, pair, population) for pair in pairs}
    total = sum(weights.values())
    if total == 0.0:
        return {pair: 1.0 / len(pairs) for pair in pairs}
    return {pair: weight / total for pair, weight in weights.items()}


def covariates(
    calls: Mapping[str, GeneCall], names: Iterable[str] = tuple(RULES), *, population: str | None = None
) -> tuple[Alternative, ...]:
    """Alternatives for the covariates asked for, likeliest first; one of weight 1 where all are known.

    `population`: EUR, AFR, EAS or AMR (1000 Genomes); None mixes the four evenly. Raises UnknownNameError.
    """
    wanted = list(names)
    for name, known in [(name, tuple(RULES)) for name in wanted] + ([(population, POPULATIONS)] if population else []):
        if name not in known:
            raise UnknownNameError("unknown genetic covariate or population", got=name, allowed=", ".join(known))
    by_gene: list[list[tuple[float, tuple[tuple[str, float], ...]]]] = []
    for gene in dict.fromkeys(RULES[name][0] for name in wanted):
        mine = [name for name in wanted if RULES[name][0] == gene]
        merged: dict[tuple[tuple[str, float], ...], float] = {}
        for pair, weight in _pairs(gene, calls.get(gene), population).items():
            values = tuple((name, RULES[name][1](pair)) for name in mine)
            merged[values] = merged.get(values, 0.0) + weight
        by_gene.append([(weight, values) for values, weight in merged.items()])
    found = []
    for choice in product(*by_gene):
        joined = {name: value for _, values in choice for name, value in values}
        found.append(Alternative(math.prod(weight for weight, _ in choice), joined))
    return tuple(sorted(found, key=lambda a: -a.weight))
