"""One person's facts as events, read through the gate like any other question about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from vitruvian.study.events.events import Events
from vitruvian.study.events.fact_events import fact_events

if TYPE_CHECKING:
    from vitruvian.record import Patient

_DETAIL = ("codings", "verification", "doNotPerform")


def person_events(patient: Patient) -> tuple[Events, Counter[str]]:
    """Events of what the actor may see of a person now, and how many facts are no event, by kind and reason."""
    import polars as pl

    texts = ("kind", "system", "code", "value_code", "value_text", "unit", "status", "basis")
    numbers = {"value": pl.Float64, "start_ms": pl.Int64, "end_ms": pl.Int64, "known_ms": pl.Int64}
    facts = patient.facts()
    columns: dict[str, list[object]] = {name: [getattr(one, name) for one in facts] for name in (*texts, *numbers)}
    columns |= {"person": [patient.id] * len(facts), "detail": [_said(one.detail) for one in facts]}
    schema = dict.fromkeys((*texts, "person", "detail"), pl.String) | numbers
    left_out: Counter[str] = Counter()
    events = fact_events(pl.DataFrame(columns, schema=schema), left_out)
    return Events.of(events), Counter({reason: count for reason, count in left_out.items() if count})


def _said(detail: object) -> str:
    """Of the detail what events look at."""
    import orjson

    told = {name: detail[name] for name in _DETAIL if name in detail} if isinstance(detail, Mapping) else {}
    return orjson.dumps(told).decode() if told else ""
