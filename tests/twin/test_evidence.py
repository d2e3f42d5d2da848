"""A record's facts → a case: what is seen, converted, left out, and said. No model runs here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bundles import (
    DOSES,
    NOW,
    SIZE,
    SUBJECT,
    WHOLE,
    allergy,
    creatinine,
    dose,
    height,
    lab,
    level,
    person,
    statement,
    take_in,
    weight,
)
from vitruvian.core import DataError, parse_instant
from vitruvian.model import Dose
from vitruvian.person import cockcroft_gault
from vitruvian.record import Draft
from vitruvian.twin import Asked, Case, read_case
from vitruvian.twin.reading import _outside


def read(folder: Path, *resources: Any, drug: str = "vancomycin", at: str | None = NOW, **asked: Any) -> Case:
    record, _ = take_in(folder, *resources)
    with record:
        return read_case(record.patient("p"), drug, Asked(at=at, **asked))


def codes(case: Case) -> dict[str, str]:
    return {m.code: m.severity for m in case.messages}


def test_the_whole_person(tmp_path: Path) -> None:
    case = read(tmp_path, *WHOLE, level(18.0, "2025-03-04T07:30:00"))
    assert case.given.given(100.0) == [(12.0 * k, 1000.0, "mg") for k in range(4)]
    assert [d.duration for d in case.given.doses] == [1.0] * 4
    assert case.now == 40.0
    assert [(v.time, v.value, v.unit, v.output) for v in case.levels] == [(11.5, 18.0, "mg/L", "concentration")]
    expected = cockcroft_gault(age_y=case.person["AGE"], weight_kg=70.0, creatinine_mg_dl=1.0, female=True)
    assert case.person["CRCL"] == pytest.approx(expected)
    assert case.person["AGE"] == pytest.approx(61.84, abs=0.01)
    assert case.person["DIALYSIS"] == 0.0
    assert case.age_h["SCR"] == pytest.approx(5.0)
    assert case.messages == ()
    said = {u.name: u for u in case.used}
    assert {"AGE", "sex", "WT", "HT", "SCR", "DIALYSIS"} <= set(said)
    assert said["DIALYSIS"].origin.startswith("no such condition")
    assert said["SCR"].fact_id


def test_facts_after_the_moment_asked_about_are_not_seen(tmp_path: Path) -> None:
    later = (
        creatinine(3.0, when="2025-03-05T13:00:00"),
        weight(120.0, when="2025-03-05T12:00:01"),
        level(40.0, "2025-03-05T12:30:00"),
        dose("vancomycin", 1000.0, "2025-03-05T20:00:00"),
    )
    case = read(tmp_path, *WHOLE, *later)
    assert case.person["SCR"] == 1.0
    assert case.person["WT"] == 70.0
    assert case.levels == ()
    assert len(case.given.doses) == 4


def test_what_the_system_keeps_itself_does_not_move_the_moment(tmp_path: Path) -> None:
    """An alert, a kept answer, and a consent are newer than the last creatinine: the case stays that of the person."""
    consent = {"resourceType": "Consent", "id": "c", "status": "active", "patient": SUBJECT, "dateTime": "2026-01-02",
               "provision": {"type": "permit"}}  # fmt: skip
    record, _ = take_in(tmp_path, *WHOLE, consent)
    with record:
        before = read_case(record.patient("p"), "vancomycin")
        drafts = [Draft(kind, "urn:vitruvian:test", "none", "no signal", start=parse_instant("2026-02-01T08:00:00Z"))
                  for kind in ("alert", "twin_answer")]  # fmt: skip
        record.derive("p", drafts, method="test", version="1")
        kept = record.patient("p").facts()
        assert {"alert", "twin_answer", "consent"} <= {one.kind for one in kept}
        after = read_case(record.patient("p"), "vancomycin")
    assert (after.now, after.age_h, after.person["AGE"]) == (before.now, before.age_h, before.person["AGE"])


def test_creatinine_in_micromoles_is_converted(tmp_path: Path) -> None:
    case = read(tmp_path, *SIZE, creatinine(88.42, "umol/L"), *DOSES)
    assert case.person["SCR"] == pytest.approx(1.0, rel=1e-3)


def test_pounds_are_converted_and_a_weight_without_unit_is_never_guessed(tmp_path: Path) -> None:
    pounds = read(tmp_path, person(), weight(154.0, "[lb_av]"), height(), creatinine(), *DOSES)
    assert pounds.person["WT"] == pytest.approx(69.85, abs=0.01)
    folder = tmp_path / "bare"
    folder.mkdir()
    record, report = take_in(folder, person(), weight(154.0, ""), height(), creatinine(), *DOSES)
    assert report.quarantined == 1
    assert "has no unit" in report.problems[0]
    with record:
        case = read_case(record.patient("p"), "vancomycin", Asked(NOW))
    assert "WT" not in case.covariates
    assert "CRCL" not in case.covariates


def test_an_impossible_unit_is_said_and_not_used(tmp_path: Path) -> None:
    case = read(tmp_path, *SIZE, creatinine(1.0, "mg"), *DOSES)
    assert "SCR" not in case.covariates
    assert codes(case)["doubtful-fact"] == "warning"
    assert "not used: 1 mg" in next(m.text for m in case.messages if m.code == "doubtful-fact")


def test_a_level_before_the_first_dose_is_left_out_and_said(tmp_path: Path) -> None:
    case = read(tmp_path, *WHOLE, level(7.0, "2025-03-03T12:00:00"), level(18.0, "2025-03-04T07:30:00"))
    assert [v.value for v in case.levels] == [18.0]
    found = next(m for m in case.messages if m.code == "level-before-dose")
    assert found.severity == "warning"
    assert "7 mg/L" in found.text
    assert "2025-03-03 12:00" in found.text


def test_a_level_without_any_dose_is_said(tmp_path: Path) -> None:
    case = read(tmp_path, *SIZE, creatinine(), level(18.0, "2025-03-04T07:30:00"))
    assert case.levels == ()
    assert "level-before-dose" in codes(case)


def test_a_level_below_the_limit_is_censored(tmp_path: Path) -> None:
    low = level(2.0, "2025-03-04T07:30:00")
    low["valueQuantity"]["comparator"] = "<"
    assert [(v.value, v.censored) for v in read(tmp_path, *WHOLE, low).levels] == [(2.0, True)]


@pytest.mark.parametrize("broken", [{"unit": ""}, {"unit": "mL"}, {"route": "37839007"}], ids=str)
def test_a_dose_that_cannot_be_read_refuses(tmp_path: Path, broken: dict[str, str]) -> None:
    """Without unit, in a unit that is no mass, by a route that is not understood: never left out in silence."""
    case = read(tmp_path, *SIZE, creatinine(), *DOSES[:3], dose("vancomycin", 1000.0, "2025-03-05T08:00:00", **broken))
    assert codes(case)["unreadable-dose"] == "refusal"


def test_a_dose_that_nobody_is_given_refuses(tmp_path: Path) -> None:
    """A gram that was recorded as a kilogram."""
    case = read(tmp_path, *SIZE, creatinine(), dose("vancomycin", 1.0, "2025-03-05T08:00:00", unit="kg"))
    assert codes(case)["unreadable-dose"] == "refusal"
    assert "at most 30000 mg" in next(m.text for m in case.messages)


def test_a_dose_that_was_not_given_does_not_count(tmp_path: Path) -> None:
    last = DOSES[3] | {"status": "not-done"}
    case = read(tmp_path, *SIZE, creatinine(), *DOSES[:3], last)
    assert len(case.given.doses) == 3
    assert "unreadable-dose" not in codes(case)


def test_a_statement_goes_on_where_administrations_end(tmp_path: Path) -> None:
    given = [dose("warfarin", 5.0, f"2025-02-{d:02d}T18:00:00", route="26643006") for d in (1, 2, 3)]
    after = statement("warfarin", 2.0, "2025-02-04T18:00:00", end="2025-02-10T18:00:00")
    case = read(tmp_path, *SIZE, *given, after, drug="warfarin")
    assert [(t, a) for t, a, _ in case.given.given(1e4)] == [(24.0 * d, 5.0 if d < 3 else 2.0) for d in range(10)]
    assert case.route == "oral"


def test_other_drugs_become_effects_with_a_course(tmp_path: Path) -> None:
    taken = statement("fluconazole", 200.0, "2025-03-01T08:00:00")
    case = read(tmp_path, *SIZE, statement("warfarin", 5.0, "2025-02-01T18:00:00"), taken, drug="warfarin")
    effect = next(e for e in case.effects if e.modifier.name == "fluconazole")
    assert effect.modifier.log_ratio < -0.3
    times, shares = effect.presence
    assert shares[0] == 0.0
    assert times[1] > 24 * 25
    assert ("fluconazole", "J02AC01") in case.active
    (other := tmp_path / "other").mkdir()
    stopped = statement("fluconazole", 200.0, "2024-03-01T08:00:00", end="2024-03-08T08:00:00", status="completed")
    past = read(other, *SIZE, statement("warfarin", 5.0, "2025-02-01T18:00:00"), stopped, drug="warfarin")
    assert "fluconazole" not in dict(past.active)


def test_allergies_and_states(tmp_path: Path) -> None:
    dialysis = {
        "resourceType": "Condition",
        "id": "c",
        "subject": {"reference": "Patient/p"},
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "265764009", "display": "Renal dialysis"}]},
        "recordedDate": "2025-03-01",
    }
    case = read(tmp_path, *WHOLE, dialysis, allergy("vancomycin"))
    assert case.person["DIALYSIS"] == 1.0
    assert ("vancomycin", "11124") in case.allergies


def test_a_person_without_birth_date_or_sex_is_not_given_one(tmp_path: Path) -> None:
    bare = {k: v for k, v in person().items() if k not in ("birthDate", "gender")}
    case = read(tmp_path, bare, weight(), height(), creatinine(), *DOSES)
    assert codes(case)["unknown-person"] == "warning"
    assert {"AGE", "FEMALE", "CRCL"}.isdisjoint(case.covariates)


def test_an_unknown_genotype_is_a_mixture_and_said(tmp_path: Path) -> None:
    case = read(tmp_path, *SIZE, statement("warfarin", 5.0, "2025-02-01T18:00:00"), drug="warfarin")
    assert len(case.alternatives) > 5
    assert sum(a.probability for a in case.alternatives) == pytest.approx(1.0)
    assert any("mixture over population frequencies" in r for r in case.reasons)


def test_the_person_who_asks_may_add_numbers(tmp_path: Path) -> None:
    case = read(tmp_path, *SIZE, *DOSES, covariates={"CRCL": 44.0})
    assert case.person["CRCL"] == 44.0
    assert any(u.name == "CRCL" and "asked" in u.origin for u in case.used)


def test_a_clearance_that_is_given_stands_above_every_floor(tmp_path: Path) -> None:
    """Goti raises low creatinine above 65 years; that must not displace the number of the person who asks."""
    old = (person(birthDate="1945-05-01"), weight(), height(), creatinine(0.6), *DOSES)
    case = read(tmp_path, *old, covariates={"CRCL": 44.0})
    assert all(c["CRCL"] == 44.0 for m in case.drug.models[:1] for c in case.covariates_for(m))


def test_an_old_record_is_answered_for_its_own_moment_and_said(tmp_path: Path) -> None:
    case = read(tmp_path, *WHOLE, at=None)
    assert codes(case)["past-moment"] == "warning"
    assert case.now == 36.0  # the last dose is the newest fact


@pytest.mark.parametrize("at", ["yesterday", "2025-13-01", ""])
def test_a_moment_that_is_none(tmp_path: Path, at: str) -> None:
    record, _ = take_in(tmp_path, person())
    with record, pytest.raises(DataError):
        read_case(record.patient("p"), "vancomycin", Asked(at))


def test_a_tall_child_is_in_centimetres(tmp_path: Path) -> None:
    case = read(tmp_path, person(birthDate="2019-03-01"), weight(20.0), height(110.0), creatinine(0.4))
    assert case.person["EGFR_INDEXED"] == pytest.approx(0.413 * 110 / 0.4, rel=1e-6)
    assert "CRCL" not in case.covariates


def test_the_newest_of_two_weights_counts_from_its_time_on(tmp_path: Path) -> None:
    case = read(tmp_path, *WHOLE, weight(80.0, when="2025-03-04T20:00:00"))
    assert case.covariates["WT"] == ((0.0, 24.0), (70.0, 80.0))
    assert lab("29463-7", 1.0, "kg", "2025-03-04T20:00:00", "x")["id"] == "x"


def test_home_medication_before_and_after_a_stay_is_kept() -> None:
    home = Dose(0.0, 5.0, "mg", "oral", None, 24.0, 10)
    kept = _outside(home, 72.0, 96.0)
    assert [(d.time, d.count) for d in kept] == [(0.0, 3), (120.0, 5)]
    assert _outside(home, -50.0, -20.0) == [home]
    assert _outside(home, -1.0, 300.0) == []
