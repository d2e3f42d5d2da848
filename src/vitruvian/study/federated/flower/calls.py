"""All that is used of Flower 1.41, in one place: its processes, its tasks, its messages.

Flower ships a program to each node and runs it there. Here it does not: the nodes run in Flower's "process" isolation,
where whoever holds the node's secret takes its tasks, and that is this package, as installed by the hospital. The
program that Flower insists on is a stub which nobody runs.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core import InputError, UnsupportedError

STUB = {
    "pyproject.toml": b"""[project]
name = "vitruvian-federated"
version = "1.0.0"
license = "Apache-2.0"
[tool.flwr.app]
publisher = "vitruvian"
[tool.flwr.app.components]
serverapp = "stub:app"
clientapp = "stub:app"
""",
    "stub.py": b'"""Nobody runs this."""\n',
}
POLL = 0.3
STARTED_IN = 300.0


def flower(command: str) -> str:
    """The path of one of Flower's programs. Raises UnsupportedError where it is not installed."""
    found = shutil.which(command, path=str(Path(sys.executable).parent)) or shutil.which(command)
    if found is None:
        raise UnsupportedError(
            "training between hospitals needs Flower", todo="make federated, or pip install vitruvian[federated]."
        )
    return found


@contextmanager
def running(command: str, arguments: list[str], home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One of Flower's programs while the block runs, without telemetry; its log lies in `home`."""
    program = flower(command)
    home.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "FLWR_HOME": str(home), "FLWR_TELEMETRY_ENABLED": "0"}
    with (home / f"{command}.log").open("ab") as log:
        process = subprocess.Popen(
            [program, *arguments], stdout=log, stderr=log, env=environment, preexec_fn=_end_with_parent
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _end_with_parent() -> None:
    """Before the program begins: it is to end when this process does, however that ends (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def listening(process: subprocess.Popen[bytes], host: str, port: int, log: Path) -> None:
    """Wait until the program listens. Raises InputError where it ended instead."""
    until = time.monotonic() + STARTED_IN
    while time.monotonic() < until and process.poll() is None:
        if in_use(host, port):
            return
        time.sleep(POLL)
    said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
    raise InputError("Flower did not start", got=" ".join(said) or "nothing said", todo="Is the port in use?")


def in_use(host: str, port: int) -> bool:
    """Whether somebody listens."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as one:
        one.settimeout(1)
        return one.connect_ex((host, port)) == 0


def free(host: str, port: int) -> None:
    """Raises InputError where somebody else listens already."""
    if in_use(host, port):
        raise InputError("a port is in use", got=f"{host}:{port}", todo="Give another: --port.")


def loaded() -> None:
    """Load what a task needs before one is taken: Flower takes it away again unless it hears of it within seconds.

    Raises UnsupportedError without Flower.
    """
    flower("flower-supernode")
    import flwr.supercore.heartbeat
    import flwr.superlink.grid.http_grid
    import flwr.supernode.runtime.run_clientapp  # noqa: F401


def runtime(address: str, *, secret: bytes | None = None, token: str = "", roots: bytes | None = None) -> Any:
    """A connection to the tasks of a node or of the coordinator's link: by its secret, or by a task's token."""
    from flwr.supercore.interceptors import (
        RuntimeTokenHttpInterceptor,
        RuntimeVersionHttpInterceptor,
        SuperExecAuthHttpInterceptor,
    )
    from flwr.supercore.retry import make_simple_http_retry_invoker
    from flwr.supercore.runtime import RuntimeHttpClient

    way: list[Any] = [RuntimeVersionHttpInterceptor(component_name="vitruvian")]
    if secret is not None:
        protected = {"/flwr.proto.Runtime/AcquireTask"}
        way.append(SuperExecAuthHttpInterceptor(master_secret=secret, protected_methods=protected))
    if token:
        way.append(RuntimeTokenHttpInterceptor(token))
    again = make_simple_http_retry_invoker()
    again.max_tries = 1 if secret is not None else again.max_tries  # who asks for tasks asks again, and looks about
    return RuntimeHttpClient.from_server_address(
        server_address=address,
        insecure=roots is None,
        root_certificates=roots,
        interceptors=way,
        retry_invoker=again,
    )


def acquired(client: Any, kind: str) -> str:
    """The token of the next task of a kind; "" where there is none, or nobody answers."""
    import httpx
    from flwr.proto.runtime_pb2 import AcquireTaskRequest

    try:
        found = client.AcquireTask(AcquireTaskRequest(supported_task_types=[kind]))
    except httpx.TransportError:
        return ""
    return str(found.token) if found.HasField("task") else ""


@contextmanager
def kept_alive(client: Any) -> Iterator[None]:
    """Tell Flower, while the block runs, that a task is worked on."""
    from flwr.supercore.heartbeat import HeartbeatSender, make_task_heartbeat_fn_http

    sender = HeartbeatSender(make_task_heartbeat_fn_http(client))
    sender.start()
    try:
        yield
    finally:
        sender.stop()


def control(address: str, roots: bytes) -> Any:
    """A connection by which nodes are registered and runs are started."""
    from flwr.supercore.control import ControlHttpClient
    from flwr.supercore.interceptors import RuntimeVersionHttpInterceptor

    return ControlHttpClient.from_server_address(
        server_address=address,
        insecure=False,
        root_certificates=roots,
        interceptors=[RuntimeVersionHttpInterceptor(component_name="flwr CLI")],
    )


def register(client: Any, public: bytes, name: str) -> int:
    """Let a node in by its public key; its id."""
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key
    from flwr.proto.control_pb2 import RegisterNodeRequest
    from flwr.supercore.primitives.asymmetric import public_key_to_bytes

    key = public_key_to_bytes(load_ssh_public_key(public))
    return int(client.RegisterNode(RegisterNodeRequest(public_key=key, name=name)).node_id)


def start_run(client: Any) -> None:
    """Start a run of the stub, so that there is a task for the coordinator."""
    import hashlib

    from flwr.cli.build import build_fab_from_files
    from flwr.common.serde import fab_to_proto
    from flwr.proto.control_pb2 import StartRunRequest
    from flwr.supercore.fab import Fab

    bundle = build_fab_from_files(STUB)[0]
    fab = fab_to_proto(Fab(hashlib.sha256(bundle).hexdigest(), bundle, {}))
    started = client.StartRun(StartRunRequest(fab=fab))
    if not started.HasField("run_id"):
        raise InputError("Flower did not start a run", got=started.note)


def record(kind: str, body: bytes) -> Any:
    """The content of a message."""
    from flwr.app import Array, ArrayRecord, ConfigRecord, RecordDict

    arrays = ArrayRecord({"body": Array(np.frombuffer(body, np.uint8))})
    return RecordDict({"about": ConfigRecord({"kind": kind}), "content": arrays})


def content(records: Any) -> tuple[str, bytes]:
    """Kind and body of a message."""
    return str(records["about"]["kind"]), records["content"]["body"].numpy().tobytes()


def grid(address: str, token: str, roots: bytes) -> Any:
    """The coordinator's way to its nodes, for the task of this token."""
    from flwr.superlink.grid.http_grid import HttpGrid

    return HttpGrid(address, insecure=False, root_certificates=roots, token=token)


def begin_run(link: Any) -> None:
    """Take the task's input, by which its state becomes running."""
    from flwr.common.serde import run_from_proto
    from flwr.proto.runtime_pb2 import PullTaskInputRequest
    from flwr.supercore.task_identity import TaskIdentity

    found = link._runtime_client.PullTaskInput(PullTaskInputRequest())
    TaskIdentity.task_id, TaskIdentity.run_id = found.task_id, found.run.run_id
    TaskIdentity.node_id = found.context.node_id
    link.set_run(run_from_proto(found.run))


def end_run(link: Any, why: str) -> None:
    """Give the task back: completed, or failed and why."""
    from flwr.common.constant import SubStatus
    from flwr.proto.runtime_pb2 import PushTaskOutputRequest

    status = SubStatus.FAILED if why else SubStatus.COMPLETED
    link._runtime_client.PushTaskOutput(PushTaskOutputRequest(sub_status=status, details=why))
    link.close()


def asked(link: Any, kind: str, bodies: Mapping[int, bytes]) -> dict[str, int]:
    """Send a question to nodes by their id; the id of each message and its node."""
    from flwr.app import Message

    messages = [Message(record(kind, body), dst_node_id=node, message_type="query") for node, body in bodies.items()]
    return {one: node for one, node in zip(link.push_messages(messages), bodies, strict=True) if one}
