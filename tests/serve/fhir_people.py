"""Two made-up people in one transaction Bundle, with whom they meet: names with accents, dates of every precision,
quantities, units, problems of a sensitive kind, references by UUID."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Json = dict[str, Any]
LOINC, SNOMED, UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
ICD = "http://hl7.org/fhir/sid/icd-10"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


def reference(name: str) -> Json:
    return {"reference": f"urn:uuid:{name}"}


def coded(system: str, code: str, text: str) -> Json:
    return {"coding": [{"system": system, "code": code, "display": text}], "text": text}


def lab(name: str, who: str, code: str, value: float, unit: str, when: str, **more: Any) -> Json:
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "category": [{"coding": [{"system": CATEGORY, "code": "laboratory"}]}],
        "code": coded(LOINC, code, f"test {code}"),
        "subject": reference(who),
        "effectiveDateTime": when,
        "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
    } | more


def condition(name: str, who: str, system: str, code: str, text: str, **more: Any) -> Json:
    status = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}
    base = {"resourceType": "Condition", "id": name, "clinicalStatus": status}
    return base | {"code": coded(system, code, text), "subject": reference(who)} | more


PEOPLE: tuple[Json, ...] = (
    {"resourceType": "Patient", "id": "jose", "active": True, "gender": "male", "birthDate": "1970-05-17",
     "identifier": [{"type": coded("http://terminology.hl7.org/CodeSystem/v2-0203", "MR", "Record number"),
                     "system": "urn:hospital", "value": "M-1"}],
     "name": [{"family": "Núñez de la O", "given": ["José", "Eve"]}, {"use": "nickname", "text": "Pepe"}],
     "telecom": [{"system": "phone", "value": "555-1"}, {"system": "email", "value": "jose@example.org"}],
     "address": [{"line": ["1 High Street"], "city": "Köln", "postalCode": "50667", "country": "DE"}]},
    {"resourceType": "Patient", "id": "ada", "gender": "female", "birthDate": "1985-12",
     "deceasedDateTime": "2024-01-05",
     "identifier": [{"system": "urn:hospital", "value": "M-2"}], "name": [{"family": "Evert", "given": ["Ada"]}]},
    {"resourceType": "Organization", "id": "clinic", "name": "Clinic at the Park"},
    {"resourceType": "Organization", "id": "far", "name": "Far Hospital"},
    {"resourceType": "Practitioner", "id": "doc", "name": [{"family": "Gregory"}],
     "identifier": [{"system": "urn:npi", "value": "77"}]},
    {"resourceType": "Practitioner", "id": "other", "name": [{"family": "Stranger"}]},
    {"resourceType": "Encounter", "id": "visit", "status": "finished", "class": {"code": "AMB"},
     "subject": reference("jose"), "period": {"start": "2020-03-01T09:00:00+01:00", "end": "2020-03-01T10:00:00+01:00"},
     "participant": [{"individual": reference("doc")}], "serviceProvider": reference("clinic")},
    {"resourceType": "Encounter", "id": "stay", "status": "in-progress", "class": {"code": "IMP"},
     "subject": reference("ada"), "period": {"start": "2023-12-30"},
     "participant": [{"individual": reference("other")}], "serviceProvider": reference("far")},
    lab("glu-1", "jose", "2339-0", 90, "mg/dL", "2020-03-01T09:10:00+01:00", encounter=reference("visit")),
    lab("glu-2", "jose", "2339-0", 126, "mg/dL", "2020-06-15"),
    lab("glu-3", "ada", "2339-0", 7.0, "mmol/L", "2024"),
    lab("k-1", "jose", "2823-3", 4.10, "mmol/L", "2020-03"),
    lab("k-2", "ada", "2823-3", 5.4, "mmol/L", "2023-12-31T23:30:00-05:00"),
    lab("tn-1", "ada", "6598-7", 0.01, "ng/mL", "2023-12-31", status="preliminary",
        valueQuantity={"value": 0.01, "comparator": "<", "unit": "ng/mL", "system": UCUM, "code": "ng/mL"}),
    lab("bp-1", "jose", "85354-9", 0, "mm[Hg]", "2021-01-01", valueQuantity=None,
        category=[{"coding": [{"system": CATEGORY, "code": "vital-signs"}]}],
        component=[{"code": coded(LOINC, "8480-6", "Systolic"),
                    "valueQuantity": {"value": 141, "unit": "mm[Hg]", "system": UCUM, "code": "mm[Hg]"}},
                   {"code": coded(LOINC, "8462-4", "Diastolic"),
                    "valueQuantity": {"value": 88, "unit": "mm[Hg]", "system": UCUM, "code": "mm[Hg]"}}]),
    condition("dm", "jose", SNOMED, "44054006", "Diabetes mellitus type 2", onsetDateTime="2012",
              recordedDate="2012-02-03",
              extension=[{"url": "http://hl7.org/fhir/StructureDefinition/condition-assertedDate",
                          "valueDateTime": "2012-02-02"}]),
    condition("low", "jose", ICD, "F32.1", "Moderate depressive episode", onsetDateTime="2019-11",
              encounter=reference("visit")),
    condition("fever", "ada", SNOMED, "386661006", "Fever", asserter=reference("doc")),
    {"resourceType": "MedicationRequest", "id": "ssri", "status": "active", "intent": "order",
     "medicationCodeableConcept": coded("http://www.whocc.no/atc", "N06AB04", "citalopram"),
     "subject": reference("jose"), "authoredOn": "2019-11-20", "reasonReference": [reference("low")],
     "requester": reference("doc"), "encounter": reference("visit")},
    {"resourceType": "Provenance", "id": "prov", "target": [reference("glu-1")], "recorded": "2020-03-01T12:00:00Z",
     "agent": [{"who": reference("doc")}]},
)  # fmt: skip


def raw() -> list[Json]:
    """The resources as they are sent, elements without a value left out."""
    return [{name: value for name, value in one.items() if value is not None} for one in PEOPLE]


def as_served(value: Any) -> Any:
    """References as a server writes them."""
    kinds = {one["id"]: one["resourceType"] for one in PEOPLE}
    text = json.dumps(value)
    for name, kind in kinds.items():
        text = text.replace(f'"urn:uuid:{name}"', f'"{kind}/{name}"')
    return json.loads(text)


def write_people(folder: Path) -> Path:
    """The Bundle as a file."""
    entries = [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in raw()]
    path = folder / "people.json"
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}), encoding="utf-8")
    return path
