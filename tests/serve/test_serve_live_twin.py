"""A person with a sensor and a metabolic twin: readings, what the twin expects, an alert, what was done, what came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from agents import beside, data
from mcp import Client
from served import Served, wait_until

from vitruvian.core import now_ms
from vitruvian.record import Patient
from vitruvian.serve.identity import as_caller
from vitruvian.serve.live import follow_up, room_of
from vitruvian.serve.mcp.session import AgentSession
from vitruvian.twin.glucose import GlucoseTwin, read_evidence, recent
from vitruvian.twin.glucose.course import Meals, usual
from vitruvian.twin.glucose.store import keep
from vitruvian.twin.glucose.unknowns import PERSON
from vitruvian.twin.monitor import twin_forecast

WHO, MINUTE = "sample-b", 60_000
API = f"/api/v1/patients/{WHO}/samples"


def readings(values: Sequence[float], last_min: float, every_min: float = 5.0) -> dict[str, Any]:
    """Sensor glucose, the last reading so many minutes ago."""
    fixed = {"signal": "glucose", "unit": "mg/dL", "source": "sensor"}
    first = now_ms() - round(MINUTE * (last_min + every_min * (len(values) - 1)))
    starts = (first + round(MINUTE * every_min * k) for k in range(len(values)))
    return {
        "samples": [fixed | {"start": at, "value": round(float(v), 1)} for at, v in zip(starts, values, strict=True)]
    }


def keep_twin(patient: Patient) -> None:
    """A twin of the days up to two hours ago, of a person as people usually are."""
    days = read_evidence(patient)
    last = days.newest + 1 - 24
    nothing = np.zeros(0)
    z = 0.2 * np.random.default_rng(0).standard_normal((32, len(PERSON)))
    twin = GlucoseTwin(
        days, 0, last, usual(days, 0, last, 70.0), Meals(nothing, nothing, nothing), z[0], z, 12.0, 180.0,
        np.zeros(last), "made up", 0.1, 32.0, True, 0,
    )  # fmt: skip
    keep(patient.record, twin)


def alerts(client: Any) -> dict[str, Any]:
    """The person's alerts that are not over, by kind."""
    rows = [one for one in client.get("/api/v1/monitor").json() if one["person"] == WHO]
    return {alert["kind"]: alert for one in rows for alert in one["alerts"]}


@pytest.mark.slow
def test_from_a_reading_to_what_came_of_it(own_served: Served) -> None:
    nurse, record = own_served.client("clinician"), own_served.server.record
    patient, follower = record.patient(WHO), room_of(own_served.server).follower
    noise = np.random.default_rng(1)
    calm = 120 + 10 * np.sin(np.arange(864) / 46) + noise.normal(0, 4, 864)
    assert nurse.post(API, json=readings(calm, 70)).status_code == 202
    keep_twin(patient)
    live = wait_until(lambda: follower.ward.streams.get((WHO, "glucose")))
    wait_until(lambda: live.watch.usual)

    assert nurse.post(API, json=readings(calm[-11:], 13)).status_code == 202
    wait_until(lambda: len(live.watch.past) >= 6)
    follower._foreseen.clear()  # it is asked every five minutes
    expected = wait_until(lambda: live.watch.twin)
    assert alerts(nurse) == {}
    assert all(60 < span.low < span.median < span.high < 200 for _, span in expected)

    assert nurse.post(API, json=readings([205.0] * 12, 1, every_min=1)).status_code == 202
    alert = wait_until(lambda: alerts(nurse).get("residual"))
    told = wait_until(lambda: nurse.get(f"/api/v1/monitor/alerts/{alert['id']}").json()["told"])
    forecast = told["forecast"]  # the twin's, or that of the person's own course: 205 lies above either
    assert 60 < forecast["low"] < forecast["median"] < forecast["high"] < 205
    assert (told["value"], told["unit"]) == (205.0, "mg/dL")
    assert "outside what was forecast" in told["reason"]
    assert told["band"]["high"] < 205.0

    assert nurse.post(f"/api/v1/monitor/alerts/{alert['id']}/acknowledge").json()["state"] == "acknowledged"
    done = {"did": "accepted", "advice": "Ask what was eaten", "reason": "a meal not entered", "look_after_min": 1}
    assert nurse.post(f"/api/v1/monitor/alerts/{alert['id']}/response", json=done).status_code == 201
    with own_served.server.store.transaction() as connection:
        connection.execute(follow_up.follow_ups.update().values(due_ms=0))
    follower._clock()
    facts = {kind: patient.facts(kind=kind) for kind in ("alert", "alert_response", "alert_outcome")}
    assert alert["id"] in [one.detail["alert"] for one in facts["alert"]]
    ((response,), (outcome,)) = facts["alert_response"], facts["alert_outcome"]
    assert (response.code, response.detail["advice"]) == ("accepted", "Ask what was eaten")
    assert (outcome.detail["alert"], outcome.value) == (alert["id"], 205.0)

    told_agent = next(one for one in data(monitor(own_served)) if one["patient"] == WHO)
    found = next(one for one in told_agent["alerts"] if one["kind"] == "residual")
    assert (found["state"], found["told"]["reason"]) == ("acknowledged", told["reason"])
    assert [one["value"] for one in told_agent["streams"] if one["signal"] == "glucose"] == [205.0]
    assert told_agent["false_alerts_per_day"] == pytest.approx(live.watch.usual.rate.per_day)


def test_no_forecast_without_a_reading_of_now_or_a_twin_that_fits(own_served: Served) -> None:
    nurse, patient = own_served.client("clinician"), own_served.server.record.patient(WHO)
    assert twin_forecast(patient) == ()
    assert nurse.post(API, json=readings([120.0, 125.0] * 60, 20)).status_code == 202
    assert twin_forecast(patient) == ()
    keep_twin(patient)
    assert twin_forecast(patient) == ()  # the newest reading is 20 minutes old
    assert nurse.post(API, json=readings([118.0], 1)).status_code == 202
    assert recent(patient, read_evidence(patient)) is not None
    late = readings([300.0] * 3, 400)  # the days that the twin was learned from become other ones
    assert nurse.post(API, json=late).status_code == 202
    assert recent(patient, read_evidence(patient)) is None
    assert twin_forecast(patient) == ()


def test_an_agent_is_told_of_an_alert_that_is_there(own_served: Served) -> None:
    nurse = own_served.client("clinician")
    assert data(monitor(own_served)) == []
    assert nurse.post(API, json=readings([110.0, 80.0, 52.0, 51.0, 50.0], 0)).status_code == 202
    alert = wait_until(lambda: alerts(nurse).get("limit"))
    wait_until(lambda: nurse.get(f"/api/v1/monitor/alerts/{alert['id']}").json()["told"])
    (bed,) = data(monitor(own_served))
    (found,) = bed["alerts"]
    assert (found["id"], found["kind"], found["severity"], found["state"]) == (alert["id"], "limit", "urgent", "open")
    assert "at or below 54 mg/dL" in found["told"]["reason"]
    assert "Battelino" in found["told"]["sources"][0]
    assert [one["signal"] for one in bed["streams"]] == ["glucose"]
    assert bed["false_alerts_per_day"] is None  # nothing is known of the person's past


def monitor(served: Served) -> Any:
    """What an agent is told by the tool `monitor`."""
    there = AgentSession(served.server, as_caller(served.server, served.people.account("clinician")), "stdio", False)

    async def talk(client: Client) -> Any:
        return await client.call_tool("monitor", {"patient": WHO})

    return beside(there, talk)
