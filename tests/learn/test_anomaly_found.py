"""Faults put into a signal, each found by the sign made for it; limits that keep their promise; a person's days."""

from __future__ import annotations

import sys
import tarfile
from csv import DictReader
from datetime import datetime
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from vitruvian.core import DataError, UnsupportedError
from vitruvian.learn.anomaly import (
    FAULTS,
    NAMES,
    Judgement,
    Rhythm,
    by_any,
    by_forest,
    by_sign,
    calls,
    judged,
    learned_forest,
    learned_rhythm,
    learned_usual,
    limit_of,
    signs,
    surprises_of,
)

_LEARNERS = {**{name: by_sign(name) for name in NAMES}, "any": by_any(), "forest": by_forest(trees=25)}


def _person(seed: int, days: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """A quarter-hourly signal with a rhythm and deviations that fade."""
    rng, known = np.random.default_rng(seed), Rhythm(100.0, 0.0, 12.0, 2.0, 3.0, (-8.0, 4.0))
    at = np.arange(0, 24 * days, 0.25)
    keep = np.exp(-0.25 / known.fades)
    deviation, value = 0.0, []
    for moment in at.tolist():
        deviation = keep * deviation + np.sqrt(1 - keep**2) * known.spread * rng.normal()
        value.append(known.level + known.of_day(moment) + deviation + known.noise * rng.normal())
    return at, np.round(np.array(value), 1)


@cache
def _judgement() -> Judgement:
    return judged(_LEARNERS, [_person(0), _person(1)], [200.0, 230.0], learn_h=192.0)


def _found(detector: str, fault: str) -> tuple[int, int, float]:
    (one,) = [row for row in _judgement().rows if (row.detector, row.fault) == (detector, fault)]
    return one.found, one.n, one.delay_h


@pytest.mark.parametrize(
    ("sign", "fault", "within"),
    [
        ("surprise", "spike", 0.5),
        ("surprise", "unit switch", 0.5),
        ("lasting", "drift", 15.0),
        ("lasting", "step", 10.0),
        ("still", "stuck", 3.0),
        ("silent", "gap", 9.0),
    ],
)
def test_each_fault_is_found_by_its_sign_and_by_all_together(sign: str, fault: str, within: float) -> None:
    for detector in (sign, "any"):
        found, n, delay = _found(detector, fault)
        assert found == n == 4
        assert delay <= within


def test_a_sign_is_blind_for_what_it_does_not_look_at() -> None:
    assert _found("still", "spike")[0] == 0
    assert _found("silent", "drift")[0] == 0
    assert _found("surprise", "gap")[0] == 0


def test_false_alarms_stay_seldom_on_days_without_faults() -> None:
    found = _judgement()
    assert found.days == pytest.approx(8.0, abs=0.1)
    assert max(found.false_per_day.values()) <= 1.5
    assert found.false_per_day["still"] + found.false_per_day["silent"] == 0


def test_every_fault_changes_the_signal_from_its_moment_on() -> None:
    at, value = _person(2, 3)
    for name, put in FAULTS.items():
        moments, broken = put((at, value), 30.0, 10.0)
        same = moments < 30.0
        assert (broken[same] == value[: same.sum()]).all(), name
        assert len(moments) < len(at) or (broken != value).any(), name


def test_limits_are_passed_no_more_often_than_allowed() -> None:
    rng = np.random.default_rng(0)
    at, sign = np.arange(0, 20 * 24, 0.25), rng.exponential(size=20 * 96)
    for per_day in (0.0, 0.2, 1.0):
        limit = limit_of(at, sign, per_day)
        assert len(calls(at, sign > limit)) <= int(20 * per_day)
    assert len(calls(at, sign > limit_of(at, sign, 1.0))) >= 15
    assert limit_of(at, np.ones(len(at)), 1.0) == 1.0  # ties: what is always so is no alarm
    with pytest.raises(DataError, match="1 or more"):
        limit_of(np.arange(10.0), np.ones(10), 0.1)


def test_an_alarm_that_goes_on_calls_again() -> None:
    at = np.array([0.0, 0.5, 1.9, 2.0, 2.1, 9.0])
    assert calls(at, np.ones(6, bool)).tolist() == [0.0, 2.0, 9.0]


def test_signs_look_back_alone() -> None:
    """Whatever comes later changes nothing that was told before."""
    at, value = _person(3, 5)
    usual = learned_usual(at, value)
    later = value.copy()
    later[300:] += 50
    assert (signs(usual, at, value)[:300] == signs(usual, at, later)[:300]).all()


def test_the_forest_is_reproducible_and_says_what_is_alone() -> None:
    rng = np.random.default_rng(0)
    past = rng.normal(size=(400, 4))
    rows = np.concatenate([past[:50], np.full((1, 4), 8.0)])
    found = learned_forest(past, trees=40, seed=1)(rows)
    assert found.argmax() == 50
    assert (found == learned_forest(past, trees=40, seed=1)(rows)).all()


def test_without_scikit_learn_the_forest_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    with pytest.raises(UnsupportedError, match=r"pip install vitruvian\[learn\]"):
        learned_forest(np.zeros((10, 2)))


def _public(shared: Path) -> tuple[np.ndarray, np.ndarray]:
    """Hours and mg/dL of the automatic readings of one person's 28 days."""
    (archive,) = (shared / "data" / "t1d_person").glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        file = tar.extractfile(next(one for one in tar.getnames() if one.endswith("libre_export.csv")))
        assert file is not None
        rows = list(DictReader(file.read().decode("utf-8-sig").splitlines(), delimiter="\t"))
    readings = {
        datetime.strptime(row["Time"], "%Y/%m/%d %H:%M"): 18.016 * float(row["Historic Glucose (mmol/L)"])
        for row in rows if row["Record Type"] == "0"
    }  # fmt: skip
    hours = [(one - datetime(2022, 2, 7)).total_seconds() / 3600 for one in sorted(readings)]
    return np.array(hours), np.array([readings[one] for one in sorted(readings)])


def test_the_public_person(shared: Path) -> None:
    """Learned from 14 days, judged on 14: bands hold, real gaps are found, faults too."""
    at, value = _public(shared)
    first = at < 14 * 24
    known = learned_rhythm(at[first], value[first], 2.5)
    surprises = np.abs(surprises_of(known, at[~first], value[~first])[1:])
    assert np.mean(surprises < 1.96) == pytest.approx(0.95, abs=0.015)
    gaps = np.diff(at[~first])
    assert (gaps > 0.5).sum() == 5
    assert (surprises[gaps > 0.5] < 1.96).all()  # the first reading after a silence surprises nobody
    found = judged(
        {"any": by_any(), "silent": by_sign("silent")}, [(at, value)], [14 * 24 + 26.0, 14 * 24 + 130.0],
        learn_h=14 * 24.0, grain=2.5, faults={name: FAULTS[name] for name in ("spike", "stuck", "gap", "unit switch")},
    )  # fmt: skip
    assert all(row.found == row.n for row in found.rows if row.detector == "any")
    assert found.false_per_day["any"] < 0.7
