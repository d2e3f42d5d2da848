"""A twin of somebody else's package stands on the page, in the HTTP interface and before agents, with no code there."""

from __future__ import annotations

from typing import Any

from agents import beside, data
from mcp import Client
from served import Served

from vitruvian.serve.identity import as_caller
from vitruvian.serve.mcp.session import AgentSession


def test_it_stands_on_its_page(served: Served, sleep: None) -> None:
    browser = served.client("clinician", json=False)
    assert ">Sleep</a>" in browser.get("/patients/sample-d").text
    page = browser.get("/patients/sample-d/twins/sleep").text
    assert "facts speak of sleep" in browser.get("/patients/sample-d/twins/sleep/state").text
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
