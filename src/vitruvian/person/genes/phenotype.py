"""Functions or activity values of two alleles to a phenotype (CPIC's tables)."""

from __future__ import annotations

import re
from functools import cache

from vitruvian.tables.pharmacogenomics import AlleleFact, alleles, phenotype_rules


@cache
def _facts(gene: str) -> dict[str, AlleleFact]:
    return {fact.name: fact for fact in alleles(gene)}


def allele_fact(gene: str, name: str) -> AlleleFact | None:
    """The table's row of an allele; suballeles (*4.001) count as their core allele, x3 and more as x≥3 (CYP2D6)."""
    facts = _facts(gene)
    if name in facts:
        return facts[name]
    core = re.sub(r"(\*\d+[A-Za-z]?)\.\d+", r"\1", name)
    copies = re.fullmatch(r"(\*\d+)x(\d+)", core)
    if copies and int(copies[2]) >= 3 and core not in facts:
        core = f"{copies[1]}x≥3"
    return facts.get(core)


def is_scored(gene: str) -> bool:
    """The gene's phenotype follows an activity score."""
    return any(rule.rule == "score" for rule in phenotype_rules(gene).values())


def _score(values: tuple[str, str]) -> str:
    """Sum of two activity values as the table spells it: "1.5", "≥3.5" or "n/a"."""
    if "" in values or "n/a" in values:
        return "n/a"
    total = sum(float(value.lstrip("≥")) for value in values)
    return ("≥" if any(value.startswith("≥") for value in values) else "") + repr(total)


def score_phenotype(gene: str, values: tuple[str, str]) -> tuple[str | None, float | None]:
    """Phenotype and activity score of two activity values."""
    text = _score(values)
    rule = phenotype_rules(gene).get((text, ""))
    if text == "n/a":
        return "Indeterminate", None
    return (rule.phenotype if rule else "Indeterminate"), float(text.lstrip("≥"))


def phenotype(gene: str, first: str, second: str) -> tuple[str | None, float | None]:
    """Phenotype and activity score of a pair of named alleles; (None, None) where the gene has no phenotype table."""
    rules = phenotype_rules(gene)
    if not rules:
        return None, None
    facts = (allele_fact(gene, first), allele_fact(gene, second))
    if is_scored(gene):
        values = tuple(fact.activity if fact else "" for fact in facts)
        return score_phenotype(gene, (values[0], values[1]))
    functions = sorted(fact.function if fact else "" for fact in facts)
    rule = rules.get((functions[0], functions[1]))
    return (rule.phenotype if rule else "Indeterminate"), None
