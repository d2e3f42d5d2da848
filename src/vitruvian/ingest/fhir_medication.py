"""FHIR R4 medication resources → facts: drug, dose, route, timing, times actually given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vitruvian.core import Instant, UnitError, convert
from vitruvian.ingest.fhir_parts import NOTHING, Json, coding, moment, more_codings, quantity, reference_id, some, span
from vitruvian.record import Draft
from vitruvian.tables.codes import drug_of

_HOURS = {"s": 1 / 3600, "min": 1 / 60, "h": 1.0, "d": 24.0, "wk": 168.0, "mo": 730.5, "a": 8766.0}
# HL7 v3 GTSAbbreviation and the timing abbreviations of FHIR → hours between doses
_TIMING_CODES = {"QD": 24, "AM": 24, "PM": 24, "BED": 24, "BID": 12, "TID": 8, "QID": 6, "QOD": 48, "WK": 168}
_TIMING_CODES |= {f"Q{n}H": n for n in (1, 2, 3, 4, 6, 8, 12, 24)}


def medication_request(resource: Json, medications: Mapping[str, Json]) -> Iterator[Draft]:
    """MedicationRequest: one fact per dosage instruction (one without, if there is none)."""
    authored = moment(resource.get("authoredOn"))
    head = _medicine(resource, medications) | some(resource, "intent", "doNotPerform", "reasonReference", "reasonCode")
    yield from _dosages(
        "medication_request", resource, medications, resource.get("dosageInstruction"), "dosageInstruction",
        authored, None, head,
    )  # fmt: skip


def statement(resource: Json, medications: Mapping[str, Json]) -> Iterator[Draft]:
    """MedicationStatement: what the patient takes or took; one fact per dosage."""
    start, end = span(resource, "effective")
    head = _medicine(resource, medications)
    yield from _dosages(
        "medication_statement", resource, medications, resource.get("dosage"), "dosage", start, end, head
    )


def administration(resource: Json, medications: Mapping[str, Json]) -> Iterator[Draft]:
    """MedicationAdministration: a dose given; start and end are the times given (an infusion has both)."""
    start, end = span(resource, "effective")
    dosage = resource.get("dosage") or {}
    detail = _medicine(resource, medications) | _route(dosage)
    for name in ("rateQuantity", "rateRatio", "text"):
        if name in dosage:
            detail[name] = dosage[name]
    if start is not None and end is not None:
        detail["duration_h"] = (end.ms - start.ms) / 3.6e6
    measured = quantity(dosage["dose"]) if "dose" in dosage else NOTHING
    system, code, display = _drug(resource, medications)
    flags = measured.flags + _elsewhere(resource, system, code, display)
    yield Draft(
        "medication_administration", system, code, display, "",
        measured.value, measured.unit, measured.raw, measured.unit_raw,
        start=start, end=end, status=resource.get("status") or "",
        flags=flags if start is not None else (*flags, "no_time"), detail=detail,
    )  # fmt: skip


def dispense(resource: Json, medications: Mapping[str, Json]) -> Iterator[Draft]:
    """MedicationDispense: a supply handed over; `quantity` and `daysSupply` are kept beside the dosage."""
    when = moment(resource.get("whenHandedOver") or resource.get("whenPrepared"))
    head = _medicine(resource, medications) | some(resource, "quantity", "daysSupply", "type")
    yield from _dosages(
        "medication_dispense", resource, medications, resource.get("dosageInstruction"), "dosageInstruction",
        when, None, head,
    )  # fmt: skip


def medicine(resource: Json) -> Iterator[Draft]:
    """Medication: a product that other resources refer to."""
    system, code, display = coding(resource.get("code"))
    detail = more_codings(resource.get("code")) | some(resource, "form", "ingredient", "amount")
    status = resource.get("status") or ""
    yield Draft("medication", system, code, display, status=status, detail=_named(resource.get("code"), detail))


def _dosages(
    kind: str,
    resource: Json,
    medications: Mapping[str, Json],
    dosages: Any,
    name: str,
    start: Instant | None,
    end: Instant | None,
    head: dict[str, Any],
) -> Iterator[Draft]:
    system, code, display = _drug(resource, medications)
    authored = moment(resource.get("authoredOn") or resource.get("dateAsserted"))
    for k, dosage in enumerate(dosages or [{}]):
        rates = dosage.get("doseAndRate") or [{}]
        dose = rates[0].get("doseQuantity")
        measured = quantity(dose) if dose else NOTHING
        timing = _timing(dosage.get("timing") or {})
        first = moment(timing.get("start")) or start
        last = moment(timing.get("end")) or end
        detail = head | _route(dosage) | {key: value for key, value in timing.items() if key not in ("start", "end")}
        detail |= some(dosage, "asNeededBoolean", "text", "patientInstruction", "sequence")
        detail |= some(rates[0], "doseRange", "rateQuantity", "rateRatio", "rateRange")
        yield Draft(
            kind, system, code, display, f".{name}[{k}]" if dosages else "",
            measured.value, measured.unit, measured.raw, measured.unit_raw,
            start=first, end=last, known_ms=authored.ms if authored else None,
            status=resource.get("status") or "",
            flags=measured.flags + _elsewhere(resource, system, code, display), detail=detail,
        )  # fmt: skip


def _timing(timing: Json) -> dict[str, Any]:
    """Timing as plain numbers: interval_h where it is even, times, bounds; what is not plain is kept as received."""
    repeat = timing.get("repeat") or {}
    found: dict[str, Any] = {}
    bounds = repeat.get("boundsPeriod") or {}
    found |= some(bounds, "start", "end")
    found |= some(repeat, "frequency", "period", "periodUnit", "count", "timeOfDay", "dayOfWeek", "when")
    found |= some(repeat, "boundsDuration", "duration", "durationUnit")
    hours = _HOURS.get(repeat.get("periodUnit") or "")
    if hours is not None and repeat.get("period"):
        found["interval_h"] = float(repeat["period"]) * hours / float(repeat.get("frequency") or 1)
    code = coding(timing.get("code"))[1]
    if code:
        found["timing_code"] = code
        if "interval_h" not in found and code in _TIMING_CODES:
            found["interval_h"] = float(_TIMING_CODES[code])
    if timing.get("event"):
        found["times"] = list(timing["event"])
    if repeat.get("duration") and repeat.get("durationUnit"):
        try:
            found["duration_h"] = convert(float(repeat["duration"]), repeat["durationUnit"], "h")
        except UnitError:
            found["flag"] = "infusion time in an unknown unit"
    return found


def _drug(resource: Json, medications: Mapping[str, Json]) -> tuple[str, str, str]:
    concept = resource.get("medicationCodeableConcept")
    if concept is None:
        found = medications.get(reference_id(resource.get("medicationReference"))) or {}
        concept = found.get("code")
    return coding(concept)


def _medicine(resource: Json, medications: Mapping[str, Json]) -> dict[str, Any]:
    """`drug` (name in tables/codes), other codings, and the reference where the drug is a resource of its own."""
    concept = resource.get("medicationCodeableConcept")
    reference = reference_id(resource.get("medicationReference"))
    detail: dict[str, Any] = {"medication": reference} if reference else {}
    if concept is None and reference:
        concept = (medications.get(reference) or {}).get("code")
    return _named(concept, detail) | more_codings(concept)


def _named(concept: Json | None, detail: dict[str, Any]) -> dict[str, Any]:
    name = drug_of(*coding(concept))
    for other in (concept or {}).get("coding") or ():
        name = name or drug_of(other.get("system") or "", other.get("code") or "")
    return detail | {"drug": name} if name else detail


def _elsewhere(resource: Json, system: str, code: str, display: str) -> tuple[str, ...]:
    """A flag where the drug is defined in another file or line, so that nobody takes it for no drug at all."""
    return ("drug_elsewhere",) if not (system or code or display) and "medicationReference" in resource else ()


def _route(dosage: Json) -> dict[str, Any]:
    system, code, display = coding(dosage.get("route"))
    return {"route": {"system": system, "code": code, "display": display}} if code or display else {}
