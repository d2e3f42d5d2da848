"""Samples that come a few at a time: durable at once, read at once, the same whatever the order, gone when erased."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from clinic import bundle, person
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from vitruvian.core import AccessError, Actor, DataError, UnknownNameError
from vitruvian.record import Record, Samples, schema
from vitruvian.record.journal import KEPT_MS

START = 1_700_000_000_000


def batch(subject: str, *minutes: int, signal: str = "heart_rate", unit: str = "/min", shift: float = 60.0) -> Samples:
    at = START + 60_000 * np.array(minutes, np.int64)
    n = len(minutes)
    value = shift + np.array(minutes, float)
    zero = np.zeros(n, np.int64)
    return Samples(subject, signal, "monitor", unit, at, at, zero, value, np.arange(n))


@pytest.fixture
def record(tmp_path: Path, record_url: str) -> Iterator[Record]:
    with Record.open(record_url) as found:
        for one in ("p1", "p2"):
            found.ingest(bundle(tmp_path, f"{one}.json", person(one, one, "1970-01-01", f"M-{one}")))
        yield found


def rows(record: Record, name: str, signal: str = "heart_rate") -> list[tuple[object, ...]]:
    table = record.patient(name).samples(signal)
    return table.select("start", "value", "unit", "source", "flags").rows()


def test_what_was_appended_is_read_at_once(record: Record) -> None:
    patient = record.patient("p1")
    record.append_samples([batch("p1", 0, 1), batch("p2", 5)])
    assert [row[1] for row in patient.samples("heart_rate").select("start", "value").rows()] == [60.0, 61.0]
    record.append_samples([batch("p1", 2)])
    assert patient.samples("heart_rate").height == 3
    assert rows(record, "p2")[0][1] == 65.0
    assert patient.signals() == ["heart_rate"]
    assert record.verify_audit() > 0


def test_the_account_balances_and_names_the_sender(record: Record) -> None:
    nurse = Record(**{**vars(record), "actor": Actor("nurse", frozenset({"clinician"}), "treatment")})
    nurse.append_samples([batch("p1", 0, 1, 2)])
    record.append_samples([batch("p1", 2, 3)])
    report = record.seal_samples()
    assert (report.records_in, report.stored, report.duplicate, report.quarantined) == (5, 4, 1, 0)
    assert {one.actor for one in record.audit_log("p1") if one.action == "ingest"} >= {"nurse"}
    assert record.seal_samples().records_in == 0


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(6)), cuts=st.sets(st.integers(0, 6)), again=st.integers(0, 5))
def test_order_repetition_and_sealing_between_change_nothing(
    record: Record, order: list[int], cuts: set[int], again: int
) -> None:
    pieces = [batch("p1", k, k + 1) for k in range(6)]
    for place, k in enumerate(order):
        record.append_samples([pieces[k]])
        if place in cuts:
            record.seal_samples()
    record.append_samples([pieces[again]])
    assert [row[1] for row in rows(record, "p1")] == [60.0 + k for k in range(7)]


def test_unknown_people_and_broken_columns_are_refused_whole(record: Record) -> None:
    with pytest.raises(UnknownNameError):
        record.append_samples([batch("p1", 0), batch("nobody", 0)])
    with pytest.raises(DataError):
        record.append_samples([batch("p1", 0), batch("p2")])
    far = batch("p1", 0)
    with pytest.raises(DataError, match="impossible time"):
        record.append_samples([Samples(*far_fields(far, 10**18))])
    assert record.follow_samples(0) == []


def far_fields(one: Samples, at: int) -> tuple[object, ...]:
    when = np.array([at], np.int64)
    return (one.subject, one.signal, one.source, one.unit, when, when, one.offset, one.value, one.place)


def test_who_may_append_and_follow(record: Record) -> None:
    patient = Record(**{**vars(record), "actor": Actor("p1", frozenset({"patient"}), "own", frozenset({"p1"}))})
    with pytest.raises(AccessError):
        patient.append_samples([batch("p1", 0)])
    with pytest.raises(AccessError):
        patient.follow_samples(0)


def test_followers_miss_nothing_that_was_sealed_meanwhile(record: Record) -> None:
    record.append_samples([batch("p1", 0)])
    first = record.follow_samples(0)
    record.append_samples([batch("p1", 1)])
    record.seal_samples()
    found = record.follow_samples(first[-1].seq)
    assert [one.samples.value.tolist() for one in found] == [[61.0]]
    with record.engine.begin() as connection:
        table = schema.journal
        old = select(table.c.done_ms).limit(1).scalar_subquery() - KEPT_MS - 1
        connection.execute(update(table).values(done_ms=old))
    record.seal_samples()
    assert record.follow_samples(0) == []
    record.append_samples([batch("p1", 2)])
    assert record.follow_samples(0)[0].seq > found[-1].seq  # a number is never used twice


def test_values_lie_sealed_and_are_erased(record: Record, tmp_path: Path) -> None:
    record.append_samples([batch("p1", 0), batch("p2", 0)])
    with record.engine.begin() as connection:
        assert all(b"monitor" not in one for one in connection.execute(select(schema.journal.c.sealed)).scalars())
    record.erase("p1")
    assert {one.samples.subject for one in record.follow_samples(0)} == {"p2"}
    with pytest.raises(UnknownNameError):
        record.append_samples([batch("p1", 0)])


def test_doubtful_samples_are_kept_and_flagged(record: Record) -> None:
    record.append_samples([batch("p1", 0, unit="mg/dL"), batch("p1", 1, shift=900.0)])
    assert [row[4] for row in rows(record, "p1")] == ["wrong_unit", "implausible"]
