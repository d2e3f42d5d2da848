"""From a record to events: only what may be seen, each with the time at which it was known."""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "record"))
from clinic import DOCTOR, RESEARCHER, SECRET, STRANGER, as_, bundle, clinic, condition, lab

from vitruvian.core import AccessError, InputError
from vitruvian.record import Record, Samples, give_consent, scan_visible
from vitruvian.record import scanning as scanning_module
from vitruvian.study.cohorts import label_events, read_cohort
from vitruvian.study.events import person_events, record_events

Json = dict[str, Any]


def visit(id: str, who: str, begin: str, end: str, kind: str = "IMP") -> Json:
    about = {"resourceType": "Encounter", "id": id, "status": "finished", "class": {"code": kind}}
    return about | {"subject": {"reference": f"Patient/{who}"}, "period": {"start": begin, "end": end}}


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    (tmp_path / "in").mkdir()
    stays = [
        visit("v1", "p1", "2025-01-01T08:00:00Z", "2025-01-05T20:00:00Z"),
        visit("v2", "p1", "2025-01-20T08:00:00Z", "2025-01-22T08:00:00Z"),
        visit("v3", "p2", "2025-01-03T08:00:00Z", "2025-01-03T18:00:00Z", "AMB"),
    ]
    ill = condition("c9", "p1", "84114007", "2023-05-01", ("http://hl7.org/fhir/sid/icd-10-cm", "I50.9"))
    late = lab("o9", "p1", 9.9, "2025-01-02T08:00:00Z") | {"issued": "2025-01-06T08:00:00Z"}
    void = lab("o8", "p1", 5.5) | {"status": "entered-in-error"}
    with clinic(str(tmp_path / "clinic.db"), tmp_path / "in", *stays, ill, late, void) as found:
        yield found


def events(record: Record, folder: Path, **more: Any) -> pl.DataFrame:
    found = record_events(record, folder, parts=3, **more)
    return pl.concat(found.events.frames()).with_columns(pl.col("code", "kind", "unit").cast(pl.String))


def test_everything_the_owner_sees_is_an_event_or_counted(record: Record, tmp_path: Path) -> None:
    found = record_events(record, tmp_path / "events")
    rows = pl.concat(found.events.frames())
    assert found.left_out["void"] == 1
    assert found.left_out["demographic: no event"] == 2  # the names
    assert not rows.filter(pl.col("text").fill_null("").str.contains("Liebermann|Novak")).height
    birth = rows.filter(code="MEDS_BIRTH", subject_id="p1")
    assert birth["time"].to_list() == [datetime(1961, 5, 6)]
    assert rows.filter(code="LOINC//2160-0")["numeric_value"].sort().to_list() == [1.1, 1.2, 9.9]


def test_an_end_is_not_known_before_it_came(record: Record, tmp_path: Path) -> None:
    rows = events(record, tmp_path / "events")
    begin, end = (rows.filter(pl.col("code") == one).sort("time") for one in ("ENCOUNTER//IMP", "END//ENCOUNTER//IMP"))
    assert begin["known"].to_list() == [datetime(2025, 1, 1, 8), datetime(2025, 1, 20, 8)]
    assert end["known"].to_list() == end["time"].to_list() == [datetime(2025, 1, 5, 20), datetime(2025, 1, 22, 8)]
    assert end["numeric_value"].to_list() == pytest.approx([108, 48])
    assert set(end["unit"]) == {"h"}


def test_a_result_is_known_when_it_was_issued(record: Record, tmp_path: Path) -> None:
    stated = events(record, tmp_path / "a").filter(numeric_value=9.9)
    assert stated["known"].to_list() == [datetime(2025, 1, 6, 8)]
    at_once = events(record, tmp_path / "b", known="at once").filter(numeric_value=9.9)
    assert at_once["known"].to_list() == at_once["time"].to_list() == [datetime(2025, 1, 2, 8)]
    with pytest.raises(InputError, match="when things were known"):
        events(record, tmp_path / "c", known="later")


def test_every_coding_of_a_fact_is_an_event(record: Record, tmp_path: Path) -> None:
    codes = events(record, tmp_path / "events").filter(time=datetime(2023, 5, 1))["code"].to_list()
    assert sorted(codes) == ["ICD10CM//I50.9", "SNOMED//84114007"]


def test_what_is_not_said_to_be_true_of_the_person_says_so(record: Record, tmp_path: Path) -> None:
    note = "Discharge note of the ward. No pulmonary embolism. Mother had asthma. She has atrial fibrillation today."
    content = {"attachment": {"contentType": "text/plain", "data": base64.b64encode(note.encode()).decode()}}
    about = {"status": "current", "subject": {"reference": "Patient/p1"}, "date": "2025-01-05T08:00:00Z"}
    refuted = condition("c7", "p1", "13645005", "2024-02-01")
    refuted |= {"verificationStatus": {"coding": [{"code": "refuted"}]}}
    concept = {"coding": [{"system": "http://snomed.info/sct", "code": "22298006"}]}
    family = {"resourceType": "FamilyMemberHistory", "id": "f", "status": "completed", "date": "2025-01-05"}
    family |= {
        "patient": {"reference": "Patient/p1"},
        "relationship": {"text": "father"},
        "condition": [{"code": concept}],
    }
    document = {"resourceType": "DocumentReference", "id": "d", **about, "content": [content]}
    report = record.ingest(bundle(tmp_path, "b.json", document, refuted, family))
    assert report.quarantined == 0, report.problems
    rows = events(record, tmp_path / "events")
    said = dict(rows.filter(pl.col("kind") == "extracted").select("code", "text").iter_rows())
    assert said == {
        "ABSENT//SNOMED//59282003": "absent",
        "FAMILY//SNOMED//195967001": "family",
        "SNOMED//49436004": "present",
    }
    codes = set(rows["code"])
    assert {"REFUTED//SNOMED//13645005", "FAMILY_HISTORY//SNOMED//22298006"} <= codes
    assert not {"SNOMED//13645005", "SNOMED//22298006", "SNOMED//59282003", "SNOMED//195967001"} & codes


def test_one_person_gives_the_same_events(record: Record, tmp_path: Path) -> None:
    everybody = events(record, tmp_path / "events").filter(subject_id="p1")
    (mine,) = person_events(record.patient("p1"))[0].frames()
    columns = ["subject_id", "time", "known", "code", "numeric_value", "text"]
    plain = mine.with_columns(pl.col("code").cast(pl.String)).select(columns)
    assert plain.sort(columns).equals(everybody.select(columns).sort(columns))


def test_consents_decide_what_is_there(record: Record, tmp_path: Path) -> None:
    secret = f"SNOMED//{SECRET}"
    assert secret in set(events(record, tmp_path / "owner")["code"])
    assert events(as_(record, RESEARCHER), tmp_path / "before").height == 0
    give_consent(record, "p1", "permit", "research")
    seen = events(as_(record, RESEARCHER), tmp_path / "after")
    assert set(seen["subject_id"]) == {"p1"}
    assert secret in set(seen["code"])
    give_consent(record, "p1", "deny", "research", category="mental_health")
    less = events(as_(record, RESEARCHER), tmp_path / "less")
    assert secret not in set(less["code"])
    assert set(less["code"]) == set(seen["code"]) - {secret}
    with pytest.raises(AccessError):
        events(as_(record, STRANGER), tmp_path / "stranger")
    assert not (tmp_path / "stranger").exists()


def test_a_consent_that_changes_meanwhile_refuses_the_whole(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_consent(record, "p1", "permit", "research")
    frames = scanning_module._frames

    def slow(*given: Any) -> Iterator[Any]:
        yield from frames(*given)
        give_consent(record, "p2", "permit", "research")

    monkeypatch.setattr(scanning_module, "_frames", slow)
    with pytest.raises(AccessError, match="changed while it was read"):
        events(as_(record, RESEARCHER), tmp_path / "events")
    assert not list(tmp_path.glob("events*"))


def test_each_reading_is_told_to_the_audit(record: Record, tmp_path: Path) -> None:
    events(as_(record, DOCTOR), tmp_path / "events")
    (*_, last) = record.audit_log(actor=DOCTOR.id, action="search")
    assert '"facts"' in str(last.detail)


def test_heart_failure_readmission_of_the_record(record: Record, tmp_path: Path) -> None:
    found = record_events(record, tmp_path / "events").events
    labelled = label_events(read_cohort("chf_readmission_30d"), found)
    assert labelled.moments.subject == ("p1", "p1")
    assert labelled.label.tolist() == [True, False]
    assert labelled.hours.tolist() == [14 * 24 + 12, 30 * 24]
    assert labelled.left_out == {}


def test_samples_of_chosen_signals(record: Record, tmp_path: Path) -> None:
    start = np.array([1_735_718_400_000 + 60_000 * k for k in range(4)])
    value = np.array([60.0, 62.0, 999.0, 64.0])
    offset, place = np.zeros(4, np.int64), np.arange(4)
    more = (start, start + 5_000, offset, value, place)
    record.append_samples([Samples("p1", one, "watch", "/min", *more) for one in ("heart_rate", "respiratory_rate")])
    assert not events(record, tmp_path / "none")["code"].str.starts_with("SIGNAL//").any()
    found = record_events(record, tmp_path / "some", signals=["heart_rate"])
    rows = pl.concat(found.events.frames()).filter(pl.col("code").cat.starts_with("SIGNAL//"))
    assert rows["code"].cast(pl.String).unique().to_list() == ["SIGNAL//heart_rate"]
    assert rows["numeric_value"].to_list() == [60, 62, 64]
    assert ((rows["known"] - rows["time"]).dt.total_seconds() == 5).all()
    assert found.left_out["doubtful sample"] == 1
    with pytest.raises(InputError, match="no such table"):
        scan_visible(record, ("people",), list)


def test_an_empty_record_has_no_events(tmp_path: Path) -> None:
    with Record.open(tmp_path / "empty.db") as empty:
        assert record_events(empty, tmp_path / "events").left_out == {}
