"""Views of one person: facts and samples side by side, days, timeline; one audit row a call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tape import Tape, row, write_tape

from vitruvian.core import InputError, UnknownNameError
from vitruvian.record import Patient, Record
from vitruvian.record.blobs import BlobStore
from vitruvian.record.views import columns, signals_of

MINUTE, HOUR = 60_000, 3_600_000
T0 = 1_735_689_600_000  # 2025-01-01T00:00Z
PATIENT = {"resourceType": "Patient", "id": "p1"}


def glucose(key: str, value: float, when: str, unit: str = "mg/dL", **more: Any) -> dict[str, Any]:
    quantity = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    code = {"coding": [{"system": "http://loinc.org", "code": "2345-7"}]}
    base = {"resourceType": "Observation", "id": key, "status": "final", "subject": {"reference": "Patient/p1"}}
    return base | {"code": code, "effectiveDateTime": when, "valueQuantity": quantity} | more


@pytest.fixture
def person(record_url: str, tmp_path: Path) -> Iterator[Patient]:
    """One with laboratory glucose, a glucose sensor, and steps of two devices."""
    resources = [
        PATIENT,
        glucose("g1", 5.0, "2025-01-01T08:00:00+01:00", "mmol/L", issued="2025-01-05T00:00:00Z"),
        glucose("g2", 7.0, "2025-01-03T08:00:00+01:00", "kg"),
        glucose("g3", 99.0, "2025-01-02T08:00:00+01:00", status="entered-in-error"),
    ]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}
    (tmp_path / "b.json").write_text(json.dumps(bundle))
    tape = write_tape(
        tmp_path / "a.tape",
        ("glucose", "Dexcom", "mg/dL", [row(T0 + k * 5 * MINUTE, 100.0 + k, offset=60) for k in range(200)]),
        ("glucose", "Dexcom", "mmol/L", [row(T0 + 48 * HOUR, 6.0, offset=60)]),
        ("steps", "Anna's Apple Watch", "1", [row(T0 + 9 * HOUR, 500, 10, 60)]),
        ("steps", "Anna's iPhone", "1", [row(T0 + 9 * HOUR, 450, 10, 60), row(T0 + 10 * HOUR, 100, 10, 60)]),
    )
    with Record.open(record_url, blobs=tmp_path / "blobs") as record:
        record.ingest(tmp_path / "b.json")
        record.ingest(tape, patient="p1", formats=[Tape()])
        yield record.patient("p1")


def test_facts_and_samples_side_by_side(person: Patient) -> None:
    table = person.observations("glucose")
    assert dict(table.schema) == columns()
    assert table.height == 203
    assert table["start"].is_sorted()
    lab = table.filter(pl.col("kind") == "observation").rows(named=True)
    assert [one["value"] for one in lab] == [pytest.approx(90.078), None]
    assert (lab[0]["value_raw"], lab[0]["unit_raw"], lab[0]["unit"], lab[0]["offset"]) == (5.0, "mmol/L", "mg/dL", 60)
    assert lab[1]["flags"] == "wrong_unit"  # kept, and it hides nothing
    sensor = table.filter(pl.col("kind") == "sample")
    assert sensor["source"].unique().to_list() == ["Dexcom"]
    last = sensor.row(-1, named=True)
    assert (last["value"], last["value_raw"], last["unit_raw"]) == (pytest.approx(108.094, rel=1e-4), 6.0, "mmol/L")
    assert last["start"] == datetime(2025, 1, 3, tzinfo=UTC)


def test_bounds_sources_and_what_was_known(person: Patient) -> None:
    some = person.observations("glucose", since="2025-01-01T07:00:00Z", until="2025-01-01T08:00:00Z")
    assert some.height == 13 + 1
    assert person.observations("glucose", sources=["dexcom"]).height == 201
    known = person.observations("glucose", known_by="2025-01-01T01:00:00Z")
    assert known.height == 13  # neither later samples nor a result that was issued later
    assert person.observations("2345-7").filter(pl.col("kind") == "observation").height == 2
    assert person.observations("9999-9").is_empty()
    assert dict(person.observations("9999-9").schema) == columns()


def test_a_value_known_only_to_lie_below_is_not_shown_as_exact(person: Patient, tmp_path: Path) -> None:
    below = glucose("g4", 20.0, "2025-01-04T08:00:00+01:00")
    below["valueQuantity"]["comparator"] = "<"
    (tmp_path / "g4.json").write_text(json.dumps(below))
    person.record.ingest(tmp_path / "g4.json")
    assert person.observations("2345-7")["text"].to_list()[-1] == "<20"


def test_a_name_that_means_nothing_is_told(person: Patient) -> None:
    for ask in (person.observations, person.samples, person.daily):
        with pytest.raises(UnknownNameError, match="glucose"):
            ask("glucos")
    assert person.observations("718-7").height == 0  # a code that this person has not
    assert person.samples("hrv_sdnn").height == 0


def test_as_pandas(person: Patient) -> None:
    pytest.importorskip("pandas")
    table = person.observations("glucose", as_="pandas")
    assert list(table.columns) == list(columns())
    assert len(table) == 203
    with pytest.raises(InputError, match="no such kind of table"):
        person.observations("glucose", as_="excel")  # type: ignore[arg-type]


def test_samples_and_signals(person: Patient) -> None:
    assert person.signals() == ["glucose", "steps"]
    assert person.samples("steps").height == 3
    assert person.samples("heart_rate").is_empty()


def test_newest_samples_open_one_chunk_of_a_signal(
    person: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for k in range(3):  # each a chunk of its own; the last one is out of range
        value = 9.0 if k < 2 else -1.0
        tape = write_tape(tmp_path / f"{k}.tape", ("glucose", "Dexcom", "mmol/L", [row(T0 + (72 + k) * HOUR, value)]))
        person.record.ingest(tape, patient="p1", formats=[Tape()])
    opened: list[str] = []
    get = BlobStore.get
    monkeypatch.setattr(BlobStore, "get", lambda self, owner, name: opened.append(name) or get(self, owner, name))
    newest = person.newest_samples()
    assert len(opened) == 3  # glucose: a doubtful one, then the one before it; steps
    for name, (last, count) in newest.items():
        every = person.samples(name)
        trusted = every.filter(pl.col("flags").is_in(["", "no_offset"]))
        assert last["start"] == trusted["start"].max()
        assert count == every.height
    assert newest["glucose"][0]["start"] == datetime(2025, 1, 4, 1, tzinfo=UTC)


def test_steps_of_two_devices_by_day(person: Patient) -> None:
    table = person.daily("steps")
    assert table.select("date", "value").rows() == [(date(2025, 1, 1), 600.0)]
    assert person.samples("steps")["value"].sum() == 1050.0  # rows are kept
    phone_first = person.daily("steps", priority=["iphone"])
    assert phone_first["value"].to_list() == [550.0]
    assert len(person.daily("steps", as_="pandas")) == 1


def test_timeline_holds_facts_and_days_in_order(person: Patient) -> None:
    timeline = person.timeline()
    starts = [one.start_ms for one in timeline]
    assert starts == sorted(start for start in starts if start is not None)
    kinds = [one.kind for one in timeline]
    assert kinds.count("observation") == 2
    days = [one for one in timeline if one.kind == "day"]
    assert {(one.display, str(one.start)[:10]) for one in days} >= {("Number of steps", "2025-01-01")}
    assert all(one.basis == "derived" and one.precision == "day" for one in days)
    assert not [one for one in person.timeline(since="2025-01-02") if str(one.start) < "2025-01-02"]


def test_one_audit_row_a_call(person: Patient) -> None:
    def rows() -> int:
        return _count(person.record)

    for call in (
        lambda: person.observations("glucose"),
        lambda: person.samples("steps"),
        lambda: person.daily("steps"),
        lambda: person.signals(),
        lambda: person.newest_samples(),
        lambda: person.timeline(),
    ):
        before = rows()
        call()
        assert rows() == before + 1


def _count(record: Record) -> int:
    from sqlalchemy import func, select

    from vitruvian.record import schema

    with record.engine.begin() as connection:
        return int(connection.execute(select(func.count()).select_from(schema.audit)).scalar_one())


def test_signals_that_a_name_means() -> None:
    assert signals_of("heart_rate") == signals_of("8867-4") == ("heart_rate",)
    assert set(signals_of("glucose")) == {"glucose", "blood_glucose"}
    assert "weight" in signals_of("29463-7")
