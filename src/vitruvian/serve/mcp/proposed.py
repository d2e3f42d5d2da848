"""What an agent may propose, as the FHIR resource that would be written: a measurement, a medication, a note."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import orjson

from vitruvian.core import DataError, InputError, now_ms, to_datetime
from vitruvian.ingest import FHIR
from vitruvian.record import IngestReport, RawFile, Record, Rejected, SourceRecord, Told, take_in_whole
from vitruvian.tables.codes import LOINC, SNOMED, UCUM, analyte, analytes, codes_of, drug_names, drug_of

Resource = Mapping[str, Any]
_ROUTES = {
    "oral": ("26643006", "Oral route"),
    "iv": ("47625008", "Intravenous route"),
    "sc": ("34206005", "Subcutaneous route"),
}
_DOUBTED = {
    "no_unit": "it has no unit",
    "wrong_unit": "the unit is not one of this measurement",
    "future": "it lies in the future",
    "no_value": "it has no value",
}


def measurement(name: str, value: float, unit: str, at: str, subject: str) -> Resource:
    """An Observation of an analyte (a LOINC code or a name of the tables). Raises `InputError`."""
    pairs = [(LOINC, name)] if analyte(LOINC, name) else [one for one in codes_of(name) if one[0] == LOINC]
    if not pairs:
        known = sorted({one.name for one in analytes().values()})
        near = [one for one in known if name.lower() in one] or get_close_matches(name.lower(), known, 5, 0.5)
        todo = f"Give a LOINC code, or a name such as {', '.join(near or known[:5])}."
        raise InputError("no measurement is called so", got=repr(name), todo=todo)
    code = pairs[0][1]
    known_as = analyte(LOINC, code)
    display = known_as.display if known_as else name
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code, "display": display}], "text": display},
        "subject": _reference(subject),
        "effectiveDateTime": at,
        "issued": _now(),
        "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
    }


def medication(
    drug: str, dose: float, unit: str, every_h: float, route: str | None, start: str, subject: str
) -> Resource:
    """A MedicationRequest that is a draft, of a drug of the tables: whoever confirms it has not ordered it yet.

    Raises `InputError` for a drug that nobody here could check.
    """
    name = _drug(drug)
    words = f"{dose:g} {unit} every {every_h:g} h" + (f", {route}" if route else "")
    dosage: dict[str, Any] = {
        "text": words,
        "timing": {"repeat": {"frequency": 1, "period": every_h, "periodUnit": "h", "boundsPeriod": {"start": start}}},
        "doseAndRate": [{"doseQuantity": {"value": dose, "unit": unit, "system": UCUM, "code": unit}}],
    }
    if route:
        code, display = _ROUTES[route]
        dosage["route"] = {"coding": [{"system": SNOMED, "code": code, "display": display}], "text": route}
    coding = [{"system": system, "code": code, "display": name} for system, code in codes_of(name)]
    return {
        "resourceType": "MedicationRequest",
        "status": "draft",
        "intent": "proposal",
        "medicationCodeableConcept": {"coding": coding, "text": drug},
        "subject": _reference(subject),
        "authoredOn": _now(),
        "dosageInstruction": [dosage],
    }


def note(text: str, subject: str) -> Resource:
    """A DocumentReference that holds the text."""
    part = {"contentType": "text/plain", "data": base64.b64encode(text.encode()).decode(), "title": "Note of an agent"}
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "docStatus": "preliminary",
        "subject": _reference(subject),
        "date": _now(),
        "content": [{"attachment": part}],
    }


def checked(resource: Resource) -> None:
    """Read it as the record would, without writing. Raises `DataError` for what the record would doubt or refuse."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "proposal.json"
        path.write_bytes(orjson.dumps(dict(resource) | {"id": "proposal"}))
        items = list(FHIR.read(RawFile(path), Told(None)))
    refused = [one.reason for one in items if isinstance(one, Rejected)]
    doubts = sorted({f for one in items if isinstance(one, SourceRecord) for fact in one.facts for f in fact.flags})
    if refused or _DOUBTED.keys() & doubts:
        got = "; ".join((*refused, *(f"{one} ({_DOUBTED[one]})" if one in _DOUBTED else one for one in doubts)))
        raise DataError("the record would not trust it", got=got, allowed=_unit(resource), todo="Correct it.")


def write(record: Record, proposal: str, resource: Resource, subject: str, told: str) -> IngestReport:
    """Take a confirmed proposal into the record; `told` says who proposed and who confirmed. Raises `NotAccepted`."""
    name = f"proposal-{proposal}"
    signed = dict(resource) | {"id": name, "meta": {"source": f"urn:vitruvian:{name}"}}
    signed |= {"description": told} if resource["resourceType"] == "DocumentReference" else {"note": [{"text": told}]}
    return take_in_whole(record, orjson.dumps(signed), f"{name}.json", FHIR, about=[subject])


def _unit(resource: Resource) -> str | None:
    """In which unit a measurement may come."""
    for one in resource.get("code", {}).get("coding", ()):
        if known := analyte(one["system"], one["code"]):
            return f"{known.unit}, or a unit that leads to it"
    return None


def _drug(name: str) -> str:
    """The drug of the tables that is called so. Raises `InputError` with names that are near."""
    known = drug_of("", "", name)
    if known is None:
        near = get_close_matches(name.lower(), drug_names(), 3, 0.6)
        todo = f"Was {' or '.join(near)} meant?" if near else "Give the name of one ingredient, or propose a note."
        raise InputError("no drug of the tables is called so, and nobody could check it", got=repr(name), todo=todo)
    return known


def _now() -> str:
    return to_datetime(now_ms()).isoformat(timespec="seconds")


def _reference(subject: str) -> dict[str, str]:
    return {"reference": f"Patient/{subject}"}
