"""FHIR R4 plans and agreements → facts: care plans, goals, orders, consent, cover, answered questionnaires."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vitruvian.ingest.fhir_parts import NOTHING, Json, coding, known, moment, plain, quantity, some, span
from vitruvian.record import Draft

FORM = "http://hl7.org/fhir/questionnaire"


def consent(resource: Json) -> Iterator[Draft]:
    """What a person allows: the whole resource, with the period of its provision and its status."""
    system, code, display = coding(resource.get("scope"))
    period = (resource.get("provision") or {}).get("period") or {}
    yield Draft(
        "consent", system, code, display, start=moment(period.get("start")), end=moment(period.get("end")),
        known_ms=known(resource.get("dateTime")), status=resource.get("status") or "",
        detail={"resource": dict(resource)},
    )  # fmt: skip


def care_plan(resource: Json) -> Iterator[Draft]:
    """A plan of care, with its activities and the goals and problems it is for."""
    period = resource.get("period") or {}
    categories = resource.get("category") or ()
    start, end = moment(period.get("start")), moment(period.get("end"))
    kept = some(resource, "intent", "title", "addresses", "goal", "activity")
    one = categories[0] if categories else None
    yield plain("care_plan", resource, one, start, end, kept, display=resource.get("title") or "")


def goal(resource: Json) -> Iterator[Draft]:
    """What is aimed at; a measurable target is in `detail`, never a value (nobody measured it)."""
    system, code, display = coding(resource.get("description"))
    yield Draft(
        "goal", system, code, display, start=moment(resource.get("startDate")),
        status=resource.get("lifecycleStatus") or "", known_ms=known(resource.get("statusDate")),
        value_code=coding(resource.get("achievementStatus"))[1] or None,
        detail=some(resource, "target", "addresses", "priority"),
    )  # fmt: skip


def service_request(resource: Json) -> Iterator[Draft]:
    """Something ordered."""
    start, end = span(resource, "occurrence")
    authored = moment(resource.get("authoredOn"))
    kept = some(resource, "intent", "doNotPerform", "reasonCode", "reasonReference", "priority")
    when = authored.ms if authored else None
    yield plain("service_request", resource, resource.get("code"), start or authored, end, kept, known_ms=when)


def coverage(resource: Json) -> Iterator[Draft]:
    """Who pays, from when to when."""
    period = resource.get("period") or {}
    start, end = moment(period.get("start")), moment(period.get("end"))
    kept = some(resource, "payor", "class", "relationship")
    yield plain("coverage", resource, resource.get("type"), start, end, kept)


def questionnaire_response(resource: Json) -> Iterator[Draft]:
    """One fact per answer, its code the item's link id under the questionnaire; one without if nothing is answered."""
    system = resource.get("questionnaire") or FORM
    when, status = moment(resource.get("authored")), resource.get("status") or ""
    answers = list(_answers(resource, ""))
    if not answers:
        yield Draft("answer", system, "", "", start=when, status=status, detail=some(resource, "item"))
    for path, one, value in answers:
        number, code, text, detail = _answer(value)
        yield Draft(
            "answer", system, one.get("linkId") or "", one.get("text") or "", path, number.value, number.unit,
            number.raw, number.unit_raw, code, text, when, None, None, status, number.flags, detail=detail,
        )  # fmt: skip


def _answers(part: Json, path: str) -> Iterator[tuple[str, Json, Json]]:
    for k, one in enumerate(part.get("item") or ()):
        place = f"{path}.item[{k}]"
        for j, value in enumerate(one.get("answer") or ()):
            yield f"{place}.answer[{j}]", one, value
            yield from _answers(value, f"{place}.answer[{j}]")
        yield from _answers(one, place)


def _answer(value: Json) -> tuple[Any, str | None, str | None, dict[str, Any]]:
    """(number, code, text, rest) of an answer's value[x]."""
    key = next((name for name in value if name.startswith("value")), None)
    match key:
        case "valueQuantity":
            return quantity(value[key]), None, None, {}
        case "valueDecimal" | "valueInteger":
            return quantity({"value": value[key], "code": "1"}), None, None, {}
        case "valueBoolean":
            return NOTHING, str(bool(value[key])).lower(), None, {}
        case "valueCoding":
            return NOTHING, value[key].get("code"), value[key].get("display"), {}
        case "valueString" | "valueDate" | "valueDateTime" | "valueTime" | "valueUri":
            return NOTHING, None, str(value[key]), {}
    return NOTHING, None, None, {key: value[key]} if key else {}
