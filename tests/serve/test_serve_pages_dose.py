"""The dose page: recommendation, what-ifs, paper and order. One drug, so that its models are compiled once."""

from __future__ import annotations

import re
import sys
from datetime import datetime
from html import unescape
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient
from served import Served

from vitruvian.core import DataError
from vitruvian.serve.pages.dose_view import supposed
from vitruvian.twin import answer_from
from vitruvian.twin.doors.dose import DoseDoor

BASE = "/patients/sample-c/twins/dose"
PART = {"hx-request": "true"}


@pytest.fixture(scope="module")
def clinician(served: Served) -> TestClient:
    return served.client("clinician", json=False)


@pytest.fixture(scope="module")
def told(clinician: TestClient) -> dict[str, Any]:
    """What the same twin says to a program."""
    address = "/api/v1/patients/sample-c/twins/dose/questions/recommend"
    answer: dict[str, Any] = clinician.post(address, json={"drug": "tacrolimus"}).json()
    return answer


def test_the_first_html_asks_for_the_answer(clinician: TestClient) -> None:
    text = clinician.get(BASE).text
    assert "Dose of tacrolimus" in text
    assert f'hx-get="{BASE}/answer?drug=tacrolimus"' in text
    assert f'href="{BASE}/answer?drug=tacrolimus"' in text  # the same without scripts


def test_the_page_stands_before_the_twin_is_asked(clinician: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(DoseDoor, "status")
    text = clinician.get(BASE).text
    assert "with a model:" in text
    assert f'href="{BASE}?drug=tacrolimus"' in text


def test_a_slow_answer_is_waited_for_and_seen_to_be_waited_for(clinician: TestClient) -> None:
    text = unescape(clinician.get(BASE).text)
    assert '{"defaultTimeout": 0}' in text  # no request is given up in silence
    assert text.index("/static/busy.js") < text.index("/assets/htmx.js")  # it hears of the first request, too
    assert "aria-busy" not in text  # set and taken away by the script alone
    script = clinician.get("/static/busy.js").text
    assert all(one in script for one in ("htmx:before:request", "htmx:finally:request", "htmx:error"))
    form = clinician.get(f"{BASE}/answer?drug=tacrolimus", headers=PART).text
    (trigger,) = re.findall(r'hx-target="#course" hx-trigger="([^"]*)" hx-sync="this:replace"', form)
    assert "change," not in trigger  # a choice raises input and change: one question, not two


def test_the_answer_says_all_that_the_twin_says(clinician: TestClient, told: dict[str, Any]) -> None:
    text = unescape(clinician.get(f"{BASE}/answer?drug=tacrolimus", headers=PART).text)
    assert "<html" not in text
    assert told["sentence"] in text
    for one in (*told["reasons"], *told["citations"], told["data"]["next_level"]["text"], *told["data"]["monitoring"]):
        assert one in text
    for one in told["messages"]:
        assert one["text"] in text
    assert text.count('<tr role="row" class="best') == 1
    assert all(one["when"] in text for one in told["data"]["levels"])
    assert 'data-chart=""' in text
    whole = clinician.get(f"{BASE}/answer?drug=tacrolimus").text
    assert whole.startswith("<!doctype html>")


def test_a_curve_has_its_colour_by_what_it_is_and_moments_on_its_axis(clinician: TestClient) -> None:
    text = clinician.get(f"{BASE}/what-if?drug=tacrolimus&dose=2&interval=12", headers=PART).text
    (drawn,) = [orjson.loads(one) for one in re.findall(r'<script type="application/json">(.*?)</script>', text)]
    assert [one["role"] for one in drawn["lines"]] == ["own", "recommended", "past", ""]
    script = clinician.get("/static/chart.js").text
    assert all(f"{one['role']}: {{ name:" in script for one in drawn["lines"] if one["role"])
    assert '<li class="zone">target trough 4–11' in text
    assert datetime.fromisoformat(drawn["x_zero"]).utcoffset() is not None
    assert '<th scope="row">20' in text  # the table beside it has moments, too


def test_what_if_shows_ones_own_regimen(clinician: TestClient) -> None:
    text = unescape(clinician.get(f"{BASE}/what-if?drug=tacrolimus&dose=2&interval=12", headers=PART).text)
    assert "tacrolimus 2 mg by mouth every 12 h" in text
    assert "yours" in text
    other = unescape(clinician.get(f"{BASE}/what-if?drug=tacrolimus&dose=20&interval=12", headers=PART).text)
    assert "tacrolimus 20 mg" in other
    assert other != text


@pytest.mark.parametrize(
    "query",
    ["drug=tacrolimus&dose=-1&interval=12", "drug=tacrolimus&dose=x&interval=12", "drug=nothing&dose=1&interval=12",
     "drug=tacrolimus&dose=2&interval=12&wrong=1"],
)  # fmt: skip
def test_a_value_that_cannot_be_is_said_where_the_answer_would_stand(clinician: TestClient, query: str) -> None:
    found = clinician.get(f"{BASE}/what-if?{query}", headers=PART)
    assert found.status_code == 200
    assert 'role="alert"' in found.text
    assert "data-chart" not in found.text


def test_the_report_is_one_file_that_asks_nothing_of_the_network(clinician: TestClient, told: dict[str, Any]) -> None:
    found = clinician.get(f"{BASE}/report?drug=tacrolimus")
    assert found.status_code == 200
    assert found.headers["content-security-policy"].startswith("default-src 'none'")
    assert told["sentence"] in unescape(found.text)
    assert "<script" not in found.text


def test_paper_says_whose_it_is_and_when_it_was_made(clinician: TestClient) -> None:
    text = clinician.get(f"{BASE}/report?drug=tacrolimus").text
    (head,) = re.findall(r'<p class="whose">(.*?)</p>', text)
    assert re.search(r"born \d{4}-\d\d-\d\d · id sample-c</b> · printed \d\d \w{3} \d{4}, \d\d:\d\d UTC", head)
    assert "male" in head
    assert "string-set: whose" in text  # at the foot of every page of the PDF
    assert "What-if" not in head


def test_what_was_tried_is_printed_marked_and_never_ordered(clinician: TestClient) -> None:
    query = "drug=tacrolimus&dose=2&interval=12"
    part = unescape(clinician.get(f"{BASE}/what-if?{query}", headers=PART).text)
    assert f"{BASE}/report.pdf?{query}" in part
    assert "cannot be ordered" in part
    text = unescape(clinician.get(f"{BASE}/report?{query}").text)
    assert '<p class="whose"><b>What-if</b>' in text
    (box,) = re.findall(r'<p class="what-if">(.*?)</p>', text)
    assert "not a recommendation" in box
    assert "2 mg by mouth every 12 h" in box
    assert text.count('<span class="tag own">tried</span>') == 1
    assert "tried: 2 mg by mouth every 12 h" in text  # the curve
    refused = clinician.get(f"{BASE}/order.json?{query}")
    assert refused.status_code == 409
    assert "a what-if is not ordered" in unescape(refused.text)


def test_a_what_if_that_changes_nothing_says_so(clinician: TestClient) -> None:
    query = "drug=tacrolimus&dose=2&interval=12&start=paroxetine"
    text = unescape(clinician.get(f"{BASE}/what-if?{query}", headers=PART).text)
    assert "paroxetine is not known to act on tacrolimus" in text


def test_where_comparing_is_slow_the_regimen_stands_first(
    clinician: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vitruvian.serve.pages.dose.slow_to_compare", lambda _: True)
    query = "drug=tacrolimus&dose=2&interval=12&start=rifampicin"
    first = unescape(clinician.get(f"{BASE}/what-if?{query}", headers=PART).text)
    assert "With rifampicin started now: tacrolimus 2 mg by mouth every 12 h:" in first
    assert "is being worked out" in first
    (more,) = re.findall(r'hx-get="([^"]*)" hx-trigger="load', first)
    assert more == f"{BASE}/what-if?{query}&beside=1"
    whole = unescape(clinician.get(more, headers=PART).text)
    assert "Recommended, " in whole
    assert "beside=1" not in whole
    assert "hx-trigger" not in whole
    page = clinician.get(f"{BASE}/what-if?{query}").text  # without scripts there is one answer
    assert "Recommended, " in page
    plain = clinician.get(f"{BASE}/what-if?drug=tacrolimus&dose=2&interval=12", headers=PART).text
    assert "hx-trigger" not in plain  # another dose is soon compared


def test_a_what_if_follows_on_what_was_asked(clinician: TestClient) -> None:
    form = clinician.get(f"{BASE}/answer?drug=tacrolimus&loading=no", headers=PART).text
    (part,) = re.findall(r'hx-sync="this:replace" hx-indicator="#course">(.*?)<div class="fields', form, re.S)
    assert 'name="drug"' in part
    assert 'name="loading"' not in part  # the other question has no such value and would refuse


def test_what_is_supposed_is_said_in_words() -> None:
    assert supposed({"start": "rifampicin", "start_dose": "600"}) == "Supposed: rifampicin (600 mg) started now."
    assert supposed({"stop": "amiodarone"}) == "Supposed: amiodarone stopped now."
    assert supposed({"dose": "2"}) == ""


@pytest.mark.slow
def test_pdf(clinician: TestClient) -> None:
    pytest.importorskip("weasyprint")
    found = clinician.get(f"{BASE}/report.pdf?drug=tacrolimus")
    assert found.content.startswith(b"%PDF")
    assert "sample" not in found.headers["content-disposition"]


def test_pdf_without_its_extra_says_what_to_do(clinician: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    found = clinician.get(f"{BASE}/report.pdf?drug=tacrolimus")
    assert found.status_code == 422
    assert "vitruvian[pdf]" in found.text


def test_the_draft_order_is_a_draft(clinician: TestClient, told: dict[str, Any]) -> None:
    found = clinician.get(f"{BASE}/order.json?drug=tacrolimus")
    assert "attachment" in found.headers["content-disposition"]
    resources = [one["resource"] for one in found.json()["entry"]]
    (order,) = [one for one in resources if one["resourceType"] == "MedicationRequest"]
    assert (order["status"], order["intent"]) == ("draft", "proposal")
    best = told["data"]["options"][told["data"]["recommended"]]
    (dosage,) = order["dosageInstruction"]
    assert dosage["doseAndRate"][0]["doseQuantity"]["value"] == best["dose"]
    assert dosage["timing"]["repeat"]["period"] == best["interval_h"]


def test_an_answer_comes_back_from_its_data(told: dict[str, Any]) -> None:
    answer = answer_from(told["data"])
    assert answer_from(orjson.loads(orjson.dumps(answer.to_dict()))) == answer
    assert answer.best is not None
    assert answer.best.metric.unit == "ng/mL"
    with pytest.raises(DataError):
        answer_from({"patient": "x"})
