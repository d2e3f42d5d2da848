"""What the interface answers with: people, facts and samples as JSON."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter
from typing import Any

import orjson
from pydantic import BaseModel, Field

from vitruvian.record import Fact


class PersonOut(BaseModel):
    """One person, as far as the caller may see them."""

    id: str
    name: str | None = None
    sex: str | None = None
    birth_date: str | None = None
    sources: list[str] = Field(default_factory=list, description="Ids that sources use for this person.")


class FactOut(BaseModel):
    """A statement about a person: canonical `value` and `unit`, and what was received."""

    id: str
    person: str
    kind: str
    system: str
    code: str
    display: str
    value: float | None
    unit: str | None
    value_raw: float | None
    unit_raw: str | None
    value_code: str | None
    value_text: str | None
    start: datetime | None
    end: datetime | None
    precision: str | None
    known: datetime | None
    status: str
    flags: list[str] = Field(description="What is doubtful about it.")
    trusted: bool = Field(description="Whether a twin may use it.")
    basis: str
    source: str = Field(description="Parser that read it.")
    raw_hash: str = Field(description="SHA-256 of the file it came in.")
    path: str = Field(description="Its place in the source record.")
    detail: dict[str, Any]


class SampleOut(BaseModel):
    """One sample of a stream, or a fact beside samples."""

    start: datetime
    end: datetime | None
    offset: int | None = Field(description="Minutes from UTC as received; null where none was given.")
    code: str | None = None
    value: float | None
    unit: str | None
    value_raw: float | None = None
    unit_raw: str | None = None
    text: str | None
    source: str | None
    flags: str
    kind: str
    id: str | None = None


class DayOut(BaseModel):
    """One local day of a signal."""

    date: str
    value: float | None
    low: float | None
    high: float | None
    unit: str | None
    samples: int | None
    left_out: int | None
    sources: str | None


_FIELDS = tuple(FactOut.model_fields)
_values = attrgetter(*("parser" if name == "source" else name for name in _FIELDS))


def fact_out(one: Fact) -> FactOut:
    """A fact as it is answered."""
    return FactOut(**fact_told(one))


def fact_told(one: Fact) -> dict[str, Any]:
    """What `fact_out` says, for many facts: nothing is judged, since the record has judged it."""
    told = dict(zip(_FIELDS, _values(one), strict=True))
    for name in ("value", "value_raw"):
        if told[name] is not None:
            told[name] = float(told[name])
    return told | {"flags": list(one.flags), "detail": dict(one.detail)}


def json_of(told: Any) -> bytes:
    """JSON as pydantic writes it: moments of UTC end with Z."""
    return orjson.dumps(told, option=orjson.OPT_UTC_Z)
