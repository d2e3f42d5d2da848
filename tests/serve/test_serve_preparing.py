"""Programs prepared in the background: whose, in what order, how far it is, and that it ends with the server."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from vitruvian.ingest import samples
from vitruvian.record import Record
from vitruvian.serve.app import make_app
from vitruvian.serve.preparing import Preparing
from vitruvian.serve.settings import Settings
from vitruvian.twin.doors.preparing import in_use

PROCESS = [sys.executable, "-m", "vitruvian.serve.preparing_process"]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A person on vancomycin whose weight nobody knows: a model may not be used, and no program is needed."""
    folder = tmp_path_factory.mktemp("preparing")
    bundle = json.loads(samples()["sample-b"][0].read_text())
    bundle["entry"] = [one for one in bundle["entry"] if "29463-7" not in json.dumps(one["resource"])]
    (folder / "b.json").write_text(json.dumps(bundle))
    with Record.open(folder / "r.db") as record:
        record.ingest(folder / "b.json", patient="sample-b")
    return folder / "r.db"


@pytest.fixture
def app(path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("vitruvian.serve.preparing._PATIENCE_S", 0.0)
    return make_app(Settings(record=str(path), samples=False, prepare=True))


def programs(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/readyz").json()["programs"]
    return found


def test_every_drug_comes_before_the_second_person_of_one(tmp_path: Path) -> None:
    with Record.open(tmp_path / "r.db") as record:
        for name in ("sample-a", "sample-b", "sample-c"):
            record.ingest(samples()[name][0], patient=name)
        again = json.loads(samples()["sample-b"][0].read_text().replace("sample-b", "other-b").replace("H-B-", "H-X-"))
        (tmp_path / "again.json").write_text(json.dumps(again))
        record.ingest(tmp_path / "again.json", patient="other-b")
        found = [(patient.id, drug) for patient, drug in in_use(record)]
    drugs = [drug for _, drug in found]
    assert drugs[:-1] == sorted(set(drugs))
    assert {"apixaban", "tacrolimus", "vancomycin"} <= set(drugs)
    assert drugs[-1] == "vancomycin"
    assert {person for person, drug in found if drug == "vancomycin"} == {"sample-b", "other-b"}


def test_the_process_tells_whom_it_prepared(path: Path) -> None:
    ran = subprocess.run([*PROCESS, str(path)], capture_output=True, text=True, check=True, timeout=300)
    assert [json.loads(line) for line in ran.stdout.splitlines()] == [["sample-b", "vancomycin"]]


def test_the_server_answers_while_it_prepares_and_says_how_far_it_is(app: Any) -> None:
    with TestClient(app) as client:
        assert client.get("/readyz").status_code == 200
        assert programs(client)["state"] == "being prepared"
        until = time.monotonic() + 300
        while programs(client)["state"] != "ready" and time.monotonic() < until:
            time.sleep(0.2)
        assert programs(client) == {"state": "ready", "drugs": ["vancomycin"]}


def test_preparing_ends_with_the_server(app: Any) -> None:
    with TestClient(app):
        work = app.state.server.parts["preparing"]
        assert isinstance(work, Preparing)
        until = time.monotonic() + 300
        while work._process is None and time.monotonic() < until:
            time.sleep(0.05)
    assert work._process is not None
    assert work._process.poll() is not None
    assert not work.whole


def test_without_preparing_programs_are_compiled_when_asked_for(path: Path) -> None:
    with TestClient(make_app(Settings(record=str(path), samples=False))) as client:
        assert programs(client) == {"state": "compiled when asked for"}
