"""Servers over the sample patients: read from a shared one, write to one of your own.

`served` (one for a test file) and `own_served` (one for a test) are servers in this process: `served.client(role, …)`
is signed in as a role, `served.anybody` as nobody. `client(role, …)` is short for `served.client`. For a real process:
`with running(own_record) as there:` of `served`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browsers import browser as browser
from browsers import forgiven as forgiven
from browsers import person as person
from fastapi.testclient import TestClient
from served import NAME, Served, copied, serving
from sleep_twin import sleep as sleep

from vitruvian.ingest import samples
from vitruvian.record import Record


@pytest.fixture(scope="session")
def record_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record with the sample patients; never opened again, only copied."""
    path = tmp_path_factory.mktemp("template") / NAME
    with Record.open(path) as record:
        for name, files in samples().items():
            record.ingest(*files, patient=name)
    return path


@pytest.fixture(scope="module")
def server_record(record_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record with the sample patients for one test file."""
    return copied(record_template, tmp_path_factory.mktemp("record"))


@pytest.fixture
def own_record(record_template: Path, tmp_path: Path) -> Path:
    """A record with the sample patients for one test."""
    return copied(record_template, tmp_path / "record")


@pytest.fixture(scope="module")
def served(server_record: Path) -> Iterator[Served]:
    """A server for one test file."""
    with serving(server_record) as one:
        yield one


@pytest.fixture
def own_served(own_record: Path) -> Iterator[Served]:
    """A server for one test, to write to."""
    with serving(own_record) as one:
        yield one


@pytest.fixture
def client(served: Served) -> Callable[..., TestClient]:
    """`client(role, …)`: a client of `served`, signed in."""
    return served.client
