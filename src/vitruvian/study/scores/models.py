"""Trained models that are used here: folders in the folder that `VITRUVIAN_MODELS` names."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from vitruvian.core import VitruvianError
from vitruvian.learn import Learned, fingerprint, load
from vitruvian.study.features import Recipe, read_recipe, recipe_names

FOLDER = "VITRUVIAN_MODELS"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Installed:
    """A model, its fingerprint, and the recipe by which its features are made from a record."""

    model: Learned
    fingerprint: str
    recipe: Recipe


def installed() -> dict[str, Installed]:
    """Models by name. One that cannot be read, or whose features no recipe makes, is left out, and the log says why."""
    folder = os.environ.get(FOLDER, "")
    if not folder or not Path(folder).is_dir():
        return {}
    found: dict[str, Installed] = {}
    for path in sorted(Path(folder).iterdir()):
        if (path / "contents.json").is_file():
            one = _loaded(str(path), fingerprint(path))
            if one is not None:
                found.setdefault(one.model.name, one)
    return found


@lru_cache(maxsize=32)
def _loaded(path: str, hashed: str) -> Installed | None:
    try:
        model = load(path)
    except VitruvianError as error:
        _LOG.warning("the model %s cannot be used: %s", Path(path).name, error)
        return None
    recipe = recipe_of(model)
    if recipe is None:
        _LOG.warning("the model %s cannot be used: no recipe makes its features", Path(path).name)
        return None
    return Installed(model, hashed, recipe)


def recipe_of(model: Learned) -> Recipe | None:
    """The recipe of the package that makes every feature of a model, in its unit and of its kind."""
    wanted = {(one.name, one.unit, one.kind) for one in model.features}
    return next((one for one in _recipes() if wanted <= {(f.name, f.unit, f.kind) for f in one.features}), None)


@cache
def _recipes() -> tuple[Recipe, ...]:
    return tuple(read_recipe(name) for name in recipe_names())
