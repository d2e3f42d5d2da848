"""Subscriptions: an empty notice when something new fits, to allowed addresses only, tried again, under rights."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from served import Served, wait_until

from vitruvian.record import give_consent
from vitruvian.serve.fhir import subscription, subscription_sending
from vitruvian.serve.fhir.shelf import Shelf

Json = dict[str, Any]


@dataclass
class Listener:
    """A web hook that notes what came, and answers as it is told."""

    came: list[tuple[str, str, bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def listener() -> Iterator[Listener]:
    one = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            one.came.append((self.path, self.headers.get("authorization", ""), body))
            self.send_response(one.answers.pop(0) if one.answers else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    one.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield one
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server does not look by itself."""
    monkeypatch.setattr(subscription_sending, "_LOOK_S", 3600.0)


def asked(url: str, criteria: str = "Observation?patient=sample-a&code=2823-3", **more: Any) -> Json:
    channel = {"type": "rest-hook", "endpoint": url, "header": ["Authorization: Bearer secret"]} | more
    return {"resourceType": "Subscription", "status": "requested", "reason": "test", "criteria": criteria,
            "channel": channel}  # fmt: skip


def potassium(person: str = "sample-a") -> Json:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]},
        "subject": {"reference": f"Patient/{person}"},
        "effectiveDateTime": "2025-03-05T07:00:00+01:00",
        "valueQuantity": {"value": 4.1, "unit": "mmol/L"},
    }


def test_a_notice_comes_by_itself_and_without_content(own_served: Served, listener: Listener) -> None:
    client = own_served.client("clinician")
    made = client.post("/fhir/Subscription", json=asked(listener.url))
    assert made.status_code == 201, made.text
    assert "secret" not in made.text
    assert client.post("/fhir/Observation", json=potassium()).status_code == 201
    wait_until(lambda: listener.came)
    assert listener.came == [("/hook", "Bearer secret", b"")]


@pytest.mark.usefixtures("still")
def test_only_what_fits_is_told_and_once(own_served: Served, listener: Listener) -> None:
    client, server, shelf = own_served.client("clinician"), own_served.server, Shelf()
    client.post("/fhir/Subscription", json=asked(listener.url))
    client.post("/fhir/Observation", json=potassium("sample-b"))
    assert subscription_sending.look(server, shelf) == 0
    client.post("/fhir/Observation", json=potassium())
    assert [subscription_sending.look(server, shelf) for _ in range(2)] == [1, 0]
    assert len(listener.came) == 1


@pytest.mark.usefixtures("still")
def test_a_notice_is_tried_again_then_given_up(
    own_served: Served, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription_sending, "_FIRST_MS", 0)
    monkeypatch.setattr(subscription_sending, "_TRIES", 3)
    client, server, shelf = own_served.client("clinician"), own_served.server, Shelf()
    name = client.post("/fhir/Subscription", json=asked(listener.url)).json()["id"]
    client.post("/fhir/Observation", json=potassium())
    listener.answers = [500, 302]
    assert [subscription_sending.look(server, shelf) for _ in range(3)] == [0, 0, 1]
    client.post("/fhir/Observation", json=potassium())
    listener.answers = [500, 500, 500]
    assert [subscription_sending.look(server, shelf) for _ in range(4)] == [0, 0, 0, 0]
    found = client.get(f"/fhir/Subscription/{name}").json()
    assert (found["status"], found["error"]) == ("error", "the endpoint does not answer")


@pytest.mark.usefixtures("still")
def test_whom_one_may_not_see_any_more_one_is_not_told_of(own_served: Served, listener: Listener) -> None:
    client, server = own_served.client("clinician"), own_served.server
    client.post("/fhir/Subscription", json=asked(listener.url, "Observation?code=2823-3"))
    client.post("/fhir/Observation", json=potassium())
    give_consent(server.record, "sample-a", "deny", "treatment")
    assert subscription_sending.look(server, Shelf()) == 0
    assert listener.came == []


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one["channel"].update(endpoint="https://evil.example/hook"),
        lambda one: one["channel"].update(endpoint="http://hooks.example/hook"),
        lambda one: one["channel"].update(endpoint="http://169.254.169.254/latest"),
        lambda one: one["channel"].update(endpoint="file:///etc/passwd"),
        lambda one: one["channel"].update(endpoint="http://u:p@127.0.0.1/"),
        lambda one: one["channel"].update(endpoint="http://127.0.0.1:99999/"),
        lambda one: one["channel"].update(payload="application/fhir+json"),
        lambda one: one["channel"].update(type="email"),
        lambda one: one["channel"].update(header=["Host: x"]),
        lambda one: one["channel"].update(header=["X-A: b\r\nHost: x"]),
        lambda one: one.update(criteria="Observation?colour=red"),
        lambda one: one.update(status="on"),
    ],
)
def test_what_is_refused(served: Served, change: Callable[[Json], None]) -> None:
    body = asked("http://127.0.0.1:1/hook")
    change(body)
    answer = served.client("clinician").post("/fhir/Subscription", json=body)
    assert answer.status_code in (400, 422), answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_a_host_that_is_named_is_allowed(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(subscription.HOSTS, "hooks.example, other.example")
    client = served.client("clinician")
    made = client.post("/fhir/Subscription", json=asked("https://hooks.example/a"))
    assert made.status_code == 201, made.text
    name = made.json()["id"]
    assert client.get("/fhir/Subscription").json()["total"] == 1
    other = served.client("clinician", who="other")
    assert other.get(f"/fhir/Subscription/{name}").status_code == 404
    assert other.delete(f"/fhir/Subscription/{name}").status_code == 404
    assert client.delete(f"/fhir/Subscription/{name}").status_code == 204
    assert client.get(f"/fhir/Subscription/{name}").status_code == 404
