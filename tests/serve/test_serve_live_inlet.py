"""The way in: an acknowledgement comes after the disk has it, never before."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from served import Served, wait_until

from vitruvian.core import StoreError, now_ms
from vitruvian.record import Record

ROW = {"signal": "heart_rate", "value": 72, "unit": "/min", "source": "bed"}


def test_nothing_is_acknowledged_before_it_is_durable(own_served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, may_write, real, answers = threading.Event(), threading.Event(), Record.keep_samples, list[Any]()

    def keep(self: Record, rows: Any) -> None:
        begun.set()
        assert may_write.wait(120)
        real(self, rows)

    monkeypatch.setattr(Record, "keep_samples", keep)
    nurse, given = own_served.client("clinician"), {"samples": [ROW | {"start": now_ms()}]}
    sender = threading.Thread(
        target=lambda: answers.append(nurse.post("/api/v1/patients/sample-b/samples", json=given))
    )
    sender.start()
    wait_until(begun.is_set)
    sender.join(0.3)
    early = list(answers)
    may_write.set()
    sender.join()
    assert early == []
    assert [one.status_code for one in answers] == [202]
    assert len(own_served.server.record.follow_samples(0)) == 1


def test_what_the_disk_refuses_is_not_acknowledged(own_served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(Record, "keep_samples", full)
    given = {"samples": [ROW | {"start": now_ms()}]}
    answer = own_served.client("clinician").post("/api/v1/patients/sample-b/samples", json=given)
    assert answer.status_code == 503
    monkeypatch.undo()
    assert own_served.server.record.follow_samples(0) == []
