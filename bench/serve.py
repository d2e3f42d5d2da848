"""The server as people and programs use it: first page, mixed requests, warm recommendations, a soak.

A real process on loopback over the sample patients; the sender of the requests runs beside it on the same cores. The
sender does not wait for answers: a request that comes late counts from the moment at which it was due.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench.dose import make_record
from bench.sender import Sender
from bench.timing import Row

FIRST_S, RATE, P99_MS, DOSE_P99_S, GROWTH = 3.0, 200, 250, 2.0, 0.05
_PEOPLE = ("sample-a", "sample-b", "sample-c", "sample-d")
_DRUG = {"drug": "vancomycin"}
_CALL = {"name": "newest_values", "arguments": {"patient": "sample-b"}}
_WORKERS = 2
_SETTLED = 0.25
"""Part of the soak after which memory is first looked at: caches are full then."""


@dataclass(frozen=True)
class Ask:
    """One kind of request and how often it comes among a hundred."""

    part: int
    method: str
    path: str
    body: Mapping[str, Any] | None = None


_MIX = (
    Ask(30, "GET", "/api/v1/patients/{person}/facts?kind=observation&limit=50"),
    Ask(15, "GET", "/api/v1/patients/{person}/timeline?limit=50"),
    Ask(15, "GET", "/api/v1/patients/{person}"),
    Ask(10, "GET", "/fhir/Patient/{person}"),
    Ask(10, "GET", "/fhir/Observation?patient={person}&_count=20"),
    Ask(10, "GET", "/patients/{person}"),
    Ask(5, "POST", "/mcp", {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": _CALL}),
    Ask(5, "GET", "/readyz"),
)


def rows(seconds: float, doses: int, soak_s: float) -> list[Row]:
    """First page, `seconds` of mixed requests, `doses` recommendations, `soak_s` of requests with memory watched."""
    before = _every_core()
    try:
        with tempfile.TemporaryDirectory() as folder, _running(Path(folder) / "vitruvian.db", 1) as there:
            first = _first_row(there.first_s)
        with tempfile.TemporaryDirectory() as folder, _running(make_record(Path(folder)), _WORKERS) as there:
            mixed = asyncio.run(_mixed(there, RATE, seconds))
            return [first, _mixed_row(mixed, seconds), _dose_row(_doses(there, doses)), _soak_row(there, soak_s)]
    finally:
        if before:
            os.sched_setaffinity(0, before)


@dataclass(frozen=True)
class There:
    """A running server."""

    url: str
    token: str
    process: int
    first_s: float

    @property
    def headers(self) -> dict[str, str]:
        """What every request brings along."""
        return {"authorization": f"Bearer {self.token}", "accept": "application/json, text/event-stream, text/html"}


@contextmanager
def _running(record: Path, workers: int) -> Iterator[There]:
    from vitruvian.serve.identity import add_account, new_token
    from vitruvian.serve.store import Store, beside

    port = _free_port()
    vitruvian = Path(sys.executable).with_name("vitruvian")
    started = time.perf_counter()
    command = [str(vitruvian), "serve", "--record", str(record), "--port", str(port)]
    command += ["--workers", str(workers), "--no-prepare"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        first_s = _first_page(url, process) - started
        store = Store.open(beside(str(record)))
        account = add_account(store, "load", ["clinician"])
        token = new_token(store, account.id, "load", ["user/*.cruds"])
        store.close()
        yield There(url, token, process.pid, first_s)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _first_page(url: str, process: subprocess.Popen[bytes]) -> float:
    while process.poll() is None:
        try:
            if httpx.get(f"{url}/sign-in", timeout=30).status_code == 200:
                return time.perf_counter()
        except httpx.TransportError:
            time.sleep(0.01)
    raise RuntimeError("the server ended")


@dataclass(frozen=True)
class Mixed:
    """Milliseconds of every answer from the moment its request was due, what went wrong, CPU of server and sender."""

    took: list[float]
    wrong: dict[str, int]
    cpu_ms: float
    sender_ms: float


async def _mixed(there: There, rate: float, seconds: float) -> Mixed:
    chosen = random.Random(1)
    asks = chosen.choices(_MIX, [one.part for one in _MIX], k=int(rate * seconds))
    took: list[float] = []
    wrong: dict[str, int] = {}

    async def send(ask: Ask, due: float) -> None:
        try:
            state = str(await sender.ask(ask.method, ask.path.format(person=chosen.choice(_PEOPLE)), ask.body))
        except OSError as error:
            state = str(error)
        if state != "200":
            wrong[f"{state} {ask.path}"] = wrong.get(f"{state} {ask.path}", 0) + 1
        took.append(1000 * (time.perf_counter() - due))

    sender = Sender("127.0.0.1", int(there.url.rpartition(":")[2]), there.headers)
    await asyncio.gather(*(send(one, 0.0) for one in _MIX * _WORKERS * 4))  # every kind in every worker, not counted
    took.clear()
    wrong.clear()
    began, before, own = time.perf_counter(), _cpu_s(there.process), time.process_time()
    async with asyncio.TaskGroup() as group:
        for k, ask in enumerate(asks):
            due = began + k / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(send(ask, due))
    sender.close()
    spent = (_cpu_s(there.process) - before, time.process_time() - own)
    return Mixed(took, wrong, *(1000 * one / len(asks) for one in spent))


def _doses(there: There, rounds: int) -> list[float]:
    """Seconds of recommendations, one after the other, after two that compile."""
    with httpx.Client(base_url=there.url, headers=there.headers, timeout=300) as client:
        spent = []
        for k in range(rounds + 2):
            began = time.perf_counter()
            answer = client.post("/api/v1/patients/sample-b/twins/dose/questions/recommend", json=_DRUG)
            answer.raise_for_status()
            if k >= 2:
                spent.append(time.perf_counter() - began)
    return spent


def _first_row(first_s: float) -> Row:
    work = "vitruvian serve in an empty folder: first page after start"
    note = "one process, sample patients taken in"
    return Row(work, f"<= {FIRST_S:g} s", f"{first_s:.2f} s", first_s <= FIRST_S, note)


def _mixed_row(one: Mixed, seconds: float) -> Row:
    p50, p99 = _quantile(one.took, 0.5), _quantile(one.took, 0.99)
    work = f"mixed requests, {RATE} a second for {seconds:g} s (REST, FHIR, pages, MCP): p99"
    note = f"p50 {p50:.0f} ms of {len(one.took)}{_said(one.wrong)}; "
    note += f"CPU of each {one.cpu_ms:.1f} ms, of the sender {one.sender_ms:.1f}; {_WORKERS} workers, {_cores()} cores"
    return Row(work, f"<= {P99_MS} ms", f"{p99:.0f} ms", p99 <= P99_MS and not one.wrong, note)


def _said(wrong: Mapping[str, int]) -> str:
    return "".join(f", {count} x {what}" for what, count in sorted(wrong.items())) or ", none wrong"


def _dose_row(spent: Sequence[float]) -> Row:
    p99 = _quantile(spent, 0.99)
    note = f"median {1000 * _quantile(spent, 0.5):.0f} ms of {len(spent)}"
    return Row("warm recommendation over REST: p99", f"<= {DOSE_P99_S:g} s", f"{p99:.2f} s", p99 <= DOSE_P99_S, note)


def _soak_row(there: There, soak_s: float) -> Row:
    """Memory after the caches are full, and at the end."""
    asyncio.run(_mixed(there, RATE / 4, _SETTLED * soak_s))
    settled = _rss_mb(there.process)
    last = asyncio.run(_mixed(there, RATE / 4, (1 - _SETTLED) * soak_s))
    ended = _rss_mb(there.process)
    growth = ended / settled - 1
    work = f"soak, {RATE // 4} requests a second for {soak_s:g} s: growth of memory"
    note = f"{settled:.0f} MB, then {ended:.0f} MB{_said(last.wrong)}"
    return Row(work, f"<= {100 * GROWTH:g} %", f"{100 * growth:.1f} %", growth <= GROWTH and not last.wrong, note)


def _quantile(values: Sequence[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def _rss_mb(process: int) -> float:
    pages = sum(int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in _family(process))
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _cpu_s(process: int) -> float:
    spent = [Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split() for one in _family(process)]
    return sum(int(one[11]) + int(one[12]) for one in spent) / os.sysconf("SC_CLK_TCK")


def _family(process: int) -> list[int]:
    """A process and its children."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *map(int, children)]


def _every_core() -> set[int]:
    """Let this process and its children use all cores; gives those that it had."""
    if not hasattr(os, "sched_setaffinity"):
        return set()
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    return before


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
