"""Real runs between processes: Flower over TLS, nodes by their keys, one killed, and all that is said on tape."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from federated_sites import TARGET, made_plan, made_sites
from test_federated_training import canaries

from vitruvian.learn import load
from vitruvian.study.federated import SiteTable, write_table
from vitruvian.study.federated.comparison import alone, pooled_table
from vitruvian.study.federated.preparing import toml_of

ROOT = Path(__file__).parents[2]
VITRUVIAN = ROOT / ".federated" / "bin" / "vitruvian"
HOST = "127.0.0.1"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not VITRUVIAN.exists(), reason="needs the environment with Flower: make federated"),
]


def free_port() -> int:
    with socket.socket() as one:
        one.bind((HOST, 0))
        return one.getsockname()[1]


class Tape:
    """A proxy with the coordinator's certificate, between sites and coordinator: it writes down the plaintext."""

    def __init__(self, keys: Path, behind: int) -> None:
        self.said: list[bytes] = []
        self._behind, self._keys = behind, keys
        accepting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        accepting.load_cert_chain(keys / "server.pem", keys / "server.key")
        self._socket = accepting.wrap_socket(socket.create_server((HOST, 0)), server_side=True)
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                inner = self._socket.accept()[0]
            except ssl.SSLError:
                continue
            except OSError:
                return
            try:
                calling = ssl.create_default_context(cafile=str(self._keys / "ca.pem"))
                outer = calling.wrap_socket(socket.create_connection((HOST, self._behind)), server_hostname=HOST)
            except OSError:  # the coordinator is not there yet
                inner.close()
                continue
            for one, other in ((inner, outer), (outer, inner)):
                threading.Thread(target=self._copy, args=(one, other), daemon=True).start()

    def _copy(self, one: ssl.SSLSocket, other: ssl.SSLSocket) -> None:
        try:
            while data := one.recv(1 << 16):
                self.said.append(data)
                other.sendall(data)
        except OSError:
            pass
        finally:
            one.close()
            other.close()

    def close(self) -> None:
        self._socket.close()


class Hospitals:
    """Coordinator and sites as processes of their own, each with its own folder, as hospitals would have them."""

    def __init__(self, folder: Path, tables: dict[str, SiteTable], **plan) -> None:
        self.folder, self.tables, self.port = folder, tables, free_port()
        self.plan = made_plan(wait=400.0, **plan)
        (folder / "plan.toml").write_text(toml_of(self.plan), encoding="utf-8")
        self.running: list[subprocess.Popen[bytes]] = []
        self.ran("keys", "server", "--server", HOST)
        for name, table in tables.items():
            self.ran("keys", name, "--site", name)
            write_table(folder / name / "table.csv", table, TARGET.name)
        (folder / "roster").mkdir()
        for name in tables:
            shutil.copy(folder / name / f"{name}.pub", folder / "roster")

    def ran(self, *words: str) -> None:
        subprocess.run([VITRUVIAN, "federate", *words], cwd=self.folder, check=True, capture_output=True)

    def started(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [VITRUVIAN, "federate", *words], cwd=self.folder, stdout=log, stderr=log, env=environment
            )
        self.running.append(process)
        return process

    def server(self) -> subprocess.Popen[bytes]:
        words = ["--keys", "server", "--roster", "roster", "--out", "model", "--port", str(self.port)]
        return self.started("coordinator", "server", "plan.toml", *words)

    def site(self, name: str, port: int) -> subprocess.Popen[bytes]:
        words = ["--name", name, "--server", f"{HOST}:{port}", "--authority", "server/ca.pem", "--roster", "roster"]
        words += ["--key", f"{name}/{name}.key", "--folder", f"{name}/state", "--out", f"{name}/model"]
        return self.started(name, "site", "plan.toml", f"{name}/table.csv", *words, "--port", str(free_port()))

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")

    def until(self, name: str, text: str) -> None:
        """Wait until a process has said something."""
        end = time.monotonic() + 900
        while text not in self.log(name):
            assert time.monotonic() < end, self.log(name)
            time.sleep(0.5)

    def close(self) -> None:
        for one in self.running:
            one.terminate()
        for one in self.running:
            one.wait()


def test_three_hospitals_train_over_tls_and_no_record_is_on_tape(tmp_path: Path) -> None:
    """The model of pooled data comes out, here and at each site; the tape has keys and sums, and no record."""
    tables = made_sites(3, 200)
    planted = tables["site-0"]
    planted.rows.values[0, :3] = [17.1234567891, 53.9876543219, 87.6543219871]
    tables["site-0"] = replace(planted, rows=replace(planted.rows, ids=("person-canary-4711", *planted.rows.ids[1:])))
    hospitals = Hospitals(tmp_path, tables, rounds=3)
    tape = Tape(tmp_path / "server", hospitals.port)
    try:
        server = hospitals.server()
        sites = [hospitals.site(name, tape.port) for name in tables]
        assert server.wait(timeout=900) == 0, hospitals.log("coordinator")
        assert [one.wait(timeout=200) for one in sites] == [0, 0, 0], hospitals.log("site-0")
    finally:
        hospitals.close()
        tape.close()
    model = load(tmp_path / "model")
    pooled = alone(hospitals.plan, pooled_table(tables))
    assert np.allclose(model.params, pooled.params, atol=1e-4)
    for name in tables:
        assert np.array_equal(load(tmp_path / name / "model").params, model.params)
        assert not (tmp_path / name / "state" / "state").exists()
    everything = b"".join(tape.said)
    assert model.params.tobytes() in everything  # the tape has what is said
    assert not [one for one in canaries(tables["site-0"]) if one in everything]


def test_a_hospital_killed_in_the_middle_is_survived(tmp_path: Path) -> None:
    """One of three sites is killed after the first round: the others finish, and what is noted says so."""
    tables = made_sites(3, 200)
    hospitals = Hospitals(tmp_path, tables, rounds=4)
    try:
        server = hospitals.server()
        sites = {name: hospitals.site(name, hospitals.port) for name in tables}
        hospitals.until("coordinator", "round: 3 of 3")
        sites["site-1"].send_signal(signal.SIGKILL)
        assert server.wait(timeout=900) == 0, hospitals.log("coordinator")
        assert [sites[name].wait(timeout=200) for name in ("site-0", "site-2")] == [0, 0]
    finally:
        hospitals.close()
    settings = load(tmp_path / "model").manifest.settings
    assert settings["sites_in_rounds"][-1] == 2
    assert any("site-1 did not answer" in note for note in settings["notes"])


def test_strangers_are_not_let_in(tmp_path: Path) -> None:
    """A node whose key is not registered, and one that trusts another authority, take no part."""
    hospitals = Hospitals(tmp_path, made_sites(3, 60), rounds=1)
    hospitals.ran("keys", "elsewhere", "--server", HOST)
    hospitals.ran("keys", "stranger", "--site", "stranger")
    shutil.copy(tmp_path / "stranger" / "stranger.key", tmp_path / "site-1" / "site-1.key")
    shutil.copy(tmp_path / "elsewhere" / "ca.pem", tmp_path / "site-2" / "ca.pem")
    try:
        hospitals.server()
        hospitals.until("coordinator", "listening")
        hospitals.site("site-0", hospitals.port)
        hospitals.site("site-1", hospitals.port)
        hospitals.until("coordinator", "site-0 is there")
        time.sleep(20)
        assert "site-1 is there" not in hospitals.log("coordinator")
    finally:
        hospitals.close()
    node = (tmp_path / "site-1" / "state" / "flower" / "flower-supernode.log").read_text(encoding="utf-8")
    assert "Failed to activate SuperNode" in node
