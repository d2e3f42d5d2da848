"""Creating, updating, patching and checking resources over HTTP: what is stored, what is refused, and by whom."""

from __future__ import annotations

from typing import Any

import pytest
from served import Served

from vitruvian.record import Record

Json = dict[str, Any]
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"


def potassium(**more: Any) -> Json:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "2823-3"}]},
        "subject": {"reference": "Patient/sample-a"},
        "effectiveDateTime": "2025-03-05T07:00:00+01:00",
        "valueQuantity": {"value": 4.1, "unit": "mmol/L", "system": UCUM, "code": "mmol/L"},
    } | more


def test_a_created_resource_is_a_fact_with_its_decimals(own_served: Served) -> None:
    client = own_served.client("clinician")
    body = b'{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"2823-3"}]},"subject":{"reference":"Patient/sample-a"},"effectiveDateTime":"2025-03-05T07:00:00+01:00","valueQuantity":{"value":4.10,"unit":"mmol/L","system":"http://unitsofmeasure.org","code":"mmol/L"}}'
    answer = client.post("/fhir/Observation", content=body, headers={"content-type": "application/fhir+json"})
    assert answer.status_code == 201, answer.text
    found = answer.json()
    assert answer.headers["location"].endswith(f"/fhir/Observation/{found['id']}/_history/1")
    assert answer.headers["etag"] == 'W/"1"'
    assert b'"value":4.10' in answer.content
    patient = own_served.server.record.patient("sample-a")
    fact = patient.latest("2823-3")
    assert fact is not None
    assert fact.value == 4.1
    assert patient.resource(fact)["id"] == found["id"]
