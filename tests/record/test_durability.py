"""What was acknowledged survives a kill, a full disk and a failing fsync; a retry loses and doubles nothing."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from writers import FACTS, FORMATS, SAMPLES, files_of

from vitruvian.core import StoreError
from vitruvian.record import IngestReport, Record

PEOPLE = [f"k{k}" for k in range(4)]
KILLS = 20 if os.environ.get("CI") else 4
"""A tenth of all where CI is set, fewer by default; all of them where `full` is asked for."""
ALL_KILLS, BLOCK = 200, 20


class Farm:
    """The process of `writers`."""

    def __init__(self) -> None:
        command = [sys.executable, str(Path(__file__).with_name("writers.py"))]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, url: str, folder: Path, kill_after: float | None = None) -> float:
        """Seconds that a writer lived."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps([url, str(folder), PEOPLE]), file=self.process.stdin, flush=True)
        child, start = int(self.process.stdout.readline()), time.monotonic()
        if kill_after is not None:
            time.sleep(kill_after)
            with suppress(ProcessLookupError):  # it was done before
                os.kill(child, signal.SIGKILL)
        status = int(self.process.stdout.readline())
        assert status in ((0,) if kill_after is None else (0, signal.SIGKILL))
        return time.monotonic() - start


@pytest.fixture(scope="module")
def farm() -> Iterator[Farm]:
    one = Farm()
    with one.process:
        yield one
        assert one.process.stdin is not None
        one.process.stdin.close()


@pytest.fixture(scope="module")
def life(farm: Farm, tmp_path_factory: pytest.TempPathFactory) -> float:
    """Seconds that a writer lives that nobody kills."""
    folder = tmp_path_factory.mktemp("whole")
    seconds = farm.run(str(folder / "a.db"), folder)
    assert_whole(folder / "a.db", PEOPLE)
    return seconds


def facts_and_samples(record: Record, person: str) -> tuple[int, int]:
    """How many there are of a person."""
    patient = record.patient(person)
    return len(patient.facts()), patient.samples("heart_rate").height


def assert_whole(url: Path, people: list[str]) -> None:
    with Record.open(url) as record:
        record.verify_audit()
        assert {one: facts_and_samples(record, one) for one in people} == dict.fromkeys(people, (FACTS, SAMPLES))


def take_all(record: Record, folder: Path) -> IngestReport:
    total = IngestReport()
    for person in PEOPLE:
        total += record.ingest(*files_of(folder, person), patient=person, formats=FORMATS)
    return total


def take_until_full(record: Record, folder: Path) -> None:
    for k in range(20):
        record.ingest(*files_of(folder, f"f{k}"), patient=f"f{k}", formats=FORMATS)


def assert_nothing_half(record: Record, acknowledged: set[str]) -> None:
    """All of a file or nothing of it; all of what was acknowledged."""
    record.verify_audit()
    there = {one: facts_and_samples(record, one) for one in record.people()}
    assert acknowledged <= {one for one, found in there.items() if found == (FACTS, SAMPLES)}
    assert set(there.values()) <= {(FACTS, SAMPLES), (FACTS, 0)}


def kill_and_check(farm: Farm, folder: Path, delay: float) -> None:
    url = folder / "a.db"
    farm.run(str(url), folder, delay)
    noted = folder / "acknowledged"
    acknowledged = set(noted.read_text().split()) if noted.exists() else set()
    with Record.open(url) as record:
        assert_nothing_half(record, acknowledged)
        known = sum(sum(facts_and_samples(record, one)) - 2 for one in record.people())
        total = take_all(record, folder)
        assert total.records_in == total.stored + total.duplicate == len(PEOPLE) * (FACTS - 2 + SAMPLES)
        assert total.duplicate >= known - 2 * len(PEOPLE)
    assert_whole(url, PEOPLE)


@pytest.mark.parametrize("seed", range(KILLS))
def test_kill_while_ingesting(seed: int, farm: Farm, life: float, tmp_path: Path) -> None:
    kill_and_check(farm, tmp_path, random.Random(seed).random() * life)


@pytest.mark.full
@pytest.mark.parametrize("block", range(ALL_KILLS // BLOCK))
def test_kill_at_many_points(block: int, farm: Farm, life: float, tmp_path: Path) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        folder = tmp_path / str(seed)
        folder.mkdir()
        kill_and_check(farm, folder, random.Random(1000 + seed).random() * life)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    if subprocess.run([mount, "-t", "tmpfs", "-o", "size=8m", "none", folder], check=False).returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize("left", [0, 20, 60, 150, 300])
def test_a_full_disk(left: int, small_disk: Path, tmp_path: Path) -> None:
    """With `left` kB free an ingest fails cleanly; with more it works, and nothing is lost or doubled."""
    filler, first = small_disk / "filler", files_of(tmp_path, "first")
    with Record.open(small_disk / "a.db") as record:
        record.ingest(*first, patient="first", formats=FORMATS)
        free = shutil.disk_usage(small_disk).free
        filler.write_bytes(bytes(max(free - left * 1024, 0)))
        with pytest.raises(StoreError, match="could not be used"):
            take_until_full(record, tmp_path)
        filler.unlink()
        assert_nothing_half(record, {"first"})
        assert take_all(record, tmp_path).stored == len(PEOPLE) * (FACTS - 2 + SAMPLES)
    assert_whole(small_disk / "a.db", ["first", *PEOPLE])


def test_fsync_fails_in_the_blob_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever fsync fails first, the error is clean and the next try works."""
    real, to_go = os.fsync, 0

    def fsync(handle: int) -> None:
        nonlocal to_go
        to_go -= 1
        if to_go == 0:
            raise OSError(errno.EIO, "Input/output error")
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    files, url, failed = files_of(tmp_path, "p"), tmp_path / "a.db", 0
    with Record.open(url) as record:
        while True:
            to_go = failed + 1
            try:
                record.ingest(*files, patient="p", formats=FORMATS)
                break
            except StoreError:
                failed += 1
                if record.people():
                    assert_nothing_half(record, set())
        assert failed >= 3  # file and folder of the bundle's bytes, of a chunk …
    assert_whole(url, ["p"])
    assert not [one for folder in tmp_path.rglob(".aside") for one in folder.iterdir()]


BROKEN_FSYNC = r"""
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
static int broken(void) { return access(getenv("FSYNC_FAILS"), F_OK) == 0; }
int fsync(int handle) { if (broken()) { errno = EIO; return -1; } return 0; }
int fdatasync(int handle) { return fsync(handle); }
"""
TWO_TRIES = """
import os, sys
from pathlib import Path
from writers import FORMATS, files_of
from vitruvian.core import StoreError
from vitruvian.record import Record
flag, folder = Path(os.environ["FSYNC_FAILS"]), Path(sys.argv[1])
with Record.open(folder / "a.db") as record:
    flag.touch()
    try:
        record.ingest(*files_of(folder, "p"), patient="p", formats=FORMATS)
    except StoreError as error:
        print(error)
    flag.unlink()
    print(record.people())
    record.ingest(*files_of(folder, "p"), patient="p", formats=FORMATS)
"""


def test_fsync_fails_in_the_database(tmp_path: Path) -> None:
    """A library of ours stands before the system's fsync."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("needs a C compiler on Linux")
    source, library = tmp_path / "fsync.c", tmp_path / "fsync.so"
    source.write_text(BROKEN_FSYNC)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    more = {"LD_PRELOAD": str(library), "FSYNC_FAILS": str(tmp_path / "flag"), "PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, "-c", TWO_TRIES, str(tmp_path)]
    done = subprocess.run(command, env=os.environ | more, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].startswith("the d")
    assert done.stdout.splitlines()[-1] == "[]"
    assert_whole(tmp_path / "a.db", ["p"])
