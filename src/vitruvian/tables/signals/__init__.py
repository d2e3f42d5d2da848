"""Signals that wearables and monitors send as streams: canonical unit, LOINC code, plausible range.

`join` tells how samples of one signal become one number over a time: their "mean" or their "sum". A sample outside
low..high is kept and flagged, never dropped.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal, cast


@dataclass(frozen=True)
class Signal:
    """One signal: its name here, LOINC code ("" if none), title, canonical UCUM unit, plausible range."""

    name: str
    loinc: str
    title: str
    unit: str
    join: Literal["mean", "sum"]
    low: float
    high: float
    source: str


@lru_cache(maxsize=1)
def signals() -> Mapping[str, Signal]:
    """All signals by name."""
    text = files(__package__).joinpath("signals.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return MappingProxyType({row["name"]: _signal(row) for row in rows})


def _signal(row: Mapping[str, str]) -> Signal:
    join = cast(Literal["mean", "sum"], row["join"])
    low, high = float(row["low"]), float(row["high"])
    return Signal(row["name"], row["loinc"], row["title"], row["unit"], join, low, high, row["source"])
