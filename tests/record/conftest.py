"""Records to test on: a file, and a database on a real PostgreSQL server that the tests start by themselves."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

DATABASES = ("sqlite", "postgres")


@dataclass
class Server:
    """A running PostgreSQL server, reached by a socket in `folder`."""

    folder: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def new(self) -> str:
        """URL of a new empty database."""
        import psycopg

        name = f"record{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
        return self.url(name)


def _binaries() -> Path | None:
    """The newest installed server."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    named = shutil.which("initdb")
    return found[-1].parent if found else Path(named).parent if named else None


def _user() -> str | None:
    """Whom the server runs as: it refuses to be root."""
    if os.geteuid() != 0:
        return None
    names = {one.pw_name for one in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A PostgreSQL server for this session; without fsync, since no test here pulls the plug."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    user, folder = _user(), Path(tempfile.mkdtemp(prefix="vitruvian-pg-"))
    if user is not None:
        shutil.chown(folder, user)
    settings = f"-k {folder} -c listen_addresses= -c fsync=off -c full_page_writes=off -c max_connections=50"

    def run(*command: str) -> None:
        arguments = [str(binaries / command[0]), "-D", str(folder / "data"), *command[1:]]
        done = subprocess.run(arguments, user=user, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    try:
        run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        run("pg_ctl", "-w", "-s", "-l", str(folder / "log"), "-o", settings, "start")
        try:
            yield Server(folder)
        finally:
            run("pg_ctl", "-m", "immediate", "-s", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """URL of a new database, with keys, blobs and the audit's heads in a folder of the test."""
    server: Server = request.getfixturevalue("postgres_server")
    monkeypatch.setenv("VITRUVIAN_KEYS", str(tmp_path / "server.keys"))
    monkeypatch.setenv("VITRUVIAN_BLOBS", str(tmp_path / "server.blobs"))
    monkeypatch.setenv("VITRUVIAN_MASTER_KEY", "5a" * 32)
    monkeypatch.setenv("VITRUVIAN_AUDIT_KEY", "a key of the tests")
    monkeypatch.setenv("VITRUVIAN_AUDIT_HEADS", str(tmp_path / "server.heads"))
    return server.new()


@pytest.fixture(params=DATABASES)
def record_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a record that is not there yet: a file, or a database on a server."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path / 'clinic.db'}"
