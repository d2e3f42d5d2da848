"""FHIR R4 Observation → facts: value types, components, units, times, reference ranges."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vitruvian.core import DataError, Instant
from vitruvian.ingest.fhir_parts import (
    NOTHING,
    Json,
    Measured,
    codes,
    coding,
    moment,
    more_codings,
    observed,
    quantity,
    span,
)
from vitruvian.record import Draft
from vitruvian.tables.codes import social_codes

_SOCIAL = frozenset({"social-history", "sdoh"})


def observation(resource: Json) -> Iterator[Draft]:
    """One fact for the value, one per component; a panel without either keeps one fact that names its members."""
    start, end = span(resource, "effective")
    issued = moment(resource.get("issued"))
    known = issued.ms if issued else None
    status = resource.get("status") or ""
    shared = _shared(resource)
    kind = "social" if _is_social(resource, shared) else "observation"
    components = resource.get("component") or ()
    value_key = _value_key(resource)
    if value_key is not None or not components:
        yield _draft(kind, resource, value_key, "", start, end, known, status, shared)
    for k, part in enumerate(components):
        yield _draft(kind, part, _value_key(part), f".component[{k}]", start, end, known, status, shared)


def _is_social(resource: Json, shared: dict[str, Any]) -> bool:
    """Whether it tells how a person lives (smoking, alcohol, work, housing …), by its category or its code."""
    if not _SOCIAL.isdisjoint(shared.get("category") or ()):
        return True
    known = social_codes()
    for one in (resource.get("code") or {}).get("coding") or ():
        if (one.get("system"), one.get("code")) in known:
            return True
    return False


def _draft(
    kind: str,
    part: Json,
    value_key: str | None,
    path: str,
    start: Instant | None,
    end: Instant | None,
    known: int | None,
    status: str,
    shared: dict[str, Any],
) -> Draft:
    system, code, display, analyte = observed(part.get("code") or {})
    measured, value_code, value_text, detail = NOTHING, None, None, dict(shared)
    if value_key == "valueQuantity":
        measured = quantity(part["valueQuantity"], analyte)
        comparator = part["valueQuantity"].get("comparator")
        if comparator:
            detail["comparator"] = comparator
    elif value_key is not None:
        measured, value_code, value_text = _other_value(value_key, part[value_key], detail)
    detail |= _own(part)
    flags = measured.flags if start is not None else (*measured.flags, "no_time")
    return Draft(
        kind,
        system,
        code,
        display,
        path,
        measured.value,
        measured.unit,
        measured.raw,
        measured.unit_raw,
        value_code,
        value_text,
        start,
        end,
        known,
        status,
        flags,
        detail=detail,
    )


def _value_key(part: Json) -> str | None:
    return "valueQuantity" if "valueQuantity" in part else next((k for k in part if k.startswith("value")), None)


def _other_value(key: str, value: Any, detail: dict[str, Any]) -> tuple[Measured, str | None, str | None]:
    """(number, code, text) of value[x] other than a Quantity; what fits none of them goes into `detail`."""
    match key:
        case "valueCodeableConcept":
            _, code, display = coding(value)
            return NOTHING, code or None, value.get("text") or display or None
        case "valueString" | "valueTime" | "valueDateTime":
            return NOTHING, None, str(value)
        case "valueBoolean":
            return NOTHING, str(bool(value)).lower(), None
        case "valueInteger" if isinstance(value, int) and not isinstance(value, bool):
            return Measured(float(value), "1", float(value), None), None, None
        case "valuePeriod" | "valueRange" | "valueRatio" | "valueSampledData" | "valueAttachment" | "valueReference":
            if not isinstance(value, dict):
                raise DataError(f"{key} has the wrong form", got=type(value).__name__, allowed="an object")
    detail[key] = value
    return NOTHING, None, None


def _shared(resource: Json) -> dict[str, Any]:
    detail: dict[str, Any] = {}
    if categories := codes(resource.get("category")):
        detail["category"] = categories
    for name in ("specimen", "method", "bodySite", "device", "encounter", "hasMember", "derivedFrom"):
        if name in resource:
            detail[name] = resource[name]
    return detail


def _own(part: Json) -> dict[str, Any]:
    detail = more_codings(part.get("code"))
    for name in ("referenceRange", "interpretation", "dataAbsentReason"):
        if name in part:
            detail[name] = part[name]
    return detail
