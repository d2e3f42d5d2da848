"""A person's genome in the record → diplotypes, covariates of the models, and what guidelines say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from vitruvian.core import UnknownNameError
from vitruvian.ingest import read_calls
from vitruvian.person.genes import Advice, GeneCall, advice, covariates, genotype
from vitruvian.pharmacology import Drug
from vitruvian.record import Draft, Fact, Patient
from vitruvian.twin.case import Alternative

_RARE = 0.005
_GENETIC = ("CYP2C9_", "VKORC1_A", "CYP3A5_EXPRESSOR", "CYP3A4_22", "CYP4F2_3", "CYP2C19_")


def gene_calls(patient: Patient, facts: Sequence[Fact]) -> tuple[dict[str, GeneCall], Fact | None]:
    """Calls from the newest genome of the record, kept there as derived facts; empty if there is none."""
    genome = next((f for f in reversed(facts) if f.kind == "genome"), None)
    if genome is None:
        return {}, None
    calls = _called(_Genome(genome.raw_hash, lambda: patient.record.open_blob(genome)))
    _keep(patient, genome, calls, facts)
    return calls, genome


def genetic_names(drug: Drug) -> tuple[str, ...]:
    """Covariates of the drug's models that come from the genome."""
    names = {c.name for m in drug.models for c in m.covariates}
    return tuple(sorted(n for n in names if n.startswith(_GENETIC)))


def alternatives(calls: Mapping[str, GeneCall], names: Sequence[str]) -> tuple[Alternative, ...]:
    """What the genes may be, likeliest first; possibilities below 0.5 % are left out and the rest made to sum to 1."""
    if not names:
        return (Alternative("", 1.0, {}),)
    found = [a for a in covariates(calls, names) if a.weight >= _RARE]
    total = sum(a.weight for a in found)
    return tuple(
        Alternative(", ".join(f"{k} {v:g}" for k, v in a.values.items()), a.weight / total, a.values) for a in found
    )


def advice_texts(drug: Drug, calls: Mapping[str, GeneCall]) -> tuple[tuple[str, str], ...]:
    """Sentences on what guidelines say for these genes, each with its source."""
    try:
        found = advice(drug.name, calls)
    except UnknownNameError:
        return ((f"No pharmacogenetic guideline is held for {drug.name}.", ""),)
    return tuple((_sentence(a), f"{a.source} [{a.status}]") for a in found)


def _sentence(a: Advice) -> str:
    """Genes, what the guideline says of them, and how strongly; a drug without guideline has only the text."""
    if a.strength == "none" or not a.basis:
        return a.text
    return f"{a.basis}: {a.text} ({a.guideline}, {a.strength})"


@dataclass(frozen=True)
class _Genome:
    """A genome by its hash, and how to open it."""

    raw_hash: str
    open: Callable[[], AbstractContextManager[Path]] = field(compare=False)


@lru_cache(maxsize=64)
def _called(genome: _Genome) -> dict[str, GeneCall]:
    with genome.open() as path:
        return genotype(read_calls(path).calls)


def _keep(patient: Patient, genome: Fact, calls: Mapping[str, GeneCall], facts: Sequence[Fact]) -> None:
    """Store what was called, unless the record already holds it by this table version."""
    version = next(iter(calls.values())).table_version
    if any(f.kind == "genotype" and f.detail.get("table_version") == version for f in facts):
        return
    drafts = [
        Draft("genotype", "http://www.genenames.org", gene, gene, value_code=call.diplotype,
              value_text=call.phenotype, status="final", detail=call.to_json())
        for gene, call in calls.items()
    ]  # fmt: skip
    patient.record.derive(patient.id, drafts, method="genotype", version=version, inputs=[genome.id])
