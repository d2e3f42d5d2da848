"""The cache of warm twins: bounded, made once, and keyed by what a caller sees."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from vitruvian.core import Actor
from vitruvian.ingest import samples
from vitruvian.record import Record, give_consent, withdraw_consent
from vitruvian.twin.doors.warm import Warm, seen_now


def test_the_least_used_is_dropped_first() -> None:
    held: Warm[str] = Warm(2)
    for key in ("a", "b", "a", "c"):
        held.get(key, lambda key=key: key.upper())  # type: ignore[misc]
    assert [held.peek(key) for key in ("a", "b", "c")] == ["A", None, "C"]


def test_threads_that_ask_at_once_make_it_once() -> None:
    held, made, gate = Warm[int](2), [], threading.Event()

    def make() -> int:
        gate.wait(5)
        made.append(1)
        return len(made)

    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(held.get("k", make))) for _ in range(4)]
    for one in threads:
        one.start()
    gate.set()
    for one in threads:
        one.join()
    assert (found, len(made)) == ([1, 1, 1, 1], 1)


def test_what_fails_is_not_kept() -> None:
    held = Warm[int](2)
    with pytest.raises(ZeroDivisionError):
        held.get("k", lambda: 1 // 0)
    assert held.get("k", lambda: 7) == 7


def test_the_key_is_what_the_caller_sees_now(tmp_path: Path) -> None:
    with Record.open(tmp_path / "r.db") as record:
        record.ingest(*samples()["sample-d"], patient="sample-d")
        first = seen_now(record.patient("sample-d"))
        assert seen_now(record.patient("sample-d")) == first

        researcher = Record.open(tmp_path / "r.db", Actor("r-1", frozenset({"researcher"}), "HRESCH"))
        give_consent(record, "sample-d", "permit", "research")
        held = researcher.patient("sample-d")
        seen = seen_now(held)
        withdraw_consent(record, "sample-d", "research")
        assert seen_now(held) != seen
        researcher.close()
