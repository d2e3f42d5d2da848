"""Servers to test, with clients signed in as anybody: in this process, behind its socket, in a process of their own."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from vitruvian.serve import Settings, make_app
from vitruvian.serve.every_route import every_route
from vitruvian.serve.identity import Account, add_account, new_token
from vitruvian.serve.identity.accounts import by_name
from vitruvian.serve.identity.sessions import COOKIE, begin, session_of
from vitruvian.serve.server import Server
from vitruvian.serve.store import Store
from vitruvian.serve.trace import log_lines

T = TypeVar("T")
NAME = "clinic.db"
"""File name of every record under test: a record keeps its name when it is copied."""
ANYTHING = ("user/*.cruds",)


def copied(template: Path, folder: Path) -> Path:
    """A copy of a record (its file) with all that lies beside it, in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in template.parent.glob(f"{template.name}*"):
        if one.is_dir():
            shutil.copytree(one, folder / one.name)
        else:
            shutil.copy2(one, folder / one.name)
    return folder / template.name


@dataclass
class People:
    """Accounts made when they are first asked for, and secrets for them, in the store of a server."""

    store: Store

    def account(self, role: str, own: Collection[str] = (), who: str = "") -> Account:
        """An account of this role; a patient is sample-a unless said otherwise. `who` tells several of a role apart."""
        mine = frozenset(own or (("sample-a",) if role == "patient" else ()))
        name = " ".join(("test", role, *sorted(mine), who)).strip()
        return by_name(self.store, name) or add_account(self.store, name, [role], mine)

    def token(
        self,
        role: str,
        *,
        own: Collection[str] = (),
        who: str = "",
        scopes: Collection[str] = ANYTHING,
        patient: str | None = None,
        purpose: str = "",
    ) -> str:
        """A bearer token of an account of this role."""
        account = self.account(role, own, who)
        return new_token(self.store, account.id, "test", scopes, patient=patient, purpose=purpose)

    def session(
        self, role: str, *, own: Collection[str] = (), who: str = "", purpose: str = ""
    ) -> tuple[dict[str, str], dict[str, str]]:
        """Cookies and headers (CSRF) of a browser session of an account of this role."""
        secret = begin(self.store, self.account(role, own, who).id, purpose)
        found = session_of(self.store, secret)
        assert found is not None
        return {COOKIE: secret}, {"x-csrf-token": found.csrf}


@dataclass
class Served:
    """A server in this process; all clients share its event loop."""

    app: FastAPI
    anybody: TestClient
    """A client that is not signed in."""
    people: People

    @property
    def server(self) -> Server:
        """Settings, record (as the owner), store."""
        server: Server = self.app.state.server
        return server

    def client(
        self,
        role: str = "owner",
        *,
        own: Collection[str] = (),
        who: str = "",
        purpose: str = "",
        scopes: Collection[str] = (),
        patient: str | None = None,
        json: bool = True,
    ) -> TestClient:
        """A client signed in by a session (with its CSRF header), or by a token where `scopes` or `patient` is given.

        It asks for JSON; with `json=False` as a browser does. Redirects are not followed.
        """
        client = TestClient(self.app, follow_redirects=False)
        client.portal, client.app_state = self.anybody.portal, self.anybody.app_state
        client.headers["accept"] = "application/json" if json else "text/html"
        if scopes or patient:
            secret = self.people.token(
                role, own=own, who=who, scopes=scopes or ANYTHING, patient=patient, purpose=purpose
            )
            client.headers["authorization"] = f"Bearer {secret}"
        else:
            cookies, headers = self.people.session(role, own=own, who=who, purpose=purpose)
            client.cookies.update(cookies)
            client.headers.update(headers)
        return client


@contextmanager
def serving(record: Path, **settings: Any) -> Iterator[Served]:
    """A server over a record in this process, started and shut down as a real one is."""
    app = _made(record, **settings)
    with TestClient(app, follow_redirects=False) as anybody:
        yield Served(app, anybody, People(app.state.server.store))


def _made(record: Path, **settings: Any) -> FastAPI:
    told: dict[str, Any] = {"record": str(record), "samples": False, "requests_per_s": 0.0}
    app = make_app(Settings(**told | settings))
    every_route(app)  # two threads that build routes at once let each other's warnings through, which are errors here
    return app


@dataclass
class Listening:
    """A server that listens on a port."""

    url: str
    people: People
    record: Path
    log: Path
    """Its log: lines of JSON."""

    def client(self, role: str = "owner", **options: Any) -> httpx.Client:
        """A client signed in by a token."""
        headers = {"authorization": f"Bearer {self.people.token(role, **options)}", "accept": "application/json"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=120)


@dataclass
class Running(Listening):
    """A server in a process of its own; its log is its standard error."""

    process: subprocess.Popen[bytes]

    def answers(self) -> bool:
        """Whether it answers by now. Raises where it has ended instead."""
        if self.process.poll() is not None:
            raise RuntimeError(f"the server ended: {self.log.read_text()[-2000:]}")
        try:
            return httpx.get(f"{self.url}/healthz", timeout=60).is_success
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """As a power cut does."""
        self.process.kill()
        self.process.wait()


@contextmanager
def held_port() -> Iterator[int]:
    """A port that nobody else is given meanwhile: bound here, and a server may listen on it."""
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind(("127.0.0.1", 0))
        port = int(one.getsockname()[1])
        if sys.platform != "linux":  # elsewhere one who listens must be the only one bound
            one.close()
        yield port


def wait_until(what: Callable[[], T], seconds: float = 120.0) -> T:
    """What `what` gives once it is true; the limit is for what never comes, not for what comes late."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
    return found


@contextmanager
def listening(record: Path, **settings: Any) -> Iterator[Listening]:
    """A server over a record behind the real web server, in a thread of this process."""
    log = record.parent / "serve.log"
    with held_port() as port, _logging_to(log):
        app = _made(record, port=port, **settings)
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, access_log=False))
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            wait_until(lambda: server.started or not thread.is_alive())
            yield Listening(f"http://127.0.0.1:{port}", People(app.state.server.store), record, log)
        finally:
            server.should_exit = True
            thread.join(120)


@contextmanager
def _logging_to(log: Path) -> Iterator[None]:
    with log.open("a", encoding="utf-8") as stream:
        with redirect_stderr(stream):
            log_lines()
        try:
            yield
        finally:
            for name in ("vitruvian", "uvicorn", "uvicorn.error"):
                logging.getLogger(name).handlers, logging.getLogger(name).propagate = [], True


@contextmanager
def running(record: Path, *options: str, env: dict[str, str] | None = None) -> Iterator[Running]:
    """`vitruvian serve` over a record on a free port, ready; stopped by SIGTERM at the end."""
    with held_port() as port:
        yield from _running(record, port, options, os.environ | (env or {}))


def _running(record: Path, port: int, options: Sequence[str], env: Mapping[str, str]) -> Iterator[Running]:
    program = str(Path(sys.executable).with_name("vitruvian"))
    command = [program, "serve", "--record", str(record), "--port", str(port), "--no-prepare", *options]
    store = Store.open(f"{record}.serve")  # first: two who make its tables at once are in each other's way
    log = record.parent / f"serve-{port}.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stream, cwd=record.parent, env=env)
    try:
        one = Running(f"http://127.0.0.1:{port}", People(store), record, log, process)
        wait_until(one.answers, 180.0)
        yield one
    finally:
        store.close()
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(120)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
