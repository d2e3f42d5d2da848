"""How a person at rest compares with the published bands: green, yellow or red."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from vitruvian.model import Values
from vitruvian.physiology.circulation.indices import Indices

Colour = Literal["green", "yellow", "red"]
SURFACE = 1.9
"""Body surface of the adult of the closed loop, m²: 1.78 m and 75 kg (Mosteller RD. N Engl J Med 1987;317:1098)."""
_GREEN, _YELLOW = 0.10, 0.30


@dataclass(frozen=True)
class Row:
    """A published value (`low` = `high`) or range, what was found, and its colour."""

    name: str
    unit: str
    low: float
    high: float
    found: float
    colour: Colour


def rows(found: Indices, p: Values, surface: float = SURFACE) -> tuple[Row, ...]:
    """Rows of resting.toml for one person's indices; `surface` in m²."""
    have = {name: float(value) for name, value in found._asdict().items()}
    flow = have["cardiac_output"] / 0.06
    have |= {
        "blood_volume": float(p["blood_volume"]),
        "cardiac_index": have["cardiac_output"] / surface,
        "pulse_pressure": have["systolic"] - have["diastolic"],
        "pulmonary_resistance": (have["pulmonary_mean"] - have["wedge"]) / flow,
        "systemic_resistance": (have["mean_arterial"] - have["central_venous"]) / flow,
    }
    return tuple(Row(name, unit, *band, have[name], colour(have[name], *band)) for name, unit, band in _published())


def colour(found: float, low: float, high: float) -> Colour:
    """Green in the range or within 10 % of a single value; yellow within 30 % of what is nearest in the range."""
    away = max(low - found, found - high, 0.0) / abs(low if found < low else high)
    if away <= (_GREEN if low == high else 0.0):
        return "green"
    return "yellow" if away <= _YELLOW else "red"


def count(table: tuple[Row, ...]) -> dict[Colour, int]:
    """How many rows have each colour."""
    counted = Counter(row.colour for row in table)
    return {"green": counted["green"], "yellow": counted["yellow"], "red": counted["red"]}


@cache
def _published() -> tuple[tuple[str, str, tuple[float, float]], ...]:
    text = files("vitruvian.physiology.circulation").joinpath("resting.toml").read_text(encoding="utf-8")
    found = tomllib.loads(text)["row"]
    bands = [one["range"] if "range" in one else [one["value"]] * 2 for one in found]
    return tuple((one["name"], one["unit"], (low, high)) for one, (low, high) in zip(found, bands, strict=True))
