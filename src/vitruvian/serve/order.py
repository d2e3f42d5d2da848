"""A recommended regimen as a draft order: a FHIR R4 MedicationRequest that a person completes, signs or throws away."""

from __future__ import annotations

from typing import Any

from vitruvian.tables.codes import codes_of
from vitruvian.twin import Answer, Option

_ROUTES = {
    "iv": ("47625008", "Intravenous route"),
    "oral": ("26643006", "Oral route"),
    "sc": ("34206005", "Subcutaneous route"),
}
_SNOMED, _UCUM = "http://snomed.info/sct", "http://unitsofmeasure.org"


def draft_order(answer: Answer, option: Option) -> dict[str, Any]:
    """Status "draft", intent "proposal": it orders nothing. Times in hours, amounts in UCUM units."""
    coding = [{"system": system, "code": code} for system, code in codes_of(answer.drug)]
    first = [] if option.loading_dose is None else [_dosage(option, 1, option.loading_dose, once=True)]
    reasons = {"reasonCode": [{"text": answer.goal.basis}]} if answer.goal and answer.goal.basis else {}
    return {
        "resourceType": "MedicationRequest",
        "status": "draft",
        "intent": "proposal",
        "medicationCodeableConcept": {"coding": coding, "text": answer.drug},
        "subject": {"reference": f"Patient/{answer.patient}"},
        "note": [{"text": f"{answer.sentence} As of {answer.asked_at}. Decision support: a person decides."}],
        "dosageInstruction": [*first, _dosage(option, len(first) + 1, option.dose)],
    } | reasons


def _dosage(option: Option, sequence: int, amount: float, *, once: bool = False) -> dict[str, Any]:
    repeat: dict[str, Any] = {"count": 1} if once else {"frequency": 1, "period": option.interval_h, "periodUnit": "h"}
    if option.duration_h:
        repeat |= {"duration": option.duration_h, "durationUnit": "h"}
    code, display = _ROUTES[option.route]
    quantity = {"value": amount, "unit": option.dose_unit, "system": _UCUM, "code": option.dose_unit}
    return {
        "sequence": sequence,
        "text": "first dose" if once else option.regimen,
        "timing": {"repeat": repeat},
        "route": {"coding": [{"system": _SNOMED, "code": code, "display": display}]},
        "doseAndRate": [{"doseQuantity": quantity}],
    }
