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
    """One search parameter of one type; `paths` lead to its values, `targets` limit what a reference may point to."""

    name: str
    kind: str
    paths: tuple[tuple[str, ...], ...]
    targets: frozenset[str] = frozenset()


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
        paths = tuple(tuple(one.split(".")) for one in row["path"].split("|"))
        targets = frozenset(row["targets"].split(",")) - {""}
        own[row["name"]] = Parameter(row["name"], row["kind"], paths, targets)
    return found
