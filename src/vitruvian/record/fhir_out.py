"""Facts as FHIR R4: what twins derived and text rules extracted, as Observations that say so.

https://hl7.org/fhir/R4/observation.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from vitruvian.core import Instant
from vitruvian.record.fact import VOID_STATUS, Fact
from vitruvian.tables.codes import UCUM

BASIS = "urn:vitruvian:basis"
DETAIL = "urn:vitruvian:detail"
PLACE = "urn:vitruvian:place"


def bundle(entries: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """A Bundle (collection) of (fullUrl, resource) piece by piece, each resource with the bytes it has."""
    yield b'{"resourceType":"Bundle","type":"collection","entry":[\n'
    for k, (url, resource) in enumerate(entries):
        full = b'"fullUrl":' + orjson.dumps(url) + b"," if url else b""
        yield (b",\n" if k else b"") + b"{" + full + b'"resource":' + resource + b"}"
    yield b"\n]}\n"


def observation(fact: Fact) -> dict[str, Any]:
    """One fact as an Observation; its basis is a tag, its source place and details are extensions."""
    return {
        "resourceType": "Observation",
        "id": fact.id,
        "meta": {"tag": [{"system": BASIS, "code": fact.basis}]},
        "extension": list(_extensions(fact)),
        "status": "entered-in-error" if fact.status in VOID_STATUS else "final",
        "code": _code(fact),
        "subject": {"identifier": {"value": fact.subject}},
        **_times(fact),
        **_value(fact),
    }


def _extensions(fact: Fact) -> Iterator[Mapping[str, str]]:
    yield {"url": PLACE, "valueString": f"{fact.raw_hash}:{fact.path} by {fact.parser}"}
    if fact.detail:
        yield {"url": DETAIL, "valueString": orjson.dumps(fact.detail).decode()}


def _code(fact: Fact) -> dict[str, Any]:
    coding: dict[str, Any] = {"code": fact.code} if fact.code else {}
    if ":" in fact.system:
        coding["system"] = fact.system
    if fact.display:
        coding["display"] = fact.display
    text = {"text": fact.display or fact.code or fact.kind}
    return ({"coding": [coding]} if coding else {}) | text


def _times(fact: Fact) -> dict[str, Any]:
    if fact.start_ms is None:
        return {}
    start = str(Instant(fact.start_ms, fact.offset, _precision(fact.precision)))
    if fact.end_ms is None or fact.end_ms == fact.start_ms:
        return {"effectiveDateTime": start}
    end = str(Instant(fact.end_ms, fact.offset, _precision(fact.precision)))
    return {"effectivePeriod": {"start": start, "end": end}}


def _precision(text: str | None) -> Any:
    return text or "instant"


def _value(fact: Fact) -> dict[str, Any]:
    if fact.value is not None and fact.unit is not None:
        return {"valueQuantity": {"value": fact.value, "unit": fact.unit, "system": UCUM, "code": fact.unit}}
    if fact.value_raw is not None:
        return {"valueQuantity": {"value": fact.value_raw} | ({"unit": fact.unit_raw} if fact.unit_raw else {})}
    text = fact.value_text if fact.value_text is not None else fact.value_code
    return {} if text is None else {"valueString": text}
