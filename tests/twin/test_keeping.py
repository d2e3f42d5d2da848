"""What a twin learned is kept only from somebody who saw all of the person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from vitruvian.core import Actor
from vitruvian.ingest import samples
from vitruvian.record import Record, give_consent
from vitruvian.twin.heart import current, kept


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    with Record.open(tmp_path / "record.db") as opened:
        opened.ingest(*samples()["sample-d"], patient="sample-d")
        yield opened


def clinician(record: Record) -> Record:
    return replace(record, actor=Actor("c", frozenset({"clinician"}), "treatment"))


def test_who_sees_a_part_keeps_nothing(record: Record) -> None:
    assert clinician(record).may_keep("sample-d")
    give_consent(record, "sample-d", "deny", "treatment", "genome")
    assert not clinician(record).may_keep("sample-d")
    assert not replace(record, actor=Actor("p", frozenset({"payer"}), "payment")).may_keep("sample-d")


@pytest.mark.slow
def test_a_twin_of_a_part_is_not_taken_for_one_of_all(record: Record) -> None:
    give_consent(record, "sample-d", "deny", "treatment", "genome")
    current(clinician(record).patient("sample-d"))
    give_consent(record, "sample-d", "permit", "treatment", "genome")
    assert kept(clinician(record), "sample-d") is None
    current(clinician(record).patient("sample-d"))
    assert kept(clinician(record), "sample-d") is not None
