"""Broken bodies over all types that the record reads: a clear 4xx or a whole resource, never a 5xx, nothing half."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from served import Served
from sqlalchemy import func, select

from vitruvian.record.schema import quarantine, resource
from vitruvian.serve.fhir.validate import issues_of

sys.path.insert(0, str(Path(__file__).parents[1] / "ingest"))
from mutations import mutants

Json = dict[str, Any]
_WHO = {"reference": "Patient/sample-a"}
_CODE = {"coding": [{"system": "http://loinc.org", "code": "2823-3", "display": "Potassium"}], "text": "Potassium"}
_WHEN = "2025-03-05T07:00:00+01:00"
_DRUG = {"coding": [{"system": "http://www.whocc.no/atc", "code": "B01AA03"}], "text": "warfarin"}
_DOSE = {
    "text": "5 mg daily",
    "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
    "doseAndRate": [{"doseQuantity": {"value": 5, "unit": "mg", "code": "mg", "system": "http://unitsofmeasure.org"}}],
}
_ACTIVE = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}
GOOD: dict[str, Json] = {
    "Patient": {"gender": "female", "birthDate": "1963-05-01", "name": [{"family": "A", "given": ["B"]}],
                "identifier": [{"system": "urn:x", "value": "1"}]},
    "Observation": {"status": "final", "code": _CODE, "subject": _WHO, "effectiveDateTime": _WHEN,
                    "valueQuantity": {"value": 4.1, "unit": "mmol/L", "code": "mmol/L"},
                    "referenceRange": [{"low": {"value": 3.5}}], "component": [{"code": _CODE, "valueInteger": 1}]},
    "Condition": {"clinicalStatus": _ACTIVE, "code": _CODE, "subject": _WHO, "onsetDateTime": "2020-01"},
    "AllergyIntolerance": {"patient": _WHO, "code": _CODE, "reaction": [{"manifestation": [{"text": "rash"}]}]},
    "Procedure": {"status": "completed", "subject": _WHO, "code": _CODE, "performedPeriod": {"start": _WHEN}},
    "Encounter": {"status": "finished", "class": {"code": "AMB"}, "subject": _WHO, "period": {"start": _WHEN}},
    "Immunization": {"status": "completed", "vaccineCode": _CODE, "patient": _WHO, "occurrenceDateTime": _WHEN},
    "FamilyMemberHistory": {"status": "completed", "patient": _WHO, "relationship": {"text": "mother"},
                            "condition": [{"code": _CODE}]},
    "DiagnosticReport": {"status": "final", "code": _CODE, "subject": _WHO, "conclusion": "Denies pain.",
                         "presentedForm": [{"contentType": "text/plain", "data": "aGk="}], "issued": _WHEN},
    "CarePlan": {"status": "active", "intent": "plan", "subject": _WHO,
                 "activity": [{"detail": {"status": "unknown"}}]},
    "Goal": {"lifecycleStatus": "active", "description": {"text": "x"}, "subject": _WHO,
             "target": [{"measure": _CODE}]},
    "ServiceRequest": {"status": "active", "intent": "order", "subject": _WHO, "code": _CODE, "authoredOn": _WHEN},
    "Coverage": {"status": "active", "beneficiary": _WHO, "payor": [{"display": "x"}], "period": {"start": "2020"}},
    "DeviceUseStatement": {"status": "active", "subject": _WHO, "device": {"reference": "Device/1"}},
    "ImagingStudy": {"status": "available", "subject": _WHO, "started": _WHEN,
                     "series": [{"uid": "1.2.3", "modality": {"code": "CT"}}]},
    "Consent": {"status": "active", "scope": _CODE, "category": [_CODE], "patient": _WHO, "policyRule": _CODE,
                "provision": {"type": "permit", "period": {"start": "2020-01-01"}}},
    "QuestionnaireResponse": {"status": "completed", "subject": _WHO, "authored": _WHEN,
                              "item": [{"linkId": "1", "answer": [{"valueInteger": 1}]}]},
    "Device": {"patient": _WHO, "deviceName": [{"name": "pump", "type": "model-name"}]},
    "DeviceMetric": {"type": _CODE, "category": "measurement", "source": {"reference": "Device/1"}},
    "Specimen": {"subject": _WHO, "type": _CODE, "collection": {"collectedDateTime": _WHEN}},
    "DocumentReference": {"status": "current", "subject": _WHO, "date": _WHEN,
                          "content": [{"attachment": {"contentType": "text/plain", "data": "aGVsbG8="}}]},
    "Medication": {"code": _DRUG, "ingredient": [{"itemCodeableConcept": _DRUG}]},
    "MedicationRequest": {"status": "active", "intent": "order", "medicationCodeableConcept": _DRUG, "subject": _WHO,
                          "authoredOn": _WHEN, "dosageInstruction": [_DOSE]},
    "MedicationStatement": {"status": "active", "medicationCodeableConcept": _DRUG, "subject": _WHO,
                            "effectivePeriod": {"start": _WHEN}, "dosage": [_DOSE]},
    "MedicationAdministration": {"status": "completed", "medicationCodeableConcept": _DRUG, "subject": _WHO,
                                 "effectiveDateTime": _WHEN, "dosage": {"dose": {"value": 5, "unit": "mg"}}},
    "MedicationDispense": {"status": "completed", "medicationCodeableConcept": _DRUG, "subject": _WHO,
                           "whenHandedOver": _WHEN, "dosageInstruction": [_DOSE]},
}  # fmt: skip
"""One good resource of each type that is read into facts."""


def held(served: Served) -> tuple[int, int]:
    """Resources in the record, and what waits in quarantine."""
    with served.server.record.engine.connect() as connection:
        return (
            connection.execute(select(func.count()).select_from(resource)).scalar_one(),
            connection.execute(select(func.count()).select_from(quarantine)).scalar_one(),
        )


def whole(kind: str) -> Json:
    return {"resourceType": kind} | GOOD[kind]


def test_the_good_ones_are_good(own_served: Served) -> None:
    client, before = own_served.client("owner"), held(own_served)
    for kind in GOOD:
        assert issues_of(whole(kind)) == (), kind
        answer = client.post(f"/fhir/{kind}", json=whole(kind))
        assert answer.status_code == 201, f"{kind}: {answer.text}"
    assert held(own_served) == (before[0] + len(GOOD), before[1])


def send(served: Served, each: int, seed: int) -> Counter[int]:
    """`each` broken bodies of each type, every third in a transaction behind a good resource."""
    client, told = served.client("owner"), Counter[int]()
    client.headers["content-type"] = "application/fhir+json"
    for number, kind in enumerate(GOOD):
        for k, body in enumerate(mutants(orjson.dumps(whole(kind)), each, seed + number)):
            before, together = held(served), k % 3 == 2
            if together:
                head = {"fullUrl": "urn:uuid:1", "request": {"method": "POST", "url": "Medication"}}
                good = orjson.dumps(head | {"resource": whole("Medication")})
                bad = b'{"fullUrl":"urn:uuid:2","request":{"method":"POST","url":"%s"},"resource":' % kind.encode()
                body = b'{"resourceType":"Bundle","type":"transaction","entry":[' + good + b"," + bad + body + b"}]}"
            answer = client.post("/fhir" if together else f"/fhir/{kind}", content=body)
            told[answer.status_code] += 1
            assert answer.status_code in (200, 201, 400, 403, 404, 412, 413, 415, 422), (kind, answer.status_code, body)
            taken = 2 * together if answer.status_code == 200 else int(answer.status_code == 201)
            assert held(served) == (before[0] + taken, before[1]), (kind, answer.text, body)
            if not taken:
                found = answer.json()
                assert found["resourceType"] == "OperationOutcome"
                assert all(one["diagnostics"] for one in found["issue"])
    return told


def test_broken_bodies(own_served: Served) -> None:
    told = send(own_served, 12, 1)
    assert told[400] + told[422] > 200


@pytest.mark.full
def test_ten_thousand_broken_bodies(own_served: Served) -> None:
    told = send(own_served, 400, 1000)
    assert sum(told.values()) > 10_000
