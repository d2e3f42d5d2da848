"""Samples that came a few at a time go out with an export and come in again: the same samples, the same file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from clinic import bundle, person

from vitruvian.core import DataError
from vitruvian.ingest import STREAM
from vitruvian.record import RawFile, Record, Samples, Told, export_patient

START = 1_700_000_000_000
SIGNALS = {"heart_rate": ("/min", 61.5), "sleep": ("", np.nan)}


def samples(signal: str, n: int) -> Samples:
    unit, value = SIGNALS[signal]
    at = START + 60_000 * np.arange(n, dtype=np.int64)
    text = tuple(f"deep {k} äö" for k in range(n)) if signal == "sleep" else None
    values = np.where(np.arange(n) == 2, np.nan, value)
    return Samples("p", signal, "monitor 7", unit, at, at + 1000, np.full(n, 60), values, np.arange(n), text)


def test_the_round_trip(tmp_path: Path) -> None:
    with Record.open(tmp_path / "a.db") as record:
        record.ingest(bundle(tmp_path, "p.json", person("p", "Ada", "1970-01-01", "M-1")))
        record.append_samples([samples("heart_rate", 5), samples("sleep", 4)])
        record.append_samples([samples("heart_rate", 7)])  # five of them again
        first = export_patient(record.patient("p"), tmp_path / "first")
        before = {name: record.patient("p").samples(name) for name in SIGNALS}
        again = record.ingest(tmp_path / "first" / "files")
        assert (again.stored, again.quarantined) == (0, 0)
    with Record.open(tmp_path / "b.db") as record:
        record.ingest(tmp_path / "first" / "bundle.json")
        report = record.ingest(tmp_path / "first" / "files", patient="p")
        assert (report.stored, report.duplicate, report.quarantined) == (11, 5, 0)
        for name, rows in before.items():
            there = record.patient("p").samples(name)
            assert there.drop("raw_hash", strict=False).equals(rows.drop("raw_hash", strict=False)), name
        second = export_patient(record.patient("p"), tmp_path / "second")
    assert second["counts"]["samples"] == first["counts"]["samples"] == 11
    assert second["files"]["files/stream.json"] == first["files"]["files/stream.json"]


GOOD = {"subject": "p", "signal": "heart_rate", "source": "m", "unit": "/min", "text": None, "start": [START],
        "end": [START], "offset": [0], "value": [1.0], "place": [0]}  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [{"start": []}, {"value": ["x"]}, {"start": ["soon"]}, {"subject": 7}, {"text": [1]}, {"start": [1e300]},
     {"end": [10**16]}, {"unit": None}, {"value": [[1.0]]}, {"value": None},
     {"start": [1.5]}, {"place": [True]}, {"text": "x"}],
)  # fmt: skip
def test_a_file_that_is_none_is_refused_whole(tmp_path: Path, wrong: dict[str, object]) -> None:
    path = tmp_path / "stream.json"
    path.write_text(json.dumps({"received_ms": [1], "batches": [GOOD, GOOD | wrong]}))
    with pytest.raises(DataError):
        list(STREAM.read(RawFile(path), Told(None)))
    path.write_text('{"received_ms":[1],"batches":')
    with pytest.raises(DataError):
        list(STREAM.read(RawFile(path), Told(None)))
