"""Risks of installed models on a person's pages and in the HTTP interface: score, set, reasons, picture, doubts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import invalidate_caches
from pathlib import Path

import pytest
from served import Served

from made_risk import made_risk
from vitruvian.learn import save
from vitruvian.study.scores import FOLDER
from vitruvian.twin.doors import twin_doors

PERSON = "/patients/sample-d/twins/risk"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("models")
    save(made_risk(), found / "made_stay")
    return found


@pytest.fixture
def risk(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A model in the folder, and the twin known, also where the package was installed before it had one."""
    monkeypatch.setenv(FOLDER, str(folder))
    if "risk" not in twin_doors():
        info = tmp_path / "more-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: more\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[vitruvian.twins]\nrisk = vitruvian.study.scores:RISK\n")
        monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
        invalidate_caches()
        twin_doors.cache_clear()
    yield
    monkeypatch.undo()
    twin_doors.cache_clear()


def test_its_page_shows_score_set_reasons_and_picture(served: Served, risk: None) -> None:
    browser = served.client("clinician", json=False)
    assert ">Risks</a>" in browser.get("/patients/sample-d").text
    assert "AUROC 0.800 (0.700 to 0.900) by cross-validation." in browser.get(f"{PERSON}/state").text
    page = browser.get(PERSON, params={"ask": "risk", "model": "made_stay"}).text
    assert "Hospital stay within 30 days: " in page
    assert "60 % set: {" in page
    assert "For the patient: Of 100 people like you" in page
    assert 'id="chart-moved"' in page
    assert "What moved the score, greatest first" in page
    lower = browser.get(PERSON, params={"ask": "lower", "model": "made_stay", "target": "5"}).text
    assert "Systolic pressure, last (ever)" in lower
    wrong = browser.get(PERSON, params={"ask": "lower", "model": "made_stay", "target": "500"}).text
    assert "Out of range; allowed: a number from 0.1 to 99 %." in wrong


def test_programs_and_the_person_get_the_same(served: Served, risk: None) -> None:
    client = served.client("clinician")
    told = client.post("/api/v1/patients/sample-d/twins/risk/questions/risk", json={"model": "made_stay"}).json()
    assert told["data"]["probability"]["yes"] == pytest.approx(1 - told["data"]["probability"]["no"])
    own = served.client("patient", own=("sample-d",), json=False).get(PERSON, params={"ask": "risk"}).text
    assert told["sentence"].split(":")[0] in own
    other = served.client("patient", own=("sample-b",)).get("/api/v1/patients/sample-d/twins")
    assert other.status_code == 404
