"""A distribution whose twins cannot be used: each stands there with its reason, and all the others work."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import invalidate_caches
from pathlib import Path

import pytest
from served import Served

from vitruvian.core import UnsupportedError
from vitruvian.twin.doors import ask, twin_doors

MODULE = """
class Gait:
    name, title, about = "dose", "Dose", "Takes the name of another twin."
    def status(self, patient, at=None): return ()
    def questions(self, patient): return ()
    def ask(self, patient, question, values, at=None): raise RuntimeError

GAIT, MOOD = Gait(), 7
"""
ENTRIES = """[vitruvian.twins]
balance = made_up_absent:BALANCE
dose = made_up_gait:GAIT
mood = made_up_gait:MOOD
quits = made_up_quits:TWIN
"""


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A distribution on the path: no module, one that ends the process, no twin, a name that is taken."""
    (tmp_path / "made_up_gait.py").write_text(MODULE)
    (tmp_path / "made_up_quits.py").write_text("import sys\nsys.exit('needs a licence')\n")
    info = tmp_path / "made_up_gait-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: made-up-gait\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRIES)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    invalidate_caches()
    twin_doors.cache_clear()
    yield
    monkeypatch.undo()
    twin_doors.cache_clear()


def test_each_says_why_and_the_others_work(served: Served, broken: None) -> None:
    doors = twin_doors()
    assert {"balance", "dose", "dose-of-made-up-gait", "glucose", "heart", "mood", "quits"} <= set(doors)
    assert list(doors) == sorted(doors)
    assert "ModuleNotFoundError: No module named 'made_up_absent'" in doors["balance"].about
    assert "the name dose is taken" in doors["dose-of-made-up-gait"].about
    assert "made_up_gait:MOOD is no twin but a int" in doors["mood"].about
    assert "SystemExit: needs a licence" in doors["quits"].about
    assert doors["dose"].title == "Dose"
    assert doors["dose"].about.startswith("The dose that reaches a target")


def test_programs_and_pages_are_told(served: Served, broken: None) -> None:
    client, browser = served.client("clinician"), served.client("clinician", json=False)
    found = {one["twin"]: one for one in client.get("/api/v1/patients/sample-b/twins").json()}
    assert [one["state"] for one in found["balance"]["status"]] == ["blocked"]
    assert [one["subject"] for one in found["dose"]["status"]] == ["vancomycin"]
    refused = client.post("/api/v1/patients/sample-d/twins/balance/questions/walk", json={})
    assert (400 <= refused.status_code < 500, "No module named" in refused.text) == (True, True)
    for page in ("/patients/sample-d/twins", "/patients/sample-d/twins/balance"):
        shown = browser.get(page)
        assert (shown.status_code, "No module named" in shown.text) == (200, True)


def test_a_question_to_it_is_refused_with_the_reason(served: Served, broken: None) -> None:
    with pytest.raises(UnsupportedError, match="made_up_absent"):
        ask(served.server.record.patient("sample-d"), "balance", "walk", {})
