"""What changes a drug in this person beside covariates: other drugs, genes, and what guidelines say of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vitruvian.person import GeneCall
from vitruvian.pharmacology import Drug
from vitruvian.record import Fact, Patient
from vitruvian.twin.answer import Message
from vitruvian.twin.case import Effect
from vitruvian.twin.effects import genotype_effects, interactions
from vitruvian.twin.evidence_person import Person
from vitruvian.twin.genome import advice_texts, gene_calls, genetic_names, stated_calls
from vitruvian.twin.reading import Clock
from vitruvian.twin.words import covariate_name, listed


@dataclass(frozen=True)
class Acting:
    """Gene calls (what was stated in place of the genome's), covariates that only genes can tell, effects, advice with
    sources, and findings: of other drugs (`unknown`), of two genomes (`disagreeing`)."""

    calls: Mapping[str, GeneCall]
    stated: Mapping[str, GeneCall]
    genome: Fact | None
    genetic: Sequence[str]
    effects: Sequence[Effect]
    advised: Sequence[tuple[str, str]]
    unknown: Sequence[Message]
    disagreeing: Sequence[Message]

    @property
    def spoken_of(self) -> dict[str, GeneCall]:
        """Genes of the record that a model, an effect or a guideline speaks of."""
        names = (one.modifier.name.upper() for one in self.effects)
        texts = (*self.genetic, *names, *(text for text, _ in self.advised))
        found = {gene: call for gene, call in self.calls.items() if call.diplotype and gene not in self.stated}
        return {gene: call for gene, call in found.items() if any(gene in text for text in texts)}

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, each once."""
        texts = [text for one in self.effects for text in one.reasons] + [text for text, _ in self.advised]
        if self.genetic and not self.calls:
            names = listed(covariate_name(name) for name in self.genetic)
            mixed = "a mixture over population frequencies, not the common allele"
            texts.append(f"No genome is recorded: {names} are taken as {mixed}.")
        return tuple(dict.fromkeys(texts))


def read_acting(
    patient: Patient,
    facts: Sequence[Fact],
    drug: Drug,
    person: Person,
    clock: Clock,
    now: float,
    route: str,
    genes: Mapping[str, str],
) -> Acting:
    """What acts on a drug by the trusted facts; `genes` are diplotypes in place of the genome's. `now` is in hours."""
    recorded, genome, disagreeing = gene_calls(patient, facts)
    stated = stated_calls(genes)
    calls = {**recorded, **stated}
    genetic = [one for one in genetic_names(drug) if one not in person.covariates]
    others, unknown = interactions(drug, person.others, calls, clock, now, route)
    found = [*others, *genotype_effects(drug, calls, route)]
    effects = [one for one in found if not all(one.held_by({c.name for c in m.covariates}) for m in drug.models)]
    advised = advice_texts(drug, calls) if calls else ()
    return Acting(calls, stated, genome, genetic, effects, advised, unknown, disagreeing)
