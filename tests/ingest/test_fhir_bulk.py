"""FHIR files as they come: bulk NDJSON in bounded memory, parts of files, broken resources named, every type kept."""

from __future__ import annotations

import gzip
import random
import re
import tracemalloc
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pytest

from vitruvian.core import DataError, InputError
from vitruvian.ingest import FHIR, fhir_entries
from vitruvian.record import Parsed, RawFile, Rejected, SourceRecord, Told

UCUM = "http://unitsofmeasure.org"
ABOUT = {"subject": {"reference": "Patient/p"}}
WEIGHT = {"resourceType": "Observation", "id": "w", "status": "final", **ABOUT}
WEIGHT |= {"code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}, "effectiveDateTime": "2025-03-01"}
WEIGHT |= {"valueQuantity": {"value": 70.5, "unit": "kg", "system": UCUM, "code": "kg"}}


def parse(folder: Path, text: bytes, told: Told = Told()) -> Parsed:
    path = folder / "x.json"
    path.write_bytes(text)
    assert FHIR.claims(RawFile(path).head)
    return Parsed.of(FHIR.read(RawFile(path), told))


def bundle(*resources: bytes) -> bytes:
    inner = b",".join(b'{"fullUrl": "urn:uuid:%d", "resource": %b}' % (k, one) for k, one in enumerate(resources))
    return b'{"resourceType": "Bundle", "type": "collection", "entry": [%b]}' % inner


def text(**more: Any) -> bytes:
    return orjson.dumps(WEIGHT | more)


PATIENT = b'{"resourceType": "Patient", "id": "p"}'


def test_bulk_lines_are_read_one_by_one_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "big.ndjson.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        for k in range(20_000):
            stream.write(text(id=f"w{k}", note=[{"text": "x" * 500}]) + b"\n")
    tracemalloc.start()
    count = sum(isinstance(one, SourceRecord) for one in FHIR.read(RawFile(path), Told()))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 20_000
    assert peak < 8e6  # the content is 15 MB


def test_a_bad_line_is_refused_alone(tmp_path: Path) -> None:
    lines = [
        PATIENT,
        b'{"resourceType": "Obs',
        b"",
        text(),
        b"[1]",
        b"\xff\xfe",
        text(),
    ]
    parsed = parse(tmp_path, b"\r\n".join(lines))
    assert [one.place for one in parsed.records] == ["line[0]", "line[3]", "line[6]"]
    assert [one.place for one in parsed.rejected] == ["line[1]", "line[4]", "line[5]"]
    assert "malformed JSON" in parsed.rejected[0].reason


def test_a_drug_of_another_line_stays_a_reference_and_is_flagged(tmp_path: Path) -> None:
    drug = b'{"resourceType": "Medication", "id": "m", "code": {"text": "warfarin"}}'
    order = {"resourceType": "MedicationRequest", "id": "r", "status": "active", **ABOUT}
    order |= {"medicationReference": {"reference": "Medication/m"}}
    parsed = parse(tmp_path, drug + b"\n" + orjson.dumps(order) + b"\n")
    kept, asked = parsed.records
    assert (kept.facts[0].kind, kept.facts[0].detail["drug"], kept.subject) == ("medication", "warfarin", "")
    assert (asked.facts[0].flags, asked.facts[0].detail["medication"]) == (("drug_elsewhere",), "Medication/m")
    told = parse(tmp_path, bundle(drug.replace(b'"m"', b'"m"'), orjson.dumps(order)))
    assert told.records[1].facts[0].detail["drug"] == "warfarin"


def test_a_person_by_identifier_is_found_in_the_record(tmp_path: Path) -> None:
    line = text(subject={"reference": "Patient?identifier=s|7"})
    found = parse(tmp_path, line + b"\n" + line, Told(find={"7": "anna"}.get))
    assert {one.subject for one in found.records} == {"anna"}
    assert "cannot be found" in parse(tmp_path, line + b"\n" + line).rejected[0].reason


BROKEN = {
    b'"valueQuantity":{"value":NaN}': "valueQuantity.value: NaN is not a number of JSON",
    b'"valueQuantity":{"value":-Infinity}': "valueQuantity.value: -Infinity",
    b'"valueQuantity":{"value":1e999}': "valueQuantity.value: 1e999 is too large",
    b'"status":"final","status":"amended"': "status: given twice",
    b'"extension":[{"url":"a","url":"b"}]': r"extension\[0\].url: given twice",
    b'"extension":' + b'[{"extension":' * 3000 + b"1" + b"}]" * 3000: "extension: nested too deeply",
    b'"display":"\\ud800"': "display: half a character",
    b'"status":\x01': "Invalid control|Expecting value",
}


@pytest.mark.parametrize("part", BROKEN, ids=lambda part: str(part[:20]))
def test_a_broken_resource_is_refused_with_its_element_and_the_rest_goes_on(part: bytes, tmp_path: Path) -> None:
    bad = b'{"resourceType":"Observation","id":"b","subject":{"reference":"Patient/p"},%b}' % part
    for content, place in (
        (bundle(PATIENT, bad, text()), "entry[1]"),
        (PATIENT + b"\n" + bad + b"\n" + text(), "line[1]"),
    ):
        parsed = parse(tmp_path, content)
        assert len(parsed.records) == 2
        assert parsed.rejected[0].place.startswith(place)
        assert re.search(BROKEN[part], parsed.rejected[0].reason), parsed.rejected[0].reason
    with pytest.raises(DataError, match=BROKEN[part]):
        parse(tmp_path, bad)


@pytest.mark.parametrize(
    ("more", "element"),
    [
        ({"valueQuantity": {"value": "70", "unit": "kg"}}, "valueQuantity.value: a quantity's value is not a number"),
        ({"valueQuantity": [1]}, "valueQuantity"),
        ({"code": "29463-7"}, "code"),
        ({"code": {"coding": {"code": "x"}}}, "code.coding"),
        ({"component": [{"code": {}}, {"code": {"coding": [7]}}]}, "component[1].code.coding[0]"),
        ({"effectiveDateTime": "soon"}, "effectiveDateTime: not a date"),
        ({"effectivePeriod": "2025", "effectiveDateTime": None}, "effectivePeriod"),
        ({"status": ["final"]}, "status: a code or text has the wrong form"),
    ],
)
def test_a_wrong_type_is_named_and_so_is_whose_it_is(more: dict[str, Any], element: str, tmp_path: Path) -> None:
    (one,) = parse(tmp_path, bundle(PATIENT, text(**more))).rejected
    assert one.reason.startswith(element), one.reason
    assert one.subject == "p"


def test_parts_are_byte_for_byte_and_can_be_read_again(tmp_path: Path) -> None:
    exact = text().replace(b"70.5", b"70.500")
    path = tmp_path / "x.json"
    path.write_bytes(b"\xef\xbb\xbf" + bundle(PATIENT, exact).replace(b"[{", b"[ null, {", 1))
    part = FHIR.part(RawFile(path), ["entry[2].resource", "entry[0].resource"])
    assert part == b'{"entry[0]": null,\n"entry[2]": {"fullUrl": "urn:uuid:1", "resource": ' + exact + b"}}\n"
    again = parse(tmp_path, part)
    assert ([one.place for one in again.records], len(again.rejected)) == (["entry[2].resource"], 1)
    lines = tmp_path / "y.ndjson"
    lines.write_bytes(PATIENT + b"\n\n  " + exact + b"\r\n{broken\n")
    part = FHIR.part(RawFile(lines), ["line[2]", "line[3]"])
    assert part.startswith(b'{"line[2]": ' + exact + b',\n"line[3]": {"base64": ')
    again = parse(tmp_path, part)
    assert [one.place for one in again.records] == ["line[2]"]
    assert "malformed" in again.rejected[0].reason
    for place in ("entry[9]", "line[9]", "file"):
        with pytest.raises(DataError):
            FHIR.part(RawFile(path if place != "line[9]" else lines), [place])


def test_every_part_of_real_bundles(shared: Path, tmp_path: Path) -> None:
    source = gzip.decompress((shared / "data/fhir/10_infant_1y.json.gz").read_bytes())
    path = tmp_path / "x.json"
    path.write_bytes(source)
    whole = orjson.loads(source)
    part = orjson.loads(FHIR.part(RawFile(path), [f"entry[{k}].resource" for k in range(len(whole["entry"]))]))
    assert part == {f"entry[{k}]": one for k, one in enumerate(whole["entry"])}


def test_a_large_bundle_is_read_entry_by_entry_and_says_the_same(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = RawFile(shared / "data/fhir/08_asthma_adult.json.gz")
    whole = list(FHIR.read(file, Told()))
    monkeypatch.setattr(fhir_entries, "_TREE", 0)
    assert list(FHIR.read(file, Told())) == whole


def test_deletions_and_histories(tmp_path: Path) -> None:
    old, new = text(meta={"versionId": "1"}), text(meta={"versionId": "2"}, status="amended")
    entries = b'{"resource": %b}, {"resource": %b}, {"request": {"method": "DELETE", "url": "Observation/z"}}' % (
        old,
        new,
    )
    parsed = parse(tmp_path, b'{"resourceType": "Bundle", "type": "history", "entry": [%b]}' % entries)
    first, second = parsed.records
    assert first.rank < second.rank
    assert "deletion is not applied" in parsed.rejected[0].reason


def test_a_resource_that_mentions_one_person_is_theirs(tmp_path: Path) -> None:
    visit = {"resourceType": "Appointment", "status": "booked", "participant": [{"actor": {"reference": "Patient/p"}}]}
    both = {**visit, "participant": [{"actor": {"reference": f"Patient/{one}"}} for one in "pq"]}
    parsed = parse(tmp_path, bundle(*map(orjson.dumps, (visit, both))))
    assert [one.subject for one in parsed.records] == ["p", ""]


HIS = {"patient": ABOUT["subject"]}
DRUG = {"medicationCodeableConcept": {"text": "warfarin"}}
ANSWERS = [{"linkId": "1", "answer": [{"valueInteger": 3}]}, {"linkId": "2", "answer": [{"valueBoolean": True}]}]
FATHER = {
    "relationship": {"coding": [{"code": "FTH"}]},
    "condition": [{"code": {"text": t}} for t in ("gout", "stroke")],
}
KINDS: dict[str, tuple[dict[str, Any], list[tuple[str, str | None]]]] = {
    "Consent": ({"status": "active", **HIS, "provision": {"period": {"start": "2025"}}}, [("consent", None)]),
    "FamilyMemberHistory": ({"status": "completed", **HIS, **FATHER}, [("family_history", "FTH")] * 2),
    "Goal": ({"lifecycleStatus": "active", "description": {"text": "x"}}, [("goal", None)]),
    "CarePlan": ({"status": "active", "title": "plan"}, [("care_plan", None)]),
    "ServiceRequest": ({"status": "active", "authoredOn": "2025-03-01"}, [("service_request", None)]),
    "Coverage": ({"status": "active", "beneficiary": ABOUT["subject"]}, [("coverage", None)]),
    "Device": ({**HIS, "deviceName": [{"name": "pump", "type": "other"}]}, [("device", None)]),
    "DeviceUseStatement": ({"status": "active", "timingPeriod": {"start": "2025"}}, [("device_use", None)]),
    "DeviceMetric": ({"category": "measurement", "type": {"text": "rate"}}, [("device_metric", None)]),
    "Specimen": ({"type": {"text": "blood"}, "collection": {"collectedDateTime": "2025"}}, [("specimen", None)]),
    "ImagingStudy": ({"series": [{"uid": "1", "modality": {"code": "CT"}}]}, [("imaging_study", "CT")]),
    "MedicationDispense": ({"status": "completed", **DRUG}, [("medication_dispense", None)]),
    "QuestionnaireResponse": ({"status": "completed", "item": ANSWERS}, [("answer", None), ("answer", "true")]),
    "Immunization": ({"status": "completed", "vaccineCode": {"text": "flu"}, **HIS}, [("immunization", None)]),
    "Parameters": ({"parameter": []}, [("resource", None)]),
    "List": ({"status": "current", "mode": "working"}, [("resource", None)]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_types_that_are_understood(kind: str, tmp_path: Path) -> None:
    more, expected = KINDS[kind]
    parsed = parse(tmp_path, orjson.dumps({"resourceType": kind, "id": "x", **ABOUT, **more}))
    assert not parsed.rejected, parsed.rejected
    (record,) = parsed.records
    assert [(one.kind, one.value_code) for one in record.facts] == expected
    assert record.subject == "p"


def test_consent_keeps_its_whole_resource(tmp_path: Path) -> None:
    period = {"start": "2025-01-01", "end": "2025-12-31"}
    one = {"resourceType": "Consent", "id": "c", "status": "inactive", **HIS, "provision": {"period": period}}
    (fact,) = parse(tmp_path, orjson.dumps(one)).records[0].facts
    assert (str(fact.start), str(fact.end), fact.status, fact.detail) == (
        *period.values(),
        "inactive",
        {"resource": one},
    )


def test_social_history_has_a_kind_of_its_own(tmp_path: Path) -> None:
    def coded(code: str, system: str = "http://loinc.org") -> dict[str, Any]:
        return {"coding": [{"system": system, "code": code}]}

    smoking = WEIGHT | {"code": coded("72166-2"), "valueCodeableConcept": coded("266919005", "http://snomed.info/sct")}
    del smoking["valueQuantity"]
    by_category = smoking | {"code": coded("1-8"), "category": [coded("social-history", "c")]}
    work = {"resourceType": "Condition", "id": "c", "code": coded("160903007", "http://snomed.info/sct"), **ABOUT}
    found = parse(tmp_path, bundle(*map(orjson.dumps, (smoking, by_category, work, WEIGHT)))).records
    assert [one.facts[0].kind for one in found] == ["social", "social", "social", "observation"]


@pytest.mark.parametrize(
    ("more", "version"),
    [
        ({"meta": {"profile": ["http://hl7.org/fhir/StructureDefinition/bodyweight|5.0.0"]}}, "R5"),
        ({"meta": {"profile": ["http://hl7.org/fhir/3.0/StructureDefinition/bodyweight"]}}, "STU3"),
        ({"resourceType": "NutritionIntake"}, "R5"),
        ({"resourceType": "ProcedureRequest"}, "STU3"),
        ({"resourceType": "CapabilityStatement", "fhirVersion": "5.0.0"}, "R5"),
        ({"resourceType": "Consent", "provision": [{}]}, "R5"),
    ],
)
def test_other_versions_are_named(more: dict[str, Any], version: str, tmp_path: Path) -> None:
    for content in (text(**more), bundle(PATIENT, text(**more)), PATIENT + b"\n" + text(**more)):
        with pytest.raises(InputError, match=f"FHIR {version}"):
            parse(tmp_path, content)
    meta = {"profile": ["http://hl7.org/fhir/StructureDefinition/bodyweight|4.0.1"]}
    assert not parse(tmp_path, text(meta=meta)).rejected


def test_the_quirks_of_the_bundles(shared: Path) -> None:
    facts = [
        fact
        for path in sorted((shared / "data/fhir").glob("*.json.gz"))
        for one in FHIR.read(RawFile(path), Told())
        if isinstance(one, SourceRecord)
        for fact in one.facts
    ]
    assert not [one for one in facts if "\u200b" in one.display]
    assert any("Simvistatin" in one.display for one in facts)  # misspelt as received
    egfr = [one for one in facts if one.code == "33914-3"]
    assert (sum(not one.flags for one in egfr), sum(one.flags == ("wrong_unit",) for one in egfr)) == (75, 32)
    assert {one.unit for one in facts if one.code == "10834-0"} == {"g/dL"}
    enzymes = [one for one in facts if one.code in ("1742-6", "1920-8", "6768-6")]
    assert {one.unit for one in enzymes} == {"U/L"}
    assert sum(one.unit_raw == "IU/L" for one in enzymes) == 3
    assert sum(one.kind == "social" for one in facts) == 143
    values = [one for one in facts if one.kind == "observation" and one.value_raw is not None]
    doubtful = {(one.code, one.flags) for one in values if one.value is None}
    assert doubtful == {("33914-3", ("wrong_unit",))}


JUNK = [
    b"",
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b",",
    b"\n",
    b"\xff",
    b"\x00",
    b"\\",
    b"null",
    b"NaN",
    b"9" * 400,
    b'"entry":[',
]


@pytest.mark.parametrize("count", [1000, pytest.param(10_000, marks=pytest.mark.full)])
def test_mutated_bytes_never_crash(count: int, tmp_path: Path) -> None:
    """Bytes put in, cut or replaced anywhere: records, rejects or a refusal in words."""
    draw, path = random.Random(count), tmp_path / "m.json"
    whole = (bundle(PATIENT, text(), text(id="v")), b"\n".join((PATIENT, text(), text(id="v"))))
    for _ in range(count):
        raw = bytearray(draw.choice(whole))
        for _ in range(draw.randint(1, 4)):
            at = draw.randrange(1, len(raw))
            raw[at : at + draw.randint(0, 12)] = draw.choice(JUNK)
        path.write_bytes(raw)
        with suppress(InputError):
            for one in FHIR.read(RawFile(path), Told()):
                assert isinstance(one, SourceRecord | Rejected)
