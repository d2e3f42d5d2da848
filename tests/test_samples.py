"""The sample patients, end to end: from files to a dose with its reasons."""

from __future__ import annotations

from pathlib import Path

import pytest

from vitruvian.ingest import samples
from vitruvian.record import Record
from vitruvian.twin import Answer, Asked, Twin, dose, read_case


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Record:
    opened = Record.open(tmp_path_factory.mktemp("samples") / "record.db")
    for name, paths in samples().items():
        report = opened.ingest(*paths, patient=name)
        assert report.quarantined == 0
        assert report.stored == report.records_in
    return opened


def check(answer: Answer) -> None:
    """What holds of each answer that is not a refusal."""
    best = answer.best
    assert best is not None, answer.sentence
    assert best.allowed
    assert best.regimen in answer.sentence
    assert answer.data_used
    assert answer.citations
    answer.to_dict()


def test_vancomycin_in_hospital(record: Record) -> None:
    """Sample b: rising creatinine, two levels; one model."""
    answer = dose(record, "sample-b", "vancomycin", model="vancomycin_goti_2018", draws=200)
    check(answer)
    assert len(answer.levels) == 2
    assert all(not v.remark for v in answer.levels)
    assert answer.levels[0].time_h < answer.levels[1].time_h <= 0
    taught = {item.parameter: item.learned for item in answer.learned}
    assert taught["CL"] > 0.1
    assert answer.next_level is not None
    creatinine = next(d for d in answer.data_used if d.name == "SCR")
    assert creatinine.value == "1.12 mg/dL"
    text = str(answer)
    assert "Goti 2018" in text
    assert "WARNING: The newest fact in the record is" in text


def test_the_label_and_the_genome_of_sample_a(record: Record) -> None:
    """What binds apixaban and what is said of it, before any model runs."""
    case = read_case(record.patient("sample-a"), "apixaban")
    names = {e.modifier.name for e in case.effects}
    assert "genotype_cyp3a4" in names
    assert case.person["AGE"] >= 80
    assert case.person["SCR"] == 1.63
    assert case.person["AF"] == 1.0
    assert any("CYP3A4" in r and "guideline" in r for r in case.reasons) or any(
        "no" in r.lower() and "guideline" in r for r in case.reasons
    )


@pytest.mark.slow
def test_vancomycin_over_all_models(record: Record) -> None:
    answer = dose(record, "sample-b", "vancomycin")
    check(answer)
    assert len(answer.models) == 3
    assert sum(m.weight for m in answer.models) == pytest.approx(1.0)


@pytest.mark.slow
def test_warfarin_during_initiation(record: Record) -> None:
    """Sample a in March 2025: INRs from 2025-03-03 on, CYP2C9 *1/*3, amiodarone."""
    answer = dose(record, "sample-a", "warfarin", asked=Asked("2025-03-25T12:00:00+01:00"))
    check(answer)
    assert answer.best is not None
    assert answer.best.dose < 5.0
    assert answer.standard is not None
    assert answer.best.p_target > answer.options[answer.standard].p_target
    assert answer.levels
    assert all(v.time_h <= 0 for v in answer.levels)
    assert any("amiodarone" in r for r in answer.reasons)
    assert {d.name: d.value for d in answer.data_used}["CYP2C9"].startswith("*1/*3")


@pytest.mark.slow
def test_apixaban_by_the_label(record: Record) -> None:
    """Sample a after the switch: 81 years and creatinine 1.63 mg/dL are two of three criteria: 2.5 mg."""
    answer = dose(record, "sample-a", "apixaban")
    check(answer)
    assert answer.best is not None
    assert (answer.best.dose, answer.best.interval_h) == (2.5, 12.0)
    assert all(o.dose == 2.5 for o in answer.options if o.allowed)
    assert any("label: 2.5 mg" in o.why for o in answer.options if o.dose == 5.0)
    text = str(answer)
    assert "guideline" in text
    assert "CYP3A4" in text


@pytest.mark.slow
def test_an_azole_lowers_tacrolimus(record: Record) -> None:
    """Sample c: fluconazole since 2025-07-15; the same person without it needs more."""
    with_azole = Twin(record.patient("sample-c"), "tacrolimus").calibrate()
    answer = with_azole.recommend()
    check(answer)
    assert any("fluconazole" in r for r in answer.reasons)
    day_before = Twin(record.patient("sample-c"), "tacrolimus", Asked("2025-07-15T07:00:00+02:00")).recommend()
    check(day_before)
    assert answer.exact_dose is not None
    assert day_before.exact_dose is not None
    assert answer.exact_dose < 0.9 * day_before.exact_dose
    assert Path(samples()["sample-c"][0]).name == "bundle.json"
