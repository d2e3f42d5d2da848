"""Pages: each stands by itself, keeps to this host, and says what the record and the twins say."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from served import Served

from vitruvian.serve.pages import patient as patient_page

Client = Callable[..., TestClient]
PLACES = ("/", "/?q=carla", "/intake", "/quarantine", "/audit", "/audit/verify", "/patients/sample-c",
          "/patients/sample-c/timeline", "/patients/sample-c/measurements/2160-0", "/patients/sample-c/consent",
          "/patients/sample-c/access", "/patients/sample-c/twins/dose", "/patients/sample-c/twins",
          "/patients/sample-e", "/patients/sample-e/timeline", "/patients/sample-e/measurements/glucose",
          "/patients/sample-e/twins/glucose", "/patients/sample-d/twins/heart", "/monitor", "/proposals", "/purpose",
          "/accounts", "/accounts/programs", "/accounts/emergencies", "/account", "/account/applications",
          *(f"/patients/sample-c/parts/{one}" for one in patient_page.PARTS))  # fmt: skip
PART = {"hx-request": "true"}
FIRST_HTML = 15_000
"""Bytes of the first answer, not compressed: pages hold a session's token, which compression could give away."""
LATER = re.compile(r'<div[^>]* hx-get="([^"]+)" hx-trigger="(?:load|revealed)"[^>]*>(.*?)</div>', re.S)


@pytest.fixture(scope="module")
def clinician(served: Served) -> TestClient:
    return served.client("clinician", json=False)


def test_a_twin_page_stands_before_its_state_is_asked_for(client: Client) -> None:
    there, base = client(json=False), "/patients/sample-e/twins/glucose"
    first = there.get(base).text
    assert f'hx-get="{base}/state"' in first
    assert "at the newest reading" not in first
    part, whole = there.get(f"{base}/state", headers=PART).text, there.get(f"{base}/state").text
    assert "at the newest reading" in part
    assert "<h1" not in part
    assert "at the newest reading" in whole
    assert "<h1" in whole
    assert "at the newest reading" in there.get(f"{base}?ask=usual_day&days=400").text


@pytest.mark.parametrize("place", PLACES)
def test_a_page_stands_by_itself_and_keeps_to_this_host(client: Client, place: str) -> None:
    found = client(json=False).get(place)
    assert found.status_code == 200
    text = found.text
    assert text.startswith("<!doctype html>")
    assert text.count("<h1") == 1
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text)
    assert all("src=" in one or "application/json" in one for one in re.findall(r"<script[^>]*>", text))
    assert not re.findall(r"(?:src|href|action)=\"(?:https?:)?//", text)
    assert "unsafe" not in found.headers["content-security-policy"]
    assert found.headers["cache-control"] == "no-store"
    assert len(found.content) <= FIRST_HTML
    for address, inside in LATER.findall(text):
        assert f'<a href="{address}"' in inside  # what scripts would fetch is a link


def test_a_long_table_comes_in_pages(client: Client) -> None:
    there = client(json=False)
    first, second = (there.get(f"/patients/sample-c/timeline?part={k}").text for k in (1, 2))
    assert "Page 1 of" in first
    assert "Page 2 of" in second
    assert first.count("<tr>") == second.count("<tr>") == 46
    assert first.partition("<tbody>")[2] != second.partition("<tbody>")[2]
    assert there.get("/patients/sample-c/timeline?part=0").status_code == 422


def test_a_long_course_comes_when_the_page_stands(client: Client) -> None:
    there, place = client(json=False), "/patients/sample-e/measurements/glucose"
    assert "<figure" not in there.get(place).text
    part = there.get(f"{place}/course", headers=PART)
    assert part.headers["content-encoding"] == "gzip"
    assert part.text.count("<figure") == 1
    assert "<h1>" in there.get(f"{place}/course").text
    assert there.get(f"{place}/course", headers=PART | {"accept-encoding": "identity"}).text == part.text


def test_what_pages_load_is_there_and_small() -> None:
    here = Path(patient_page.__file__).parents[1]
    text = (here / "templates" / "base.html").read_text(encoding="utf-8")
    loaded = re.findall(r"(?:src|href)=\"/(static/[^\"]+)\"", text)
    assert {"static/style.css", "static/chart.js"} <= set(loaded)
    assert sum((here / one).stat().st_size for one in loaded) < 40_000


def test_a_part_is_a_fragment_for_the_page_and_a_page_without_scripts(client: Client) -> None:
    part = client(json=False).get("/patients/sample-c/parts/laboratory", headers=PART)
    assert "<html" not in part.text
    assert "Creatinine" in part.text
    assert client(json=False).get("/patients/sample-c/parts/nothing").status_code == 404


def test_the_page_of_a_person_says_who_and_what_goes_on(client: Client) -> None:
    text = client(json=False).get("/patients/sample-a").text
    for one in ("Anton Sample", "81 years", "Atrial fibrillation", "Apixaban", "Genome on file", "No allergy recorded"):
        assert one in text
    states = client(json=False).get("/patients/sample-a/twins", headers=PART).text
    assert "two anticoagulants at once" in unescape(states)
    assert "stopped by a check" in states
    assert "Readings of a glucose sensor" in states  # what to get for a twin without data


def test_genes_that_differ_come_first(client: Client) -> None:
    client(json=False).get("/patients/sample-a/twins")  # reads the genes
    text = client(json=False).get("/patients/sample-a/parts/genome", headers=PART).text
    shown, _, rest = text.partition("<details>")
    assert "CYP2C9" in shown
    assert "*1/*3" in shown
    assert "TPMT" in rest
    assert "TPMT" not in shown


def test_a_measurement_has_its_curve_its_range_and_its_numbers(client: Client) -> None:
    text = client(json=False).get("/patients/sample-a/measurements/6301-6").text
    assert "15 values" in text
    assert "0.8–1.2" in text
    assert '"zone": [0.8, 1.2]' in text
    assert text.count("<tr>") == 15 + 1
    assert client(json=False).get("/patients/sample-a/measurements/99999-9").status_code == 404


def test_people_are_found_by_name_id_and_not_otherwise(client: Client) -> None:
    browser = client(json=False)
    assert "Carla Sample" in browser.get("/?q=carla").text
    assert "Carla Sample" in browser.get("/?q=sample-c").text
    assert "Anton Sample" not in browser.get("/?q=carla").text
    assert "Nobody" in browser.get("/?q=nobody-at-all").text
    assert "&lt;b&gt;" in browser.get("/?q=<b>").text


def test_a_patient_sees_their_own_pages_alone(client: Client) -> None:
    own = client("patient", own=("sample-c",), json=False)
    assert "Carla Sample" in own.get("/").text
    assert "Anton Sample" not in own.get("/").text
    for place in ("", "/timeline", "/consent", "/access", "/parts/genome", "/twins/dose", "/measurements/2160-0"):
        assert own.get(f"/patients/sample-c{place}").status_code == 200
        assert own.get(f"/patients/sample-a{place}").status_code in (403, 404)
    for place in ("/intake", "/quarantine", "/audit"):
        assert own.get(place).status_code == 403
        assert f'href="{place}"' not in own.get("/").text


def test_pages_without_a_session_lead_to_signing_in(served: Served) -> None:
    found = served.anybody.get("/patients/sample-a", headers={"accept": "text/html"})
    assert found.status_code == 303
    assert found.headers["location"].startswith("/sign-in")


def test_what_goes_wrong_with_a_part_is_said_in_its_place(served: Served, client: Client) -> None:
    found = client(json=False).get("/patients/nobody-here/parts/genome", headers=PART)
    assert found.status_code == 404
    assert "<html" not in found.text
    assert 'role="alert"' in found.text
    ended = served.anybody.get("/patients/sample-a/parts/genome", headers=PART | {"accept": "text/html"})
    assert (ended.status_code, ended.headers["hx-redirect"]) == (401, "/sign-in")


def test_entries_have_their_time_and_visits_their_words(served: Served) -> None:
    clinician = served.client("clinician", json=False)
    text = unescape(clinician.get("/patients/sample-b/timeline").text)
    assert "13 May 2025, 08:05–09:05" in text  # a dose
    assert "hospital stay" in text
    assert "IMP" not in text
    assert "since 12 May 2025, 20:10" in unescape(clinician.get("/patients/sample-b").text)
    laboratory = unescape(clinician.get("/patients/sample-b/parts/laboratory").text)
    assert "Vancomycin, trough" in laboratory
    assert "14 May 2025, 07:40" in laboratory
