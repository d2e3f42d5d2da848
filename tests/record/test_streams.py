"""Streams in the record: every sample accounted for once, in any order, in few chunks."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sqlalchemy import func, select
from tape import Row, Tape, row, write_tape

from vitruvian.record import Patient, Record, schema
from vitruvian.record.windows import MOST, SPARSE, cut, tier

MINUTE, DAY = 60_000, 86_400_000
T0 = 1_735_689_600_000  # 2025-01-01T00:00Z
PATIENT = {"resourceType": "Patient", "id": "p1"}


def opened(url: str, folder: Path) -> Record:
    record = Record.open(url, blobs=folder / "blobs")
    person = folder / "p1.json"
    person.write_text(json.dumps(PATIENT))
    record.ingest(person)
    return record


def taken(record: Record, *files: Path) -> tuple[int, int, int, int]:
    report = record.ingest(*files, patient="p1", formats=[Tape()])
    return report.records_in, report.stored, report.duplicate, report.quarantined


def rows(rng: np.random.Generator, count: int, days: int = 40) -> list[Row]:
    minutes = rng.choice(days * 1440, count, replace=False)
    return [row(T0 + int(m) * MINUTE, float(60 + m % 40), offset=60) for m in minutes]


def state(record: Record) -> pl.DataFrame:
    samples = record.patient("p1").samples("heart_rate")
    return samples.drop("prov").sort("start", "source", "value_raw")


def test_twice_overlapping_and_in_any_order(record_url: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    every = rows(rng, 900)
    cuts = [every[:400], every[200:700], every[500:], [*every[:100], *every[:100]]]
    files = [write_tape(tmp_path / f"{k}.tape", ("heart_rate", "watch", "/min", part)) for k, part in enumerate(cuts)]
    with opened(record_url, tmp_path) as record:
        for path in files:
            came, stored, duplicate, quarantined = taken(record, path)
            assert came == stored + duplicate + quarantined
        first = state(record)
        assert taken(record, *files) == (1500, 0, 1500, 0)
        assert state(record).equals(first)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with opened(f"sqlite:///{elsewhere / 'other.db'}", elsewhere) as other:
        assert taken(other, *files[::-1])[1] == 900
        assert state(other).equals(first)


def test_what_makes_a_sample_another_sample(record_url: str, tmp_path: Path) -> None:
    t = T0
    different = [
        ("heart_rate", "watch", "/min", [row(t, 60.0), row(t, 61.0), row(t, 60.0, 1), row(t + 1, 60.0)]),
        ("heart_rate", "strap", "/min", [row(t, 60.0)]),
        ("heart_rate", "watch", "{beats}/min", [row(t, 60.0)]),
        ("heart_rate", "watch", "/min", [row(t, 60.0, text="resting"), row(t, None)]),
        ("resting_heart_rate", "watch", "/min", [row(t, 60.0)]),
        ("sleep", "watch", "", [row(t, None, 5, text="deep"), row(t, None, 5, text="light")]),
    ]
    path = write_tape(tmp_path / "a.tape", *different)
    with opened(record_url, tmp_path) as record:
        assert taken(record, path) == (11, 11, 0, 0)
        assert taken(record, path) == (11, 0, 11, 0)


def test_late_data_and_a_monitor_leave_few_chunks(record_url: str, tmp_path: Path) -> None:
    with opened(record_url, tmp_path) as record:
        for k in range(60):
            part = [row(T0 + (k * 3 + j) * MINUTE, 70.0) for j in range(3)]
            taken(record, write_tape(tmp_path / "live.tape", ("heart_rate", "monitor", "/min", part)))
        assert record.patient("p1").samples("heart_rate").height == 180
        with record.engine.begin() as connection:
            chunks = connection.execute(select(schema.chunk)).all()
        assert len(chunks) <= 2 * MOST
        assert sum(one.rows for one in chunks) == 180
        blobs = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
        assert len(blobs) == len(chunks) + 61  # the joined chunks' old bytes are gone; every raw file stays


def test_a_year_that_falls_into_its_months_again_keeps_them(tmp_path: Path) -> None:
    """Nine exports of a month each: joined they are too many for a year, and cut they are the chunks there were."""
    with opened(str(tmp_path / "a.db"), tmp_path) as record:
        for month in range(9):
            first = T0 + month * 31 * DAY
            samples = [row(first + k * 5 * MINUTE, 60.0) for k in range(5000)]
            file = write_tape(tmp_path / f"{month}.tape", ("heart_rate", "watch", "/min", samples))
            assert taken(record, file) == (5000, 5000, 0, 0)
        assert record.patient("p1").samples("heart_rate").height == 45_000


def test_a_failure_while_chunks_are_joined_loses_nothing(
    record_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def part(k: int) -> Path:
        some = [row(T0 + (k * 3 + j) * MINUTE, 70.0) for j in range(3)]
        return write_tape(tmp_path / f"{k}.tape", ("heart_rate", "monitor", "/min", some))

    with opened(record_url, tmp_path) as record:
        for k in range(MOST):
            taken(record, part(k))
        before = state(record)
        with monkeypatch.context() as patch:  # the ninth chunk makes them join; then the commit does not come about
            patch.setattr("vitruvian.record.auditing.AuditChain.append", _broken)
            with pytest.raises(RuntimeError, match="power failure"):
                taken(record, part(MOST))
        assert state(record).equals(before)
        assert taken(record, part(MOST)) == (3, 3, 0, 0)
        assert state(record).height == 3 * (MOST + 1)


def _broken(*_: object) -> None:
    raise RuntimeError("power failure")


def test_an_unusable_batch_quarantines_the_file_whole(record_url: str, tmp_path: Path) -> None:
    bad = [row(T0, 60.0), row(10**17, 60.0)]
    with opened(record_url, tmp_path) as record:
        path = write_tape(
            tmp_path / "a.tape", ("heart_rate", "w", "/min", [row(T0, 1.0)]), ("heart_rate", "w", "/min", bad)
        )
        report = record.ingest(path, patient="p1", formats=[Tape()])
        assert (report.stored, report.quarantined) == (0, 1)
        assert "impossible time" in report.problems[0]
        with record.engine.begin() as connection:
            assert connection.execute(select(func.count()).select_from(schema.chunk)).scalar() == 0


def test_a_gigabyte_is_held_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitruvian.record.streams.BUFFER", 500)
    rng = np.random.default_rng(2)
    batches = [
        (signal, "watch", "/min", rows(rng, 150)) for _ in range(6) for signal in ("heart_rate", "respiratory_rate")
    ]
    path = write_tape(tmp_path / "a.tape", *batches)
    with opened(f"sqlite:///{tmp_path / 'a.db'}", tmp_path) as record:
        came, stored, duplicate, _ = taken(record, path)
        assert came == 1800
        found = sum(record.patient("p1").samples(one).height for one in ("heart_rate", "respiratory_rate"))
        assert stored == found
        assert duplicate == came - found > 0
        with record.engine.begin() as connection:
            assert connection.execute(select(func.count()).select_from(schema.chunk)).scalar() > 2  # several pieces


def test_chunk_bytes_are_sealed(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path / 'a.db'}", tmp_path) as record:
        taken(record, write_tape(tmp_path / "a.tape", ("heart_rate", "Anton's watch", "/min", [row(T0, 60.0)])))
    for path in (tmp_path / "blobs").rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"PAR1" not in data
            assert b"Anton" not in data


def test_windows_are_years_where_sparse_and_months_where_dense() -> None:
    rng = np.random.default_rng(4)
    starts = np.concatenate([rng.integers(T0 - 365 * DAY, T0, 100), rng.integers(T0, T0 + 365 * DAY, SPARSE + 1)])
    frame = pl.DataFrame({"start": starts, "end": starts, "place": starts * 0})
    pieces = list(cut(frame))
    assert pieces[0][1].height == 100
    assert len(pieces) == 13
    assert sum(piece.height for _, piece in pieces) == len(starts)
    for window, piece in pieces:
        assert window.start <= piece["start"].min() <= piece["start"].max() < window.end  # type: ignore[operator]
    assert [tier(n) for n in (1, 7, 8, 63, 64, 511, 512)] == [0, 0, 1, 1, 2, 2, 3]


def test_two_writers_of_the_same_samples(record_url: str, tmp_path: Path) -> None:
    every = rows(np.random.default_rng(7), 300)
    paths = [
        write_tape(tmp_path / f"{k}.tape", ("heart_rate", "w", "/min", every[k * 50 : k * 50 + 150])) for k in range(4)
    ]
    with opened(record_url, tmp_path) as record, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda path: taken(record, path), paths))
        person: Patient = record.patient("p1")
        assert person.samples("heart_rate").height == 300
