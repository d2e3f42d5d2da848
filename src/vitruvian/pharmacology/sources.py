"""Every source behind the numbers of the library and its tables, and how many were read in which way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from vitruvian.core import STATUSES, Source
from vitruvian.pharmacology.drug import Drug
from vitruvian.pharmacology.library import find, library
from vitruvian.tables import interactions, pharmacogenomics

_INTERACTIONS = ("enzymes", "perpetrators", "mechanisms", "potencies", "victims", "pathways", "genotypes")
_GENES = ("advice", "frequencies")


def drug_sources(drug: Drug) -> Iterator[tuple[str, str, Source]]:
    """(area, what, source) of everything that a drug declares."""
    for model in drug.models:
        yield "models", model.name, model.source
        for p in model.parameters:
            if p.source is not None:
                yield "models", f"{model.name} {p.name}", p.source
    for target in drug.targets:
        yield "targets and harm limits", f"{drug.name} {target.name}", target.source
    for limit in drug.bounds.limits:
        yield "dose bounds", f"{drug.name} {limit.kind} {limit.quantity} {limit.high:g} {limit.unit}", limit.source
    for regimen in drug.regimens:
        if regimen.loading is not None:
            yield "dose bounds", f"{drug.name} loading dose", regimen.loading.source
    for dose in drug.standard:
        yield "standard doses", f"{drug.name} {dose.name}", dose.source
    for rule in drug.label_rules:
        yield "label rules", f"{drug.name} {rule.name}", rule.source
    for measurement in drug.monitoring:
        yield "monitoring", f"{drug.name} {measurement.what}", measurement.source


def library_sources() -> tuple[tuple[str, str, Source], ...]:
    """`drug_sources` of every drug of the library, the user's own included where installed."""
    return tuple(item for name in library() for item in drug_sources(find(name)))


def table_rows() -> Iterator[tuple[str, dict[str, str]]]:
    """(area, row) of every table row with a status."""
    for table in _INTERACTIONS:
        for row in interactions.rows(table):
            yield f"interactions: {table}", row
    for table in _GENES:
        for row in pharmacogenomics.rows(f"{table}.tsv"):
            yield f"genes: {table}", row


def status_counts() -> dict[str, Counter[str]]:
    """Area → how many of its numbers have each status."""
    found: dict[str, Counter[str]] = {}
    for area, _, source in library_sources():
        found.setdefault(area, Counter())[source.status] += 1
    for area, row in table_rows():
        found.setdefault(area, Counter())[row["status"]] += 1
    return found


def status_table() -> str:
    """`status_counts` as a Markdown table, as `docs/evidence.md` shows it."""
    counts = status_counts()
    lines = ["| | " + " | ".join(STATUSES) + " |", "|---" * (len(STATUSES) + 1) + "|"]
    for area, n in counts.items():
        lines.append(f"| {area} | " + " | ".join(str(n[s]) for s in STATUSES) + " |")
    total = sum(counts.values(), Counter[str]())
    lines.append("| all | " + " | ".join(str(total[s]) for s in STATUSES) + " |")
    return "\n".join(lines)
