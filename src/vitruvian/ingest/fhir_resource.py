"""One FHIR R4 resource → one source record with its facts; the types that are understood, and by whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b

from vitruvian.core import DataError, InputError, UnsupportedError
from vitruvian.ingest import fhir_care as care
from vitruvian.ingest import fhir_clinical as clinical
from vitruvian.ingest import fhir_device as device
from vitruvian.ingest import fhir_document as document
from vitruvian.ingest import fhir_medication as medication
from vitruvian.ingest.fhir_entries import Entry
from vitruvian.ingest.fhir_observation import observation
from vitruvian.ingest.fhir_parts import Json, moment
from vitruvian.ingest.fhir_subject import Context, identifiers, label, source_of, subject_of
from vitruvian.ingest.fhir_trace import place_of, stumbled
from vitruvian.record import Draft, Item, Rejected, SourceRecord

_Read = Callable[[Json], Iterator[Draft]]
# what must say whose it is
_PLAIN: Mapping[str, _Read] = {
    "Patient": clinical.patient,
    "Observation": observation,
    "Condition": clinical.condition,
    "AllergyIntolerance": clinical.allergy,
    "Procedure": clinical.procedure,
    "Encounter": clinical.encounter,
    "Immunization": clinical.immunization,
    "FamilyMemberHistory": clinical.family,
    "DiagnosticReport": document.report,
    "CarePlan": care.care_plan,
    "Goal": care.goal,
    "ServiceRequest": care.service_request,
    "Coverage": care.coverage,
    "DeviceUseStatement": device.device_use,
    "ImagingStudy": device.imaging_study,
}
# what may be about nobody, or leave it open
_OPEN: Mapping[str, _Read] = {
    "Consent": care.consent,
    "QuestionnaireResponse": care.questionnaire_response,
    "Device": device.device,
    "DeviceMetric": device.device_metric,
    "Specimen": device.specimen,
    "DocumentReference": document.document,
    "Medication": medication.medicine,
}
_MEDICATION = {
    "MedicationRequest": medication.medication_request,
    "MedicationStatement": medication.statement,
    "MedicationAdministration": medication.administration,
    "MedicationDispense": medication.dispense,
}
_NEEDED = frozenset(_PLAIN) | frozenset(_MEDICATION)
_READ = {**_PLAIN, **_OPEN}
_WRONG_FORM = (KeyError, TypeError, ValueError, AttributeError, IndexError, ZeroDivisionError, OverflowError)
_KNOWN_BY = ("issued", "authoredOn", "recordedDate", "dateAsserted", "recorded", "dateTime", "authored", "date")
_TEXT = frozenset({str, type(None)})
_NO_META: Json = {}


def item(entry: Entry, context: Context) -> Item:
    """The record of one entry, or why it is refused, with the element and whose it is where that is known."""
    resource = entry.resource
    subject = ""
    try:
        if entry.fault:
            subject = _subject_if_known(entry, context)
            raise DataError(entry.fault)
        if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
            raise DataError("the entry holds no resource", got=type(resource).__name__, allowed="a FHIR R4 resource")
        kind = resource["resourceType"]
        if kind == "Bundle":
            raise UnsupportedError("a Bundle inside a Bundle is not read", todo="Ingest it as a file of its own.")
        subject = subject_of(resource, entry, context, kind in _NEEDED)
        return _record(resource, kind, subject, entry, context)
    except InputError as error:
        return Rejected(label(resource), entry.place or "file", _where(entry, context) + str(error), subject)
    except _WRONG_FORM as error:
        why = f"an element does not have the form that FHIR R4 gives it: {type(error).__name__}: {error}"
        return Rejected(label(resource), entry.place or "file", _where(entry, context) + why, subject)


def _record(resource: Json, kind: str, subject: str, entry: Entry, context: Context) -> SourceRecord:
    facts = tuple(_facts(resource, kind, context))
    for fact in facts:
        _check(fact, resource)
    source, source_id = source_of(resource, entry.full_url)
    meta = resource.get("meta") or _NO_META
    updated = moment(meta.get("lastUpdated"))
    known = updated.ms if updated else _known_ms(resource, facts)
    digest = blake2b(entry.text, digest_size=16).hexdigest()
    version = str(meta.get("versionId") or "")
    rank = f"{max(updated.ms if updated else known or 0, 0):015d}{version:0>12}"
    names = identifiers(resource) if kind == "Patient" else ()
    return SourceRecord(
        kind, source, source_id or digest, f"{version}~{digest}", rank, subject, entry.place, facts, known, names
    )


def _facts(resource: Json, kind: str, context: Context) -> Iterator[Draft]:
    read = _READ.get(kind)
    if read is not None:
        return read(resource)
    coded = _MEDICATION.get(kind)
    if coded is None:
        return clinical.other(resource)
    contained = {
        f"#{one.get('id')}": one for one in resource.get("contained") or () if one.get("resourceType") == "Medication"
    }
    return coded(resource, {**context.medications, **contained} if contained else context.medications)


def _check(fact: Draft, resource: Json) -> None:
    """Every text of a fact is one; FHIR from broken senders has lists and objects where codes belong."""
    texts = (fact.system, fact.code, fact.display, fact.status, fact.unit_raw, fact.value_code, fact.value_text)
    if _TEXT.issuperset(map(type, texts)):
        return
    for text in texts:
        if text is not None and not isinstance(text, str):
            element = place_of(text, resource)
            raise DataError(f"{element}: a code or text has the wrong form", got=repr(text)[:60], allowed="text")


def _where(entry: Entry, context: Context) -> str:
    """ "component[1].valueQuantity.value: ", the element that could not be read; "" where it is not one element."""
    resource = entry.resource
    if entry.fault or not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        return ""

    kind = resource["resourceType"]
    element = stumbled(lambda watched: _facts(watched, kind, context), resource)
    return f"{element}: " if element else ""


def _subject_if_known(entry: Entry, context: Context) -> str:
    if not isinstance(entry.resource, dict) or not isinstance(entry.resource.get("resourceType"), str):
        return ""
    try:
        return subject_of(entry.resource, entry, context, False)
    except (InputError, *_WRONG_FORM):
        return ""


def _known_ms(resource: Json, facts: tuple[Draft, ...]) -> int | None:
    for name in _KNOWN_BY:
        if isinstance(text := resource.get(name), str):
            found = moment(text)
            return found.ms if found else None
    starts = [one.start.ms for one in facts if one.start is not None]
    return max(starts, default=None)
