"""Recipes in TOML files: those that come with the package, by name, and those of the user."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from vitruvian.core import InputError, UnknownNameError, hours
from vitruvian.study.features.recipe import Derived, Recipe, Variable, Window

_RECIPES = files("vitruvian.study.features") / "recipes"
_TOP = frozenset({"name", "title", "version", "windows", "sets", "variable", "derived"})


def recipe_names() -> list[str]:
    """Recipes that come with the package."""
    return sorted(one.name.removesuffix(".toml") for one in _RECIPES.iterdir() if one.name.endswith(".toml"))


def read_recipe(named: str | Path) -> Recipe:
    """A recipe of the package by name, or of a TOML file; raises `InputError` for what it cannot be."""
    if str(named) in recipe_names():
        text = (_RECIPES / f"{named}.toml").read_text(encoding="utf-8")
    elif Path(named).is_file():
        text = Path(named).read_text(encoding="utf-8")
    else:
        raise UnknownNameError("no such recipe", got=named, allowed=f"a file, or {', '.join(recipe_names())}")
    try:
        return recipe_of(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"recipe {named} is not TOML", got=error) from error


def recipe_of(told: Mapping[str, Any]) -> Recipe:
    """A recipe from the content of its file."""
    _only("recipe", told, _TOP)
    try:
        sets = {name: _taken(one) for name, one in told.get("sets", {}).items()}
        return Recipe(
            told["name"],
            told["title"],
            tuple(_window(name, one) for name, one in told["windows"].items()),
            tuple(_variable(one, sets) for one in told["variable"]),
            tuple(_derived(one) for one in told.get("derived", [])),
            str(told.get("version", "1")),
        )
    except KeyError as error:
        raise InputError("the recipe lacks a key", got=f"no {error}") from error


def _window(name: str, told: Any) -> Window:
    """ "ever", "12 h" (until the moment), or {from, to} before it."""
    if isinstance(told, Mapping):
        _only(f"window {name}", told, frozenset({"from", "to"}))
        return Window(name, _before(told["from"]), _before(told["to"]))
    return Window(name, _before(told))


def _before(told: Any) -> float:
    return math.inf if told == "ever" else hours(told)


def _variable(told: Mapping[str, Any], sets: Mapping[str, Mapping[str, tuple[str, ...]]]) -> Variable:
    _only(f"variable {told['name']}", told, frozenset(Variable.__dataclass_fields__))
    take = told["take"]
    if isinstance(take, str):
        if take not in sets:
            raise UnknownNameError(f"variable {told['name']}: no such set", got=take, allowed=", ".join(sets))
        take = sets[take]
    return Variable(**{**told, "codes": tuple(told["codes"]), "take": _taken(take)})


def _derived(told: Mapping[str, Any]) -> Derived:
    _only(f"derived feature {told['name']}", told, frozenset(Derived.__dataclass_fields__))
    return Derived(**{**told, "of": tuple(told["of"])})


def _taken(told: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    return {window: tuple(some) for window, some in told.items()}


def _only(what: str, told: Mapping[str, Any], allowed: frozenset[str]) -> None:
    if odd := set(told) - allowed:
        raise UnknownNameError(f"{what}: unknown keys", got=", ".join(sorted(odd)), allowed=", ".join(sorted(allowed)))
