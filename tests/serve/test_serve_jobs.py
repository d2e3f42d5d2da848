"""Jobs: progress, stopping, going on after a restart, several workers, rights while they run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from served import Served, running, serving, wait_until
from sqlalchemy import select, update

from vitruvian.core import now_ms
from vitruvian.record import Record, give_consent
from vitruvian.serve.identity.accounts import set_active
from vitruvian.serve.jobs import runner as at_work
from vitruvian.serve.jobs.job import jobs, results
from vitruvian.serve.jobs.kinds import KINDS, Kind, Step
from vitruvian.serve.jobs.runner import LEASE_MS

API = "/api/v1"
ALL = ["sample-a", "sample-b", "sample-c", "sample-d"]
FEW = {"kind": "ask-many", "people": ALL, "twin": "dose", "question": "recommend", "values": {"drug": "canary-7391"}}
"""A question that takes no time: for each the answer is that there is no such drug."""


def over(client: TestClient | httpx.Client, job: str, longest_s: float = 120.0) -> dict[str, Any]:
    """The job once it is over."""

    def ended() -> dict[str, Any] | None:
        found: dict[str, Any] = client.get(f"{API}/jobs/{job}").json()
        return found if found["job"]["state"] in ("done", "failed", "cancelled") else None

    found = wait_until(ended, longest_s)
    assert found is not None
    return found


@dataclass
class Steps:
    """Steps of people, of which all but the first wait for `go_on`."""

    done: list[str] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)

    def act(self, caller: Any, step: Step) -> dict[str, Any]:
        """How many facts there are of one person."""
        self.begun.append(step.person)
        if self.done:
            assert self.go_on.wait(120.0)
        self.done.append(step.person)
        return {"facts": len(caller.patient(step.person).facts())}

    def wait(self) -> None:
        """Until the second step has begun, and waits."""
        wait_until(lambda: len(self.begun) > 1)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[Steps]:
    """What jobs of many do in a test."""
    made = Steps()
    monkeypatch.setitem(KINDS, "ask-many", Kind("ask-many", KINDS["ask-many"].plan, made.act))
    yield made
    made.go_on.set()


def test_a_job_is_followed_to_its_end(own_served: Served) -> None:
    client = own_served.client("clinician")
    answer = client.post(f"{API}/jobs", json=FEW)
    assert answer.status_code == 202
    job = answer.json()["job"]
    assert answer.headers["location"] == f"{API}/jobs/{job['id']}"
    assert (job["kind"], job["steps"], job["person"]) == ("ask-many", 4, "")
    assert over(client, job["id"])["progress"] == 1
    found = client.get(f"{API}/jobs/{job['id']}/results?limit=3").json()
    rest = client.get(f"{API}/jobs/{job['id']}/results", params={"after": found["next"]}).json()
    assert [one["person"] for one in (*found["items"], *rest["items"])] == ALL
    assert rest["next"] is None
    assert all("no" in one["told"]["problem"] for one in found["items"])


def test_nothing_of_anybody_lies_open_in_the_store(own_served: Served) -> None:
    client = own_served.client("clinician")
    job = client.post(f"{API}/jobs", json=FEW).json()
    over(client, job["job"]["id"])
    told = client.get(f"{API}/jobs/{job['job']['id']}/results").json()["items"][0]["told"]
    assert "canary-7391" in told["problem"]
    saved = {"title": "canary-7391", "twin": "dose", "question": "recommend", "values": {"drug": "busulfan"}}
    assert client.post(f"{API}/patients/sample-a/scenarios", json=saved).status_code == 201
    with own_served.server.store.engine.connect() as connection:
        connection.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[attr-defined]
    file = Path(f"{own_served.server.settings.record}.serve").read_bytes()
    assert b"canary-7391" not in file
    assert b"busulfan" not in file


def test_an_erased_persons_results_are_noise(own_served: Served) -> None:
    client = own_served.client("owner")
    job = client.post(f"{API}/jobs", json=FEW).json()["job"]["id"]
    over(client, job)
    own_served.server.record.erase("sample-b")
    found = client.get(f"{API}/jobs/{job}/results").json()["items"]
    assert [one["person"] for one in found] == ["sample-a", "sample-c", "sample-d"]


def test_a_job_is_cancelled_between_steps_and_resumed(own_served: Served, steps: Steps) -> None:
    client = own_served.client("clinician")
    job = client.post(f"{API}/jobs", json=FEW).json()["job"]["id"]
    steps.wait()
    assert client.post(f"{API}/jobs/{job}/cancel").json()["job"]["stopping"]
    steps.go_on.set()
    found = over(client, job)
    assert (found["job"]["state"], found["job"]["done"]) == ("cancelled", 2)
    assert len(client.get(f"{API}/jobs/{job}/results").json()["items"]) == 2
    assert client.post(f"{API}/jobs/{job}/resume").json()["job"]["state"] in ("waiting", "running")
    assert over(client, job)["job"]["state"] == "done"
    assert steps.done == ALL  # nothing twice
    assert client.post(f"{API}/jobs/{job}/resume").status_code == 422


def test_a_stop_of_the_server_hands_a_job_back(own_record: Path, steps: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    real = at_work._steps

    def until_the_end(server: Any, row: Any, worker: str, end: threading.Event) -> None:
        threading.Thread(target=lambda: (end.wait(), steps.go_on.set())).start()
        real(server, row, worker, end)

    monkeypatch.setattr(at_work, "_steps", until_the_end)
    with serving(own_record) as first:
        client = first.client("owner")
        job = client.post(f"{API}/jobs", json=FEW).json()["job"]["id"]
        steps.wait()
    assert steps.done == ALL[:2]
    with serving(own_record) as second:
        again = second.client("owner")
        assert over(again, job)["job"]["state"] == "done"
        assert steps.done == ALL
        assert len(again.get(f"{API}/jobs/{job}/results").json()["items"]) == 4


def test_a_job_whose_worker_died_is_taken_over(own_served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a power cut: it says running, but its lease has run out; one whose lease holds is left alone."""
    server, client = own_served.server, own_served.client("clinician")
    job = client.post(f"{API}/jobs", json=FEW).json()["job"]["id"]
    over(client, job)
    with server.store.transaction() as connection:
        connection.execute(results.delete().where(results.c.step >= 2))
        dead = {"state": "running", "worker": "dead", "done": 2}
        connection.execute(update(jobs).where(jobs.c.job == job).values(**dead, lease_ms=now_ms() + LEASE_MS))
    assert at_work._take(server, "another") is None
    with server.store.transaction() as connection:
        connection.execute(update(jobs).where(jobs.c.job == job).values(lease_ms=now_ms() - 1))
    assert over(client, job)["job"]["state"] == "done"
    assert len(client.get(f"{API}/jobs/{job}/results").json()["items"]) == 4


def test_two_workers_never_take_the_same_job(own_served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    server = own_served.server
    monkeypatch.setattr(at_work, "_do", lambda *_: None)  # this server's own worker only takes
    with server.store.transaction() as connection:
        row = {"account": "x", "scopes": "", "only": "", "purpose": "", "kind": "ask", "person": "", "owner": "",
               "asked": b"", "state": "waiting", "steps": 1, "done": 0, "stop": False, "made_ms": 0, "changed_ms": 0,
               "worker": "", "lease_ms": 0}  # fmt: skip
        for number in range(20):
            connection.execute(jobs.insert().values(job=f"job-{number:02}", **row))
    with ThreadPoolExecutor(4) as pool:
        taken = [one.job for one in pool.map(lambda k: at_work._take(server, f"w{k}"), range(24)) if one is not None]
    assert len(taken) == len(set(taken))


def test_a_consent_withdrawn_while_a_job_runs_refuses_the_step(own_served: Served, steps: Steps) -> None:
    client = own_served.client("clinician")
    job = client.post(f"{API}/jobs", json=FEW).json()["job"]["id"]
    steps.wait()
    give_consent(own_served.server.record, "sample-d", "deny", "treatment")
    steps.go_on.set()
    assert over(client, job)["job"]["state"] == "failed"
    assert "sample-d" not in steps.done
    assert [one["person"] for one in client.get(f"{API}/jobs/{job}/results").json()["items"]] == ALL[:3]


def test_an_account_disabled_while_a_job_runs_does_no_more(own_served: Served, steps: Steps) -> None:
    client = own_served.client("clinician")
    own_served.people.account("owner")
    job = client.post(f"{API}/jobs", json=FEW).json()["job"]["id"]
    steps.wait()
    set_active(own_served.server.store, own_served.people.account("clinician").id, False)
    steps.go_on.set()
    wait_until(lambda: _state(own_served, job) not in ("waiting", "running"))
    assert steps.done == ALL[:2]
    assert client.get(f"{API}/jobs/{job}").status_code == 401


def _state(served: Served, job: str) -> str:
    with served.server.store.engine.connect() as connection:
        return str(connection.execute(select(jobs.c.state).where(jobs.c.job == job)).scalar_one())


def test_what_cannot_be_asked_is_refused_at_once(served: Served) -> None:
    client = served.client("clinician")
    one = {"kind": "ask", "person": "sample-a", "twin": "dose", "question": "recommend"}
    for wrong, status in (
        ({"kind": "dance"}, 422),
        (one | {"person": "sample-z"}, 404),
        (one | {"twin": "liver"}, 404),
        ({"kind": "compare", "person": "sample-a", "options": []}, 422),
        (FEW | {"people": []}, 422),
        (FEW | {"people": ["sample-z"]}, 404),
    ):
        assert client.post(f"{API}/jobs", json=wrong).status_code == status, wrong
    assert client.get(f"{API}/jobs").json()["items"] == []
    failed = client.post(f"{API}/jobs", json=one | {"values": {"drug": "water"}}).json()["job"]["id"]
    found = over(client, failed)["job"]
    assert found["state"] == "failed"
    assert "not a choice" in found["problem"]


def test_no_account_fills_the_queue(served: Served, steps: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitruvian.serve.jobs.submitting._WAITING", 2)
    client = served.client("clinician", who="eager")
    mine = [client.post(f"{API}/jobs", json=FEW).status_code for _ in range(3)]
    assert mine == [202, 202, 422]
    for one in client.get(f"{API}/jobs").json()["items"]:
        client.post(f"{API}/jobs/{one['job']['id']}/cancel")


@pytest.mark.slow
def test_a_killed_process_loses_no_acknowledged_job(own_record: Path) -> None:
    """kill -9 while it works; the next start does what is left, once."""
    with running(own_record, "--requests-per-second", "0") as first:
        client = first.client("owner")
        asked = FEW | {"values": {"drug": "vancomycin"}}
        made = [client.post(f"{API}/jobs", json=asked).json()["job"]["id"] for _ in range(3)]
        first.kill()
        client.close()
    with running(own_record, "--requests-per-second", "0") as second, second.client("owner") as again:
        for job in made:
            assert over(again, job, 300)["job"]["state"] == "done"
            people = [one["person"] for one in again.get(f"{API}/jobs/{job}/results").json()["items"]]
            assert people == ALL
    with Record.open(own_record) as record:
        assert record.verify_audit() > 0
