"""Small FHIR bundles of one made-up person on vancomycin or warfarin, and the record that holds them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vitruvian.record import IngestReport, Record

Json = dict[str, Any]
SUBJECT = {"reference": "Patient/p"}
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
DRUGS = {
    "vancomycin": ("11124", "J01XA01"),
    "warfarin": ("11289", "B01AA03"),
    "apixaban": ("1364430", "B01AF02"),
    "fluconazole": ("4450", "J02AC01"),
}
NOW = "2025-03-05T12:00:00+01:00"


def person(**more: Any) -> Json:
    return {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1963-05-01"} | more


def lab(code: str, value: float, unit: str, when: str, id: str, **more: Any) -> Json:
    quantity = {"value": value} | ({"unit": unit, "system": "http://unitsofmeasure.org", "code": unit} if unit else {})
    coded = {"coding": [{"system": "http://loinc.org", "code": code}]}
    base = {"resourceType": "Observation", "id": id, "status": "final", "subject": SUBJECT, "code": coded}
    return base | {"effectiveDateTime": f"{when}+01:00", "valueQuantity": quantity} | more


def weight(value: float = 70.0, unit: str = "kg", when: str = "2025-03-03T08:00:00") -> Json:
    return lab("29463-7", value, unit, when, f"weight-{value:g}-{when}")


def height(value: float = 165.0, when: str = "2025-03-03T08:00:00") -> Json:
    return lab("8302-2", value, "cm", when, f"height-{when}")


def creatinine(value: float = 1.0, unit: str = "mg/dL", when: str = "2025-03-05T07:00:00") -> Json:
    return lab("2160-0", value, unit, when, f"creatinine-{when}")


def level(value: float, when: str, unit: str = "mg/L", **more: Any) -> Json:
    """A vancomycin level."""
    return lab("20578-1", value, unit, when, f"level-{when}", **more)


def medicine(name: str) -> Json:
    rxnorm, atc = DRUGS[name]
    codings = [{"system": RXNORM, "code": rxnorm, "display": name}, {"system": ATC, "code": atc}]
    return {"coding": codings, "text": name}


def dose(drug: str, amount: float, start: str, minutes: int = 60, unit: str = "mg", route: str = "47625008") -> Json:
    """An administration, run for `minutes` (of the hour in which it starts, at most 59 past)."""
    end = f"{start[:11]}{int(start[11:13]) + minutes // 60:02d}{start[13:]}"
    quantity = {"value": amount} | ({"unit": unit, "system": "http://unitsofmeasure.org", "code": unit} if unit else {})
    return {
        "resourceType": "MedicationAdministration",
        "id": f"{drug}-{start}".replace(":", "-"),
        "status": "completed",
        "subject": SUBJECT,
        "medicationCodeableConcept": medicine(drug),
        "effectivePeriod": {"start": f"{start}+01:00", "end": f"{end}+01:00"},
        "dosage": {"route": {"coding": [{"system": "http://snomed.info/sct", "code": route}]}, "dose": quantity},
    }


def statement(drug: str, amount: float, start: str, period: float = 1, end: str = "", status: str = "active") -> Json:
    """What the person takes: `amount` mg by mouth every `period` days."""
    when = {"start": f"{start}+01:00"} | ({"end": f"{end}+01:00"} if end else {})
    repeat = {"frequency": 1, "period": period, "periodUnit": "d"}
    quantity = {"value": amount, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}
    dosage = {"timing": {"repeat": repeat}, "doseAndRate": [{"doseQuantity": quantity}]}
    return {
        "resourceType": "MedicationStatement",
        "id": f"{drug}-statement-{start}".replace(":", "-"),
        "status": status,
        "subject": SUBJECT,
        "medicationCodeableConcept": medicine(drug),
        "effectivePeriod": when,
        "dosage": [dosage | {"route": {"coding": [{"system": "http://snomed.info/sct", "code": "26643006"}]}}],
    }


def allergy(drug: str) -> Json:
    active = {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]
    }
    return {
        "resourceType": "AllergyIntolerance",
        "id": f"allergy-{drug}",
        "clinicalStatus": active,
        "patient": SUBJECT,
        "code": medicine(drug),
    }


DOSES = tuple(
    dose("vancomycin", 1000.0, f"2025-03-{day:02d}T{hour:02d}:00:00")
    for day, hour in ((3, 20), (4, 8), (4, 20), (5, 8))
)
"""1000 mg over 1 h every 12 h; the last at 8 o'clock of the day asked about."""
SIZE = (person(), weight(), height())
WHOLE = (*SIZE, creatinine(), *DOSES)


def write(folder: Path, *resources: Json, name: str = "bundle.json") -> Path:
    path = folder / name
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]}
    path.write_text(json.dumps(bundle))
    return path


def take_in(folder: Path, *resources: Json) -> tuple[Record, IngestReport]:
    """A new record in `folder` that was given these resources."""
    record = Record.open(folder / "record.db")
    return record, record.ingest(write(folder, *resources))
