"""Taking in whole or not at all: refusals leave nothing, a record that moved on is not written to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from vitruvian.core import AccessError, Actor
from vitruvian.ingest import FHIR
from vitruvian.record import Moved, NotAccepted, Record, moment_of, take_in_whole


def body(*values: Any, person: str = "p") -> bytes:
    about = {"reference": f"Patient/{person}"}
    code = {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]}
    facts = [
        {"resourceType": "Observation", "id": f"o{k}", "status": "final", "subject": about, "code": code,
         "effectiveDateTime": "2025-03-05T07:00:00Z", "valueQuantity": {"value": one, "unit": "mmol/L"}}
        for k, one in enumerate(values)
    ]  # fmt: skip
    entries = [{"resource": one} for one in ({"resourceType": "Patient", "id": person}, *facts)]
    return orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})


def test_all_or_nothing(tmp_path: Path) -> None:
    with Record.open(tmp_path / "r.db") as record:
        with pytest.raises(NotAccepted, match=r"entry\[2\]"):
            take_in_whole(record, body(4.1, "much"), "a.json", FHIR, about={"p"})
        assert (record.people(), record.quarantined()) == ([], [])
        report = take_in_whole(record, body(4.1, 4.2), "a.json", FHIR, about={"p"})
        assert (report.records_in, report.stored, report.quarantined) == (3, 3, 0)
        assert [one.value for one in record.patient("p").facts(code="2823-3")] == [4.1, 4.2]
        again = take_in_whole(record, body(4.1, 4.2), "a.json", FHIR, about={"p"})
        assert (again.stored, again.duplicate) == (0, 3)
        assert [one.action for one in record.audit_log()].count("refused") == 1
        record.verify_audit()


def test_only_about_those_who_are_named(tmp_path: Path) -> None:
    with Record.open(tmp_path / "r.db") as record:
        with pytest.raises(NotAccepted, match="somebody else"):
            take_in_whole(record, body(4.1, person="q"), "a.json", FHIR, about={"p", ""})
        assert record.people() == []


def test_not_after_another_writer(tmp_path: Path) -> None:
    with Record.open(tmp_path / "r.db") as record:
        since = moment_of(record)
        take_in_whole(record, body(4.1), "a.json", FHIR, about={"p"}, since=since)
        with pytest.raises(Moved):
            take_in_whole(record, body(4.2, person="q"), "b.json", FHIR, about={"q"}, since=since)
        assert record.people() == ["p"]


def test_it_needs_the_right_to_take_in(tmp_path: Path) -> None:
    with Record.open(tmp_path / "r.db"):
        pass
    reader = Actor("r", frozenset({"researcher"}), "research")
    with Record.open(tmp_path / "r.db", reader) as record, pytest.raises(AccessError):
        take_in_whole(record, body(4.1), "a.json", FHIR, about={"p"})
