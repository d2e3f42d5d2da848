"""Record and access pages: files in with their account, quarantine, consent, audit; pictures as data and tables."""

from __future__ import annotations

import math
from html import unescape
from typing import Any

import orjson
from served import Served

from vitruvian.serve.pages.charts import picture_json, picture_tables
from vitruvian.twin.doors import Line, Picture

PART = {"hx-request": "true"}


def bundle(*values: float, person: str = "new-1") -> bytes:
    """Creatinine of a person in a FHIR bundle."""
    entries: list[dict[str, Any]] = [
        {"resourceType": "Patient", "id": person, "name": [{"family": "New", "given": ["Nora"]}], "gender": "female"}
    ]
    entries += [
        {"resourceType": "Observation", "id": f"{person}-{k}", "status": "final",
         "subject": {"reference": f"Patient/{person}"}, "effectiveDateTime": f"2026-01-0{k + 1}T08:00:00Z",
         "code": {"coding": [{"system": "http://loinc.org", "code": "2160-0", "display": "Creatinine"}]},
         "valueQuantity": {"value": value, "unit": "mg/dL", "system": "http://unitsofmeasure.org", "code": "mg/dL"}}
        for k, value in enumerate(values)
    ]  # fmt: skip
    told = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in entries]}
    return orjson.dumps(told)


def test_a_dropped_file_is_accounted_for_and_seen(own_served: Served) -> None:
    browser = own_served.client("clinician", json=False)
    files = {"files": ("new.json", bundle(0.9, 1.4), "application/json")}
    text = browser.post("/intake", files=files, headers=PART).text
    assert "3 records came in: 3 stored, 0 known already, 0 in quarantine" in text
    assert 'href="/patients/' in text
    again = browser.post("/intake", files=files).text
    assert again.startswith("<!doctype html>")
    assert "0 stored, 3 known already" in again
    assert "Nora New" in browser.get("/?q=nora").text
    assert "1.4" in browser.get("/patients/new-1/parts/laboratory", headers=PART).text


def test_a_file_from_elsewhere_is_not_taken_in(own_served: Served) -> None:
    browser = own_served.client("clinician", json=False)
    del browser.headers["x-csrf-token"]
    files = {"files": ("new.json", bundle(0.9), "application/json")}
    assert browser.post("/intake", files=files).status_code == 403
    assert "Nora New" not in browser.get("/?q=nora").text


def test_what_is_not_accepted_waits_with_its_reason_and_can_be_tried_again(own_served: Served) -> None:
    browser = own_served.client("owner", json=False)
    genome = b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS\n"
    told = browser.post("/intake", files={"files": ("g.vcf", genome, "text/plain")}, headers=PART).text
    assert "in quarantine" in told
    page = browser.get("/quarantine").text
    assert "g.vcf" in page
    ids = [part.split('"')[0] for part in page.split('name="ids" value="')[1:]]
    assert ids
    again = browser.post("/quarantine", data={"ids": ids}).text
    assert "in quarantine" in again
    assert "g.vcf" in again
    assert browser.post("/quarantine/dismiss", data={"ids": ids}).status_code == 422
    assert browser.post("/quarantine/dismiss", data={"ids": ids, "reason": "junk"}).status_code == 303
    assert "g.vcf" not in browser.get("/quarantine").text
    assert [one.dismissed for one in own_served.server.record.quarantined(dismissed=True)] == ["junk"]


def test_consent_in_plain_language_acts_on_the_next_look(own_served: Served) -> None:
    own = own_served.client("patient", own=("sample-a",), json=False)
    clinician = own_served.client("clinician", json=False)
    genome = "/patients/sample-a/parts/genome"
    clinician.get("/patients/sample-a/twins")  # reads the genes
    assert "CYP2C9" in clinician.get(genome, headers=PART).text
    denied = own.post("/patients/sample-a/consent", data={"kind": "deny", "purpose": "treatment", "category": "genome"})
    assert denied.status_code == 303
    assert "CYP2C9" not in clinician.get(genome, headers=PART).text
    text = own.get("/patients/sample-a/consent").text
    assert "until taken back" in text
    assert "those who treat you" in text
    assert "those who treat this person" not in text
    for name in ("kind", "purpose", "category"):  # nothing is permitted by one press of a button
        assert f'<select name="{name}" id="{name}" required><option value="">choose</option>' in text
    assert "selected" not in text
    row = text.split("Genome and genes</th>")[1].split("</tr>")[0]
    assert "no</span>" in row.split("</td>")[0]
    back = own.post("/patients/sample-a/consent/withdraw", data={"purpose": "treatment", "category": "genome"})
    assert back.status_code == 303
    assert "CYP2C9" in clinician.get(genome, headers=PART).text
    assert "your consent" in text


def test_who_saw_it_names_who_looked(own_served: Served) -> None:
    clinician = own_served.client("clinician", json=False)
    clinician.get("/patients/sample-b")
    text = unescape(own_served.client("patient", own=("sample-b",), json=False).get("/patients/sample-b/access").text)
    assert "clinician" in text
    assert "read" in text
    other = own_served.client("patient", own=("sample-a",), json=False).get("/patients/sample-a/access").text
    assert "clinician" not in other


def test_the_audit_tells_who_and_is_whole(own_served: Served) -> None:
    own_served.client("clinician", json=False).get("/patients/sample-b")
    auditor = own_served.client("auditor", json=False)
    text = auditor.get("/audit").text
    assert "clinician" in text
    assert "Birgit" not in text
    assert "read" not in auditor.get("/audit?action=ingest").text.split("<tbody>")[1]
    assert "not named here" in text
    owner = own_served.client("owner", json=False).get("/audit?action=read").text
    assert "Birgit" in owner.split("<tbody>")[1], "one who may see the person reads the name"
    assert "{&#34;" not in owner
    assert "The audit is whole" in auditor.get("/audit/verify").text


def picture(**more: Any) -> Picture:
    """A curve of 100 points with a band, and two measured points."""
    x = tuple(float(k) for k in range(100))
    y = tuple(1.23456789 * k for k in x)
    line = Line("median", y, (((*y[:-1], math.nan), y),))
    marks = Line("measured", (5.0, math.inf), x=(3.0, 4.0), marks=True)
    return Picture("p", "A curve", "time", "h", "level", "mg/L", x, (line, marks), (1.0, None), **more)


def test_a_picture_as_json_is_finite_and_short() -> None:
    told = picture_json(picture())
    assert orjson.loads(orjson.dumps(told)) == orjson.loads(orjson.dumps(told | {"zone": [1.0, None]}))
    assert told["lines"][0]["bands"][0][0][-1] is None
    assert told["lines"][1]["y"] == [5.0, None]
    assert told["lines"][0]["y"][3] == 3.7037


def test_a_picture_as_tables() -> None:
    curve, marks = picture_tables(picture())
    assert curve.columns == ("time (h)", "median (mg/L)")
    assert 20 <= len(curve.rows) <= 26
    assert curve.rows[0] == ("0", "0 (0–0)")
    assert curve.rows[-1] == ("99", "122")  # its band has no lower end
    assert marks.rows == (("3", "5"), ("4", "–"))
    moments = picture_tables(picture(x_is_time=True))[1]
    assert moments.rows[0][0] == "1970-01-01 00:00 UTC"
