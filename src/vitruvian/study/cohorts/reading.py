"""Cohorts in TOML files: those that come with the package, by name, and those of the user."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from vitruvian.core import InputError, UnknownNameError, hours
from vitruvian.study.cohorts.cohort import Clause, Cohort, Condition, Contradiction, Outcome

_DEFINITIONS = files("vitruvian.study.cohorts") / "definitions"
_TOP = frozenset(
    {"name", "title", "version", "about", "codes", "index", "label", "horizon", "follow_up", "require", "exclude",
     "competing", "contradiction"}
)  # fmt: skip


def cohort_names() -> list[str]:
    """Cohorts that come with the package."""
    return sorted(one.name.removesuffix(".toml") for one in _DEFINITIONS.iterdir() if one.name.endswith(".toml"))


def read_cohort(named: str | Path) -> Cohort:
    """A cohort of the package by name, or of a TOML file; raises `InputError` for what it cannot be."""
    if str(named) in cohort_names():
        text = (_DEFINITIONS / f"{named}.toml").read_text(encoding="utf-8")
    elif Path(named).is_file():
        text = Path(named).read_text(encoding="utf-8")
    else:
        raise UnknownNameError("no such cohort", got=named, allowed=f"a file, or {', '.join(cohort_names())}")
    try:
        return cohort_of(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"cohort {named} is not TOML", got=error) from error


def cohort_of(told: Mapping[str, Any]) -> Cohort:
    """A cohort from the content of its file; `codes` there names lists of codes, used as "@name"."""
    _only("cohort", told, _TOP)
    lists: Mapping[str, Sequence[str]] = told.get("codes", {})
    try:
        index = told["index"]
        _only("index", index, frozenset({"any", "which", "after"}))
        label = _outcome(told["label"], lists)
        return Cohort(
            told["name"],
            told["title"],
            _clauses(index["any"], lists),
            label,
            hours(told["horizon"]),
            hours(index.get("after", "0 h")),
            index.get("which", "each"),
            tuple(_condition(one, lists, label) for one in told.get("require", [])),
            tuple(_condition(one, lists, label) for one in told.get("exclude", [])),
            tuple(_outcome(one, lists) for one in told.get("competing", [])),
            tuple(_contradiction(one, lists) for one in told.get("contradiction", [])),
            told["follow_up"],
            str(told.get("version", "1")),
        )
    except KeyError as error:
        raise InputError("the cohort lacks a key", got=f"no {error}") from error


def _clauses(told: Sequence[Mapping[str, Any]], lists: Mapping[str, Sequence[str]]) -> tuple[Clause, ...]:
    return tuple(_clause(one, lists) for one in told)


def _clause(told: Mapping[str, Any], lists: Mapping[str, Sequence[str]]) -> Clause:
    _only("clause", told, frozenset(Clause.__dataclass_fields__))
    codes: list[str] = []
    for one in told["codes"]:
        if one.startswith("@") and one[1:] not in lists:
            raise UnknownNameError("no such list of codes", got=one, allowed=", ".join(f"@{name}" for name in lists))
        codes += lists[one[1:]] if one.startswith("@") else [one]
    return Clause(**{**told, "codes": tuple(codes), "texts": tuple(told.get("texts", ()))})


def _condition(told: Mapping[str, Any], lists: Mapping[str, Sequence[str]], label: Outcome) -> Condition:
    """`any` may be "label": what is to be foretold has been there already."""
    _only("condition", told, frozenset({"name", "any", "within"}))
    within = told.get("within", "ever")
    clauses = label.any if told["any"] == "label" else _clauses(told["any"], lists)
    return Condition(told["name"], clauses, math.inf if within == "ever" else hours(within))


def _outcome(told: Mapping[str, Any], lists: Mapping[str, Sequence[str]]) -> Outcome:
    _only("outcome", told, frozenset({"name", "title", "any"}))
    return Outcome(told["name"], told.get("title", told["name"]), _clauses(told["any"], lists))


def _contradiction(told: Mapping[str, Any], lists: Mapping[str, Sequence[str]]) -> Contradiction:
    _only("contradiction", told, frozenset({"name", "any", "after"}))
    return Contradiction(told["name"], _clauses(told["any"], lists), _clauses(told["after"], lists))


def _only(what: str, told: Mapping[str, Any], allowed: frozenset[str]) -> None:
    if odd := set(told) - allowed:
        raise UnknownNameError(f"{what}: unknown keys", got=", ".join(sorted(odd)), allowed=", ".join(sorted(allowed)))
