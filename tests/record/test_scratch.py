"""What a killed program left unpacked is swept by the next ingest; what others use stays."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from vitruvian.record import Record
from vitruvian.record.scratch import scratch_folder

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
