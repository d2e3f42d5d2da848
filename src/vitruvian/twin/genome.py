"""A person's genome in the record → diplotypes, covariates of the models, and what guidelines say."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from vitruvian.core import UnknownNameError
from vitruvian.ingest import read_calls
from vitruvian.person.genes import Advice, GeneCall, OutsideCall, advice, covariates, genotype
from vitruvian.pharmacology import Drug
from vitruvian.record import Draft, Fact, Patient
from vitruvian.twin.answer import Message, Severity
from vitruvian.twin.case import Alternative

_RARE = 0.005
_GENETIC = ("CYP2C9_", "VKORC1_A", "CYP3A5_EXPRESSOR", "CYP3A4_22", "CYP4F2_3", "CYP2C19_")


def gene_calls(patient: Patient, facts: Sequence[Fact]) -> tuple[dict[str, GeneCall], Fact | None, list[Message]]:
    """Calls from the genomes of the record, kept there as derived facts, and the newest genome; empty if there is none.

    A gene on which two genomes disagree is left out (what is unknown is a mixture), and that is said.
    """
    genomes = [f for f in facts if f.kind == "genome"]
    if not genomes:
        return {}, None, []
    every = [_called(_genome(patient, one)) for one in genomes]
    differing = {gene: found for gene in every[-1] if len(found := _diplotypes(gene, every)) > 1}
    newest_last = {gene: call for calls in every for gene, call in calls.items() if call.called}
    calls = {gene: newest_last.get(gene, call) for gene, call in every[-1].items() if gene not in differing}
    _keep(patient, genomes, calls, every[-1], facts)
    return calls, genomes[-1], _disagreement(genomes, differing)


def _diplotypes(gene: str, every: Sequence[Mapping[str, GeneCall]]) -> tuple[str, ...]:
    """What the genomes that call a gene say of it, each once."""
    called = (calls[gene] for calls in every if gene in calls and calls[gene].called)
    return tuple(dict.fromkeys(call.diplotype or call.phenotype or "" for call in called))


def _disagreement(genomes: Sequence[Fact], differing: Mapping[str, Sequence[str]]) -> list[Message]:
    if not differing:
        return []
    names = ", ".join(dict.fromkeys(str(f.detail.get("sample") or f.id) for f in genomes))
    genes = "; ".join(f"{gene} {' or '.join(found)}" for gene, found in differing.items())
    text = f"{len(genomes)} genomes of this person ({names}) disagree, and none is used for these genes: {genes}."
    return [
        Message("warning", "genomes-disagree", text, "Find out which is theirs, and erase or correct the other one.")
    ]


_AGAINST = re.compile(r"(Adults: )?(choose another|avoid\b)", re.IGNORECASE)


def stated_calls(genes: Mapping[str, str]) -> dict[str, GeneCall]:
    """Calls of diplotypes that somebody states, by gene; raises `DataError` for what is no diplotype."""
    if not genes:
        return {}
    found = genotype({}, {gene: OutsideCall(gene, diplotype) for gene, diplotype in genes.items()})
    return {gene: found[gene] for gene in genes}


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
    """Sentences on what guidelines say for these genes, each with its source; "" where no guideline speaks."""
    try:
        found = advice(drug.name, calls)
    except UnknownNameError:
        return ((f"No pharmacogenetic guideline is held for {drug.name}.", ""),)
    return tuple((_sentence(a), "" if a.guideline == "none" else f"{a.source} [{a.status}]") for a in found)


def advised_against(drug: Drug, calls: Mapping[str, GeneCall], measured: bool) -> tuple[Message, ...]:
    """Where a guideline says to choose another drug: a refusal; a warning for some ages, or where levels guide."""
    try:
        found = advice(drug.name, calls)
    except UnknownNameError:
        return ()
    todo = "If it must be given, follow the guideline's dose and measure a level early."
    messages = []
    for a in found:
        against = _AGAINST.match(a.text)
        if against and a.certain and a.strength in ("strong", "moderate"):
            severity: Severity = "warning" if measured or against[1] else "refusal"
            source = f"{a.source} [{a.status}]"
            messages.append(Message(severity, "guideline-another-drug", _sentence(a), todo, source))
    return tuple(messages)


def _sentence(a: Advice) -> str:
    """Genes, what the guideline says of them, and how strongly; a drug without guideline has only the text."""
    if a.strength == "none" or not a.basis:
        return a.text
    return f"{a.basis}: {a.text} ({a.guideline}, {a.strength})"


@dataclass(frozen=True)
class _Genome:
    """A genome by its hash and sample, and how to open it."""

    raw_hash: str
    sample: str | None
    open: Callable[[], AbstractContextManager[Path]] = field(compare=False)


def _genome(patient: Patient, fact: Fact) -> _Genome:
    return _Genome(fact.raw_hash, fact.detail.get("sample") or None, lambda: patient.record.open_blob(fact))


@lru_cache(maxsize=64)
def _called(genome: _Genome) -> dict[str, GeneCall]:
    with genome.open() as path:
        return genotype(read_calls(path, sample=genome.sample).calls)


def _keep(
    patient: Patient,
    genomes: Sequence[Fact],
    calls: Mapping[str, GeneCall],
    every: Mapping[str, GeneCall],
    facts: Sequence[Fact],
) -> None:
    """Store what was called, unless the record holds the same by these tables, or the actor may not add to it."""
    if not patient.record.actor.permits("derive", [patient.id]):
        return
    kept = {f.code: (f.value_code, f.detail.get("table_version")) for f in facts if f.kind == "genotype"}
    if kept == {gene: (call.diplotype, call.table_version) for gene, call in calls.items()}:
        return
    version = next(iter(every.values())).table_version
    drafts = [
        Draft("genotype", "http://www.genenames.org", gene, gene, value_code=call.diplotype,
              value_text=call.phenotype, status="final", detail=call.to_json())
        for gene, call in calls.items()
    ]  # fmt: skip
    patient.record.derive(patient.id, drafts, method="genotype", version=version, inputs=[f.id for f in genomes])
