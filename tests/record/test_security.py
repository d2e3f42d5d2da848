"""Acceptance tests of the store's security, each from a failure that users of other systems met; see also `test_audit`.

Sources: hapifhir/hapi-fhir#6065, LinuxForHealth/FHIR#2669, microsoft/fhir-server PR#5688, rubentalstra/FerroEHR#3156.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from clinic import (
    AUDITOR,
    DOCTOR,
    EMERGENCY,
    RESEARCHER,
    SECRET,
    SNOMED,
    STRANGER,
    as_,
    bundle,
    clinic,
    condition,
    own,
)
from sqlalchemy import event

from vitruvian.core import ACTIONS, AccessError, Actor, InputError, UnknownNameError
from vitruvian.core.actor import RIGHTS
from vitruvian.record import Fact, Patient, Record, consents_of, give_consent, withdraw_consent


@pytest.fixture
def record(record_url: str, tmp_path: Path) -> Iterator[Record]:
    with clinic(record_url, tmp_path) as found:
        yield found


def readings(patient: Patient) -> list[Any]:
    """What can be asked of a person in any way: list, count, search by kind, code and time, newest, order, signals."""
    facts = patient.facts()
    return [
        [one.id for one in facts if one.kind != "consent"],
        len(patient.facts("condition")),
        patient.facts(code=SECRET),
        patient.facts(since="2023-12-01", until="2024-12-31"),
        patient.latest(SECRET),
        [one.code for one in patient.timeline() if one.kind != "consent"],
        [one.code for one in sorted(patient.facts("condition"), key=lambda one: -(one.start_ms or 0))],
        len(patient.facts("condition", known_by="2100-01-01")),
        patient.observations("creatinine").height,
        patient.signals(),
    ]


# 1, hapi-fhir#6065 and 2, FHIR#2669


def test_a_forbidden_category_cannot_be_told_from_an_absent_one(record: Record) -> None:
    secret = record.patient("p1").facts(code=SECRET)[0]
    give_consent(record, "p1", "deny", "treatment", "mental_health")
    denied = as_(record, DOCTOR)
    found = readings(denied.patient("p1"))
    assert secret.id not in found[0]
    assert found[1:8] == [1, [], [], None, ["birth_date", "44054006", "2160-0"], ["44054006"], 1]
    for read in (denied.source, lambda fact: denied.open_blob(fact).__enter__()):
        with pytest.raises(UnknownNameError, match="no such fact"):
            read(secret)
    seen = as_(record, EMERGENCY).patient("p1").facts(code=SECRET)
    assert [one.id for one in seen] == [secret.id]


def test_other_codes_of_a_fact_count_too(record: Record, tmp_path: Path) -> None:
    local = condition("c9", "p1", "999", "2024-02-02", ("http://hl7.org/fhir/sid/icd-10", "F32.1"))
    record.ingest(bundle(tmp_path, "more.json", local))
    assert as_(record, DOCTOR).patient("p1").facts(code="999")
    give_consent(record, "p1", "deny", "treatment", "mental_health")
    assert as_(record, DOCTOR).patient("p1").facts(code="999") == []


def test_a_person_without_consent_does_not_exist_for_research(record: Record) -> None:
    asking = as_(record, RESEARCHER)
    assert asking.people() == []
    messages = []
    for name in ("p1", "MRN-1", "nobody"):
        with pytest.raises(UnknownNameError) as told:
            asking.patient(name)
        messages.append(str(told.value).replace(name, "NAME"))
    assert len(set(messages)) == 1
    assert asking.permitted_subjects("research", "everything") == []
    with pytest.raises(UnknownNameError):
        asking.load_state("p1", "m")
    give_consent(record, "p2", "permit", "research")
    assert asking.people() == ["p2"]
    with pytest.raises(UnknownNameError) as told:
        asking.patient("p3")
    assert "p1" not in str(told.value)
    assert asking.permitted_subjects("research", "genome") == ["p2"]


def test_rights_are_checked_before_anything_is_asked(record: Record) -> None:
    statements: list[str] = []
    event.listen(record.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    asking = as_(record, STRANGER)
    asks: list[Callable[[str], object]] = [
        asking.patient,
        lambda one: asking.audit_log(one),
        lambda one: asking.erase(one),
        lambda one: consents_of(asking, one),
        lambda one: asking.load_state(one, "m"),
        lambda one: Patient(asking, one, (one,)).facts(),
    ]
    for ask in asks:
        seen = []
        for name in ("p1", "nobody"):
            statements.clear()
            with pytest.raises(AccessError) as told:
                ask(name)
            seen.append((str(told.value), [one for one in statements if "audit" not in one]))
        assert seen[0] == seen[1]  # the same answer, after the same questions
        assert not any("FROM fact" in one or "FROM subject" in one for one in seen[0][1])


# 3, fhir-server PR#5688


@pytest.mark.parametrize(
    "actor",
    [
        Actor("m", frozenset({"patient"}), "own"),  # no claim of who they are
        Actor("m", frozenset({"patient"}), "treatment", frozenset({"p1"})),
        Actor("m", frozenset({"clinician"}), ""),
        Actor("m", frozenset({"clinician"}), "curiosity"),
        Actor("m", frozenset({"clinician"}), "research"),
        Actor("m", frozenset({"Clinician"}), "treatment"),
        Actor("m", frozenset(), "treatment"),
        Actor("m", frozenset({"auditor", "data_loader", "administrator"}), "operations"),
    ],
    ids=lambda one: f"{'+'.join(sorted(one.roles))} for {one.purpose}",
)
def test_what_is_not_known_is_denied(record: Record, actor: Actor) -> None:
    asking = as_(record, actor)
    for ask in (asking.people, lambda: asking.patient("p1"), lambda: Patient(asking, "p1", ("p1",)).facts()):
        with pytest.raises(AccessError):
            ask()


def test_unknown_actions_and_categories_are_denied(record: Record) -> None:
    assert not Actor.owner().permits("launch")
    assert all(actions <= set(ACTIONS) for by_purpose in RIGHTS.values() for actions in by_purpose.values())
    with pytest.raises(InputError, match="no such category"):
        record.permitted_subjects("treatment", "zebra")
    with pytest.raises(AccessError):
        as_(record, DOCTOR).permitted_subjects("research", "everything")


def test_a_patient_sees_themselves_only_whatever_they_hold(record: Record) -> None:
    me = as_(record, own("p1"))
    assert me.patient("p1").facts(code=SECRET)
    other = record.patient("p2").facts("condition")[0]
    forged = Fact(**{name: getattr(other, name) for name in Fact.__dataclass_fields__} | {"person": "p1"})
    for read in (me.source, lambda fact: me.open_blob(fact).__enter__()):
        with pytest.raises(UnknownNameError):
            read(forged)
    assert Patient(me, "p1", ("p1", "p2")).facts() == me.patient("p1").facts()
    for ask in (me.people, lambda: me.patient("p2"), lambda: me.audit_log("p2"), lambda: me.audit_log()):
        with pytest.raises(AccessError):
            ask()


# 4, FerroEHR#3156 and #3240


def test_refused_writes_are_audited(record: Record, tmp_path: Path) -> None:
    before, stranger = len(record.audit_log()), as_(record, STRANGER)
    for refused in (
        lambda: stranger.ingest(tmp_path),
        stranger.quarantined,
        stranger.replay,
        lambda: stranger.derive("p1", [], method="m", version="1"),
        lambda: stranger.save_state("p1", "m", "1", cutoff_ms=0, summary={}),
    ):
        with pytest.raises(AccessError):
            refused()
    told = [one.detail for one in record.audit_log()[before:] if one.action == "refused"]
    assert told == [f'{{"action":"{one}"}}' for one in ("ingest", "quarantine", "ingest", "derive", "derive")]


def test_every_read_search_and_refusal_is_audited(record: Record) -> None:
    before = len(record.audit_log())
    doctor = as_(record, DOCTOR)
    patient = doctor.patient("p1")
    patient.facts("condition")
    patient.facts(code="Liebermann")
    doctor.people()
    with pytest.raises(AccessError):
        as_(record, STRANGER).patient("p1")
    with pytest.raises(UnknownNameError):
        doctor.patient("Liebermann")
    give_consent(record, "p1", "deny", "any")
    as_(record, EMERGENCY).patient("p1").facts("condition")
    log = record.audit_log()[before:]
    doing = [(one.actor, one.purpose, one.action) for one in log if one.actor != "local-owner"]
    treating = ("Practitioner/7", "TREAT")
    assert sorted(doing) == sorted([
        (*treating, "search"), (*treating, "read"), (*treating, "read"), (*treating, "search"),
        ("x", "TREAT", "refused"), (*treating, "search"),
        ("Practitioner/7", "ETREAT", "search"), ("Practitioner/7", "ETREAT", "read"),
    ])  # fmt: skip
    details = [one.detail for one in log if one.actor != "local-owner"]
    assert '{"kind":"condition","rows":2}' in details
    assert '{"kind":"condition","rows":2,"emergency":true}' in details
    everything = " ".join(f"{one.person} {one.detail}" for one in record.audit_log())
    for word in ("Liebermann", "Novak", "MRN-1", "p1", "1961"):
        assert word not in everything
    assert record.verify_audit() > 10


def test_a_patient_reads_who_read_and_that_is_audited(record: Record) -> None:
    as_(record, DOCTOR).patient("p1").facts()
    as_(record, DOCTOR).patient("p2").facts()
    me = as_(record, own("p1"))
    mine = me.audit_log("p1")
    assert {"Practitioner/7", "local-owner"} <= {one.actor for one in mine}
    assert {one.person for one in mine} == {record.chain.pseudonym("p1")}
    assert me.audit_log("p1")[-1].action == "audit"
    assert [one.actor for one in record.audit_log(actor="me")] == ["me", "me"]
    assert len(as_(record, AUDITOR).audit_log()) > len(mine)
    assert record.audit_log(since="2999-01-01") == []


# 5


def test_withdrawal_counts_from_the_next_read_on(record: Record) -> None:
    research = as_(record, RESEARCHER)
    give_consent(record, "p1", "permit", "research")
    patient = research.patient("p1")
    assert patient.facts()
    assert withdraw_consent(record, "p1", "research") == 1
    assert patient.facts() == []  # held since before
    assert patient.observations("creatinine").is_empty()
    assert research.people() == []
    assert research.permitted_subjects("research", "general") == []
    with pytest.raises(UnknownNameError):
        research.patient("p1")
    assert withdraw_consent(record, "p1", "research") == 0
    assert [one["status"] for one in consents_of(record, "p1")] == ["inactive"]


def test_withdrawal_counts_in_the_derived_copy_too(tmp_path: Path) -> None:
    sql = "SELECT count(*) AS n FROM facts WHERE kind = 'condition'"
    with clinic(str(tmp_path / "clinic.db"), tmp_path) as record:
        research = as_(record, RESEARCHER)
        record.analytic().rebuild()
        assert research.query(sql)["n"].item() == 0
        give_consent(record, "p1", "permit", "research")
        assert research.query(sql)["n"].item() == 2
        give_consent(record, "p1", "deny", "research", "mental_health")
        assert research.query(sql)["n"].item() == 1
        withdraw_consent(record, "p1", "research")
        assert research.query(sql)["n"].item() == 0
        record.erase("p1")
        assert record.query(sql)["n"].item() == 1


def test_a_permission_ends_with_its_day(record: Record) -> None:
    give_consent(record, "p1", "permit", "research", until="2020-01-01")
    assert as_(record, RESEARCHER).people() == []
    give_consent(record, "p1", "permit", "research", "general", until="2999-01-01")
    facts = as_(record, RESEARCHER).patient("p1").facts()
    assert facts
    assert SECRET not in {one.code for one in facts}


def test_the_last_word_on_the_same_matter_counts(record: Record) -> None:
    research = as_(record, RESEARCHER)
    for kind, expected in (("permit", ["p1"]), ("deny", []), ("permit", ["p1"])):
        give_consent(record, "p1", kind, "research")  # type: ignore[arg-type]
        assert research.people() == expected
    assert [one["status"] for one in consents_of(record, "p1")].count("active") == 1


def test_a_denial_of_everything_hides_the_person_but_not_from_themselves(record: Record) -> None:
    give_consent(as_(record, own("p1")), "p1", "deny", "any")
    for asking in (as_(record, DOCTOR), record):
        assert asking.people() == ["p2"]
        with pytest.raises(UnknownNameError):
            asking.patient("p1")
    assert as_(record, own("p1")).patient("p1").facts(code=SECRET)
    withdraw_consent(record, "p1", "any")
    assert record.people() == ["p1", "p2"]


def test_a_consent_of_another_system_is_read(record: Record, tmp_path: Path) -> None:
    given = {
        "resourceType": "Consent",
        "id": "k",
        "status": "active",
        "scope": {"coding": [{"code": "patient-privacy"}]},
        "category": [{"coding": [{"code": "59284-0"}]}],
        "patient": {"reference": "Patient/p1"},
        "policyRule": {"coding": [{"code": "OPTIN"}]},
        "provision": {
            "type": "permit",
            "provision": [{"type": "deny", "code": [{"coding": [{"system": SNOMED, "code": "44054006"}]}]}],
        },
    }
    record.ingest(bundle(tmp_path, "k.json", given))
    codes = {one.code for one in as_(record, RESEARCHER).patient("p1").facts()}
    assert "2160-0" in codes
    assert "44054006" not in codes
    record.ingest(bundle(tmp_path, "k2.json", given | {"status": "inactive", "meta": {"versionId": "2"}}))
    assert as_(record, RESEARCHER).people() == []


@pytest.mark.parametrize(
    "bad", [("zebra", "genome", None), ("research", "zebra", None), ("research", "genome", "soon")]
)
def test_a_consent_that_means_nothing_is_refused(record: Record, bad: tuple[str, str, str | None]) -> None:
    with pytest.raises(InputError):
        give_consent(record, "p1", "permit", *bad)
    assert consents_of(record, "p1") == []
