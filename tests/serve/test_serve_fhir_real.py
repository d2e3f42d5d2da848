"""Search over real bundles against a second way of computing: the raw JSON filtered by the words of the standard."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from served import serving

from vitruvian.record import Record

Json = dict[str, Any]
NAMES = ("08_asthma_adult", "10_infant_1y")


@pytest.fixture(scope="module")
def bundles(shared: Path) -> list[Json]:
    folder = shared / "data" / "fhir"
    return [json.loads(gzip.decompress((folder / f"{name}.json.gz").read_bytes())) for name in NAMES]


@pytest.fixture(scope="module")
def doctor(shared: Path, bundles: list[Json], tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("real")
    with Record.open(folder / "real.db") as record:
        for name in NAMES:
            assert record.ingest(shared / "data" / "fhir" / f"{name}.json.gz").quarantined == 0
    with serving(folder / "real.db") as served:
        yield served.client("clinician")


def of(bundles: list[Json], kind: str) -> list[Json]:
    found = {one["resource"]["id"]: one["resource"] for whole in bundles for one in whole["entry"]}
    return [one for one in found.values() if one["resourceType"] == kind]


def ids(doctor: TestClient, query: str) -> list[str]:
    """Ids of all pages."""
    url: str | None = f"/fhir/{query}&_count=400"
    found: list[str] = []
    while url is not None:
        page = doctor.get(url)
        assert page.status_code == 200, page.text
        body = page.json()
        found += [one["resource"]["id"] for one in body.get("entry", []) if one["search"]["mode"] == "match"]
        links = {one["relation"]: one["url"] for one in body["link"]}
        url = links["next"].partition("8000")[2] if "next" in links else None
    assert body["total"] == len(found) == len(set(found))
    return sorted(found)


def codes(concepts: Any) -> set[str]:
    listed = concepts if isinstance(concepts, list) else [concepts] if concepts else []
    return {coding["code"] for one in listed for coding in one.get("coding", [])}


def moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def whom(one: Json) -> str:
    reference = one.get("subject") or one.get("patient") or {}
    return str(reference.get("reference", "")).removeprefix("urn:uuid:")


# type, parameter, what the standard says is its value, by hand
TOKENS: tuple[tuple[str, str, Callable[[Json], set[str]]], ...] = (
    ("Observation", "code", lambda one: codes(one["code"])),
    ("Observation", "category", lambda one: codes(one.get("category"))),
    ("Observation", "status", lambda one: {one["status"]}),
    ("Observation", "component-code", lambda one: codes([part["code"] for part in one.get("component", [])])),
    ("Condition", "clinical-status", lambda one: codes(one.get("clinicalStatus"))),
    ("Condition", "code", lambda one: codes(one["code"])),
    ("Encounter", "class", lambda one: {one["class"]["code"]}),
    ("Encounter", "type", lambda one: codes(one["type"])),
    ("Procedure", "code", lambda one: codes(one["code"])),
    ("Immunization", "vaccine-code", lambda one: codes(one["vaccineCode"])),
    ("MedicationRequest", "code", lambda one: codes(one.get("medicationCodeableConcept"))),
    ("MedicationRequest", "status", lambda one: {one["status"]}),
    ("DiagnosticReport", "code", lambda one: codes(one["code"])),
    ("Claim", "use", lambda one: {one["use"]}),
)
DATES: tuple[tuple[str, str, Callable[[Json], str | None]], ...] = (
    ("Observation", "date", lambda one: one.get("effectiveDateTime")),
    ("Condition", "onset-date", lambda one: one.get("onsetDateTime")),
    ("Immunization", "date", lambda one: one.get("occurrenceDateTime")),
    ("MedicationRequest", "authoredon", lambda one: one.get("authoredOn")),
    ("DiagnosticReport", "issued", lambda one: one.get("issued")),
)


@pytest.mark.parametrize(("kind", "name", "values"), TOKENS, ids=[f"{one[0]}.{one[1]}" for one in TOKENS])
def test_tokens(
    doctor: TestClient, bundles: list[Json], kind: str, name: str, values: Callable[[Json], set[str]]
) -> None:
    every = of(bundles, kind)
    known = sorted({code for one in every for code in values(one)})
    for code in random.Random(7).sample(known, min(2, len(known))):
        fit = sorted(one["id"] for one in every if code in values(one))
        assert ids(doctor, f"{kind}?{name}={code}") == fit
        rest = sorted(one["id"] for one in every if code not in values(one))
        assert ids(doctor, f"{kind}?{name}:not={code}") == rest


@pytest.mark.parametrize(("kind", "name", "value"), DATES, ids=[f"{one[0]}.{one[1]}" for one in DATES])
def test_dates(
    doctor: TestClient, bundles: list[Json], kind: str, name: str, value: Callable[[Json], str | None]
) -> None:
    every = {one["id"]: moment(text) for one in of(bundles, kind) if (text := value(one))}
    middle = sorted(every.values())[len(every) // 2].astimezone(UTC)
    day = middle.replace(hour=0, minute=0, second=0, microsecond=0)
    text, after = day.date().isoformat(), day + timedelta(days=1)
    expected = {
        text: lambda at: day <= at < after,
        f"ge{text}": lambda at: at >= day,
        f"gt{text}": lambda at: at >= after,
        f"lt{text}": lambda at: at < day,
        f"ne{text}": lambda at: not day <= at < after,
        str(day.year): lambda at: at.astimezone(UTC).year == day.year,
    }
    for asked, fits in expected.items():
        assert ids(doctor, f"{kind}?{name}={asked}") == sorted(key for key, at in every.items() if fits(at)), asked
    found = doctor.get(f"/fhir/{kind}?_sort=-{name}&_count=1000").json()["entry"]
    order = [every[one["resource"]["id"]] for one in found if one["resource"]["id"] in every]
    assert order == sorted(order, reverse=True)


def test_patients_values_and_encounters(doctor: TestClient, bundles: list[Json]) -> None:
    for person in of(bundles, "Patient"):
        for kind in ("Observation", "Condition", "Encounter", "Claim", "Immunization"):
            mine = sorted(one["id"] for one in of(bundles, kind) if whom(one) == person["id"])
            assert ids(doctor, f"{kind}?patient={person['id']}") == mine
            assert ids(doctor, f"{kind}?patient.family={person['name'][0]['family']}") == mine
    amounts = {one["id"]: one.get("valueQuantity") or {} for one in of(bundles, "Observation")}
    heavy = sorted(name for name, one in amounts.items() if one.get("unit") == "kg" and one["value"] > 20)
    assert ids(doctor, "Observation?value-quantity=gt20||kg") == heavy
    visits = {one["id"] for one in of(bundles, "Encounter") if one["class"]["code"] == "EMER"}
    meeting = {one["id"]: (one.get("encounter") or {}).get("reference", "") for one in of(bundles, "Condition")}
    during = sorted(name for name, at in meeting.items() if at.removeprefix("urn:uuid:") in visits)
    assert ids(doctor, "Condition?encounter.class=EMER") == during


def test_whole_records_come_as_they_were_sent(doctor: TestClient, bundles: list[Json]) -> None:
    kinds = {one["resource"]["id"]: one["resource"]["resourceType"] for whole in bundles for one in whole["entry"]}
    for whole in bundles:
        text = json.dumps({one["resource"]["id"]: one["resource"] for one in whole["entry"]})
        for name, kind in kinds.items():
            text = text.replace(f'"reference": "urn:uuid:{name}"', f'"reference": "{kind}/{name}"')
        sent = json.loads(text)
        person = next(name for name, one in sent.items() if one["resourceType"] == "Patient")
        served = doctor.get(f"/fhir/Patient/{person}/$everything?_count=1000").json()["entry"]
        assert {one["resource"]["id"]: one["resource"] for one in served} == sent
