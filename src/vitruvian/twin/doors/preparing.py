"""Programs of the drugs that people of a record take, compiled or loaded before somebody asks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from vitruvian.core import VitruvianError
from vitruvian.pharmacology import find
from vitruvian.record import Patient, Record
from vitruvian.twin.doors.genes import as_genes, gene_choices
from vitruvian.twin.doors.own_drugs import drugs_of
from vitruvian.twin.doors.regimen import candidate_of
from vitruvian.twin.evidence import Asked, read_case
from vitruvian.twin.twin import Twin

_PEOPLE, _EACH = 200, 3
"""People looked at, and people of one drug that are asked about: their records differ in size, and so do programs."""


def in_use(record: Record) -> Iterator[tuple[Patient, str]]:
    """People and drugs of the library that they take: every drug once, then a second and a third person of each."""
    found: dict[str, list[Patient]] = {}
    for name in islice(record.people(), _PEOPLE):
        patient = record.patient(name)
        for own in drugs_of(patient, None):
            if own.taken and len(found.setdefault(own.name, [])) < _EACH:
                found[own.name].append(patient)
    for k in range(_EACH):
        yield from ((people[k], drug) for drug, people in sorted(found.items()) if k < len(people))


def prepare(patient: Patient, drug: str, *, genes: bool = False) -> None:
    """Answer what is asked of a drug first, and forget it; with `genes` also under one genotype of each that acts.

    What refuses an answer needs no program.
    """
    told = [as_genes(find(drug), choice)[0] for choice in _one_of_each(drug)] if genes else [None]
    for diplotypes in told:
        try:
            answer, twin = Twin(read_case(patient, drug, Asked(genes=diplotypes)), find(drug)).asked_for()
            if answer.best is not None:
                twin.option(candidate_of(answer.best))
        except VitruvianError:
            continue


def _one_of_each(drug: str) -> list[str]:
    """The first choice of every gene that acts on a drug."""
    return list({choice.split()[0]: choice for choice, _ in reversed(gene_choices([find(drug)]))}.values())
