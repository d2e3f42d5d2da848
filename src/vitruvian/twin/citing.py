"""The papers behind a result."""

from __future__ import annotations

from vitruvian.model import Model
from vitruvian.pharmacology import Drug
from vitruvian.twin.answer import Answer


def cite(result: Answer | Drug | Model) -> tuple[str, ...]:
    """Sources of an answer (models, targets, guidelines used), of a drug, or of a model, each once."""
    if isinstance(result, Answer):
        return result.citations
    if isinstance(result, Model):
        own = [result.source, *(p.source for p in result.parameters), *(v.source for v in result.variability)]
        return tuple(dict.fromkeys(str(s) for s in own if s is not None))
    sources = [m.source for m in result.models] + [t.source for t in result.targets]
    return tuple(dict.fromkeys(str(s) for s in sources))
