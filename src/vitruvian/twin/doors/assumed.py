"""What a what-if assumes, said first: in the sentence, in the titles of the pictures, before the other reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from vitruvian.twin.changes import Change
from vitruvian.twin.doors.door import Told
from vitruvian.twin.words import listed


def in_words(change: Change, genes: Mapping[str, str] | None) -> str:
    """ "ketoconazole (200 mg) started now and the genotype CYP3A5 *1/*3"; "" where nothing is assumed."""
    parts = [f"{name}{f' ({dose:g} mg)' if dose else ''} started now" for name, dose in change.start]
    parts += [f"{name} stopped now" for name in change.stop]
    parts += [f"the genotype {gene} {diplotype}" for gene, diplotype in (genes or {}).items()]
    return listed(parts) if parts else ""


def assuming(told: Told, text: str, change: Change) -> Told:
    """An answer that names what it assumes; as it is where that is nothing."""
    if not text:
        return told
    names = tuple(name for name, _ in change.start) + change.stop
    reasons = sorted(told.reasons, key=lambda one: not (names and one.startswith(names)))
    sentence = f"With {text}: {told.sentence}"
    return replace(
        told,
        sentence=sentence,
        pictures=tuple(replace(one, title=f"{one.title}; with {text}") for one in told.pictures),
        reasons=tuple(reasons),
        data=dict(told.data) | {"sentence": sentence, "reasons": reasons, "assumed": text},
    )
