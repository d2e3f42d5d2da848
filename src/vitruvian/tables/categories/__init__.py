"""Categories of facts that consent speaks of: which kinds and codes belong to each.

The sensitive ones (mental health, substance use, sexual health) are by code; the table is short, and a fact may belong
to several. What is in none is "general".
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

CATEGORY_SYSTEM = "urn:vitruvian:category"
GENERAL = "general"
CATEGORIES = (
    "general", "genome", "omics", "wearable", "image", "note", "social", "mental_health", "substance_use",
    "sexual_health",
)  # fmt: skip


@lru_cache(maxsize=65536)
def categories_of(kind: str, system: str = "", code: str = "", basis: str = "") -> frozenset[str]:
    """Categories of a fact by its kind and code; what was extracted from a note is a note too."""
    found = set(_kinds().get(kind, ()))
    if basis == "extracted":
        found.add("note")
    exact = _codes().get((system, code))
    if exact:
        found.add(exact)
    starts = _prefixes().get(system, {})
    longest = max((start for start in starts if code.startswith(start)), key=len, default="")
    if longest:
        found.add(starts[longest])
    return frozenset(found or {GENERAL})


@lru_cache(maxsize=1)
def sensitivity_classes() -> Mapping[str, str]:
    """Category of each sensitivity code (HL7 v3 ActCode) that a consent may name."""
    return MappingProxyType({row["code"]: row["category"] for row in _rows() if row["by"] == "class"})


@lru_cache(maxsize=1)
def _kinds() -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for row in _rows():
        if row["by"] == "kind":
            found.setdefault(row["code"], set()).add(row["category"])
    return {kind: frozenset(categories) for kind, categories in found.items()}


@lru_cache(maxsize=1)
def _codes() -> Mapping[tuple[str, str], str]:
    return {(row["system"], row["code"]): row["category"] for row in _rows() if row["by"] == "code"}


@lru_cache(maxsize=1)
def _prefixes() -> Mapping[str, Mapping[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for row in _rows():
        if row["by"] == "prefix":
            found.setdefault(row["system"], {})[row["code"]] = row["category"]
    return found


@lru_cache(maxsize=1)
def _rows() -> tuple[Mapping[str, str], ...]:
    text = files(__package__).joinpath("categories.tsv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
