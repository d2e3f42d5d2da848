"""The heart twin of one person: fitted, asked, brought up to date, kept; and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vitruvian.core import DataError, InputError, RefusalError, UnknownNameError
from vitruvian.record import Record
from vitruvian.twin.heart import (
    UNITS,
    HeartTwin,
    calibrate,
    evidence_of,
    intervention,
    keep,
    kept,
    read_evidence,
    resting,
    what_if,
)
from vitruvian.twin.heart.store import packed, unpacked

SAMPLE = Path(__file__).parents[3] / "samples" / "sample-d" / "bundle.json"
DRAWS = 48


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Record:
    opened = Record.open(tmp_path_factory.mktemp("heart") / "record.db")
    opened.ingest(SAMPLE, patient="sample-d")
    return opened


@pytest.fixture(scope="module")
def first(record: Record) -> HeartTwin:
    return calibrate(read_evidence(record.patient("sample-d"), at="2025-04-01"), draws=DRAWS, method="laplace")


def test_the_twin_follows_what_was_measured(first: HeartTwin) -> None:
    beat = resting(first)
    for name in ("systolic", "diastolic", "edv", "pulmonary_systolic"):
        interval = beat.interval(name)
        assert interval.low - 12 <= first.evidence.values[name] <= interval.high + 12, name
    assert beat.interval("ejection_fraction").median == pytest.approx(34, abs=5)
    assert beat.interval("cardiac_output").median == pytest.approx(0.84 * 18.2 * np.pi * 2.1**2 / 4 * 0.1, rel=0.15)
    assert first.misfit < 2.0


def test_what_the_data_taught(first: HeartTwin) -> None:
    learned = {one.name: one for one in first.learned}
    assert learned["contractility"].identified
    assert learned["contractility"].posterior.high < 1.0  # a failing heart
    assert learned["resistance"].identified
    assert not learned["impedance"].identified  # no curve was given
    assert "QT" in learned["timing"].taught_by
    assert "E/A" in learned["atrium"].taught_by
    assert set(learned["resistance"].taught_by) & {"stroke volume", "diastolic pressure", "systolic pressure"}


@pytest.mark.parametrize(
    ("name", "amount", "directions"),
    [
        ("fluid", 500.0, {"stroke_volume": 1, "left_atrial": 1, "systolic": 1, "edv": 1}),
        ("haemorrhage", 500.0, {"stroke_volume": -1, "left_atrial": -1, "systolic": -1, "edv": -1}),
        ("vasodilator", None, {"stroke_volume": 1, "diastolic": -1, "esv": -1}),
        ("beta_blocker", None, {"heart_rate": -1, "cardiac_output": -1, "systolic": -1}),
        ("pacing", 100.0, {"heart_rate": 1, "stroke_volume": -1}),
    ],
)
def test_interventions_move_the_right_way(
    first: HeartTwin, name: str, amount: float | None, directions: dict[str, int]
) -> None:
    found = what_if(first, name, amount)
    for quantity, sign in directions.items():
        change = found.after.interval(quantity).median - found.before.interval(quantity).median
        assert sign * change > 0, quantity
    numbers = found.to_dict()["numbers"]
    assert set(numbers) == set(UNITS)
    assert all(np.isfinite(value) for row in numbers.values() for value in row["change"].values())


def test_volume_makes_congestion_likely_in_a_failing_heart(first: HeartTwin) -> None:
    more, less = what_if(first, "fluid", 1000.0), what_if(first, "haemorrhage", 500.0)
    assert more.p_congestion > less.p_congestion
    assert any(one.code == "congestion" for one in more.messages)


def test_a_leaking_valve_is_repaired(first: HeartTwin) -> None:
    ill = evidence_of({**first.evidence.values, "mitral_leak": 0.4}, person="ill", female=False)
    found = what_if(calibrate(ill, draws=DRAWS, method="laplace"), "mitral_repair")
    assert found.after.interval("stroke_volume").median > found.before.interval("stroke_volume").median
    assert found.after.interval("left_atrial").median < found.before.interval("left_atrial").median


def test_refusals(first: HeartTwin) -> None:
    with pytest.raises(RefusalError, match="no disease of that valve"):
        what_if(first, "mitral_repair")
    with pytest.raises(RefusalError, match="not fitted"):
        what_if(replace(first, converged=False), "fluid")
    with pytest.raises(RefusalError, match="does not follow"):
        what_if(replace(first, misfit=12.0), "fluid")
    unsure = tuple(replace(one, shrinkage=0.05) for one in first.learned)
    with pytest.raises(RefusalError, match="one of anybody"):
        what_if(replace(first, learned=unsure), "fluid")
    with pytest.raises(UnknownNameError, match="no such intervention"):
        intervention("prayer")
    with pytest.raises(InputError, match="pacing: out of range"):
        intervention("pacing", 300.0)
    with pytest.raises(DataError, match="another person"):
        calibrate(evidence_of({"heart_rate": 70}, person="somebody else"), before=first)


def test_a_new_study_brings_the_twin_up_to_date_and_it_is_kept(record: Record, first: HeartTwin) -> None:
    evidence = read_evidence(record.patient("sample-d"), after=first.evidence.at)
    newer = calibrate(evidence, before=first, years=0.5, draws=DRAWS, method="laplace")
    alone = calibrate(evidence, draws=DRAWS, method="laplace")
    narrower = [a.shrinkage > b.shrinkage for a, b in zip(newer.learned, alone.learned, strict=True)]
    assert sum(narrower) > len(narrower) / 2
    assert kept(record, "sample-d") is None
    assert keep(record, newer)
    again = kept(record, "sample-d")
    assert again is not None
    assert again.evidence.at == "2025-09-15 09:40"
    assert again.learned == newer.learned
    np.testing.assert_array_equal(again.u, newer.u)


def test_packed_twins_are_whole(first: HeartTwin) -> None:
    again = unpacked(*packed(first))
    assert again.evidence == first.evidence
    assert again.messages == first.messages
    assert again.base == first.base
    np.testing.assert_array_equal(again.x, first.x)


@pytest.mark.slow
def test_chains_agree_with_weighted_draws(first: HeartTwin) -> None:
    """Two ways to the same posterior."""
    weighted = calibrate(first.evidence, draws=200, method="importance", seed=1)
    chains = calibrate(first.evidence, draws=200, method="nuts", seed=1)
    assert weighted.pareto_k < 0.7
    apart = (weighted.u.mean(0) - chains.u.mean(0)) / chains.u.std(0)
    assert np.abs(apart).max() < 0.5
    assert (np.abs(np.log(weighted.u.std(0) / chains.u.std(0))) < 0.35).all()
