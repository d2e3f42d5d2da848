"""Tools on the models behind the answers: which there are, and the card of one with its citations."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from vitruvian.core import UnknownNameError
from vitruvian.pharmacology import find, library
from vitruvian.pharmacology.describe import describe, describe_source
from vitruvian.serve.mcp.session import AgentSession
from vitruvian.serve.mcp.tool import Found, Optional, Takes, typed


class ListModels(Takes):
    """Arguments of `list_models`."""

    drug: Annotated[str | Optional, Field(description="Models of this drug alone.")] = None


class ModelCard(Takes):
    """Arguments of `model_card`."""

    name: Annotated[str, Field(description="Name of a model or a drug of the library.")]


def list_models(session: AgentSession, asked: ListModels) -> Found:
    """Models of the drug library, by drug."""
    names = [asked.drug] if asked.drug else sorted(library())
    return Found([_row(name, one) for name in names for one in find(name).models])


def model_card(session: AgentSession, asked: ModelCard) -> Found:
    """What a model is made of, and where each number comes from."""
    return Found(card(asked.name))


def card(name: str) -> dict[str, Any]:
    """The card of a model of the library, or of a drug's default model. Raises `UnknownNameError`."""
    known = {*library(), *(one.name for drug in library() for one in find(drug).models)}
    if name not in known:
        raise UnknownNameError("no such model", got=repr(name), todo="list_models names them.")
    return describe(name)


def _row(drug: str, model: Any) -> dict[str, Any]:
    return {"drug": drug, "model": model.name, "title": model.title, "source": describe_source(model.source)}


_ROWS = {"type": "array", "items": {"type": "object"}}
MODELS = (
    typed(
        "list_models", "Models", "Published models of the drug library with their citations.",
        ListModels, list_models, gives=_ROWS,
    ),
    typed(
        "model_card", "Model card",
        "Parameters, variability, covariates, targets and bounds of a model, each number with its source.",
        ModelCard, model_card, gives={"type": "object"},
    ),
)  # fmt: skip
