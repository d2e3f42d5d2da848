"""Samples in the words of others: Nightscout, HL7v2 over HTTP, an MQTT broker; and a server killed meanwhile."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from served import Running, Served, held_port, running, serving, wait_until
from sqlalchemy import select

from vitruvian.core import now_ms, to_ms
from vitruvian.record import Record
from vitruvian.serve.identity import new_token
from vitruvian.serve.identity.api_secret import api_secrets
from vitruvian.serve.identity.tokens import drop_tokens

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")


def entries(*values: float, first: int) -> list[dict[str, Any]]:
    return [{"_id": f"{first}-{k}", "type": "sgv", "sgv": value, "date": first + 300_000 * k, "device": "xDrip",
             "direction": "Flat"} for k, value in enumerate(values)]  # fmt: skip


def test_nightscout_uploads(own_served: Served) -> None:
    nurse, first = own_served.client("clinician"), now_ms() - 3_000_000
    base = "/api/v1/patients/sample-b/nightscout/api/v1"
    given = entries(101, 105, 110, first=first)
    assert nurse.post(f"{base}/entries", json=given).json() == given
    assert nurse.post(f"{base}/entries.json", json=given).status_code == 200  # uploaders send again
    treatment = {"eventType": "Meal Bolus", "created_at": "2026-03-01T08:00:00Z", "insulin": 4.5, "carbs": 40}
    assert nurse.post(f"{base}/treatments", json=treatment).status_code == 200
    patient = own_served.server.record.patient("sample-b")
    table = patient.samples("glucose")
    assert table.filter(table["source"] == "xDrip")["value"].to_list() == [101, 105, 110]
    assert patient.samples("insulin_bolus")["value"].to_list()[-1] == 4.5
    broken = [*entries(120, first=first + 10**6), {"type": "sgv", "sgv": 130}]
    answer = nurse.post(f"{base}/entries", json=broken)
    assert answer.status_code == 422
    assert "no time" in answer.json()["got"]
    assert patient.samples("glucose").height == table.height


def uploader(served: Served, person: str = "sample-b", **changes: Any) -> tuple[TestClient, str]:
    """A phone with an app that was told the site and a secret, which it sends as its SHA-1; and the token itself."""
    account = served.people.account("clinician")
    told: dict[str, Any] = {"scopes": ["patient/*.crs"], "patient": person} | changes
    secret = new_token(served.server.store, account.id, "phone", told.pop("scopes"), **told)
    phone = TestClient(served.app, headers={"api-secret": hashlib.sha1(secret.encode()).hexdigest()})
    phone.portal, phone.app_state = served.anybody.portal, served.anybody.app_state
    return phone, secret


SITE = "/api/v1/patients/sample-b/nightscout/api/v1"


def test_a_phone_finds_what_its_app_asks_for(own_served: Served) -> None:
    phone, first = uploader(own_served)[0], now_ms() - 3_000_000
    assert phone.get(f"{SITE}/status.json").json()["status"] == "ok"
    assert phone.get(f"{SITE}/experiments/test").status_code == 200
    sent = [{name: one[name] for name in one if name != "_id"} for one in entries(101, 105, first=first)]
    came = phone.post(f"{SITE}/entries", json=sent).json()
    assert [one | {"_id": ""} for one in came] == [one | {"_id": ""} for one in sent]
    assert all(re.fullmatch("[0-9a-f]{24}", one["_id"]) for one in came)
    newest = phone.get(f"{SITE}/entries/sgv.json?count=1").json()
    assert [(one["sgv"], one["date"], one["device"], one["direction"]) for one in newest] == [
        (105, first + 300_000, "xDrip", "Flat")
    ]
    meal = {"eventType": "Meal Bolus", "created_at": "2026-03-01T08:00:00Z", "insulin": 4.5, "enteredBy": "xDrip"}
    for _ in range(2):  # xDrip puts what it may have put before
        assert phone.put(f"{SITE}/treatments", json=[meal]).json()[0]["insulin"] == 4.5
    patient = own_served.server.record.patient("sample-b")
    bolus = patient.samples("insulin_bolus")
    assert bolus.filter(bolus["source"] == "xDrip")["value"].to_list() == [4.5]
    loop = {"device": "loop://phone", "created_at": "2026-03-01T08:05:00Z", "uploader": {"battery": 80},
            "pump": {"reservoir": 120.5}, "loop": {"iob": {"iob": 1.2}, "cob": {"cob": 12}}}  # fmt: skip
    for status in (loop, {"uploaderBattery": 50}, [loop]):
        assert phone.post(f"{SITE}/devicestatus.json", json=status).status_code == 200
    notes = patient.samples("note")
    words = notes.filter(notes["source"] == "loop://phone")["text"].to_list()
    assert words == [
        "Device status; uploader battery 80 %; reservoir 120.5 U; insulin on board 1.2 U; carbohydrates on board 12 g"
    ]


def test_the_secret_of_a_phone_is_good_for_its_site_and_patient_alone(own_served: Served) -> None:
    phone, secret = uploader(own_served)
    given = entries(100, first=now_ms() - 600_000)
    assert phone.post(f"{SITE}/entries", json=given).status_code == 200
    for path in ("/api/v1/patients", "/api/v1/patients/sample-b/facts", "/fhir/Patient", "/account"):
        assert phone.get(path, follow_redirects=False, headers={"accept": "application/json"}).status_code == 401, path
    other = SITE.replace("sample-b", "sample-a")
    unknown = SITE.replace("sample-b", "sample-z")
    for path in ("entries", "devicestatus"):
        assert phone.post(f"{other}/{path}", json=given).status_code == 404
        assert phone.post(f"{unknown}/{path}", json=given).status_code == 404
    assert phone.get(f"{other}/status.json").status_code == 404
    for wrong in (
        secret,
        hashlib.sha1(b"x").hexdigest(),
        "",
        "x" * 40,
        hashlib.sha256(secret.encode()).hexdigest(),
    ):
        assert phone.get(f"{SITE}/status.json", headers={"api-secret": wrong}).status_code == 401, wrong
    reader = uploader(own_served, scopes=["patient/*.rs"])[0]
    assert reader.post(f"{SITE}/entries", json=given).status_code == 403
    wide, token = uploader(own_served, scopes=["user/*.cruds"], patient=None)
    assert wide.get(f"{SITE}/status.json").status_code == 401  # only a token of one patient is a secret of a phone
    bearer = {"authorization": f"Bearer {token}"}
    assert wide.get(f"{SITE}/status.json", headers=bearer).status_code == 200
    with own_served.server.store.transaction() as connection:
        kept = str(connection.execute(select(api_secrets)).all())
    assert hashlib.sha1(secret.encode()).hexdigest() not in kept
    drop_tokens(own_served.server.store, own_served.people.account("clinician").id)
    assert phone.get(f"{SITE}/status.json").status_code == 401


MESSAGE = (
    "MSH|^~\\&|LAB|HOSP|VIT|HOSP|20260301080000||ORU^R01|C-77|P|2.5.1\r"
    "PID|1||H-77^^^HOSP^MR||Doe^Jane||19700101|F\r"
    "OBR|1|||2160-0^Creatinine^LN|||20260301074500\r"
    "OBX|1|NM|2160-0^Creatinine^LN||1.1|mg/dL|||||F|||20260301074500+0000\r"
)


def test_hl7v2_over_http_is_acknowledged_after_it_is_kept(own_served: Served) -> None:
    pytest.importorskip("hl7")
    nurse = own_served.client("clinician")
    answer = nurse.post("/api/v1/hl7v2", content=MESSAGE)
    head, ack = answer.text.split("\r")[:2]
    assert head.split("|")[2:6] == ["VIT", "HOSP", "LAB", "HOSP"]
    assert ack.split("|")[1:3] == ["AA", "C-77"], answer.text
    assert own_served.server.record.patient("H-77").latest("2160-0").value_raw == 1.1
    assert nurse.post("/api/v1/hl7v2", content="hello").status_code == 422


@contextmanager
def broker(folder: Path) -> Iterator[int]:
    """A real broker on a free port; what it does stands in `broker.log`."""
    if MOSQUITTO is None:
        pytest.skip("no mosquitto on this machine")
    config = folder / "mosquitto.conf"
    with held_port() as port, (folder / "broker.log").open("wb") as log:
        config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 0\n")
        process = subprocess.Popen([MOSQUITTO, "-v", "-c", str(config)], stdout=log, stderr=log)
        try:
            yield port
        finally:
            process.terminate()
            process.wait(60)


def publish(port: int, messages: list[tuple[str, str]]) -> None:
    mqtt = pytest.importorskip("paho.mqtt.client")
    from paho.mqtt.enums import CallbackAPIVersion

    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", port)
    client.loop_start()
    for topic, payload in messages:
        client.publish(topic, payload, qos=1).wait_for_publish(60)
    client.loop_stop()
    client.disconnect()


def test_messages_of_a_broker_are_kept_even_those_sent_while_away(own_record: Path, tmp_path: Path) -> None:
    pytest.importorskip("aiomqtt")

    def message(value: float) -> tuple[str, str]:
        row = {"signal": "heart_rate", "start": now_ms(), "value": value, "unit": "/min", "source": "mqtt"}
        return "vitruvian/sample-b/samples", json.dumps({"samples": [row]})

    def kept(there: Served) -> list[float]:
        found = there.server.record.follow_samples(0)
        return [value for one in found if one.agent == "mqtt" for value in one.samples.value.tolist()]

    with broker(tmp_path) as port:
        address = f"mqtt://127.0.0.1:{port}"
        with serving(own_record, mqtt=address) as there:
            wait_until(lambda: b"Sending SUBACK" in (tmp_path / "broker.log").read_bytes())
            publish(port, [message(71), ("vitruvian/sample-b/samples", "not json"), ("vitruvian/nobody/samples", "{}")])
            assert wait_until(lambda: kept(there)) == [71]
        publish(port, [message(72), message(73)])
        with serving(own_record, mqtt=address) as there:
            wait_until(lambda: set(kept(there)) == {71, 72, 73})


@pytest.mark.slow
def test_kill_9_loses_nothing_that_was_acknowledged_and_doubles_nothing(own_record: Path) -> None:
    """Senders go on while the server is killed; what was not acknowledged they send again to the next one."""
    first = now_ms() - 600_000
    acknowledged: set[tuple[int, int]] = set()
    failed: set[tuple[int, int]] = set()

    def send(client: httpx.Client, number: int, k: int) -> bool:
        row = {"signal": "heart_rate", "start": first + k, "value": 60 + number, "unit": "/min", "source": str(number)}
        return client.post("/api/v1/patients/sample-b/samples", json={"samples": [row]}).status_code == 202

    def sender(there: Running, number: int) -> None:
        with there.client("clinician", who=str(number)) as client:
            for k in range(10_000):
                try:
                    if send(client, number, k):
                        acknowledged.add((number, k))
                except httpx.TransportError:
                    failed.add((number, k))
                    return

    with running(own_record) as there:
        threads = [threading.Thread(target=sender, args=(there, number)) for number in range(4)]
        for one in threads:
            one.start()
        wait_until(lambda: len(acknowledged) >= 40)
        there.kill()
        for one in threads:
            one.join()
    with Record.open(own_record) as record:
        stored = rows(record, first)
        assert len(stored) == len(set(stored))
        assert acknowledged <= set(stored) <= acknowledged | failed
    with running(own_record) as there, there.client("owner") as client:
        assert all(send(client, *one) for one in (*failed, *sorted(acknowledged)[:20]))
    with Record.open(own_record) as record:
        assert sorted(rows(record, first)) == sorted(acknowledged | failed)
        record.verify_audit()


def rows(record: Record, first: int) -> list[tuple[int, int]]:
    """(sender, number) of each sample that the senders' source names."""
    table = record.patient("sample-b").samples("heart_rate")
    table = table.filter(table["source"].str.contains(r"^\d$"))
    return [(int(one["source"]), to_ms(one["start"]) - first) for one in table.iter_rows(named=True)]
