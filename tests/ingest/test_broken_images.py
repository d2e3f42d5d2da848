"""Broken DICOM, EDF and WFDB files: read or refused, never a crash, a hang, or much memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pydicom
import pytest
from recordings import write_edf, write_wfdb

HERE = Path(__file__).parent
FOLDER = Path(pydicom.__file__).parent / "data" / "test_files"
DICOM = ["CT_small.dcm", "test-SR.dcm", "dicomdirtests/DICOMDIR"]
MORE = [*DICOM, "waveform_ecg.dcm", "image_dfl.dcm", "liver_1frame.dcm"]
FULL = 10_000


def run(kind: str, good: Path, count: int, seed: int = 1) -> dict[str, int]:
    command = [sys.executable, str(HERE / "mutant_run.py"), kind, str(good), str(count), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stderr[-2000:]
    told: dict[str, int] = json.loads(done.stdout)
    assert told["files"] == count
    assert told["refused"] > 0
    assert told["peak_mb"] < 1000
    return told


@pytest.mark.parametrize("name", DICOM)
def test_dicom(name: str) -> None:
    assert run("dicom", FOLDER / name, 50)["items"] > 0


def test_recordings(tmp_path: Path) -> None:
    pytest.importorskip("edfio", reason="needs the extra waveforms")
    run("edf", write_edf(tmp_path), 50)
    run("wfdb", write_wfdb(tmp_path), 50)


@pytest.mark.full
@pytest.mark.parametrize("name", MORE)
def test_many_dicom(name: str) -> None:
    run("dicom", FOLDER / name, FULL // len(MORE) + 1, 2)


@pytest.mark.full
def test_many_recordings(tmp_path: Path) -> None:
    pytest.importorskip("edfio", reason="needs the extra waveforms")
    run("edf", write_edf(tmp_path), FULL, 2)
    run("wfdb", write_wfdb(tmp_path), FULL, 2)
