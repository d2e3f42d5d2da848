"""Customary reference ranges of adults, for pictures only where the laboratory gave none; never for a decision.

A range that is open at one end has `None` there. Ranges depend on laboratory and person; each row names its source.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

ADULT_YEARS = 18


@dataclass(frozen=True)
class ReferenceRange:
    """Lower and upper end (None: open) in a UCUM unit, and where they come from."""

    title: str
    unit: str
    low: float | None
    high: float | None
    source: str


def reference_range(loinc: str, sex: str | None) -> ReferenceRange | None:
    """The adult range of a LOINC code for "female" or "male"; None where there is none for that sex."""
    found = _by_code()
    return found.get((loinc, "")) or found.get((loinc, sex or "unknown"))


@lru_cache(maxsize=1)
def _by_code() -> Mapping[tuple[str, str], ReferenceRange]:
    text = files(__package__).joinpath("ranges.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return MappingProxyType({(code, row["sex"]): _range(row) for row in rows for code in row["codes"].split(";")})


def _range(row: Mapping[str, str]) -> ReferenceRange:
    low, high = (float(row[end]) if row[end] else None for end in ("low", "high"))
    return ReferenceRange(row["title"], row["unit"], low, high, row["source"])
