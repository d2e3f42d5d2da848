"""The fixtures themselves: everybody of the samples is there, and who signs in is who they are."""

from __future__ import annotations

import signal
from pathlib import Path

import httpx
import pytest
from served import Served, running

from vitruvian.ingest import samples

ALL = ["sample-a", "sample-b", "sample-c", "sample-d", "sample-e"]


def test_clients_are_signed_in_as_asked(served: Served) -> None:
    states = "/api/v1/patients/sample-a/twins"
    assert served.anybody.get(states).status_code == 401
    assert served.client("owner").get(states).status_code == 200
    assert served.client("clinician", scopes=["user/*.rs"]).get(states).status_code == 200
    assert served.client("patient").get(states).status_code == 200
    assert served.client("patient").get(states.replace("sample-a", "sample-b")).status_code == 404
    assert served.server.record.people() == sorted(samples())


def test_a_page_needs_its_csrf_token(served: Served) -> None:
    client = served.client("owner")
    del client.headers["x-csrf-token"]
    assert client.post("/sign-out").status_code == 403


@pytest.mark.slow
def test_a_process_answers_and_stops(own_record: Path) -> None:
    with running(own_record) as there:
        client = there.client("clinician")
        assert client.get("/api/v1/patients/sample-a/twins").status_code == 200
        client.close()
    assert there.process.returncode in (0, -signal.SIGTERM)
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{there.url}/sign-in")
