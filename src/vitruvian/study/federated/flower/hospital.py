"""A hospital's side: a Flower node that lets this package, and nothing that is sent to it, answer from its table."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vitruvian.core import InputError, VitruvianError
from vitruvian.study.federated.flower import calls
from vitruvian.study.federated.keys import write_private
from vitruvian.study.federated.messages import pack, unpack
from vitruvian.study.federated.site import Site, SiteState, state_content, state_of

LINGER = 5.0
"""Seconds after the last answer in which Flower sends it."""
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Hospital:
    """Where the coordinator is (host:port), what it is known by, the site's key file, and a folder for its state."""

    server: str
    authority: Path
    key: Path
    folder: Path
    port: int = 9094


def take_part(site: Site, hospital: Hospital, on_answer: Callable[[str], None] = lambda kind: None) -> SiteState:
    """Answer until the training ends; the state then. A site that is started again goes on where it was.

    Raises InputError where the node ends by itself (a key that is not registered, another certificate), VitruvianError
    with the coordinator's reason where the training was stopped.
    """
    calls.loaded()
    home = hospital.folder / "flower"
    home.mkdir(parents=True, exist_ok=True)
    secret = secrets.token_bytes(32)
    write_private(home / "secret", secret)
    address = f"{LOOPBACK}:{hospital.port}"
    arguments = ["--isolation", "process", "--superlink", hospital.server, "--host", LOOPBACK]
    arguments += ["--port", str(hospital.port), "--root-certificates", str(hospital.authority)]
    arguments += ["--max-retries", "1000000", "--max-wait-time", str(site.plan.wait)]
    arguments += [
        "--auth-supernode-private-key",
        str(hospital.key),
        "--superexec-auth-secret-file",
        str(home / "secret"),
    ]
    state, until = SiteState(), time.monotonic() + site.plan.wait
    while not state.end:
        calls.free(LOOPBACK, hospital.port)
        with calls.running("flower-supernode", arguments, home) as node:
            calls.listening(node, LOOPBACK, hospital.port, home / "flower-supernode.log")
            state, answered = _answers(site, address, secret, hospital.folder / "state", node, on_answer)
            time.sleep(LINGER)
        until = time.monotonic() + site.plan.wait if answered else until
        if not state.end and time.monotonic() > until:  # Flower gives up where a key is not registered yet
            raise InputError(
                "the coordinator did not let this site in", todo=f"See flower-supernode.log in {home.name}."
            )
    (hospital.folder / "state").unlink(missing_ok=True)
    if state.end != "finished":
        raise VitruvianError("the coordinator stopped the training", got=state.end)
    return state


def _answers(
    site: Site, address: str, secret: bytes, kept: Path, node: Any, on_answer: Callable[[str], None]
) -> tuple[SiteState, int]:
    """Answer as long as the node runs; the state then, and how many questions were answered."""
    state, answered = state_of(unpack(kept.read_bytes())) if kept.exists() else SiteState(), 0
    with calls.runtime(address, secret=secret) as tasks:
        while not state.end and node.poll() is None:
            token = calls.acquired(tasks, "flwr-clientapp")
            if not token:
                time.sleep(calls.POLL)
                continue
            state = _answer(site, state, calls.runtime(address, token=token), kept, on_answer)
            answered += 1
    return state, answered


def _answer(site: Site, state: SiteState, client: Any, kept: Path, on_answer: Callable[[str], None]) -> SiteState:
    """One question; the state is on disk before the answer leaves."""
    from flwr.app import Message
    from flwr.common.constant import SubStatus
    from flwr.supernode.runtime.run_clientapp import pull_task_input, push_message, push_task_output

    with calls.kept_alive(client):
        message, context, _, _ = pull_task_input(client)
        kind, body = calls.content(message.content)
        state, reply = site.answer(state, kind, unpack(body))
        write_private(kept, pack(state_content(state)))
        push_message(client, Message(calls.record(kind, pack(reply)), reply_to=message), context)
        push_task_output(client, context, SubStatus.COMPLETED, "")
    client.close()
    on_answer(kind)
    return state
