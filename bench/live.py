"""Live streams under load: from sample to screen, and nothing lost: `python -m bench.live [--people 1000] [--rate 1]`.

A server in its own process, gateways that send each person's samples over WebSockets and wait for acknowledgements, and
one who watches by server-sent events. A sample carries the moment at which it was sent, so that its way to the screen
is measured on one clock. At the end every acknowledged sample is looked for in the record. All runs on this machine:
sender and watcher take CPU of the same cores.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
from websockets.asyncio.client import connect

from vitruvian.record import Record
from vitruvian.serve.identity import add_account, new_token
from vitruvian.serve.store import Store

SIGNAL, UNIT = "heart_rate", "/min"


@dataclass
class Measured:
    """Seconds from sending to acknowledgement and to the screen, and how many samples."""

    acknowledged: list[float] = field(default_factory=list)
    screen: list[float] = field(default_factory=list)
    sent: int = 0
    kept: int = 0


def main() -> int:
    """Measure once and print the result; gives 1 if anything was lost or p99 is not below a second."""
    parser = argparse.ArgumentParser(prog="python -m bench.live", description=__doc__)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=1.0, help="Samples a second of each person.")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--gateways", type=int, default=20)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ward.db"
        names = _people(path, told.people)
        url, process = _started(path)
        try:
            found = asyncio.run(_run(url, _token(path), names, told))
            cpu = _cpu_s(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        with Record.open(path) as record:
            stored = _stored(record)
    screen, ack = np.array(found.screen), np.array(found.acknowledged)
    load = f"{told.people} people, {told.rate:g}/s each, {told.seconds:g} s, {told.gateways} gateways"
    print(f"{load}, {os.cpu_count()} cores, other load {os.getloadavg()[0]:.1f}")
    print(f"sent {found.sent}, acknowledged {found.kept}, in the record {stored}, on the screen {len(screen)}")
    for name, values in (("acknowledged", ack), ("on the screen", screen)):
        p50, p99 = np.quantile(values, [0.5, 0.99])
        print(f"{name:>14}: p50 {1000 * p50:.0f} ms, p99 {1000 * p99:.0f} ms, longest {1000 * values.max():.0f} ms")
    print(f"server: {cpu / told.seconds:.2f} CPU s a second")
    return 0 if found.sent == found.kept == stored and np.quantile(screen, 0.99) < 1.0 else 1


async def _run(url: str, token: str, names: list[str], told: argparse.Namespace) -> Measured:
    found = Measured()
    watcher = asyncio.create_task(_watch(url, token, found))
    await asyncio.sleep(1.0)
    parts = [names[k :: told.gateways] for k in range(told.gateways)]
    async with asyncio.TaskGroup() as group:
        for k, part in enumerate(parts):
            group.create_task(_gateway(url, token, part, told, found, k / told.gateways))
    await asyncio.sleep(3.0)
    watcher.cancel()
    return found


async def _gateway(
    url: str, token: str, names: list[str], told: argparse.Namespace, found: Measured, shift: float
) -> None:
    """One message for each beat with a sample of each person; acknowledgements are read beside."""
    beat, sent_at = 1.0 / told.rate, {}
    address = url.replace("http", "ws") + "/api/v1/samples/socket"
    async with connect(address, additional_headers={"authorization": f"Bearer {token}"}, max_size=None) as socket:
        beats = round(told.seconds * told.rate)

        async def read() -> None:
            for _ in range(beats):
                answer = json.loads(await socket.recv())
                found.acknowledged.append(time.time() - sent_at.pop(answer["id"]))
                found.kept += answer.get("kept", 0)

        reader = asyncio.create_task(read())
        begin = time.monotonic() + shift * beat
        for k in range(beats):
            await asyncio.sleep(max(0.0, begin + k * beat - time.monotonic()))
            now = time.time()
            sent_at[str(k)] = now
            rows = [{"signal": SIGNAL, "start": int(1000 * now), "value": 70 + (k + n) % 5, "unit": UNIT}
                    for n in range(len(names))]  # fmt: skip
            many = [{"id": str(k), "patient": name, "samples": [row]} for name, row in zip(names, rows, strict=True)]
            await socket.send(json.dumps(many))
            found.sent += len(names)
        await asyncio.wait_for(reader, 60)


async def _watch(url: str, token: str, found: Measured) -> None:
    headers = {"authorization": f"Bearer {token}"}
    client = httpx.AsyncClient(headers=headers, timeout=None)
    async with client, client.stream("GET", f"{url}/api/v1/monitor/events") as answer:
        kind = ""
        async for line in answer.aiter_lines():
            if line.startswith("event: "):
                kind = line[7:]
            elif line.startswith("data: ") and kind == "streams":
                now = time.time()
                found.screen += [now - row[1] / 1000 for row in json.loads(line[6:])]


def _people(path: Path, many: int) -> list[str]:
    names = [f"bed-{k:04}" for k in range(many)]
    entries = [{"resource": {"resourceType": "Patient", "id": name}} for name in names]
    bundle = path.with_suffix(".json")
    bundle.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    with Record.open(path) as record:
        record.ingest(bundle)
    return names


def _token(path: Path) -> str:
    store = Store.open(f"{path}.serve")
    account = add_account(store, "gateway", ["clinician"])
    token = new_token(store, account.id, "bench", ["user/*.cruds"])
    store.close()
    return token


def _started(path: Path) -> tuple[str, subprocess.Popen[bytes]]:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    command = [str(Path(sys.executable).with_name("vitruvian")), "serve", "--record", str(path), "--port", str(port)]
    log = path.with_suffix(".log").open("wb")
    process = subprocess.Popen(
        [*command, "--no-samples", "--no-prepare", "--requests-per-second", "0"], stdout=log, stderr=log
    )
    url = f"http://127.0.0.1:{port}"
    for _ in range(600):
        if process.poll() is not None:
            break
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return url, process
        time.sleep(0.1)
    raise TimeoutError("the server does not start")


def _stored(record: Record) -> int:
    record.seal_samples()
    return int(record.query("SELECT count(*) AS n FROM samples")["n"][0])


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
