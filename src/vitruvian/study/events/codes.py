"""Codes of events: a vocabulary's short name, two strokes, the code; in a definition also with * at its end.

"LOINC//2160-0", "SNOMED//84114007", "ICD10CM//I50*".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


def is_meant(code: str, patterns: Iterable[str]) -> bool:
    """Whether any pattern means the code."""
    return any(code.startswith(one[:-1]) if one.endswith("*") else code == one for one in patterns)


def has_code(patterns: Iterable[str]) -> pl.Expr:
    """Events whose code any of the patterns means."""
    import polars as pl

    told = sorted(set(patterns))
    exact = [one for one in told if not one.endswith("*")]
    starts = [pl.col("code").cat.starts_with(one[:-1]) for one in told if one.endswith("*")]
    return pl.any_horizontal([pl.col("code").is_in(exact), *starts])
