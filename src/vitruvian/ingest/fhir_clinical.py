"""FHIR R4 Patient, problems, allergies, procedures, visits, vaccines, family history → facts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vitruvian.ingest.fhir_parts import Json, codes, coding, known, moment, more_codings, plain, some, span, verified
from vitruvian.record import Draft
from vitruvian.tables.codes import social_codes

DEMOGRAPHIC = "http://hl7.org/fhir/Patient"
_BIRTH_SEX = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"


def patient(resource: Json) -> Iterator[Draft]:
    """Birth date, sex, death and name, each a demographic fact."""
    born = moment(resource.get("birthDate"))
    if born is not None:
        yield _demographic("birth_date", ".birthDate", value_text=resource["birthDate"], start=born)
    if resource.get("gender"):
        yield _demographic("sex", ".gender", value_code=resource["gender"])
    for k, extension in enumerate(resource.get("extension") or ()):
        if extension.get("url") == _BIRTH_SEX and extension.get("valueCode"):
            yield _demographic("birth_sex", f".extension[{k}]", value_code=extension["valueCode"])
    if resource.get("deceasedDateTime"):
        yield _demographic("death", ".deceasedDateTime", start=moment(resource["deceasedDateTime"]))
    elif resource.get("deceasedBoolean"):
        yield _demographic("death", ".deceasedBoolean", value_code="true")
    for k, name in enumerate(resource.get("name") or ()):
        text = name.get("text") or " ".join([*(name.get("given") or ()), name.get("family") or ""]).strip()
        if text:
            yield _demographic("name", f".name[{k}]", value_text=text)


def _demographic(code: str, path: str, **values: Any) -> Draft:
    return Draft("demographic", DEMOGRAPHIC, code, code.replace("_", " "), path, status="final", **values)


def condition(resource: Json) -> Iterator[Draft]:
    """A problem, from onset to abatement; a social circumstance (housing, employment …) has kind "social"."""
    system, code, display = coding(resource.get("code"))
    start, _ = span(resource, "onset")
    end, _ = span(resource, "abatement")
    verification = coding(resource.get("verificationStatus"))[1]
    categories = codes(resource.get("category"))
    detail = more_codings(resource.get("code")) | ({"verification": verification} if verification else {})
    detail |= some(resource, "severity", "stage", "bodySite")
    social = "sdoh" in categories or (system, code) in social_codes()
    yield Draft(
        "social" if social else "condition", system, code, display, start=start, end=end, status=verified(resource),
        known_ms=known(resource.get("recordedDate")), detail=detail | ({"category": categories} if categories else {}),
    )  # fmt: skip


def allergy(resource: Json) -> Iterator[Draft]:
    """An allergy or intolerance, with criticality and reactions."""
    system, code, display = coding(resource.get("code"))
    start, _ = span(resource, "onset")
    detail = some(resource, "type", "category", "criticality", "reaction") | more_codings(resource.get("code"))
    recorded = moment(resource.get("recordedDate"))
    yield Draft(
        "allergy", system, code, display, start=start or recorded, status=verified(resource),
        known_ms=recorded.ms if recorded else None, detail=detail,
    )  # fmt: skip


def procedure(resource: Json) -> Iterator[Draft]:
    """Something done, when."""
    start, end = span(resource, "performed")
    kept = some(resource, "bodySite", "reasonCode", "reasonReference", "outcome")
    yield plain("procedure", resource, resource.get("code"), start, end, kept)


def encounter(resource: Json) -> Iterator[Draft]:
    """A visit or stay; the class (AMB, IMP, EMER …) is the value."""
    period = resource.get("period") or {}
    types = resource.get("type") or ()
    start, end = moment(period.get("start")), moment(period.get("end"))
    one = types[0] if types else None
    yield plain("encounter", resource, one, start, end, value_code=(resource.get("class") or {}).get("code"))


def immunization(resource: Json) -> Iterator[Draft]:
    """A vaccine given."""
    start, end = span(resource, "occurrence")
    kept = some(resource, "lotNumber", "doseQuantity", "route", "reaction")
    yield plain("immunization", resource, resource.get("vaccineCode"), start, end, kept)


def family(resource: Json) -> Iterator[Draft]:
    """One fact per condition of a relative (never a "condition" of the person), one without if none is named."""
    shared = some(resource, "relationship", "sex", "bornDate", "ageAge", "deceasedBoolean", "deceasedAge")
    when, status = moment(resource.get("date")), resource.get("status") or ""
    relative = coding(resource.get("relationship"))
    for k, one in enumerate(resource.get("condition") or [{}]):
        system, code, display = coding(one.get("code"))
        detail = shared | some(one, "onsetAge", "onsetString", "outcome", "contributedToDeath")
        yield Draft(
            "family_history", system, code, display, f".condition[{k}]" if code or display else "",
            value_code=relative[1] or None, value_text=relative[2] or None,
            start=when, status=status, detail=detail | more_codings(one.get("code")),
        )  # fmt: skip


def other(resource: Json) -> Iterator[Draft]:
    """Any other type: kept whole (by its place in the raw file), listed by type."""
    concept = resource.get("code")
    display = coding(concept)[2] if isinstance(concept, dict) else ""
    status = resource.get("status")
    yield Draft(
        "resource",
        "http://hl7.org/fhir/resource-types",
        resource["resourceType"],
        display,
        status=status if isinstance(status, str) else "",
    )
