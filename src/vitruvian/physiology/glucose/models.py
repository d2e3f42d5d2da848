"""The models of glucose by name."""

from __future__ import annotations

from vitruvian.core import UnknownNameError
from vitruvian.model import Driven
from vitruvian.physiology.glucose.reduced import REDUCED
from vitruvian.physiology.glucose.uva_padova_2008 import UVA_PADOVA_2008

GLUCOSE_MODELS: dict[str, Driven] = {one.name: one for one in (UVA_PADOVA_2008, REDUCED)}


def glucose_model(name: str) -> Driven:
    """The model `name`; raises `UnknownNameError`."""
    if name not in GLUCOSE_MODELS:
        raise UnknownNameError("there is no such model of glucose", got=name, allowed=", ".join(GLUCOSE_MODELS))
    return GLUCOSE_MODELS[name]
