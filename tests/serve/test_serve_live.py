"""Samples as they come: kept before they are acknowledged, watched, alerted, answered; only for those who may."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from served import Served, serving, wait_until

from vitruvian.core import now_ms
from vitruvian.record import Draft, give_consent
from vitruvian.serve.live import room_of

SIGNAL = "heart_rate"


def batch(*values: float, ago_s: float = 0.0, every_s: float = 1.0, signal: str = SIGNAL, unit: str = "/min") -> Any:
    first = now_ms() - round(1000 * (ago_s + every_s * len(values)))
    fixed = {"signal": signal, "unit": unit, "source": "bed"}
    starts = [first + round(1000 * every_s * k) for k in range(len(values))]
    return {"samples": [fixed | {"start": at, "value": value} for at, value in zip(starts, values, strict=True)]}


def send(client: TestClient, given: Any, person: str = "sample-b") -> Any:
    answer = client.post(f"/api/v1/patients/{person}/samples", json=given)
    assert answer.status_code == 202, answer.text
    return answer.json()


def calling(client: TestClient, person: str = "sample-b", kind: str = "limit") -> Any:
    for one in client.get("/api/v1/monitor").json():
        if one["person"] == person:
            return next((alert for alert in one["alerts"] if alert["kind"] == kind), None)
    return None


def test_what_is_acknowledged_is_read_and_sending_again_changes_nothing(own_served: Served) -> None:
    nurse = own_served.client("clinician")
    given = batch(71, 72, 73)
    first = send(nurse, given)
    assert first == send(nurse, given) == {"batch": first["batch"], "kept": 3}
    rows = nurse.get(f"/api/v1/patients/sample-b/samples/{SIGNAL}").json()["items"]
    assert [row["value"] for row in rows][-3:] == [71, 72, 73]
    assert len([row for row in rows if row["source"] == "bed"]) == 3


def test_what_is_doubtful_is_told_with_the_acknowledgement(own_served: Served) -> None:
    nurse = own_served.client("clinician")
    good = batch(71)["samples"][0]
    odd = ({"signal": "heart_rat"}, {"unit": "bananas"}, {"unit": ""}, {"value": 7000},
           {"start": "2026-02-01T08:00:00"}, {"start": "2026-02-01T08:01:00"})  # fmt: skip
    told = send(nurse, {"samples": [good, *(good | one for one in odd)]})
    assert told["kept"] == 7
    (unknown,) = told["unknown_signals"]
    assert (unknown["signal"], unknown["samples"], unknown["meant"][0]) == ("heart_rat", 1, "heart_rate")
    said = {one["reason"]: (one["samples"], one.get("allowed", "")) for one in told["doubted"]}
    assert said.keys() == {"wrong_unit", "no_unit", "implausible", "no_offset"}
    assert said["wrong_unit"] == (1, "a unit such as /min")
    assert said["no_offset"][0] == 2
    assert said["implausible"][1].endswith("/min")
    rows = nurse.get(f"/api/v1/patients/sample-b/samples/{SIGNAL}").json()["items"]
    assert sorted(row["flags"] for row in rows if row["flags"]) == sorted(
        ["wrong_unit", "no_unit", "implausible", "no_offset", "no_offset"]
    ), "what is told is what the record says"
    with nurse.websocket_connect("/api/v1/samples/socket") as socket:
        socket.send_json({"patient": "sample-b", "id": "1", "samples": [good | {"signal": "heart_rat"}]})
        assert socket.receive_json(mode="binary")["unknown_signals"][0]["meant"][0] == "heart_rate"


def test_a_batch_is_kept_whole_or_refused_whole(own_served: Served) -> None:
    nurse = own_served.client("clinician")
    good = batch(71)["samples"]
    bads = ({"start": "yesterday"}, {"signal": ""}, {"value": "high"}, {"more": 1}, {"start": 10**18},
                {"start": 10**30}, {"unit": "\x00"}, {"end": "never"})  # fmt: skip
    for bad in bads:
        answer = nurse.post("/api/v1/patients/sample-b/samples", json={"samples": [*good, good[0] | bad]})
        assert answer.status_code == 422, bad
    many = [{"patient": "sample-b", **batch(71)}, {"patient": "nobody", **batch(71)}]
    assert nurse.post("/api/v1/samples", json=many).status_code == 404
    assert own_served.server.record.follow_samples(0) == []


def test_alert_with_reason_acknowledged_answered_and_followed_up(own_served: Served) -> None:
    nurse = own_served.client("clinician")
    send(nurse, batch(*[72.0] * 10, *[138.0] * 30))
    alert = wait_until(lambda: calling(nurse))
    assert (alert["state"], alert["severity"], alert["signal"]) == ("open", "urgent", SIGNAL)
    told = wait_until(lambda: nurse.get(f"/api/v1/monitor/alerts/{alert['id']}").json()["told"])
    assert "NEWS" in told["sources"][0]
    assert "131" in told["reason"]
    assert told["value"] == 138
    done = nurse.post(f"/api/v1/monitor/alerts/{alert['id']}/acknowledge").json()
    assert done["state"] == "acknowledged"
    answer = {"did": "refused", "advice": "Call the doctor", "reason": "the cuff was off", "look_after_min": 1}
    assert nurse.post(f"/api/v1/monitor/alerts/{alert['id']}/response", json=answer).status_code == 201
    person = own_served.server.record.patient("sample-b")
    (kept,) = person.facts(kind="alert_response")
    assert kept.code == "refused"
    assert kept.detail["reason"] == "the cuff was off"
    follower = room_of(own_served.server).follower
    from vitruvian.serve.live import follow_up

    with own_served.server.store.transaction() as connection:
        connection.execute(follow_up.follow_ups.update().values(due_ms=0))
    follower._clock()
    (came,) = person.facts(kind="alert_outcome")
    assert came.value == 138


def test_snooze_and_escalation(own_served: Served) -> None:
    from vitruvian.serve.live import alerts

    nurse, store = own_served.client("clinician"), own_served.server.store
    send(nurse, batch(*[30.0] * 40))
    alert = wait_until(lambda: calling(nurse))
    assert nurse.post(f"/api/v1/monitor/alerts/{alert['id']}/snooze", json={"minutes": 10}).json()["state"] == "snoozed"
    assert alerts.escalate(store, now_ms() + 10**7) == 0
    with store.transaction() as connection:
        connection.execute(alerts.alerts.update().values(snoozed_until_ms=1))
    assert calling(nurse)["state"] == "open"
    assert alerts.escalate(store, now_ms()) == 0
    assert alerts.escalate(store, now_ms() + alerts.ESCALATE_MS["urgent"]) == 1
    assert calling(nurse)["escalated_ms"]
    assert nurse.post(f"/api/v1/monitor/alerts/{alert['id']}/snooze", json={"minutes": 1000}).status_code == 422


def test_who_may_see_and_send(own_served: Served) -> None:
    nurse = own_served.client("clinician")
    send(nurse, batch(*[138.0] * 40))
    alert = wait_until(lambda: calling(nurse))
    own = own_served.client("patient", own=("sample-b",))
    other = own_served.client("patient", own=("sample-a",))
    assert calling(own)["id"] == alert["id"]
    assert other.get("/api/v1/monitor").json() == []
    assert other.get(f"/api/v1/monitor/alerts/{alert['id']}").status_code == 404
    assert own.post(f"/api/v1/monitor/alerts/{alert['id']}/acknowledge").status_code == 403
    assert own.post("/api/v1/patients/sample-b/samples", json=batch(70)).status_code == 403
    loader = own_served.client("data_loader")
    send(loader, batch(71))
    assert loader.get("/api/v1/monitor").status_code == 403
    assert own_served.anybody.post("/api/v1/patients/sample-b/samples", json=batch(70)).status_code == 401
    token = own_served.client("clinician", scopes=("patient/*.cruds",), patient="sample-a")
    assert token.post("/api/v1/patients/sample-b/samples", json=batch(70)).status_code == 404
    assert token.get("/api/v1/monitor").json() == []


def test_a_withdrawn_consent_ends_the_watch(own_served: Served) -> None:
    nurse, record = own_served.client("clinician"), own_served.server.record
    send(nurse, batch(*[138.0] * 40))
    alert = wait_until(lambda: calling(nurse))
    give_consent(record, "sample-b", "deny", "treatment")
    assert calling(nurse) is None
    assert nurse.get(f"/api/v1/monitor/alerts/{alert['id']}").status_code == 404
    follower = room_of(own_served.server).follower
    follower._ask_again()
    assert follower.ward.streams == {}


def test_late_future_and_doubtful_samples(own_served: Served) -> None:
    nurse = own_served.client("clinician")
    ahead = round((now_ms() + 3_600_000) // 1000) * 1000
    rows = [{"signal": SIGNAL, "start": ahead, "value": 200, "unit": "/min"},
            {"signal": SIGNAL, "start": now_ms() - 1000, "value": 70, "unit": "/min"},
            {"signal": SIGNAL, "start": now_ms() - 900_000, "value": 71, "unit": "/min"},
            {"signal": SIGNAL, "start": now_ms() - 500, "value": 9000, "unit": "/min"},
            {"signal": SIGNAL, "start": now_ms() - 400, "value": 80, "unit": "mg/dL"}]  # fmt: skip
    for row in rows:
        send(nurse, {"samples": [row]})
    ward = room_of(own_served.server).ward
    live = wait_until(lambda: next((one for one in ward.streams.values() if one.samples == 5), None))
    assert live.doubted == 4
    assert live.watch.newest < ahead  # a date ahead of the clock hides nothing
    table = own_served.server.record.patient("sample-b").samples(SIGNAL)
    assert table.filter(table["source"] == "live").height == 5


def test_a_restart_forgets_no_alert_and_raises_none_twice(own_record: Any) -> None:
    with serving(own_record) as there:
        nurse = there.client("clinician")
        send(nurse, batch(*[138.0] * 40))
        first = wait_until(lambda: calling(nurse))
    with serving(own_record) as there:
        nurse = there.client("owner")
        send(nurse, batch(138.0))
        live = wait_until(lambda: list(room_of(there.server).ward.streams.values()))[0]
        assert "limit" in live.watch.active
        found = [one for bed in nurse.get("/api/v1/monitor").json() for one in bed["alerts"] if one["kind"] == "limit"]
        assert [one["id"] for one in found] == [first["id"]]


def test_the_socket_acknowledges_in_its_own_time(own_served: Served) -> None:
    nurse = own_served.client("clinician")
    with nurse.websocket_connect("/api/v1/samples/socket") as socket:
        socket.send_json({"id": "1", "patient": "sample-b", **batch(70, 71)})
        assert socket.receive_json(mode="binary") == {"id": "1", "kept": 2}
        socket.send_text("not json")
        assert "not valid" in socket.receive_json(mode="binary")["error"]["title"]
        socket.send_json([{"id": "2", "patient": "nobody", **batch(70)}])
        assert socket.receive_json(mode="binary")["error"]["title"] == "no such patient"
    assert sum(len(one.samples.start) for one in own_served.server.record.follow_samples(0)) == 2


def test_a_full_queue_is_said_and_loses_nothing(own_served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    inlet = room_of(own_served.server).inlet
    inlet.room = 0
    nurse = own_served.client("clinician")
    answer = nurse.post("/api/v1/patients/sample-b/samples", json=batch(70))
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "1"
    inlet.room = 10
    send(nurse, batch(70, 71))
    many = [{"patient": "sample-b", **batch(72)}, {"patient": "nobody", **batch(73)}]
    assert nurse.post("/api/v1/samples", json=many).status_code == 404  # refused before the queue
    wait_until(lambda: queue(own_served)["samples_watched_total"] == 2)
    found = {"taken": 2, "kept": 2, "refused": 1, "failed": 0, "dropped": 0, "watched": 2}
    now = queue(own_served)
    assert {name: now[f"samples_{name}_total"] for name in found} == found
    assert (now["waiting_samples"], now["waiting_oldest_seconds"], now["waiting_samples_most"]) == (0, 0, 10)


def queue(served: Served) -> dict[str, float]:
    """The metrics of the queue, as a scraper reads them."""
    text = served.client("administrator", scopes=["system/*.r"]).get("/metrics").text
    rows = [line.split() for line in text.splitlines() if line.startswith("vitruvian_live_")]
    return {name.removeprefix("vitruvian_live_"): float(value) for name, value in rows}


def test_the_page_says_why_and_takes_answers_without_scripts(own_served: Served) -> None:
    nurse = own_served.client("clinician")
    send(nurse, batch(*[138.0] * 40))
    alert = wait_until(lambda: calling(nurse))
    wait_until(lambda: nurse.get(f"/api/v1/monitor/alerts/{alert['id']}").json()["told"])
    browser = own_served.client("clinician", json=False)
    text = browser.get("/monitor").text
    assert "is beyond a limit" in text
    assert "for 19 s or longer" in text
    assert "needs attention" in text
    assert "<polyline points=" in text
    csrf = browser.headers.pop("x-csrf-token")
    address = f"/monitor/alerts/{alert['id']}"
    assert browser.post(f"{address}/acknowledge", data={}).status_code == 403
    assert browser.post(f"{address}/acknowledge", data={"csrf": csrf}).status_code == 303
    assert calling(nurse)["state"] == "acknowledged"
    answer = {"csrf": csrf, "advice": "Call the doctor", "reason": "asleep"}
    assert browser.post(f"{address}/accepted", data=answer).status_code == 303
    (kept,) = own_served.server.record.patient("sample-b").facts(kind="alert_response")
    assert (kept.code, kept.detail["advice"]) == ("accepted", "Call the doctor")
    assert "seen by" in browser.get("/monitor/list").text
    assert own_served.client("researcher", json=False).get("/monitor").status_code == 403


def test_of_somebody_recorded_as_dead_nothing_is_expected_and_that_is_said(own_served: Served) -> None:
    nurse, record = own_served.client("clinician"), own_served.server.record
    send(nurse, batch(*[138.0] * 40))
    alert = wait_until(lambda: calling(nurse))
    assert "Nothing is expected" not in own_served.client("clinician", json=False).get("/monitor").text
    assert nurse.get(f"/api/v1/monitor/alerts/{alert['id']}").json()["refused"] == []
    record.derive("sample-b", [Draft("demographic", "urn:test", "death", "Death")], method="test", version="1")
    assert "this person died at an unknown time" in own_served.client("clinician", json=False).get("/monitor").text
    (said,) = nurse.get(f"/api/v1/monitor/alerts/{alert['id']}").json()["refused"]
    assert "died" in said


def test_events_hold_only_what_may_be_seen(own_served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    nurse, room = own_served.client("clinician"), room_of(own_served.server)
    for person in ("sample-a", "sample-b"):
        send(nurse, batch(70), person)
    wait_until(lambda: len(room.ward.streams) == 2)
    keys = {one.person: one.key for one in room.ward.streams.values()}
    patient = own_served.client("patient", own=("sample-b",))

    async def end(_: float) -> None:
        room.closing.set()

    monkeypatch.setattr(room, "rest", end)  # after the first round
    text = patient.get("/api/v1/monitor/events").text
    assert "event: streams" in text
    assert "event: alerts" in text
    assert keys["sample-b"] in text
    assert keys["sample-a"] not in text
