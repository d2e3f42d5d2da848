"""The coordinator's side: Flower's link, open to the nodes of the roster alone, and the training over it."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vitruvian.core import DataError, VitruvianError
from vitruvian.study.federated.coordinator import Trained, conduct
from vitruvian.study.federated.flower import calls
from vitruvian.study.federated.keys import write_private
from vitruvian.study.federated.messages import Ask, pack, unpack
from vitruvian.study.federated.plan import Plan

GONE = 15.0
"""Seconds between looks whether those that did not answer are still there."""
SAID = 30.0
"""Seconds for which sites are told that the training was stopped."""


@dataclass(frozen=True)
class Center:
    """Where it listens, the name of its certificate (`folder`: ca.pem, server.pem, server.key), and who may come."""

    host: str
    port: int
    folder: Path
    roster: Mapping[str, bytes]
    name: str = "127.0.0.1"


def coordinate(plan: Plan, center: Center, on_event: Callable[[str], None] = lambda text: None) -> Trained:
    """Wait for the sites of the roster, `plan.wait` seconds at most, and train with those that came.

    Raises DataError where too few came or stayed; the sites are then told why, and end.
    """
    with tempfile.TemporaryDirectory(prefix="vitruvian-") as folder, _link(center, Path(folder)) as (link, nodes):
        names = {node: name for name, node in nodes.items()}
        on_event(f"listening on {center.host}:{center.port} for {', '.join(sorted(nodes))}")
        try:
            there = _arrived(link, names, plan, on_event)
            plan.needed(len(there))
            questions = conduct(plan, there)
            ask = next(questions)
            while True:
                replies = _exchanged(link, ask, nodes, plan.wait)
                on_event(f"{ask.kind}: {len(replies)} of {len(ask.contents)} sites answered")
                ask = questions.send(replies)
        except StopIteration as end:
            return end.value
        except VitruvianError as error:
            _exchanged(link, Ask("stop", {name: {"why": str(error)} for name in nodes}), nodes, SAID)
            raise


@contextmanager
def _link(center: Center, home: Path) -> Iterator[tuple[Any, dict[str, int]]]:
    """Flower's link with the roster registered and one run begun: the grid, and the node of each site."""
    secret = secrets.token_bytes(32)
    write_private(home / "secret", secret)
    roots = (center.folder / "ca.pem").read_bytes()
    arguments = ["--isolation", "process", "--enable-supernode-auth", "--disable-runtime-dependency-installation"]
    arguments += [
        "--host",
        center.host,
        "--port",
        str(center.port),
        "--superexec-auth-secret-file",
        str(home / "secret"),
    ]
    for option, name in (("certfile", "server.pem"), ("keyfile", "server.key"), ("ca-certfile", "ca.pem")):
        arguments += [f"--ssl-{option}", str(center.folder / name)]
    address = f"{center.name}:{center.port}"
    calls.free(center.name, center.port)
    calls.loaded()
    with calls.running("flower-superlink", arguments, home) as process:
        calls.listening(process, center.name, center.port, home / "flower-superlink.log")
        with calls.control(address, roots) as control:
            nodes = {name: calls.register(control, public, name) for name, public in center.roster.items()}
            calls.start_run(control)
        with calls.runtime(address, secret=secret, roots=roots) as tasks:
            link = calls.grid(address, _token(tasks), roots)
        why = "the coordinator ended"
        with calls.kept_alive(link._runtime_client):
            calls.begin_run(link)
            try:
                yield link, nodes
                why = ""
            finally:
                calls.end_run(link, why)


def _token(tasks: Any) -> str:
    until = time.monotonic() + calls.STARTED_IN
    while time.monotonic() < until:
        if token := calls.acquired(tasks, "flwr-serverapp"):
            return token
        time.sleep(calls.POLL)
    raise DataError("Flower gave the coordinator no task")


def _arrived(link: Any, names: Mapping[int, str], plan: Plan, on_event: Callable[[str], None]) -> tuple[str, ...]:
    until, there = time.monotonic() + plan.wait, set[str]()
    while time.monotonic() < until and len(there) < len(names):
        now = {names[node] for node in link.get_node_ids() if node in names}
        for name in sorted(now - there):
            on_event(f"{name} is there")
        there |= now
        time.sleep(calls.POLL)
    return tuple(sorted(there))


def _exchanged(link: Any, ask: Ask, nodes: Mapping[str, int], wait: float) -> dict[str, Any]:
    """Answers that came within `wait` seconds; who is no longer connected is not waited for."""
    bodies = {nodes[name]: pack(content) for name, content in ask.contents.items()}
    names = {node: name for name, node in nodes.items()}
    waiting = calls.asked(link, ask.kind, bodies)
    replies: dict[str, Any] = {}
    until, look = time.monotonic() + wait, time.monotonic() + GONE
    while waiting and time.monotonic() < until:
        for message in link.pull_messages(list(waiting)):
            node = waiting.pop(message.metadata.reply_to_message_id)
            if not message.has_error():
                replies[names[node]] = unpack(calls.content(message.content)[1])
        if time.monotonic() > look:
            there, look = set(link.get_node_ids()), time.monotonic() + GONE
            if not there & set(waiting.values()):
                break
        time.sleep(calls.POLL)
    return replies
