"""What was acknowledged survives a kill; two writers lose nothing."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from vitruvian.ingest import ingest, samples
from vitruvian.record import Record

WRITER = """
import sys
from vitruvian.ingest import ingest
from vitruvian.record import Record
record = Record.open(sys.argv[1])
for path in sys.argv[2:]:
    ingest(record, path)
    print(path, flush=True)  # acknowledged
"""


def files(folder: Path, count: int, who: str) -> list[Path]:
    """Copies of a sample patient as different people."""
    text = samples()["sample-b"][0].read_text().replace("urn:uuid:", f"urn:uuid:{who}")
    made = []
    for k in range(count):
        made.append(folder / f"{who}{k}.json")
        made[-1].write_text(text.replace("sample-b", f"{who}{k}"))
    return made


def start(url: Path, paths: list[Path]) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(url), *map(str, paths)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def kill_and_check(folder: Path, delay: random.Random) -> None:
    url, paths = folder / "a.db", files(folder, 12, "k")
    with start(url, paths) as writer:
        assert writer.stdout is not None
        acknowledged = [writer.stdout.readline().strip() for _ in range(delay.randint(1, 6))]
        try:
            writer.wait(delay.random() * 0.05)
        except subprocess.TimeoutExpired:
            os.kill(writer.pid, signal.SIGKILL)
        acknowledged += writer.stdout.read().split()
    with Record.open(url) as record:
        record.verify_audit()
        people = record.people()
        assert {Path(path).stem for path in acknowledged} <= set(people)
        for person in record.patients():
            assert len(person.facts()) == 22  # all of a file or nothing of it
        total = ingest(record, *paths)
        assert total.duplicate == 20 * len(people)
        assert total.records_in == 240
        record.verify_audit()


@pytest.mark.parametrize("seed", range(2))
def test_kill_while_ingesting(seed: int, tmp_path: Path) -> None:
    kill_and_check(tmp_path, random.Random(seed))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 60))
def test_kill_at_many_points(seed: int, tmp_path: Path) -> None:
    kill_and_check(tmp_path, random.Random(seed))


def test_two_writers_at_once(tmp_path: Path) -> None:
    url = tmp_path / "a.db"
    writers = [start(url, files(tmp_path, 8, who)) for who in ("x", "y")]
    for writer in writers:
        out, _ = writer.communicate(timeout=120)
        assert writer.returncode == 0
        assert len(out.split()) == 8
    with Record.open(url) as record:
        assert len(record.people()) == 16
        assert record.verify_audit() >= 17
