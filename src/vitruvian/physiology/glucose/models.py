"""The models of glucose by name."""

from __future__ import annotations

from vitruvian.core import UnknownNameError
from vitruvian.model import Driven
from vitruvian.physiology.glucose.exercise_deichmann_2021 import DEICHMANN_2021
from vitruvian.physiology.glucose.exercise_roy_parker_2007 import ROY_PARKER_2007
from vitruvian.physiology.glucose.hovorka import HOVORKA
from vitruvian.physiology.glucose.minimal import MINIMAL
from vitruvian.physiology.glucose.ogtt import OGTT
from vitruvian.physiology.glucose.reduced import REDUCED
from vitruvian.physiology.glucose.uva_padova_2008 import UVA_PADOVA_2008
from vitruvian.physiology.glucose.uva_padova_2013 import UVA_PADOVA_2013

GLUCOSE_MODELS: dict[str, Driven] = {
    one.name: one
    for one in (
        UVA_PADOVA_2008, UVA_PADOVA_2013, HOVORKA, REDUCED, MINIMAL, DEICHMANN_2021, ROY_PARKER_2007, OGTT,
    )
}  # fmt: skip


def glucose_model(name: str) -> Driven:
    """The model `name`; raises `UnknownNameError`."""
    if name not in GLUCOSE_MODELS:
        raise UnknownNameError("there is no such model of glucose", got=name, allowed=", ".join(GLUCOSE_MODELS))
    return GLUCOSE_MODELS[name]
