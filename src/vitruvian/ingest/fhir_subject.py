"""Whose a FHIR resource is: references to Patients inside one file, on a server, or by identifier."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from vitruvian.core import DataError
from vitruvian.ingest.fhir_entries import Entry
from vitruvian.ingest.fhir_parts import Json, reference_id

_CONDITIONAL = re.compile(r"^Patient\?identifier=(?:([^|]*)\|)?(.+)$")
_REFERENCE = re.compile(rb'"reference":"([^"\\]+)"')
_NAMING = ("subject", "patient", "beneficiary", "individual", "for", "candidate")
# types that are about nobody, whomever they mention
_NOBODY = frozenset(
    {
        *("Organization", "Practitioner", "PractitionerRole", "Location", "Medication", "Substance", "Endpoint"),
        *("HealthcareService", "ValueSet", "CodeSystem", "StructureDefinition", "ConceptMap", "NamingSystem"),
        *("CapabilityStatement", "OperationOutcome"),
    }
)


@dataclass(frozen=True)
class Context:
    """What entries of one file say about each other: Patient ids by reference text and identifier, drugs by reference.

    `find` knows the subjects of the record by id or identifier.
    """

    patients: Mapping[str, str] = field(default_factory=dict)
    identifiers: Mapping[tuple[str, str], str] = field(default_factory=dict)
    medications: Mapping[str, Json] = field(default_factory=dict)
    find: Callable[[str], str | None] = lambda _: None


def context_of(entries: Iterable[Entry], find: Callable[[str], str | None]) -> Context:
    """Patients and drugs of a Bundle; only these are kept, so a large Bundle need not stay in memory."""
    patients: dict[str, str] = {}
    names: dict[tuple[str, str], str] = {}
    medications: dict[str, Json] = {}
    for entry in entries:
        resource = entry.resource if isinstance(entry.resource, dict) else {}
        kind = resource.get("resourceType")
        if kind == "Patient":
            subject = own_id(resource, entry.full_url)
            for reference in (entry.full_url, f"Patient/{resource.get('id')}"):
                patients[reference] = subject
            with suppress(DataError, KeyError, TypeError, AttributeError):  # rejected when its turn comes
                for pair in identifiers(resource):
                    names[pair] = subject
        elif kind == "Medication":
            medications[entry.full_url] = medications[f"Medication/{resource.get('id')}"] = resource
    return Context(patients, names, medications, find)


def source_of(resource: Json, full_url: str) -> tuple[str, str]:
    """(base URL, id) of a resource; the base is "" for ids without a server."""
    key = resource.get("id")
    key = key if isinstance(key, str) else ""
    if full_url.startswith(("http://", "https://")):
        base, _, tail = full_url.rpartition(f"/{resource.get('resourceType')}/")
        return base, key or tail
    return "", key or full_url.removeprefix("urn:uuid:")


def own_id(resource: Json, full_url: str) -> str:
    """Id of a Patient: its URL where it has a web address, else its bare id."""
    source, source_id = source_of(resource, full_url)
    return f"{source}/Patient/{source_id}" if source else source_id


def identifiers(resource: Json) -> tuple[tuple[str, str], ...]:
    """(system, value) of each identifier of a Patient."""
    found = resource.get("identifier") or ()
    return tuple((str(one.get("system") or ""), str(one["value"])) for one in found if one.get("value"))


def subject_of(resource: Json, entry: Entry, context: Context, needed: bool) -> str:
    """The person whom the resource is about; "" for resources about nobody (Organization, Medication …).

    `needed` refuses a resource that does not say. A resource that names no subject but refers to one Patient only
    (a Provenance, an Appointment) is that Patient's, so that it is kept under that person's key.
    """
    kind = resource["resourceType"]
    if kind == "Patient":
        subject = own_id(resource, entry.full_url)
        if not subject:
            raise DataError("a Patient has no id", allowed="Patient.id or entry.fullUrl")
        return subject
    reference = named_patient(resource)
    if reference:
        return _resolved(reference, entry.full_url, kind, context, needed)
    if needed:
        raise DataError(f"this {kind} does not say whose it is", got="no subject", todo="Add subject.reference.")
    return "" if kind in _NOBODY else _mentioned(entry.text, entry.full_url, kind, context)


def named_patient(resource: Json) -> str:
    """The reference by which a resource says whose it is, "" if it does not; it may still mention people."""
    for name in _NAMING:
        part = resource.get(name)
        if isinstance(part, list) and len(part) == 1:
            part = part[0]
        if isinstance(part, dict) and (reference := reference_id(part)) and isinstance(reference, str):
            return reference
    return ""


def _resolved(reference: str, full_url: str, kind: str, context: Context, needed: bool) -> str:
    if reference in context.patients:
        return context.patients[reference]
    if (match := _CONDITIONAL.match(reference)) is not None:
        subject = context.identifiers.get((match[1] or "", match[2])) or context.find(match[2])
        if not subject:
            raise DataError("its patient cannot be found", got=reference, todo="Send the Patient in the same Bundle.")
        return subject
    base, found, key = reference.rpartition("Patient/")
    if found and key:
        key = key.split("/")[0]
        own, _, _ = full_url.rpartition(f"/{kind}/") if full_url.startswith("http") else ("", "", "")
        base = base.rstrip("/") or own
        return f"{base}/Patient/{key}" if base else key
    if reference.startswith("urn:uuid:") and needed:
        return reference.removeprefix("urn:uuid:")
    if needed:
        raise DataError("its subject is not a patient", got=reference, allowed="a reference to a Patient")
    return ""


def _mentioned(text: bytes, full_url: str, kind: str, context: Context) -> str:
    found = set()
    for one in _REFERENCE.findall(text):
        reference = one.decode()
        if reference in context.patients or "Patient/" in reference:
            found.add(_resolved(reference, full_url, kind, context, False))
    return found.pop() if len(found) == 1 else ""


def label(resource: Any) -> str:
    """ "Observation/abc", for the account."""
    if not isinstance(resource, dict):
        return "no resource"
    return f"{resource.get('resourceType', 'resource')}/{resource.get('id', '?')}"
