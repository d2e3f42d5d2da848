"""FHIR R4 → facts: values, units, times, medication, references, containers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from vitruvian.ingest import FHIR, samples
from vitruvian.record import Draft, Parsed, RawFile, Told

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
SUBJECT = {"reference": "Patient/p"}


def parse(folder: Path, *resources: Any, kind: str = "collection", urls: tuple[str, ...] = ()) -> Parsed:
    entries = [{"resource": one} for one in resources]
    for entry, url in zip(entries, urls, strict=False):
        entry["fullUrl"] = url
    path = folder / "x.json"
    path.write_bytes(orjson.dumps({"resourceType": "Bundle", "type": kind, "entry": entries}))
    return Parsed.of(FHIR.read(RawFile(path), Told()))


def facts(folder: Path, resource: Any) -> tuple[Draft, ...]:
    parsed = parse(folder, resource)
    assert not parsed.rejected
    return parsed.records[0].facts


def lab(code: str, quantity: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    value = {"valueQuantity": quantity} if quantity else {}
    coded = {"coding": [{"system": LOINC, "code": code}]}
    base = {"resourceType": "Observation", "id": "o", "status": "final", "subject": SUBJECT, "code": coded}
    return base | {"effectiveDateTime": "2025-03-01T08:00:00+01:00"} | value | more


@pytest.mark.parametrize(
    ("code", "value", "unit", "expected", "canonical"),
    [
        ("29463-7", 207.0, "[lb_av]", 93.894, "kg"),
        ("29463-7", 207.0, "lb", 93.894, "kg"),
        ("8302-2", 70.0, "[in_i]", 177.8, "cm"),
        ("2160-0", 150.0, "umol/L", 1.6968, "mg/dL"),
        ("777-3", 212.0, "10*3/uL", 212.0, "10*9/L"),  # plain pint makes 30/uL of the unit
        ("4544-3", 0.31, "1", 31.0, "%"),
        ("6301-6", 2.4, "{INR}", 2.4, "1"),
        ("11253-2", 8.4, "ug/L", 8.4, "ng/mL"),
        ("14836-1", 454.44, "ug/L", 1.0, "umol/L"),
        ("20578-1", 20.0, "ug/mL", 20.0, "mg/L"),
    ],
)
def test_canonical_units(tmp_path: Path, code: str, value: float, unit: str, expected: float, canonical: str) -> None:
    fact = facts(tmp_path, lab(code, {"value": value, "unit": unit, "system": UCUM, "code": unit}))[0]
    assert fact.value == pytest.approx(expected, rel=1e-4)
    assert (fact.unit, fact.value_raw, fact.unit_raw, fact.flags) == (canonical, value, unit, ())


def test_a_weight_without_unit_is_refused_with_reason_and_place(tmp_path: Path) -> None:
    parsed = parse(tmp_path, {"resourceType": "Patient", "id": "p"}, lab("29463-7", {"value": 207}))
    assert len(parsed.records) == 1
    assert parsed.rejected[0].place == "entry[1].resource"
    assert parsed.rejected[0].what == "Observation/o"
    assert "Body weight has no unit; got 207" in parsed.rejected[0].reason
    assert "never guessed" in parsed.rejected[0].reason


def test_a_ratio_needs_no_unit_and_an_unknown_code_keeps_its_number_apart(tmp_path: Path) -> None:
    assert facts(tmp_path, lab("6301-6", {"value": 2.4}))[0].value == 2.4
    other = facts(tmp_path, lab("99999-9", {"value": 5}))[0]
    assert (other.value, other.value_raw, other.flags) == (None, 5.0, ("no_unit",))
    wrong = facts(tmp_path, lab("29463-7", {"value": 5, "unit": "mL", "code": "mL", "system": UCUM}))[0]
    assert (wrong.value, wrong.value_raw, wrong.unit_raw, wrong.flags) == (None, 5.0, "mL", ("wrong_unit",))


def test_an_indexed_clearance_in_absolute_units_is_not_taken(tmp_path: Path) -> None:
    fact = facts(tmp_path, lab("33914-3", {"value": 42, "unit": "mL/min", "code": "mL/min", "system": UCUM}))[0]
    assert fact.flags == ("wrong_unit",)


def test_components_share_the_time(tmp_path: Path) -> None:
    def part(code: str, value: float) -> dict[str, Any]:
        quantity = {"value": value, "unit": "mm[Hg]", "code": "mm[Hg]", "system": UCUM}
        return {"code": {"coding": [{"system": LOINC, "code": code}]}, "valueQuantity": quantity}

    found = facts(tmp_path, lab("55284-4", component=[part("8480-6", 131), part("8462-4", 82)]))
    assert [(f.code, f.value, f.path) for f in found] == [
        ("8480-6", 131.0, ".component[0]"),
        ("8462-4", 82.0, ".component[1]"),
    ]
    assert found[0].start is not None
    assert found[0].start.offset == 60


def test_value_types(tmp_path: Path) -> None:
    coded = {"coding": [{"system": "http://snomed.info/sct", "code": "266919005", "display": "Never smoker"}]}
    assert facts(tmp_path, lab("72166-2", valueCodeableConcept=coded))[0].value_code == "266919005"
    assert facts(tmp_path, lab("5778-6", valueString="amber"))[0].value_text == "amber"
    assert facts(tmp_path, lab("x", valueBoolean=True))[0].value_code == "true"
    assert facts(tmp_path, lab("x", valueInteger=3))[0].value == 3.0
    assert facts(tmp_path, lab("x", valueRange={"low": {"value": 1}}))[0].detail["valueRange"] == {"low": {"value": 1}}
    below = facts(tmp_path, lab("20578-1", {"value": 2, "comparator": "<", "code": "mg/L", "system": UCUM}))[0]
    assert below.detail["comparator"] == "<"
    assert facts(tmp_path, lab("2160-0"))[0].value is None


def test_known_at_is_the_time_of_issue(tmp_path: Path) -> None:
    fact = facts(tmp_path, lab("2160-0", {"value": 1, "code": "mg/dL", "system": UCUM}, issued="2025-03-01T12:00:00Z"))[
        0
    ]
    assert fact.known_ms == 1_740_830_400_000


def medication(kind: str, **more: Any) -> dict[str, Any]:
    drug = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "11289"}]}
    return {
        "resourceType": kind,
        "id": "m",
        "status": "active",
        "subject": SUBJECT,
        "medicationCodeableConcept": drug,
    } | more


def dosage(repeat: dict[str, Any], value: float = 5) -> list[dict[str, Any]]:
    dose = {"doseQuantity": {"value": value, "unit": "mg", "system": UCUM, "code": "mg"}}
    oral = {"coding": [{"system": "http://snomed.info/sct", "code": "26643006"}]}
    return [{"timing": {"repeat": repeat}, "route": oral, "doseAndRate": [dose]}]


@pytest.mark.parametrize(
    ("repeat", "hours"),
    [
        ({"frequency": 2, "period": 1, "periodUnit": "d"}, 12.0),
        ({"frequency": 1, "period": 8, "periodUnit": "h"}, 8.0),
        ({"frequency": 1, "period": 1, "periodUnit": "wk"}, 168.0),
    ],
)
def test_a_request_gives_dose_interval_and_bounds(tmp_path: Path, repeat: dict[str, Any], hours: float) -> None:
    bounds = {"boundsPeriod": {"start": "2025-03-03", "end": "2025-03-10"}}
    one = medication("MedicationRequest", authoredOn="2025-03-02", dosageInstruction=dosage(repeat | bounds))
    fact = facts(tmp_path, one)[0]
    assert (fact.kind, fact.value, fact.unit, fact.detail["interval_h"]) == ("medication_request", 5.0, "mg", hours)
    assert (str(fact.start), str(fact.end)) == ("2025-03-03", "2025-03-10")
    assert fact.detail["drug"] == "warfarin"
    assert fact.detail["route"]["code"] == "26643006"


def test_a_timing_code(tmp_path: Path) -> None:
    instruction = [{"timing": {"code": {"coding": [{"code": "BID"}]}}}]
    one = medication("MedicationRequest", dosageInstruction=instruction)
    assert facts(tmp_path, one)[0].detail["interval_h"] == 12.0


def test_a_tapered_request_gives_one_fact_per_instruction(tmp_path: Path) -> None:
    steps = dosage({"frequency": 1, "period": 1, "periodUnit": "d"}, 5) + dosage({}, 2.5)
    found = facts(tmp_path, medication("MedicationRequest", dosageInstruction=steps))
    assert [(f.value, f.path) for f in found] == [(5.0, ".dosageInstruction[0]"), (2.5, ".dosageInstruction[1]")]


def test_an_infusion_keeps_the_minutes_it_ran(tmp_path: Path) -> None:
    period = {"start": "2025-05-12T20:10:00+02:00", "end": "2025-05-12T22:10:00+02:00"}
    dose = {"dose": {"value": 1.75, "unit": "g", "system": UCUM, "code": "g"}}
    one = medication("MedicationAdministration", status="completed", effectivePeriod=period, dosage=dose)
    fact = facts(tmp_path, one)[0]
    assert (fact.value, fact.unit, fact.detail["duration_h"]) == (1.75, "g", 2.0)


@pytest.mark.parametrize("reference", ["#d", "Medication/d", "urn:uuid:d"])
def test_a_drug_that_is_a_resource_of_its_own(tmp_path: Path, reference: str) -> None:
    coded = {"coding": [{"system": "http://www.whocc.no/atc", "code": "B01AF02"}]}
    drug = {"resourceType": "Medication", "id": "d", "code": coded}
    one = medication("MedicationRequest", medicationReference={"reference": reference})
    del one["medicationCodeableConcept"]
    if reference == "#d":
        parsed = parse(tmp_path, one | {"contained": [drug]})
    else:
        parsed = parse(tmp_path, one, drug, urls=("urn:uuid:r", "urn:uuid:d"))
    assert parsed.records[0].facts[0].detail["drug"] == "apixaban"


def test_whose_it_is(tmp_path: Path) -> None:
    patient = {"resourceType": "Patient", "id": "p", "identifier": [{"system": "s", "value": "7"}]}
    quantity = {"value": 1, "code": "mg/dL", "system": UCUM}

    def subject(reference: Any, url: str = "", own: str = "") -> str:
        one = lab("2160-0", quantity) | {"subject": {"reference": reference} if reference else {}}
        parsed = parse(tmp_path, patient, one, urls=(own, url))
        return parsed.records[1].subject if len(parsed.records) == 2 else parsed.rejected[0].reason

    assert subject("Patient/p") == "p"
    assert subject("Patient/other") == "other"  # sent in another file
    assert subject("urn:uuid:u", own="urn:uuid:u") == "p"
    assert subject("http://a.org/fhir/Patient/p", own="http://a.org/fhir/Patient/p") == "http://a.org/fhir/Patient/p"
    assert subject("Patient/q", url="http://a.org/fhir/Observation/o") == "http://a.org/fhir/Patient/q"
    assert subject("Patient?identifier=s|7") == "p"
    assert "cannot be found" in subject("Patient?identifier=s|8")
    assert "does not say whose it is" in subject("")
    assert "not a patient" in subject("Location/l")


def test_ndjson_and_single_resources(tmp_path: Path) -> None:
    lines = [{"resourceType": "Patient", "id": "p"}, lab("2160-0", {"value": 1, "code": "mg/dL", "system": UCUM})]
    path = tmp_path / "export.ndjson"
    path.write_text("\n".join(json.dumps(one) for one in lines) + "\n\n")
    parsed = Parsed.of(FHIR.read(RawFile(path), Told()))
    assert [record.place for record in parsed.records] == ["line[0]", "line[1]"]
    path.write_text("\ufeff" + json.dumps(lines[0], indent=2))
    assert Parsed.of(FHIR.read(RawFile(path), Told())).records[0].kind == "Patient"


def test_other_types_are_kept_and_nobody_is_invented(tmp_path: Path) -> None:
    parsed = parse(tmp_path, {"resourceType": "Organization", "id": "o"}, {"resourceType": "Claim", "patient": SUBJECT})
    assert [(r.kind, r.subject, r.facts[0].kind) for r in parsed.records] == [
        ("Organization", "", "resource"),
        ("Claim", "p", "resource"),
    ]


@pytest.mark.parametrize(
    ("resource", "version"),
    [
        ({"resourceType": "MedicationRequest", "medication": {"concept": {}}}, "R5"),
        ({"resourceType": "Procedure", "occurrenceDateTime": "2025"}, "R5"),
        ({"resourceType": "MedicationStatement", "taken": "y"}, "STU3"),
        ({"resourceType": "Observation", "context": {}}, "STU3"),
    ],
)
def test_other_versions_are_named(tmp_path: Path, resource: dict[str, Any], version: str) -> None:
    from vitruvian.core import UnsupportedError

    with pytest.raises(UnsupportedError, match=f"FHIR {version}.*entry\\[1\\]"):
        parse(tmp_path, {"resourceType": "Patient", "id": "p"}, resource)


@pytest.mark.parametrize("text", ["not-a-date", "2025-13-01", 7])
def test_a_bad_date_is_refused(tmp_path: Path, text: Any) -> None:
    parsed = parse(tmp_path, lab("2160-0") | {"effectiveDateTime": text})
    assert "date" in parsed.rejected[0].reason


def test_the_samples_say_what_their_readme_says() -> None:
    parsed = {name: Parsed.of(FHIR.read(RawFile(files[0]), Told())) for name, files in samples().items()}

    def of(name: str, code: str) -> list[float | None]:
        return [f.value for r in parsed[name].records for f in r.facts if f.code == code and f.kind != "resource"]

    scr, height, weight = of("sample-a", "2160-0"), of("sample-a", "8302-2"), of("sample-a", "29463-7")
    assert (height, weight) == ([176.0], [94.0, 94.0])
    for value, age in zip(scr, (80, 81), strict=True):  # CKD-EPI 2021, man: doi:10.1056/NEJMoa2102953
        assert value is not None
        assert 142 * (value / 0.9) ** -1.2 * 0.9938**age == pytest.approx(42, abs=0.1)
    assert len(of("sample-a", "6301-6")) == 15
    doses = [f for r in parsed["sample-b"].records for f in r.facts if f.kind == "medication_administration"]
    assert [f.detail["duration_h"] for f in doses] == [2.0, 1.0, 1.0, 1.0]
    assert len(of("sample-b", "20578-1") + of("sample-b", "4092-3")) == 2
    assert len(of("sample-c", "11253-2")) == 9
