"""Search parameters by resource type, as a table: name, kind, paths, types of what a reference may point to.

Source: HL7 FHIR R4 (4.0.1), search parameter registry; what US Core 3.1.1 – 7.0 demands of servers is among them.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType


@dataclass(frozen=True)
class Parameter:
    """One search parameter of one type; `paths` lead to its values, `targets` limit what a reference may point to.

    A composite has `parts`, which must hold of one and the same element at its paths.
    """

    name: str
    kind: str
    paths: tuple[tuple[str, ...], ...]
    targets: frozenset[str] = frozenset()
    parts: tuple[Parameter, ...] = ()


COMMON: Mapping[str, Parameter] = MappingProxyType(
    {
        "_id": Parameter("_id", "id", (("id",),)),
        "_lastUpdated": Parameter("_lastUpdated", "updated", (("meta", "lastUpdated"),)),
        "_tag": Parameter("_tag", "token", (("meta", "tag"),)),
        "_security": Parameter("_security", "token", (("meta", "security"),)),
        "_profile": Parameter("_profile", "uri", (("meta", "profile"),)),
        "_source": Parameter("_source", "uri", (("meta", "source"),)),
    }
)
"""Parameters of every type."""


@cache
def parameters(kind: str) -> Mapping[str, Parameter]:
    """Parameters of a type by name, those of every type included."""
    return MappingProxyType({**_table().get(kind, {}), **COMMON})


def references_to(kind: str) -> list[tuple[str, str]]:
    """(type, parameter) of every reference that may point to a type."""
    return [(one, name) for one in types() for name, found in parameters(one).items() if kind in found.targets]


@cache
def types() -> tuple[str, ...]:
    """Types of resources that are kept and served, sorted."""
    return tuple(sorted(_table()))


@cache
def _table() -> Mapping[str, Mapping[str, Parameter]]:
    found: dict[str, dict[str, Parameter]] = {}
    text = (files(__package__) / "parameters.tsv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines(), delimiter="\t"):
        own = found.setdefault(row["type"], {})
        if not row["name"]:  # a type without parameters of its own
            continue
        own[row["name"]] = _parameter(row["name"], row["kind"], row["path"], row["targets"])
    return found


def _parameter(name: str, kind: str, path: str, more: str) -> Parameter:
    """A row: `more` is types of targets between commas, of a composite its parts ("token=code quantity=value")."""
    paths = tuple(tuple(one.split(".")) if one != "$this" else () for one in path.split("|"))
    if kind != "composite":
        return Parameter(name, kind, paths, frozenset(more.split(",")) - {""})
    parts = [one.partition("=") for one in more.split()]
    return Parameter(name, kind, paths, parts=tuple(_parameter(name, what, where, "") for what, _, where in parts))
