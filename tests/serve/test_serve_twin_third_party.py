"""A twin of somebody else's package stands on the page, in the HTTP interface and before agents, with no code there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import invalidate_caches
from pathlib import Path
from typing import Any

import pytest
from agents import beside, data
from mcp import Client
from served import Served

from vitruvian.serve.identity import as_caller
from vitruvian.serve.mcp.session import AgentSession
from vitruvian.twin.doors import twin_doors

PACKAGE = '''
"""A made-up twin."""
from vitruvian.twin.doors import Field, Line, Picture, Question, Status, Table, Told

class Sleep:
    name, title, about = "sleep", "Sleep", "How this person sleeps."
    def status(self, patient, at=None):
        return (Status("ready", f"{len(patient.facts(until=at))} facts speak of sleep.", "2025-09-01T08:00:00+02:00"),)
    def questions(self, patient):
        hours = Field("hours", "Hours in bed", unit="h", default=8.0, low=1.0, high=16.0)
        return (Question("night", "How was the night?", "Made up.", (hours,)),)
    def ask(self, patient, question, values, at=None):
        line = Line("depth", (1.0, 2.0, 1.0), (((0.5, 1.5, 0.5), (1.5, 2.5, 1.5)),))
        picture = Picture("night", "The night", "time", "h", "depth", "1", (0.0, 4.0, values["hours"]), (line,))
        table = Table("sum", "The sum", ("What", "Value"), (("hours", values["hours"]),))
        sentence = f"{values['hours']:g} hours <b>in bed</b>."
        return Told("sleep", question, sentence, pictures=(picture,), tables=(table,))

SLEEP = Sleep()
'''


@pytest.fixture
def sleep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package installed: a module and the metadata that names its entry point."""
    (tmp_path / "made_up_sleep.py").write_text(PACKAGE)
    info = tmp_path / "made_up_sleep-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: made-up-sleep\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[vitruvian.twins]\nsleep = made_up_sleep:SLEEP\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    invalidate_caches()
    twin_doors.cache_clear()
    yield
    monkeypatch.undo()
    twin_doors.cache_clear()


def test_it_stands_on_its_page(served: Served, sleep: None) -> None:
    browser = served.client("clinician", json=False)
    assert ">Sleep</a>" in browser.get("/patients/sample-d").text
    page = browser.get("/patients/sample-d/twins/sleep").text
    assert "facts speak of sleep" in page
    assert 'name="hours"' in page
    answer = browser.get("/patients/sample-d/twins/sleep", params={"ask": "night", "hours": "7"}).text
    assert "7 hours &lt;b&gt;in bed&lt;/b&gt;." in answer
    assert '<figure data-chart="" id="chart-night">' in answer
    assert "<caption>The sum</caption>" in answer
    wrong = browser.get("/patients/sample-d/twins/sleep", params={"ask": "night", "hours": "30"}).text
    assert 'id="ask-hours-wrong">Out of range; allowed: a number from 1 to 16 h.' in wrong


def test_it_answers_programs(served: Served, sleep: None) -> None:
    client = served.client("clinician")
    assert "sleep" in [one["twin"] for one in client.get("/api/v1/patients/sample-d/twins").json()]
    told = client.post("/api/v1/patients/sample-d/twins/sleep/questions/night", json={"hours": 6}).json()
    assert told["sentence"].startswith("6 hours")
    assert client.post("/api/v1/patients/sample-d/twins/sleep/questions/night", json={"hours": 60}).status_code == 422


def test_it_answers_agents(served: Served, sleep: None) -> None:
    there = AgentSession(served.server, as_caller(served.server, served.people.account("clinician")), "stdio", False)

    async def talk(client: Client) -> Any:
        listed = await client.call_tool("list_twins", {"patient": "sample-d"})
        told = await client.call_tool(
            "ask_twin", {"patient": "sample-d", "twin": "sleep", "question": "night", "values": {"hours": 5}}
        )
        return listed, told

    listed, told = beside(there, talk)
    assert "sleep" in str(data(listed))
    assert "5 hours" in str(data(told))
