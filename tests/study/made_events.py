"""Small made events, as plain rows that a test can loop over by hand."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from vitruvian.study.events import event_schema

HOUR = 3_600_000_000
BEGIN = 1_700_000_000_000_000


@dataclass(frozen=True)
class Event:
    """One row; times in hours since BEGIN."""

    subject_id: str
    time: float
    known: float
    code: str
    numeric_value: float | None = None
    unit: str | None = None
    text: str | None = None
    kind: str = "measured"


def at(hour: float) -> int:
    """µs of an hour since BEGIN."""
    return BEGIN + round(hour * HOUR)


def frame(rows: Sequence[Event]) -> pl.DataFrame:
    """Rows as a table of events."""
    told: list[dict[str, Any]] = [asdict(one) | {"time": at(one.time), "known": at(one.known)} for one in rows]
    schema = {**event_schema(), "time": pl.Int64, "known": pl.Int64, "code": pl.String, "unit": pl.String}
    table = pl.DataFrame(told, schema={**schema, "kind": pl.String})
    return table.select(pl.col(name).cast(kind) for name, kind in event_schema().items())


def drawn(seed: int, people: int = 6, each: int = 40) -> list[Event]:
    """Events of a few people over 100 h: two laboratory values in two units, a sign without value, some known late."""
    draw = random.Random(seed)
    found = []
    for _ in range(people * each):
        who, when = f"p{draw.randrange(people)}", draw.randrange(0, 400) / 4
        known = when + draw.choice([0, 0, 0.5, 6, 30])
        code = draw.choice(["A", "B", "S", "T//1", "T//2"])
        value = round(draw.uniform(1, 9), 2) if code in "AB" else None
        unit = draw.choice(["mg/dL", "g/L"]) if code == "A" else "1" if code == "B" else None
        kind = draw.choice(["measured", "measured", "derived", "extracted"])
        found.append(Event(who, when, known, code, value, unit, None, kind))
    return found
