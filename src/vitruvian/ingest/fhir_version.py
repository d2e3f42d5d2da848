"""Telling FHIR R4 from STU3 and R5 by the elements that only one of them has."""

from __future__ import annotations

from collections.abc import Callable

from vitruvian.ingest.fhir_parts import Json

_Rule = tuple[str, str, Callable[[Json], bool]]


def _has(*names: str) -> Callable[[Json], bool]:
    return lambda resource: any(name in resource for name in names)


def _is(name: str, kind: type) -> Callable[[Json], bool]:
    return lambda resource: isinstance(resource.get(name), kind)


# resource type → (version, what shows it, test); from the change notes of each version
_RULES: dict[str, tuple[_Rule, ...]] = {
    "Encounter": (
        ("R5", "class is a list", _is("class", list)),
        ("R5", "actualPeriod", _has("actualPeriod")),
    ),
    "Procedure": (
        ("R5", "occurrence[x]", _has("occurrenceDateTime", "occurrencePeriod")),
        ("STU3", "notDone or context", _has("notDone", "context")),
    ),
    "Condition": (("STU3", "clinicalStatus is a code", _is("clinicalStatus", str)),),
    "AllergyIntolerance": (("STU3", "clinicalStatus is a code", _is("clinicalStatus", str)),),
    "Observation": (
        ("STU3", "context or related", _has("context", "related")),
        ("R5", "triggeredBy or bodyStructure", _has("triggeredBy", "bodyStructure")),
    ),
    "MedicationRequest": (
        ("R5", "medication is a CodeableReference", _has("medication")),
        ("STU3", "context or definition", _has("context", "definition")),
    ),
    "MedicationAdministration": (
        ("R5", "medication or occurence[x]", _has("medication", "occurenceDateTime", "occurencePeriod")),
        ("STU3", "notGiven", _has("notGiven")),
    ),
    "MedicationStatement": (
        ("R5", "medication or adherence", _has("medication", "adherence")),
        ("STU3", "taken", _has("taken")),
    ),
    "DiagnosticReport": (("STU3", "context or image", _has("context", "image")),),
    "Immunization": (("STU3", "notGiven or date", _has("notGiven", "date")),),
}


def other_version(resource: Json) -> str | None:
    """ "R5 (Encounter: class is a list)" if the resource is not R4; None if nothing says so."""
    kind = resource.get("resourceType")
    for version, sign, test in _RULES.get(kind, ()) if isinstance(kind, str) else ():
        if test(resource):
            return f"{version} ({kind}: {sign})"
    return None
