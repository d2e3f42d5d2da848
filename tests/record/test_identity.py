"""Several ids of one person: linked, merged, unmerged; facts untouched, everything logged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from clinic import DOCTOR, RESEARCHER, SECRET, as_, bundle, clinic, own, person

from vitruvian.core import AccessError, InputError, UnknownNameError
from vitruvian.record import Record, give_consent


@pytest.fixture
def record(record_url: str, tmp_path: Path) -> Iterator[Record]:
    with clinic(record_url, tmp_path) as found:
        yield found


def ids(record: Record, name: str) -> list[str]:
    return [one.id for one in record.patient(name).facts()]


def test_merge_and_unmerge_leave_every_fact_as_it_was(record: Record) -> None:
    before = {name: ids(record, name) for name in ("p1", "p2")}
    record.merge("p1", "p2", "same passport")
    both = ids(record, "p1")
    assert sorted(both) == sorted(before["p1"] + before["p2"])
    assert record.people() == ["p1"]
    assert record.patient("p2").id == "p1"
    assert record.patient("MRN-2").id == "p1"
    assert record.unmerge("p2", "another passport after all") == ("p2",)
    assert {name: ids(record, name) for name in ("p1", "p2")} == before
    told = [(one.action, one.subject, one.person_before, one.person_after) for one in record.identity_log()]
    assert told == [("merge", "p2", "p2", "p1"), ("unmerge", "p2", "p1", "p2")]
    assert {one.actor for one in record.identity_log()} == {"local-owner"}
    with pytest.raises(InputError, match="was not merged"):
        record.unmerge("p2", "again")


def test_a_chain_of_merges_comes_apart_in_order(record: Record, tmp_path: Path) -> None:
    record.ingest(bundle(tmp_path, "p3.json", person("p3", "Third")))
    record.merge("p2", "p3", "x")
    record.merge("p1", "p2", "y")
    assert record.patient("p3").subjects == ("p1", "p2", "p3")
    assert record.unmerge("p2", "z") == ("p2", "p3")
    assert record.patient("p3").id == "p2"
    assert record.unmerge("p3", "z") == ("p3",)
    assert record.people() == ["p1", "p2", "p3"]


def test_link_moves_one_id(record: Record) -> None:
    record.link("p2", "p1", "told by the ward")
    assert record.patient("p1").subjects == ("p1", "p2")
    record.link("p1", "p1", "no change")
    for bad in (("nobody", "p1"), ("p1", "nobody")):
        with pytest.raises(UnknownNameError):
            record.link(*bad, "x")
    with pytest.raises(InputError, match="needs a reason"):
        record.link("p1", "p1", " ")
    with pytest.raises(InputError, match="another one"):
        record.merge("p1", "p1", "x")


def test_consents_of_any_subject_count_for_the_person(record: Record) -> None:
    give_consent(record, "p2", "deny", "treatment", "mental_health")
    assert as_(record, DOCTOR).patient("p1").facts(code=SECRET)
    record.merge("p1", "p2", "x")
    assert as_(record, DOCTOR).patient("p1").facts(code=SECRET) == []
    give_consent(record, "p1", "permit", "research", "general")
    assert as_(record, RESEARCHER).permitted_subjects("research", "general") == ["p1", "p2"]
    record.unmerge("p2", "x")
    assert as_(record, DOCTOR).patient("p1").facts(code=SECRET)
    assert as_(record, RESEARCHER).permitted_subjects("research", "general") == ["p1"]


def test_a_patient_who_was_merged_still_sees_themselves_and_who_read(record: Record) -> None:
    as_(record, DOCTOR).patient("p2").facts()
    record.merge("p1", "p2", "x")
    me = as_(record, own("p2"))
    assert len(me.patient("p2").facts()) == len(record.patient("p1").facts())
    assert "Practitioner/7" in {one.actor for one in me.audit_log("p2")}
    give_consent(me, "p2", "deny", "treatment", "mental_health")
    assert as_(record, DOCTOR).patient("p1").facts(code=SECRET) == []


def test_candidates_are_suggested_and_never_merged(record: Record, tmp_path: Path) -> None:
    again = person("q1", "LIEBERMANN", "1961-05-06")
    same = person("q2", "Someone", mrn="MRN-2")
    record.ingest(bundle(tmp_path, "again.json", again, same, person("q3", "Liebermann", "1990-01-01")))
    found = [(one.one, one.other, one.shared) for one in record.candidates()]
    assert found == [("p1", "q1", ("birth date and name",)), ("p2", "q2", ("identifier",))]
    assert record.people() == ["p1", "p2", "q1", "q2", "q3"]
    with pytest.raises(AccessError):
        as_(record, DOCTOR).candidates()
