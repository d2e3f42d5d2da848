"""A record of two people with sensitive facts, and those who ask for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from vitruvian.core import Actor
from vitruvian.record import Record

Json = dict[str, Any]
DOCTOR = Actor("Practitioner/7", frozenset({"clinician"}), "treatment")
EMERGENCY = Actor("Practitioner/7", frozenset({"clinician"}), "ETREAT")
RESEARCHER = Actor("r", frozenset({"researcher"}), "research")
STRANGER = Actor("x", frozenset({"visitor"}), "treatment")
AUDITOR = Actor("a", frozenset({"auditor"}), "operations")
SNOMED = "http://snomed.info/sct"
SECRET = "35489007"  # depressive disorder


def own(*ids: str) -> Actor:
    return Actor("me", frozenset({"patient"}), "own", frozenset(ids))


def person(id: str, family: str, birth: str = "1970-01-01", mrn: str = "") -> Json:
    numbers = {"identifier": [{"system": "urn:mrn", "value": mrn}]} if mrn else {}
    return {"resourceType": "Patient", "id": id, "name": [{"family": family}], "birthDate": birth} | numbers


def condition(id: str, who: str, code: str, when: str, *more: tuple[str, str]) -> Json:
    codings = [{"system": system, "code": one} for system, one in ((SNOMED, code), *more)]
    return {
        "resourceType": "Condition",
        "id": id,
        "subject": {"reference": f"Patient/{who}"},
        "code": {"coding": codings},
        "onsetDateTime": when,
    }


def lab(id: str, who: str, value: float, when: str = "2025-03-01T08:00:00Z") -> Json:
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "subject": {"reference": f"Patient/{who}"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "2160-0"}]},
        "effectiveDateTime": when,
        "valueQuantity": {"value": value, "unit": "mg/dL", "system": "http://unitsofmeasure.org", "code": "mg/dL"},
    }


def bundle(folder: Path, name: str, *resources: Json) -> Path:
    path = folder / name
    entries = [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in resources]
    path.write_bytes(orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    return path


def clinic(url: str, folder: Path, *more: Json) -> Record:
    """p1 (with a depression, the newest of their problems) and p2 (without), opened as the owner."""
    record = Record.open(url)
    people = (person("p1", "Liebermann", "1961-05-06", "MRN-1"), person("p2", "Novak", mrn="MRN-2"))
    facts = (
        condition("c1", "p1", "44054006", "2020-01-01"),
        condition("c2", "p1", SECRET, "2024-01-01"),
        condition("c3", "p2", "44054006", "2020-01-01"),
        lab("o1", "p1", 1.1),
        lab("o2", "p2", 1.2),
    )
    report = record.ingest(bundle(folder, "clinic.json", *people, *facts, *more))
    assert report.quarantined == 0, report.problems
    return record


def as_(record: Record, actor: Actor) -> Record:
    """The same record, opened by another."""
    from dataclasses import replace

    return replace(record, actor=actor)
