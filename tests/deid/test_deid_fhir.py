"""FHIR by Safe Harbor: nothing planted survives anywhere, what remains is valid, and intervals are kept."""

from __future__ import annotations

import base64
import gzip
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from vitruvian.cli.main import app
from vitruvian.core import DataError, InputError
from vitruvian.deid import Known, deidentify_dicom, deidentify_fhir, deidentify_table, plan, shift_of
from vitruvian.deid.fhir_codes import is_loinc, is_published_code, is_snomed, is_unit
from vitruvian.deid.fhir_dates import Calendar
from vitruvian.deid.fhir_types import elements_of
from vitruvian.serve.fhir.validate_elements import element_issues

KEY = b"0123456789abcdef"
ON = date(2026, 1, 31)
# the types of which records of patients are made
TYPES = [
    "AdverseEvent", "AllergyIntolerance", "Appointment", "AuditEvent", "Basic", "BodyStructure", "CarePlan", "CareTeam",
    "ChargeItem", "Claim", "ClaimResponse", "ClinicalImpression", "Communication", "CommunicationRequest",
    "Composition", "Condition", "Consent", "Coverage", "DetectedIssue", "Device", "DeviceRequest", "DeviceUseStatement",
    "DiagnosticReport", "DocumentReference", "Encounter", "EpisodeOfCare", "ExplanationOfBenefit",
    "FamilyMemberHistory", "Flag", "Goal", "Group", "ImagingStudy", "Immunization", "List", "Location", "Media",
    "Medication", "MedicationAdministration", "MedicationDispense", "MedicationRequest", "MedicationStatement",
    "NutritionOrder", "Observation", "Organization", "Patient", "Person", "Practitioner", "PractitionerRole",
    "Procedure", "Provenance", "QuestionnaireResponse", "RelatedPerson", "RiskAssessment", "Schedule", "ServiceRequest",
    "Specimen", "SupplyDelivery", "Task", "VisionPrescription",
]  # fmt: skip
CANARY = "Quagmire 7731"
PLANTED: Mapping[str, Any] = {
    "String": CANARY, "Markdown": CANARY, "Xhtml": CANARY, "Code": "quagmire-7731", "Id": "quagmire-7731",
    "Uri": "https://quagmire7731.example/x", "Url": "https://quagmire7731.example/x", "Oid": "urn:oid:1.2.7731",
    "Canonical": "https://quagmire7731.example/x|1", "UuidVersion": "urn:uuid:77317731-7731-4731-8731-773177317731",
    "Date": "2019-07-31", "DateTime": "2019-07-31T07:31:00Z", "Instant": "2019-07-31T07:31:00Z", "Time": "07:31:00",
    "EncodedBytes": base64.b64encode(CANARY.encode()).decode(), "bool": True, "Decimal": 1.5, "Integer": 1,
    "PositiveInt": 1, "UnsignedInt": 1, "Integer64": 1,
}  # fmt: skip


def planted(kind: str, depth: int) -> dict[str, Any]:
    """An object of a type with a canary in every element; of a choice the first; codes as the binding wants them."""
    made: dict[str, Any] = {}
    for name, element in elements_of(kind).items():
        if element.kind in PLANTED:
            value = sorted(element.codes)[0] if element.codes else PLANTED[element.kind]
        elif element.kind == "Resource" or (depth == 0 and not element.needed and not element.choice):
            continue
        else:
            value = planted(element.kind, max(depth - 1, 0))
            if element.kind == "Reference":
                value["reference"] = "Patient/quagmire-7731"
        made[name] = [value] if element.many else value
        if element.kind in PLANTED and not element.many:
            made[f"_{name}"] = {"extension": [{"url": "https://x.example", "valueString": CANARY}]}
    return made


def issues(resource: Mapping[str, Any]) -> list[str]:
    """What is wrong with a resource, but for choices of which the planted ones have them all."""
    found = element_issues(resource, resource["resourceType"], "")
    return [f"{one.place}: {one.text}" for one in found if "only one may be given" not in one.text]


def survives(kind: str, dates: str, depth: int) -> list[str]:
    """What of the planted is found again, or is not valid, after a resource full of it is de-identified."""
    resource = {"resourceType": kind} | planted(kind, depth)
    before = json.dumps(resource)
    assert before.count("uagmire") > 10
    clean = deidentify_fhir(resource, key=KEY, on=ON, dates=dates)  # type: ignore[arg-type]
    assert json.dumps(resource) == before, "what came in is not touched"
    assert clean.removed["text"] + clean.removed["extension of a value"] > 3
    after = json.dumps(clean.resource)
    return [one for one in ("uagmire", "7731", PLANTED["EncodedBytes"], "2019-07-31") if one in after] + issues(
        clean.resource
    )


@pytest.mark.parametrize("kind", TYPES[::3])
def test_nothing_planted_survives_and_what_remains_is_valid(kind: str) -> None:
    assert not survives(kind, "shift", 1)


@pytest.mark.slow
@pytest.mark.parametrize("dates", ["shift", "year"])
@pytest.mark.parametrize("kind", TYPES)
def test_nothing_planted_deep_down_survives(kind: str, dates: str) -> None:
    assert not survives(kind, dates, 3)


def bundle(person: str = "p1", born: str = "1950-03-04", **more: Any) -> dict[str, Any]:
    patient = {
        "resourceType": "Patient",
        "id": person,
        "identifier": [{"system": "https://clinic.example/mrn", "value": "MRN-55-01"}],
        "name": [{"family": "Zebulon", "given": ["Quentin"]}],
        "telecom": [{"system": "phone", "value": "555 867 5309"}],
        "address": [{"line": ["1 Elm Street"], "city": "Ely", "state": "Vermont", "postalCode": "03601-1234"}],
        "birthDate": born,
        "gender": "male",
    }
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r1",
        "status": "final",
        "subject": {"reference": f"Patient/{person}", "display": "Quentin Zebulon"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "2345-7", "display": "Glucose"}], "text": "Glucose"},
        "effectiveDateTime": "2020-02-27T08:15:00+01:00",
        "issued": "2020-03-02T08:15:00.5+01:00",
        "conclusion": "Mr Zebulon, MRN-55-01, seen 2020-02-27: call 555 867 5309.",
        "presentedForm": [
            {"contentType": "text/plain", "data": base64.b64encode(b"Quentin Zebulon, aged 93").decode()}
        ],
    } | more
    entries = [{"fullUrl": f"http://clinic.example/fhir/Patient/{person}", "resource": patient}, {"resource": report}]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def parts(resource: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    patient, report = (one["resource"] for one in resource["entry"])
    return patient, report


def day(written: str) -> date:
    return datetime.fromisoformat(written).date()


def test_what_stays_of_a_person() -> None:
    clean = deidentify_fhir(bundle(), key=KEY, on=ON)
    patient, report = parts(clean.resource)
    assert not issues(clean.resource)
    assert not clean.warnings
    assert patient["address"] == [{"state": "VT", "postalCode": "000"}], "036 has 20,000 people or fewer"
    assert patient["gender"] == "male"
    assert patient["birthDate"] in ("1949", "1950")
    assert not {"name", "telecom", "photo"} & set(patient)
    assert clean.resource["entry"][0]["fullUrl"] == f"https://deidentified.example/Patient/{patient['id']}"
    assert report["subject"] == {"reference": f"Patient/{patient['id']}"}
    assert report["code"] == {"coding": [{"system": "http://loinc.org", "code": "2345-7"}]}
    assert report["effectiveDateTime"][10:] == "T08:15:00+01:00"
    assert (day(report["issued"]) - day(report["effectiveDateTime"])).days == 4, "2020 had a 29 February"
    assert report["meta"]["security"][0]["code"] == "PSEUDED"
    assert report["presentedForm"] == [{"contentType": "text/plain"}]


def test_texts_are_cleaned_where_wanted() -> None:
    clean = deidentify_fhir(bundle(), key=KEY, on=ON, texts="clean", known=Known(numbers=["867"]))
    _, report = parts(clean.resource)
    moved = (date(2020, 2, 27).toordinal()) + shift_of(KEY, "p1")
    assert report["conclusion"] == f"Mr [NAME], [NUMBER], seen {date.fromordinal(moved)}: call [NUMBER]."
    assert base64.b64decode(report["presentedForm"][0]["data"]) == b"[NAME] [NAME], aged 90 or older"
    assert report["code"]["text"] == "Glucose"
    assert "person read" in clean.warnings[0]
    _, report = parts(deidentify_fhir(bundle(), key=KEY, on=ON, texts="clean", dates="year").resource)
    assert "[DATE 2020]" in report["conclusion"]
    assert (report["effectiveDateTime"], report["issued"]) == ("2020", "2020-01-01T00:00:00Z")


def test_the_same_key_gives_the_same_and_people_differ() -> None:
    once, again = (deidentify_fhir(bundle(), key=KEY, on=ON) for _ in range(2))
    assert once == again
    dates = {
        parts(deidentify_fhir(bundle(person), key=key, on=ON).resource)[1]["issued"]
        for person in ("p1", "p2", "p3")
        for key in (KEY, KEY[::-1])
    }
    assert len(dates) >= 5, "shifts belong to a person and a key"


def test_an_age_over_89_is_not_shown() -> None:
    old, _ = parts(deidentify_fhir(bundle(born="1935-06-01"), key=KEY, on=ON).resource)
    assert "birthDate" not in old
    aged = {"valueQuantity": {"value": 93, "unit": "a", "system": "http://unitsofmeasure.org", "code": "a"}}
    observation = {"resourceType": "Observation", "status": "final", "code": {"text": "age"}} | aged
    found = deidentify_fhir(observation, key=KEY, on=ON)
    assert found.resource["valueQuantity"]["value"] == 90
    assert found.resource["valueQuantity"]["comparator"] == ">="
    assert found.removed["age"] == 1
    loinc = {"code": {"coding": [{"system": "http://loinc.org", "code": "30525-0"}]}}
    told = {"resourceType": "Observation", "status": "final"} | loinc | {"valueInteger": 94}
    part = told | {"component": [loinc | {"valueQuantity": {"value": 95}}, loinc | {"valueInteger": 50}]}
    plain = deidentify_fhir(part, key=KEY, on=ON).resource
    assert plain["valueInteger"] == 90
    assert plain["component"][0]["valueQuantity"]["value"] == 90
    assert plain["component"][1]["valueInteger"] == 50
    months = {"valueQuantity": {"value": 93, "unit": "mo", "system": "http://unitsofmeasure.org", "code": "mo"}}
    assert deidentify_fhir(observation | months, key=KEY, on=ON).resource["valueQuantity"]["value"] == 93
    calendar = Calendar("shift", -10, ON)
    assert calendar.treated("1935-06-01") is None
    assert [calendar.treated(one) for one in ("2020-03-05", "2020-03", "2020", "soon", "0000-01-01")] == [
        "2020-02-24", "2020-02", "2019", None, None,
    ]  # fmt: skip


def test_dates_of_nobody_are_years() -> None:
    told = {"resourceType": "Medication", "batch": {"expirationDate": "2027-05-06"}, "meta": {"lastUpdated": "x"}}
    clean = deidentify_fhir(told, key=KEY, on=ON)
    assert clean.resource["batch"] == {"expirationDate": "2027"}
    assert clean.removed["date"] == 1


@pytest.mark.parametrize(
    ("system", "code", "published"),
    [
        ("http://snomed.info/sct", "44054006", True),
        ("http://snomed.info/sct", "44054007", False),  # the check digit is wrong: perhaps a telephone number
        ("http://loinc.org", "2345-7", True),
        ("http://loinc.org", "2345-8", False),
        ("http://unitsofmeasure.org", "mL/min/{1.73_m2}", True),
        ("http://unitsofmeasure.org", "{John Doe}", False),
        ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "AMB", True),
        ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "John Doe", False),
        ("https://clinic.example/codes", "AMB", False),
        ("", "AMB", False),
    ],
)
def test_codes_stay_where_they_are_published(system: str, code: str, published: bool) -> None:
    assert is_published_code(system, code) is published


def test_check_digits() -> None:
    assert is_snomed("22298006")
    assert not is_snomed("22289006"), "two digits swapped"
    assert is_loinc("8302-2")
    assert not is_loinc("8320-2")
    assert is_unit("mmol/L")


def test_a_search_reference_is_a_pseudonym_of_its_own() -> None:
    told = {"reference": "Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|9999", "display": "Dr Who"}
    clean = deidentify_fhir({"resourceType": "Encounter", "participant": [{"individual": told}]}, key=KEY, on=ON)
    link = clean.resource["participant"][0]["individual"]
    assert set(link) == {"reference"}
    assert link["reference"].startswith("Practitioner/")
    assert "9999" not in link["reference"]


@pytest.mark.parametrize("wrong", [{}, {"resourceType": "Patience"}, {"resourceType": "Resource"}, [1], None])
def test_what_is_no_resource_is_refused(wrong: Any) -> None:
    with pytest.raises(DataError, match="not a resource"):
        deidentify_fhir(wrong, key=KEY)
    with pytest.raises(DataError, match="too short"):
        deidentify_fhir({"resourceType": "Patient"}, key=b"short")
    with pytest.raises(DataError, match="an entry is no resource"):
        deidentify_fhir({"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "X"}}]}, key=KEY)


def test_malformed_values_go_and_are_counted() -> None:
    told = {"resourceType": "Patient", "active": "Zebulon", "name": "Zebulon", "gender": ["male"], "shoe": "Zebulon"}
    clean = deidentify_fhir(told, key=KEY, on=ON)
    assert "Zebulon" not in json.dumps(clean.resource)
    assert clean.removed == {"malformed": 3, "unknown element": 1}


# -- real bundles ---------------------------------------------------------------------------------------------------


def strings(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from strings(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner, name)
    elif isinstance(value, str):
        yield name, value


def dates_of(resource: Mapping[str, Any]) -> list[list[date]]:
    """Days of each entry in order, but for births."""
    found = []
    for one in resource["entry"]:
        told = [v for n, v in strings(one["resource"]) if n != "birthDate" and len(v) > 18 and v[4:5] + v[7:8] == "--"]
        found.append([day(v) for v in told if v[:4].isdigit()])
    return found


def test_samples_hold_together(shared_bundles: list[Path]) -> None:
    for path in shared_bundles:
        told = json.loads(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes())
        clean = deidentify_fhir(told, key=KEY, on=ON)
        known = set(issues(told))
        assert not [one for one in issues(clean.resource) if one not in known]
        after = json.dumps(clean.resource)
        named = ("family", "given", "line", "city", "div", "postalCode")
        gone = {v for n, v in strings(told) if n in named and len(v) > 4}
        gone |= {v for one in told["entry"] for n, v in strings(one["resource"].get("identifier", [])) if n == "value"}
        gone |= {one["resource"]["id"] for one in told["entry"]}
        assert len(gone) > 10
        assert not [one for one in gone if f'"{one}"' in after]
        targets = {one.get("fullUrl") for one in clean.resource["entry"]} | {
            f"{one['resource']['resourceType']}/{one['resource']['id']}" for one in clean.resource["entry"]
        }
        refers = [v for n, v in strings(clean.resource) if n == "reference" and not v.startswith("#")]
        assert refers
        assert set(refers) <= targets, "references still meet"
        shifts = {
            (b - a).days
            for before, moved in zip(dates_of(told), dates_of(clean.resource), strict=True)
            for a, b in zip(before, moved, strict=True)
        }
        assert len(shifts) == 1, "one person, one shift"
        assert -364 <= shifts.pop() <= -1


@pytest.fixture
def shared_bundles(request: pytest.FixtureRequest) -> list[Path]:
    samples = sorted((Path(__file__).parents[2] / "samples").glob("*/bundle.json"))
    return samples[:2]


@pytest.mark.slow
def test_twelve_people_of_synthea_hold_together(shared: Path) -> None:
    test_samples_hold_together(sorted((shared / "data" / "fhir").glob("*.json.gz")))


def test_a_record_takes_in_what_was_deidentified(tmp_path: Path) -> None:
    from vitruvian.record import Record

    path = Path(__file__).parents[2] / "samples" / "sample-a" / "bundle.json"
    told = json.loads(path.read_text())
    (tmp_path / "clean.json").write_text(json.dumps(deidentify_fhir(told, key=KEY, on=ON).resource))
    with Record.open(tmp_path / "a.db") as before, Record.open(tmp_path / "b.db") as after:
        first, second = before.ingest(path), after.ingest(tmp_path / "clean.json")
        assert second.stored == first.stored > 10
        assert second.quarantined == first.quarantined == 0
        facts = [Counter((f.kind, f.code) for f in one.patients()[0].facts()) for one in (before, after)]
        assert facts[0] - facts[1] == Counter({("demographic", "name"): 1})
        assert not facts[1] - facts[0]


# -- one command ----------------------------------------------------------------------------------------------------


def test_formats_hang_together_under_one_key() -> None:
    pydicom = pytest.importorskip("pydicom")
    pytest.importorskip("dicomanonymizer", reason="needs the extra imaging")
    import io

    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    data = pydicom.dcmread(folder / "waveform_ecg.dcm")
    data.PatientID = "p1"
    buffer = io.BytesIO()
    data.save_as(buffer)
    clean = pydicom.dcmread(io.BytesIO(deidentify_dicom(buffer.getvalue(), key=KEY, shift_days="person").content))
    patient, report = parts(deidentify_fhir(bundle(), key=KEY, on=ON).resource)
    row = {"patient_id": "p1", "date": "2020-02-27"}
    (table,) = deidentify_table([row], plan(list(row)), key=KEY, person="patient_id")
    assert clean.PatientID == patient["id"] == table["patient_id"]
    assert report["effectiveDateTime"][:10] == table["date"]
    before = date.fromisoformat(f"{data.StudyDate[:4]}-{data.StudyDate[4:6]}-{data.StudyDate[6:]}")
    assert (date.fromisoformat(clean.StudyDate) - before).days == shift_of(KEY, "p1")


def test_commands(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.json").write_text(json.dumps(bundle()))
    (tmp_path / "in" / "b.ndjson").write_text("\n".join(json.dumps(one["resource"]) for one in bundle()["entry"]))
    (tmp_path / "in" / "c.json.gz").write_bytes(gzip.compress(json.dumps(bundle("p2")).encode()))
    (tmp_path / "key").write_bytes(KEY)
    words = ["deid", "fhir", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--key-file", str(tmp_path / "key")]
    done = CliRunner().invoke(app, [*words, "--on", "2026-01-31"])
    assert done.exit_code == 0, done.output
    names = sorted(one.name for one in (tmp_path / "out").iterdir())
    assert names == ["fhir-0001.json", "fhir-0002.ndjson", "fhir-0003.json"]
    assert "text" in done.output
    whole = json.loads((tmp_path / "out" / "fhir-0001.json").read_text())
    lines = [json.loads(one) for one in (tmp_path / "out" / "fhir-0002.ndjson").read_text().splitlines()]
    assert lines == list(parts(whole)), "in a bundle or alone, the same"
    assert isinstance(CliRunner().invoke(app, words).exception, InputError), "nothing is written over"
    (tmp_path / "in" / "note.txt").write_text("Mr Zebulon came.")
    mixed = CliRunner().invoke(app, ["deid", str(tmp_path / "in"), "--out", str(tmp_path / "all")])
    assert mixed.exit_code == 0, mixed.output
    assert len(list((tmp_path / "all").iterdir())) == 4
    assert isinstance(CliRunner().invoke(app, [*words[:3], "--out", str(tmp_path / "x")]).exception, InputError)
