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
    record.merge("p1", "p2", "same passport", despite_differences=True)
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
    record.merge("p1", "p2", "y", despite_differences=True)
    assert record.patient("p3").subjects == ("p1", "p2", "p3")
    assert record.unmerge("p2", "z") == ("p2", "p3")
    assert record.patient("p3").id == "p2"
    assert record.unmerge("p3", "z") == ("p3",)
    assert record.people() == ["p1", "p2", "p3"]


def test_link_moves_one_id(record: Record) -> None:
    record.link("p2", "p1", "told by the ward", despite_differences=True)
    assert record.patient("p1").subjects == ("p1", "p2")
    record.link("p1", "p1", "no change")
    for bad in (("nobody", "p1"), ("p1", "nobody")):
        with pytest.raises(UnknownNameError):
            record.link(*bad, "x")
    with pytest.raises(InputError, match="needs a reason"):
        record.link("p1", "p1", " ")
    with pytest.raises(InputError, match="another one"):
        record.merge("p1", "p1", "x")


def test_a_wrong_link_is_taken_back(record: Record, tmp_path: Path) -> None:
    record.ingest(bundle(tmp_path, "p3.json", person("p3", "Third")))
    before = {name: ids(record, name) for name in ("p1", "p2", "p3")}
    record.link("p3", "p2", "the ward", despite_differences=True)
    record.link("p3", "p1", "the other ward", despite_differences=True)
    record.merge("p2", "p1", "x", despite_differences=True)
    with pytest.raises(InputError, match="identity unmerge p1"):
        record.unlink("p3", "wrong")
    record.unmerge("p1", "x")
    with pytest.raises(InputError, match="needs a reason"):
        record.unlink("p3", "")
    assert record.unlink("p3", "the other ward was wrong") == "p2"
    assert record.patient("p2").subjects == ("p2", "p3")
    assert record.unlink("p3", "so was the first") == "p3"
    assert {name: ids(record, name) for name in ("p1", "p2", "p3")} == before
    told = [(one.action, one.person_before, one.person_after) for one in record.identity_log() if one.subject == "p3"]
    assert told[-2:] == [("unlink", "p1", "p2"), ("unlink", "p2", "p3")]
    with pytest.raises(InputError, match="was not linked"):
        record.unlink("p3", "again")
    with pytest.raises(UnknownNameError):
        record.unlink("nobody", "x")


def test_an_id_goes_back_to_no_person_who_is_another_now(record: Record, tmp_path: Path) -> None:
    record.ingest(bundle(tmp_path, "p3.json", person("p3", "Third")))
    record.link("p3", "p2", "x")
    record.link("p3", "p1", "x", despite_differences=True)
    record.merge("p1", "p2", "x", despite_differences=True)
    with pytest.raises(InputError, match="it was p2's, who became p1 since"):
        record.unlink("p3", "x")


@pytest.mark.parametrize(
    ("sex", "birth", "other_sex", "other_birth", "differing"),
    [
        ("male", "1970-01-01", "female", "1970-01-01", "sexes"),
        ("male", "1970-01-01", "male", "1970-01-02", "birth dates"),
        ("male", "1970-01-01", "female", "1971-01-01", "birth dates and sexes"),
        ("male", "1970-01-01", "unknown", "1970", ""),
        ("other", "1970-01-01", "female", "1970-01-01", ""),
    ],
)
def test_people_who_contradict_are_not_made_one(
    tmp_path: Path, sex: str, birth: str, other_sex: str, other_birth: str, differing: str
) -> None:
    one, other = person("a", "Same", birth) | {"gender": sex}, person("b", "Same", other_birth) | {"gender": other_sex}
    with Record.open(tmp_path / "two.db") as record:
        record.ingest(bundle(tmp_path, "two.json", one, other))
        for change in (record.link, record.merge):
            if differing:
                with pytest.raises(InputError, match=f"{differing} that contradict.*--despite-differences"):
                    change("b", "a", "by mistake")
                assert record.people() == ["a", "b"]
            change("b", "a", "the passport is wrong", despite_differences=bool(differing))
            assert len(record.people()) == 1
            assert record.identity_log()[-1].reason.startswith("the passport is wrong")
            assert ("despite" in record.identity_log()[-1].reason) == bool(differing)
            if change == record.link:
                record.unlink("b", "for the next")


def test_consents_of_any_subject_count_for_the_person(record: Record) -> None:
    give_consent(record, "p2", "deny", "treatment", "mental_health")
    assert as_(record, DOCTOR).patient("p1").facts(code=SECRET)
    record.merge("p1", "p2", "x", despite_differences=True)
    assert as_(record, DOCTOR).patient("p1").facts(code=SECRET) == []
    give_consent(record, "p1", "permit", "research", "general")
    assert as_(record, RESEARCHER).permitted_subjects("research", "general") == ["p1", "p2"]
    record.unmerge("p2", "x")
    assert as_(record, DOCTOR).patient("p1").facts(code=SECRET)
    assert as_(record, RESEARCHER).permitted_subjects("research", "general") == ["p1"]


def test_a_patient_who_was_merged_still_sees_themselves_and_who_read(record: Record) -> None:
    as_(record, DOCTOR).patient("p2").facts()
    record.merge("p1", "p2", "x", despite_differences=True)
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
