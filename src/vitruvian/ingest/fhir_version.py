"""Telling FHIR R4 from STU3 and R5 by what only one of them has: elements, resource types, profiles, `fhirVersion`."""

from __future__ import annotations

import re
from collections.abc import Callable

from vitruvian.ingest.fhir_parts import Json

_Rule = tuple[str, str, str, Callable[[object], bool]]


def _any(_: object) -> bool:
    return True


def _is(kind: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, kind)


def _rules(version: str, *names: str, test: Callable[[object], bool] = _any, sign: str = "") -> tuple[_Rule, ...]:
    return tuple((name, version, sign or name, test) for name in names)


_STATUS = _rules("STU3", "clinicalStatus", test=_is(str), sign="clinicalStatus is a code")
# resource type → (element, version, what shows it, test of its value); from the change notes of each version
_RULES: dict[str, tuple[_Rule, ...]] = {
    "Encounter": _rules("R5", "class", test=_is(list), sign="class is a list") + _rules("R5", "actualPeriod"),
    "Procedure": _rules("R5", "occurrenceDateTime", "occurrencePeriod", sign="occurrence[x]")
    + _rules("STU3", "notDone", "context"),
    "Condition": _STATUS,
    "AllergyIntolerance": _STATUS,
    "Observation": _rules("STU3", "context", "related") + _rules("R5", "triggeredBy", "bodyStructure"),
    "MedicationRequest": _rules("R5", "medication", sign="medication is a CodeableReference")
    + _rules("STU3", "context", "definition"),
    "MedicationAdministration": _rules("R5", "medication", "occurenceDateTime", "occurencePeriod")
    + _rules("STU3", "notGiven"),
    "MedicationDispense": _rules("R5", "medication") + _rules("STU3", "notDone"),
    "MedicationStatement": _rules("R5", "medication", "adherence") + _rules("STU3", "taken"),
    "DiagnosticReport": _rules("STU3", "context", "image"),
    "Immunization": _rules("STU3", "notGiven", "date"),
    "Consent": _rules("R5", "provision", test=_is(list), sign="provision is a list")
    + _rules("STU3", "except", "consentingParty"),
    "Goal": _rules("STU3", "status"),
    "ImagingStudy": _rules("STU3", "availability", "uid"),
    "DocumentReference": _rules("STU3", "indexed") + _rules("R5", "context", test=_is(list), sign="context is a list"),
    "Device": _rules("R5", "name", test=_is(list), sign="name is a list"),
    "Coverage": _rules("R5", "insurer", "paymentBy") + _rules("STU3", "grouping"),
    "Bundle": _rules("R5", "issues"),
}
_NAMES = {kind: frozenset(rule[0] for rule in rules) for kind, rules in _RULES.items()}
_R5_TYPES = """ActorDefinition ArtifactAssessment BiologicallyDerivedProductDispense DeviceAssociation DeviceDispense
DeviceUsage EncounterHistory FormularyItem GenomicStudy ImagingSelection InventoryItem InventoryReport NutritionIntake
Permission RequestOrchestration Requirements TestPlan Transport"""
_STU3_TYPES = """BodySite DataElement DeviceComponent EligibilityRequest EligibilityResponse ExpansionProfile
ImagingManifest ProcedureRequest ProcessRequest ProcessResponse ReferralRequest Sequence ServiceDefinition"""
_TYPES = dict.fromkeys(_R5_TYPES.split(), "R5") | dict.fromkeys(_STU3_TYPES.split(), "STU3")
_PROFILE = re.compile(r"^http://hl7\.org/fhir/(?:([35])\.0/)?StructureDefinition/[^|]*(?:\|([35])\.0)?")
_BY_NUMBER = {"3": "STU3", "5": "R5"}


def other_version(resource: Json) -> str | None:
    """ "R5 (Encounter: class is a list)" if the resource is not R4; None if nothing says so."""
    kind = resource.get("resourceType")
    if not isinstance(kind, str):
        return None
    if kind in _TYPES:
        return f"{_TYPES[kind]} (resource type {kind})"
    if kind in _NAMES and not _NAMES[kind].isdisjoint(resource):
        for name, version, sign, test in _RULES[kind]:
            if name in resource and test(resource[name]):
                return f"{version} ({kind}: {sign})"
    meta = resource.get("meta")
    if "fhirVersion" in resource or (isinstance(meta, dict) and "profile" in meta):
        return _by_statement(kind, resource, meta)
    return None


def _by_statement(kind: str, resource: Json, meta: object) -> str | None:
    stated = resource.get("fhirVersion")
    if isinstance(stated, str) and stated[:2] in ("3.", "5."):
        return f"{_BY_NUMBER[stated[0]]} ({kind}: fhirVersion {stated[:10]})"
    profiles = meta.get("profile") if isinstance(meta, dict) else None
    for profile in profiles if isinstance(profiles, list) else ():
        match = _PROFILE.match(profile) if isinstance(profile, str) else None
        number = match and (match[1] or match[2])
        if number:
            return f"{_BY_NUMBER[number]} ({kind}: profile {profile[:100]})"
    return None
