"""Search over FHIR, case by case: which resources the standard says are found. Ids were worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from fhir_people import as_served, raw, write_people
from served import Served, serving

from vitruvian.record import Record

Json = dict[str, Any]


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("people")
    with Record.open(folder / "people.db") as record:
        assert record.ingest(write_people(folder)).quarantined == 0
    with serving(folder / "people.db") as one:
        yield one


@pytest.fixture(scope="module")
def doctor(people: Served) -> TestClient:
    return people.client("clinician")


def found(client: TestClient, query: str, mode: str = "match") -> list[str]:
    """Ids of what was found, in their order."""
    answer = client.get(f"/fhir/{query}")
    assert answer.status_code == 200, answer.text
    entries = answer.json().get("entry", [])
    return [one["resource"]["id"] for one in entries if one["search"]["mode"] == mode]


def refused(client: TestClient, query: str, status: int = 400, **headers: str) -> str:
    answer = client.get(f"/fhir/{query}", headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"
    return str(answer.json()["issue"][0]["diagnostics"])


GLU, K = {"glu-1", "glu-2", "glu-3"}, {"k-1", "k-2"}
LABS = GLU | K | {"tn-1", "bp-1"}
CASES: dict[str, set[str]] = {
    # token
    "Observation?code=2339-0": GLU,
    "Observation?code=http://loinc.org|2339-0": GLU,
    "Observation?code=http://snomed.info/sct|2339-0": set(),
    "Observation?code=|2339-0": set(),
    "Observation?code=http://loinc.org|": LABS,
    "Observation?code=2339-0,2823-3": GLU | K,
    "Observation?code:not=2339-0": LABS - GLU,
    "Observation?code:text=TEST 28": K,
    "Observation?status=preliminary": {"tn-1"},
    "Observation?status=PRELIMINARY": {"tn-1"},
    "Observation?category=vital-signs": {"bp-1"},
    "Observation?component-code=8480-6": {"bp-1"},
    "Observation?combo-code=8480-6,2823-3": {"bp-1"} | K,
    "Condition?clinical-status=active": {"dm", "low", "fever"},
    "Condition?code=f32.1": {"low"},
    "Patient?identifier=urn:hospital|M-1": {"jose"},
    "Patient?identifier=M-2": {"ada"},
    "Patient?identifier=m-2": {"ada"},
    "Patient?identifier=urn:other|M-1": set(),
    "Patient?gender=female": {"ada"},
    "Patient?gender:missing=true": set(),
    "Patient?active=true": {"jose"},
    "Patient?active:missing=true": {"ada"},
    "Patient?deceased=true": {"ada"},
    "Patient?deceased=false": {"jose"},
    "Patient?telecom=jose@example.org": {"jose"},
    "Patient?phone=jose@example.org": set(),
    "Patient?email=jose@example.org": {"jose"},
    "Encounter?class=AMB": {"visit"},
    # string
    "Patient?name=nunez": {"jose"},
    "Patient?name=eve": {"jose", "ada"},
    "Patient?family=eve": {"ada"},
    "Patient?given=eve": {"jose"},
    "Patient?given=JOSE": {"jose"},
    "Patient?family:contains=de la": {"jose"},
    "Patient?family:exact=Evert": {"ada"},
    "Patient?family:exact=evert": set(),
    "Patient?name=nickname": set(),
    "Patient?address=köln": {"jose"},
    "Patient?address-city=koln": {"jose"},
    "Patient?address-postalcode=50667": {"jose"},
    "Organization?name=clinic": {"clinic"},
    # date: the span of what is found against the span asked for
    "Observation?date=2020": {"glu-1", "glu-2", "k-1"},
    "Observation?date=2020-03": {"glu-1", "k-1"},
    "Observation?date=2020-03-01": {"glu-1"},
    "Observation?date=ne2020": {"glu-3", "k-2", "tn-1", "bp-1"},
    "Observation?date=gt2020-06-15": {"glu-3", "k-2", "tn-1", "bp-1"},
    "Observation?date=ge2020-06-15": {"glu-2", "glu-3", "k-2", "tn-1", "bp-1"},
    "Observation?date=lt2020-06-15": {"glu-1", "k-1"},
    "Observation?date=le2020-06-15": {"glu-1", "glu-2", "k-1"},
    "Observation?date=sa2023-12-31": {"glu-3", "k-2"},
    "Observation?date=eb2021-01-01": {"glu-1", "glu-2", "k-1"},
    "Observation?date=ge2020-03-01&date=lt2020-04-01": {"glu-1", "k-1"},
    "Observation?date=2020-03-01T08:10:00Z": {"glu-1"},
    "Observation?date=2024-01-01": {"k-2"},
    "Patient?birthdate=1985": {"ada"},
    "Patient?birthdate=1985-12-25": set(),
    "Patient?birthdate=lt1980": {"jose"},
    "Patient?death-date=2024-01": {"ada"},
    "Encounter?date=2020-03-01": {"visit"},
    "Encounter?date=gt2030": {"stay"},
    "Encounter?date=lt2023-01-01": {"visit"},
    "Condition?onset-date=2019": {"low"},
    "Condition?onset-date=ge2012,lt1990": {"dm", "low"},
    "Condition?onset-date:missing=true": {"fever"},
    "Condition?recorded-date=2012-02-03": {"dm"},
    "Condition?asserted-date=2012-02-02": {"dm"},
    "MedicationRequest?authoredon=2019-11-20": {"ssri"},
    # number and quantity
    "Observation?value-quantity=126": {"glu-2"},
    "Observation?value-quantity=gt100|http://unitsofmeasure.org|mg/dL": {"glu-2"},
    "Observation?value-quantity=5.4|http://unitsofmeasure.org|mmol/L": {"k-2"},
    "Observation?value-quantity=5.0|http://unitsofmeasure.org|mmol/L": set(),
    "Observation?value-quantity=5|http://unitsofmeasure.org|mmol/L": {"k-2"},
    "Observation?value-quantity=ap5|http://unitsofmeasure.org|mmol/L": {"k-2"},
    "Observation?value-quantity=4|http://unitsofmeasure.org|mmol/L": {"k-1"},
    "Observation?value-quantity=4.0||mmol/L": set(),
    "Observation?value-quantity=le5.4||mmol/L": K,
    "Observation?value-quantity=le5.4||mol/L": K | {"glu-3"},
    "Observation?value-quantity=lt0.02||ng/mL": {"tn-1"},
    "Observation?value-quantity=ge1.2||g/L": {"glu-2"},
    "Observation?component-value-quantity=gt140||mm[Hg]": {"bp-1"},
    "Observation?combo-value-quantity=88||mm[Hg]": {"bp-1"},
    "Observation?value-quantity:missing=true": {"bp-1"},
    # composite: both parts of one element
    "Observation?code-value-quantity=2823-3$gt5": {"k-2"},
    "Observation?code-value-quantity=http://loinc.org|2823-3$gt5||mmol/L,2339-0$lt10": {"k-2", "glu-3"},
    "Observation?component-code-value-quantity=8480-6$gt140": {"bp-1"},
    "Observation?component-code-value-quantity=8462-4$gt140": set(),
    "Observation?combo-code-value-quantity=8462-4$88,2823-3$4.1": {"bp-1", "k-1"},
    "Observation?code-value-concept=2823-3$x": set(),
    "Observation?component-code-value-quantity:missing=false": {"bp-1"},
    # identifiers by type
    "Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|M-1": {"jose"},
    "Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|PI|M-1": set(),
    "Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|M-2": set(),
    # reference
    "Observation?patient=jose": {"glu-1", "glu-2", "k-1", "bp-1"},
    "Observation?patient=Patient/jose": {"glu-1", "glu-2", "k-1", "bp-1"},
    "Observation?subject=Patient/ada": {"glu-3", "k-2", "tn-1"},
    "Observation?subject:Patient=ada": {"glu-3", "k-2", "tn-1"},
    "Observation?subject=http://127.0.0.1:8000/fhir/Patient/ada": {"glu-3", "k-2", "tn-1"},
    "Observation?patient=jose,ada&code=2339-0": GLU,
    "Observation?patient=jose&patient=ada": set(),
    "Observation?patient=nobody": set(),
    "Observation?subject=Group/jose": set(),
    "Observation?encounter=visit": {"glu-1"},
    "Observation?encounter:missing=false": {"glu-1"},
    "Condition?asserter=Practitioner/doc": {"fever"},
    "Provenance?target=Observation/glu-1": {"prov"},
    # chains and _has
    "Observation?patient.name=pepe": {"glu-1", "glu-2", "k-1", "bp-1"},
    "Observation?subject:Patient.identifier=urn:hospital|M-2": {"glu-3", "k-2", "tn-1"},
    "Observation?patient.birthdate=lt1980&code=2339-0": {"glu-1", "glu-2"},
    "Observation?encounter.class=AMB": {"glu-1"},
    "Observation?encounter.participant:Practitioner.family=gregory": {"glu-1"},
    "Encounter?service-provider.name=far": {"stay"},
    "Patient?_has:Condition:patient:code=44054006": {"jose"},
    "Patient?_has:Observation:patient:date=2024": {"ada"},
    "Patient?_has:Observation:patient:code=2339-0": {"jose", "ada"},
    "Patient?_has:Encounter:patient:participant.family=stranger": {"ada"},
    "Patient?_has:Observation:patient:_has:Provenance:target:recorded=2020": {"jose"},
    "Practitioner?_has:Encounter:participant:patient=jose": {"doc"},
    "Practitioner?_id=doc&_has:Encounter:participant:class=AMB": {"doc"},
    "Practitioner?_id=doc&_has:Encounter:participant:class=IMP": set(),
    "Observation?patient._has:Condition:patient:code=386661006": {"glu-3", "k-2", "tn-1"},
    # of every type
    "Observation?_id=glu-1,k-2,nothing": {"glu-1", "k-2"},
    "Observation?_id:not=glu-1": LABS - {"glu-1"},
    "Observation?_lastUpdated=gt2001": LABS,
    "Observation?_lastUpdated=lt2001": set(),
    "Observation?_tag=x": set(),
}


@pytest.mark.parametrize("query", CASES)
def test_a_search_finds_what_the_standard_says(doctor: TestClient, query: str) -> None:
    assert sorted(found(doctor, query + ("&" if "?" in query else "?") + "_count=1000")) == sorted(CASES[query])


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("Observation?date=yesterday", "date needs a date"),
        ("Observation?date=zz2020", "no such prefix"),
        ("Observation?value-quantity=abc", "needs a number"),
        ("Observation?value-quantity=nan", "needs a number"),
        ("Observation?code:below=1", "no such modifier"),
        ("Observation?code:in=http://example.org/set", "give the codes"),
        ("Observation?code:not-in=http://example.org/set", "give the codes"),
        ("Observation?code:of-type=a|b|c", "no such modifier"),
        ("Patient?identifier:of-type=MR|M-1", "system|code|value"),
        ("Observation?code-value-quantity=2823-3", "token$quantity"),
        ("Observation?code-value-quantity=2823-3$high", "needs a number"),
        ("Observation?code-value-quantity:not=2823-3$1", "no such modifier"),
        ("Observation?date:exact=2020", "no such modifier"),
        ("Observation?code=", "is empty"),
        ("Observation?code:missing=perhaps", "another value"),
        ("Observation?_count=-1", "_count"),
        ("Observation?_count=1&_count=2", "twice"),
        ("Observation?_summary=some", "_summary"),
        ("Observation?_total=about", "_total"),
        ("Observation?_include=Observation", "another form"),
        ("Observation?_include=Observation:code", "names no reference"),
        ("Observation?_include:sometimes=Observation:encounter", "no such modifier"),
        ("Observation?_has:Condition:patient=1", "_has has another form"),
        ("Patient?_has:Condition:code:code=1", "no such reference"),
        ("Patient?_has:Condition:patient:colour=1", "no such parameter"),
        ("Observation?code.name=1", "is no reference"),
        ("Observation?patient.colour=1", "has the parameter"),
        ("Encounter?part-of.part-of.part-of.part-of.part-of.status=x", "too long"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_reason(doctor: TestClient, query: str, said: str) -> None:
    assert said in refused(doctor, query)


def test_an_unknown_parameter_is_told_or_refused(doctor: TestClient) -> None:
    answer = doctor.get("/fhir/Observation?colour=red&code=2339-0&_sort=colour").json()
    *matches, last = answer["entry"]
    assert len(matches) == 3
    assert last["search"]["mode"] == "outcome"
    assert "colour, _sort=colour" in last["resource"]["issue"][0]["diagnostics"]
    assert parse_qs(urlsplit(answer["link"][0]["url"]).query) == {"code": ["2339-0"], "_sort": ["colour"]}
    assert "colour" in refused(doctor, "Observation?colour=red", prefer="handling=strict")
    assert found(doctor, "Observation?code=2823-3") == found(doctor, "Observation?code=2823-3&_format=json")


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("date", ["glu-1", "glu-2", "bp-1", "tn-1", "glu-3", "k-2"]),
        ("-date", ["glu-3", "k-2", "tn-1", "bp-1", "glu-2", "glu-1"]),
        ("value-quantity", ["tn-1", "k-2", "glu-3", "glu-1", "glu-2", "bp-1"]),
        ("-value-quantity", ["glu-2", "glu-1", "glu-3", "k-2", "tn-1", "bp-1"]),
        ("patient,-_id", ["tn-1", "k-2", "glu-3", "glu-2", "glu-1", "bp-1"]),
        ("status,code,_id", ["glu-1", "glu-2", "glu-3", "k-2", "bp-1", "tn-1"]),
    ],
)
def test_results_come_in_order(doctor: TestClient, sort: str, expected: list[str]) -> None:
    assert found(doctor, f"Observation?_id:not=k-1&_sort={sort}") == expected


@pytest.mark.parametrize("sort", ["", "&_sort=-date", "&_sort=status"])
def test_pages_hold_everything_once_and_tell_nothing(doctor: TestClient, sort: str) -> None:
    url: str | None = f"/fhir/Observation?code=http://loinc.org|&_count=3{sort}"
    seen: list[str] = []
    pages = 0
    while url is not None:
        page = doctor.get(url).json()
        assert page["total"] == 7
        seen += [one["resource"]["id"] for one in page["entry"]]
        links = {one["relation"]: one["url"] for one in page["link"]}
        url = links["next"].partition("8000")[2] if "next" in links else None
        assert url is None or ("loinc" not in url and "status" not in url)
        pages += 1
    assert pages == 3
    assert seen == found(doctor, f"Observation?_count=1000{sort}")


def test_a_link_is_good_for_who_made_it_only(people: Served, doctor: TestClient) -> None:
    page = doctor.get("/fhir/Observation?_count=1").json()
    url = next(one["url"] for one in page["link"] if one["relation"] == "next").partition("8000")[2]
    assert doctor.get(url).status_code == 200
    assert people.client("clinician", who="another").get(url).status_code == 404
    assert doctor.get(url[:-2]).status_code == 404
    assert doctor.get(url.replace("_page=", "_page=A")).status_code == 404
    assert doctor.get("/fhir?_page=é").status_code == 404


def test_a_page_follows_the_last_match_though_something_came_between(own_record: Path) -> None:
    with serving(own_record) as served:
        client = served.client("clinician")
        page = client.get("/fhir/Condition?_sort=_id&_count=2").json()
        new = {
            "resourceType": "Condition",
            "subject": {"reference": "Patient/sample-a"},
            "code": {"text": "x"},
        }
        made = client.post("/fhir/Condition", json=new)
        assert made.status_code == 201, made.text
        url = next(one["url"] for one in page["link"] if one["relation"] == "next").partition("8000")[2]
        every = found(client, "Condition?_sort=_id")
        assert every[0] == made.json()["id"]
        assert [one["resource"]["id"] for one in client.get(url).json()["entry"]] == every[3:5]


def test_includes_bring_what_is_referred_to_and_what_refers(doctor: TestClient) -> None:
    query = "Observation?_id=glu-1&_include=Observation:encounter&_include=Observation:patient"
    assert found(doctor, query) == ["glu-1"]
    assert sorted(found(doctor, query, "include")) == ["jose", "visit"]
    again = query + "&_include:iterate=Encounter:participant&_include:iterate=Encounter:service-provider"
    assert sorted(found(doctor, again, "include")) == ["clinic", "doc", "jose", "visit"]
    assert found(doctor, "Observation?_id=glu-1&_include=Encounter:participant", "include") == []
    assert found(doctor, "Observation?_id=glu-1&_include=Observation:subject:Group", "include") == []
    assert found(doctor, "Observation?_id=glu-1&_revinclude=Provenance:target", "include") == ["prov"]
    assert sorted(found(doctor, "Patient?_id=ada&_revinclude=Condition:patient", "include")) == ["fever"]
    pointing = sorted(found(doctor, "Patient?_id=ada&_revinclude=*", "include"))
    assert "fever" in pointing
    assert set(pointing) == set(found(doctor, "Patient?_id=ada&_revinclude=*&_revinclude=Condition:patient", "include"))
    assert sorted(found(doctor, "Practitioner?_id=doc&_revinclude=Encounter:participant", "include")) == ["visit"]
    assert sorted(found(doctor, "MedicationRequest?_include=MedicationRequest:*", "include")) == [
        "doc",
        "jose",
        "visit",
    ]


def test_totals_counts_and_parts(doctor: TestClient) -> None:
    counted = doctor.get("/fhir/Observation?code=2339-0&_summary=count").json()
    assert (counted["total"], "entry" in counted) == (3, False)
    assert doctor.get("/fhir/Observation?_count=0").json()["total"] == 7
    assert "total" not in doctor.get("/fhir/Observation?_total=none").json()
    assert doctor.get("/fhir/Observation?_total=accurate&_count=2").json()["total"] == 7
    (one,) = doctor.get("/fhir/Patient?_id=jose&_elements=name,active").json()["entry"]
    assert set(one["resource"]) == {"resourceType", "id", "meta", "name", "active"}
    assert one["resource"]["meta"]["tag"][-1]["code"] == "SUBSETTED"
    (one,) = doctor.get("/fhir/Observation?_id=bp-1&_elements=subject").json()["entry"]
    assert set(one["resource"]) == {
        "resourceType",
        "id",
        "meta",
        "subject",
        "code",
        "status",
    }  # the last two are mandatory
    (one,) = doctor.get("/fhir/Observation?_id=glu-1&_summary=true").json()["entry"]
    assert "category" not in one["resource"]
    assert "valueQuantity" in one["resource"]


def test_post_search_is_the_same_search(doctor: TestClient) -> None:
    body = {"code": "2339-0", "_sort": "_id"}
    posted = doctor.post("/fhir/Observation/_search?patient=jose", data=body).json()
    assert [one["resource"]["id"] for one in posted["entry"]] == ["glu-1", "glu-2"]
    assert doctor.post("/fhir/Observation/_search").json()["total"] == 7
    bad = doctor.post(
        "/fhir/Observation/_search", content=b"\xff=1", headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert bad.status_code == 400


def test_resources_come_as_they_were_sent(doctor: TestClient) -> None:
    sent = {(one["resourceType"], one["id"]): as_served(one) for one in raw()}
    for kind, name in sent:
        assert doctor.get(f"/fhir/{kind}/{name}").json() == sent[kind, name]
    every = doctor.get("/fhir/Observation").json()["entry"]
    assert all(one["resource"] == sent["Observation", one["resource"]["id"]] for one in every)
    assert len({one["fullUrl"] for one in every}) == 7


def test_everything_of_a_person(doctor: TestClient) -> None:
    answer = doctor.get("/fhir/Patient/jose/$everything").json()
    names = [one["fullUrl"].partition("/fhir/")[2] for one in answer["entry"]]
    own = {"Patient/jose", "Encounter/visit", "Observation/glu-1", "Observation/glu-2", "Observation/k-1",
           "Observation/bp-1", "Condition/dm", "Condition/low", "MedicationRequest/ssri"}  # fmt: skip
    assert names[0] == "Patient/jose"
    assert {one for one, entry in zip(names, answer["entry"], strict=True) if entry["search"]["mode"] == "match"} >= own
    assert not {one for one in names if "ada" in one or "stay" in one or "far" in one or "other" in one}
    assert {"Practitioner/doc", "Organization/clinic"} <= set(names)
    some = doctor.get("/fhir/Patient/jose/$everything?start=2020-06-01&_type=Observation,Patient").json()["entry"]
    assert {one["resource"]["id"] for one in some} == {"jose", "glu-2", "bp-1"}
    assert refused(doctor, "Patient/nobody/$everything", 404)
    assert "colour" in refused(doctor, "Patient/jose/$everything?colour=red")


def test_everything_comes_in_pages(doctor: TestClient) -> None:
    url: str | None = "/fhir/Patient/jose/$everything?_count=4"
    seen: list[str] = []
    while url is not None:
        page = doctor.get(url).json()
        seen += [one["fullUrl"] for one in page["entry"]]
        links = {one["relation"]: one["url"] for one in page["link"]}
        url = links["next"].partition("8000")[2] if "next" in links else None
    whole = doctor.get("/fhir/Patient/jose/$everything").json()["entry"]
    assert seen == [one["fullUrl"] for one in whole]
