"""What a killed program left unpacked is swept by the next ingest; what others use stays."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from vitruvian.record import Record
from vitruvian.record.scratch import aside_prefix, scratch_folder

KILLED = """
import os, pathlib
from vitruvian.record.scratch import scratch_folder
with scratch_folder() as folder:
    (pathlib.Path(folder) / "plain.txt").write_text("a name")
    print(folder, flush=True)
    os.kill(os.getpid(), 9)
"""


def test_the_folder_of_a_killed_process_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    done = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, check=False)
    left = Path(done.stdout.strip())
    assert (left / "plain.txt").exists()
    with scratch_folder() as mine, Record.open(tmp_path / "a.db") as record:
        record.ingest()
        assert Path(mine).is_dir()
    assert not left.exists()
    assert not Path(mine).exists()


HALF = """
import os, sys
from vitruvian.record.blobs import Folder
from pathlib import Path
def pieces():
    yield b"half"
    os.kill(os.getpid(), 9)
Folder(Path(sys.argv[1])).write("a/b/c", pieces())
"""


def test_half_written_bytes_of_a_killed_process_go(tmp_path: Path) -> None:
    with Record.open(tmp_path / "a.db", blobs=tmp_path / "blobs") as record:
        subprocess.run([sys.executable, "-c", HALF, str(tmp_path / "blobs")], check=False)
        (left,) = (tmp_path / "blobs" / ".aside").iterdir()
        mine = left.with_name(f"{aside_prefix()}x")
        mine.write_bytes(b"")
        record.ingest()
        assert list(left.parent.iterdir()) == [mine]
        assert not (tmp_path / "blobs" / "a" / "b" / "c").exists()


def test_heads_of_the_audit_are_synced_once_a_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    fsync = os.fsync

    def watched(handle: int) -> None:
        synced.append(os.fstat(handle).st_ino)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", watched)
    with Record.open(tmp_path / "a.db") as record:
        head = (tmp_path / "a.db.audit-head").stat().st_ino
        assert tmp_path.stat().st_ino in synced[synced.index(head) :]  # the folder, in which it is new
        synced.clear()
        record.people()
        assert synced == [head]
