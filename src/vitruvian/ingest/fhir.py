"""FHIR R4 in JSON: Bundle (transaction, batch, collection, searchset, document), NDJSON, single resources.

Every resource becomes one source record. Types that twins use are read into facts; all others are kept whole.
https://hl7.org/fhir/R4
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson

from vitruvian.core import DataError, InputError, UnsupportedError
from vitruvian.ingest import fhir_clinical as clinical
from vitruvian.ingest import fhir_medication as medication
from vitruvian.ingest.fhir_observation import observation
from vitruvian.ingest.fhir_parts import Json, moment, reference_id
from vitruvian.ingest.fhir_version import other_version
from vitruvian.record import Draft, Format, Item, RawFile, Rejected, SourceRecord, Told

BUNDLES = ("transaction", "batch", "collection", "searchset", "document")
_START = re.compile(rb"^(?:\xef\xbb\xbf)?\s*[{\[]")
_CONDITIONAL = re.compile(r"^Patient\?identifier=(?:([^|]*)\|)?(.+)$")

_PLAIN: Mapping[str, Callable[[Json], Iterator[Draft]]] = {
    "Patient": clinical.patient,
    "Observation": observation,
    "Condition": clinical.condition,
    "AllergyIntolerance": clinical.allergy,
    "Procedure": clinical.procedure,
    "Encounter": clinical.encounter,
    "DiagnosticReport": clinical.report,
    "Immunization": clinical.immunization,
}
_MEDICATION = {
    "MedicationRequest": medication.request,
    "MedicationStatement": medication.statement,
    "MedicationAdministration": medication.administration,
}
_WRONG_FORM = (KeyError, TypeError, ValueError, AttributeError, IndexError, ZeroDivisionError, OverflowError)
_KNOWN_BY = ("issued", "authoredOn", "recordedDate", "dateAsserted", "recorded")


@dataclass(frozen=True)
class _Entry:
    place: str
    full_url: str
    resource: Any


@dataclass(frozen=True)
class _Context:
    """What entries of one file say about each other: Patient ids by reference text, Medication by reference."""

    patients: Mapping[str, str]
    identifiers: Mapping[tuple[str, str], str]
    medications: Mapping[str, Json]


class FhirJson(Format):
    """The format "fhir"."""

    name = "fhir"
    version = "1"
    needs_patient = False

    def claims(self, head: bytes) -> bool:
        """JSON; whether it is FHIR is settled by reading it, so that broken JSON is refused for the right reason."""
        return _START.match(head) is not None

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        """All resources of the file; raises `DataError` or `UnsupportedError` for a file that is wrong as a whole."""
        entries = list(_entries(file.content))
        _refuse_other_versions(entries)
        context = _context(entries)
        for entry in entries:
            try:
                yield _record(entry, context)
            except InputError as error:
                yield Rejected(_label(entry.resource), entry.place or "file", str(error))
            except _WRONG_FORM as error:
                reason = f"an element does not have the form that FHIR R4 gives it: {type(error).__name__}: {error}"
                yield Rejected(_label(entry.resource), entry.place or "file", reason)


def _entries(content: bytes) -> Iterator[_Entry]:
    try:
        whole = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        yield from _lines(content, error)
        return
    if not isinstance(whole, dict) or not isinstance(whole.get("resourceType"), str):
        raise DataError("this JSON is not FHIR", got="no resourceType", allowed="a FHIR R4 resource or Bundle")
    if whole["resourceType"] != "Bundle":
        yield _Entry("", "", whole)
        return
    if whole.get("type") not in BUNDLES:
        raise UnsupportedError("this type of Bundle is not read", got=whole.get("type"), allowed=", ".join(BUNDLES))
    found = whole.get("entry", [])
    if not isinstance(found, list):
        raise DataError("Bundle.entry is not a list", got=type(found).__name__)
    for k, entry in enumerate(found):
        inner = entry if isinstance(entry, dict) else {}
        url = inner.get("fullUrl")
        yield _Entry(f"entry[{k}].resource", url if isinstance(url, str) else "", inner.get("resource"))


def _lines(content: bytes, error: orjson.JSONDecodeError) -> Iterator[_Entry]:
    """NDJSON: every line a resource; anything else is malformed JSON as a whole."""
    lines = content.split(b"\n")
    found: list[_Entry] = []
    for k, line in enumerate(lines):
        if not line.strip():
            continue
        try:
            found.append(_Entry(f"line[{k}]", "", orjson.loads(line)))
        except orjson.JSONDecodeError as bad:
            if not found:
                raise DataError("malformed JSON", got=str(error), todo="Export the file again.") from error
            raise DataError("malformed JSON line", got=f"line {k + 1}: {bad}", todo="Export the file again.") from bad
    yield from found


def _refuse_other_versions(entries: list[_Entry]) -> None:
    for entry in entries:
        if isinstance(entry.resource, dict) and (version := other_version(entry.resource)):
            raise UnsupportedError(
                "this is another version of FHIR",
                got=f"FHIR {version} at {entry.place or 'the top'}",
                allowed="FHIR R4 (4.0.1)",
                todo="Export it as R4.",
            )


def _context(entries: list[_Entry]) -> _Context:
    patients: dict[str, str] = {}
    names: dict[tuple[str, str], str] = {}
    medications: dict[str, Json] = {}
    for entry in entries:
        resource = entry.resource if isinstance(entry.resource, dict) else {}
        kind, key = resource.get("resourceType"), resource.get("id")
        if kind == "Patient":
            subject = _own_id(resource, entry.full_url)
            for reference in (entry.full_url, f"Patient/{key}"):
                patients[reference] = subject
            with suppress(*_WRONG_FORM):  # a Patient of the wrong form is rejected when its turn comes
                for pair in _identifiers(resource):
                    names[pair] = subject
        elif kind == "Medication":
            medications[entry.full_url] = medications[f"Medication/{key}"] = resource
    return _Context(patients, names, medications)


def _record(entry: _Entry, context: _Context) -> SourceRecord:
    resource = entry.resource
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        raise DataError("the entry holds no resource", got=type(resource).__name__, allowed="a FHIR R4 resource")
    kind = resource["resourceType"]
    if kind == "Bundle":
        raise UnsupportedError("a Bundle inside a Bundle is not read", todo="Ingest it as a file of its own.")
    subject = _subject(resource, kind, entry, context)
    facts = tuple(_checked(one) for one in _facts(resource, kind, context))
    source, source_id = _source(resource, entry.full_url)
    meta = resource.get("meta") or {}
    updated = moment(meta.get("lastUpdated"))
    known = updated.ms if updated else _known_ms(resource, facts)
    digest = blake2b(orjson.dumps(resource, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
    version = str(meta.get("versionId") or "")
    rank = f"{max(updated.ms if updated else known or 0, 0):015d}{version:0>12}"
    names = _identifiers(resource) if kind == "Patient" else ()
    return SourceRecord(
        kind, source, source_id or digest, f"{version}~{digest}", rank, subject, entry.place, facts, known, names
    )


def _facts(resource: Json, kind: str, context: _Context) -> Iterator[Draft]:
    plain = _PLAIN.get(kind)
    if plain is not None:
        return plain(resource)
    coded = _MEDICATION.get(kind)
    if coded is None:
        return clinical.other(resource)
    contained = {
        f"#{one.get('id')}": one for one in resource.get("contained") or () if one.get("resourceType") == "Medication"
    }
    return coded(resource, {**context.medications, **contained} if contained else context.medications)


def _checked(fact: Draft) -> Draft:
    """The fact, if every text in it is one; FHIR from broken senders has lists and objects where codes belong."""
    texts = (
        fact.system,
        fact.code,
        fact.display,
        fact.status,
        fact.unit,
        fact.unit_raw,
        fact.value_code,
        fact.value_text,
    )
    for text in texts:
        if text is not None and not isinstance(text, str):
            raise DataError("a code or text has the wrong form", got=repr(text)[:60], allowed="text")
    return fact


def _known_ms(resource: Json, facts: tuple[Draft, ...]) -> int | None:
    for name in _KNOWN_BY:
        if isinstance(text := resource.get(name), str):
            found = moment(text)
            return found.ms if found else None
    starts = [one.start.ms for one in facts if one.start is not None]
    return max(starts, default=None)


def _own_id(resource: Json, full_url: str) -> str:
    """Id of a Patient: its URL where it has a web address, else its bare id."""
    source, source_id = _source(resource, full_url)
    return f"{source}/Patient/{source_id}" if source else source_id


def _source(resource: Json, full_url: str) -> tuple[str, str]:
    """(base URL, id) of a resource; the base is "" for ids without a server."""
    key = resource.get("id")
    key = key if isinstance(key, str) else ""
    if full_url.startswith(("http://", "https://")):
        base, _, tail = full_url.rpartition(f"/{resource.get('resourceType')}/")
        return base, key or tail
    return "", key or full_url.removeprefix("urn:uuid:")


def _identifiers(resource: Json) -> tuple[tuple[str, str], ...]:
    found = resource.get("identifier") or ()
    return tuple((str(one.get("system") or ""), str(one["value"])) for one in found if one.get("value"))


def _subject(resource: Json, kind: str, entry: _Entry, context: _Context) -> str:
    """The person whom the resource is about; "" for resources about nobody (Organization, Medication …)."""
    if kind == "Patient":
        subject = _own_id(resource, entry.full_url)
        if not subject:
            raise DataError("a Patient has no id", allowed="Patient.id or entry.fullUrl")
        return subject
    named = resource.get("subject") or resource.get("patient") or {}
    reference = reference_id(named) if isinstance(named, dict) else ""
    if not reference:
        if kind in _MEDICATION or kind in _PLAIN:
            raise DataError(f"this {kind} does not say whose it is", got="no subject", todo="Add subject.reference.")
        return ""
    if reference in context.patients:
        return context.patients[reference]
    if (match := _CONDITIONAL.match(reference)) is not None:
        subject = context.identifiers.get((match[1] or "", match[2]), "")
        if not subject:
            raise DataError("its patient cannot be found", got=reference, todo="Send the Patient in the same Bundle.")
        return subject
    return _elsewhere(reference, entry.full_url, kind)


def _elsewhere(reference: str, full_url: str, kind: str) -> str:
    """Subject for a reference to a Patient that is not in this file."""
    base, found, key = reference.rpartition("Patient/")
    if found and key:
        key = key.split("/")[0]
        own, _, _ = full_url.rpartition(f"/{kind}/") if full_url.startswith("http") else ("", "", "")
        base = base.rstrip("/") or own
        return f"{base}/Patient/{key}" if base else key
    if reference.startswith("urn:uuid:"):
        return reference.removeprefix("urn:uuid:")
    if kind in _MEDICATION or kind in _PLAIN:
        raise DataError("its subject is not a patient", got=reference, allowed="a reference to a Patient")
    return ""


def _label(resource: Any) -> str:
    if not isinstance(resource, dict):
        return "no resource"
    return f"{resource.get('resourceType', 'resource')}/{resource.get('id', '?')}"
