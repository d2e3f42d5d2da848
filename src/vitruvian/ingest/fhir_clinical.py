"""FHIR R4 Patient and clinical resources other than observations and medication → facts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vitruvian.ingest.fhir_parts import Json, coding, moment, more_codings, span
from vitruvian.record import Draft

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
    """A problem, from onset to abatement; status is its clinical status, verification is kept beside."""
    system, code, display = coding(resource.get("code"))
    start, _ = span(resource, "onset")
    end, _ = span(resource, "abatement")
    recorded = moment(resource.get("recordedDate"))
    verification = coding(resource.get("verificationStatus"))[1]
    detail = more_codings(resource.get("code")) | ({"verification": verification} if verification else {})
    status = "entered-in-error" if verification == "entered-in-error" else coding(resource.get("clinicalStatus"))[1]
    yield Draft(
        "condition", system, code, display, start=start, end=end, status=status,
        known_ms=recorded.ms if recorded else None, detail=detail,
    )  # fmt: skip


def allergy(resource: Json) -> Iterator[Draft]:
    """An allergy or intolerance, with criticality and reactions."""
    system, code, display = coding(resource.get("code"))
    start, _ = span(resource, "onset")
    recorded = moment(resource.get("recordedDate"))
    detail = {name: resource[name] for name in ("type", "category", "criticality", "reaction") if name in resource}
    verification = coding(resource.get("verificationStatus"))[1]
    status = "entered-in-error" if verification == "entered-in-error" else coding(resource.get("clinicalStatus"))[1]
    yield Draft(
        "allergy", system, code, display, start=start or recorded, status=status,
        known_ms=recorded.ms if recorded else None, detail=detail,
    )  # fmt: skip


def procedure(resource: Json) -> Iterator[Draft]:
    """Something done, when."""
    start, end = span(resource, "performed")
    yield _plain("procedure", resource, resource.get("code"), start, end)


def encounter(resource: Json) -> Iterator[Draft]:
    """A visit or stay; the class (AMB, IMP, EMER …) is the value."""
    period = resource.get("period") or {}
    start, end = moment(period.get("start")), moment(period.get("end"))
    types = resource.get("type") or ()
    one = _plain("encounter", resource, types[0] if types else None, start, end)
    yield Draft(
        one.kind, one.system, one.code, one.display, start=start, end=end, status=one.status,
        value_code=(resource.get("class") or {}).get("code"), detail=one.detail,
    )  # fmt: skip


def report(resource: Json) -> Iterator[Draft]:
    """A diagnostic report: its conclusion as text, its results by reference."""
    start, end = span(resource, "effective")
    issued = moment(resource.get("issued"))
    system, code, display = coding(resource.get("code"))
    detail = more_codings(resource.get("code"))
    if "result" in resource:
        detail["result"] = resource["result"]
    yield Draft(
        "report", system, code, display, value_text=resource.get("conclusion"), start=start, end=end,
        known_ms=issued.ms if issued else None, status=resource.get("status") or "", detail=detail,
    )  # fmt: skip


def immunization(resource: Json) -> Iterator[Draft]:
    """A vaccine given."""
    start, end = span(resource, "occurrence")
    yield _plain("immunization", resource, resource.get("vaccineCode"), start, end)


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


def _plain(kind: str, resource: Json, concept: Json | None, start: Any, end: Any) -> Draft:
    system, code, display = coding(concept)
    return Draft(
        kind, system, code, display, start=start, end=end, status=resource.get("status") or "",
        detail=more_codings(concept),
    )  # fmt: skip
