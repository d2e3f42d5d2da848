"""Facts and answers as JSON for agents: units beside every number, long texts cut with the place of the whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from vitruvian.core import AccessError
from vitruvian.serve.caller import Caller
from vitruvian.serve.scopes import covers

if TYPE_CHECKING:
    from vitruvian.record import Fact
    from vitruvian.twin.doors import Told

TEXT = 600
"""Letters of a free text that are shown in a row."""
_TYPES = {
    "demographic": "Patient", "observation": "Observation", "condition": "Condition", "procedure": "Procedure",
    "allergy": "AllergyIntolerance", "encounter": "Encounter", "immunization": "Immunization",
    "medication_request": "MedicationRequest", "medication_statement": "MedicationStatement",
    "medication_administration": "MedicationAdministration", "medication_dispense": "MedicationDispense",
    "imaging_study": "ImagingStudy", "document": "DocumentReference", "note": "DocumentReference",
    "day": "Observation", "sample": "Observation", "genotype": "Observation",
}  # fmt: skip
"""FHIR type by kind of fact; other kinds need a scope on all types."""

FACT: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "description": "Read vitruvian://patients/PATIENT/facts/ID for its source."},
        "kind": {"type": "string"},
        "system": {"type": "string"},
        "code": {"type": "string"},
        "display": {"type": "string"},
        "value": {"type": "number", "description": "In `unit` (UCUM)."},
        "unit": {"type": "string"},
        "value_raw": {"type": "number", "description": "As received, in `unit_raw`, where no canonical value is."},
        "unit_raw": {"type": "string"},
        "value_code": {"type": "string"},
        "value_text": {"type": "string"},
        "start": {"type": "string", "description": "ISO 8601 with offset."},
        "end": {"type": "string"},
        "status": {"type": "string"},
        "flags": {"type": "array", "items": {"type": "string"}, "description": "What is doubtful about it."},
        "basis": {"enum": ["measured", "extracted", "derived"]},
        "detail": {"type": "object"},
    },
    "required": ["id", "kind"],
}
FACTS: Mapping[str, Any] = {"type": "array", "items": FACT}


def type_of(kind: str) -> str:
    """The FHIR type that a scope must cover for facts of a kind."""
    return _TYPES.get(kind, "*")


def readable(caller: Caller, facts: Iterable[Fact]) -> list[Fact]:
    """Those facts that the scopes of the caller's token cover; role and consent were judged by the record."""
    found = list(facts)
    kinds = {one.kind: covers(caller, type_of(one.kind), "r") for one in found}
    return [one for one in found if kinds[one.kind]]


def need(caller: Caller, kind: str) -> None:
    """Refuse a token whose scopes do not cover a type. Raises `AccessError`."""
    if not covers(caller, kind, "r"):
        raise AccessError("the scopes of the token do not cover this", allowed=" ".join(sorted(caller.scopes or ())))


def fact_row(fact: Fact) -> dict[str, Any]:
    """A fact: what, value with unit, when, status, doubt; empty fields are left out."""
    row = {
        "id": fact.id,
        "kind": fact.kind,
        "system": fact.system,
        "code": fact.code,
        "display": fact.display,
        "value": fact.value,
        "unit": fact.unit,
        "value_raw": fact.value_raw if fact.value is None else None,
        "unit_raw": fact.unit_raw if fact.value is None else None,
        "value_code": fact.value_code,
        "value_text": fact.value_text,
        "start": fact.start.isoformat() if fact.start else None,
        "end": fact.end.isoformat() if fact.end else None,
        "status": fact.status,
        "flags": list(fact.flags),
        "basis": fact.basis,
        "detail": dict(fact.detail),
    }
    return {name: short(value) for name, value in row.items() if value not in (None, "", [], {})}


def short(node: Any) -> Any:
    """The same with long texts cut, which say so."""
    if isinstance(node, str) and len(node) > TEXT:
        return f"{node[:TEXT]}… ({len(node) - TEXT} more letters: read the fact's resource)"
    if isinstance(node, Mapping):
        return {name: short(one) for name, one in node.items()}
    if isinstance(node, list | tuple):
        return [short(one) for one in node]
    return node


def told_row(told: Told, *, whole: bool = False) -> dict[str, Any]:
    """An answer of a twin: sentence, refusals and warnings, tables, reasons, sources; `whole` with curves and data."""
    row = asdict(told)
    if whole:
        return row
    return {name: one for name, one in row.items() if name not in ("pictures", "data")}
