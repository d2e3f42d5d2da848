"""The exacerbation simulator beside the published course of exacerbations; missing days; sources of its numbers."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from vitruvian.core import InputError, UnknownNameError
from vitruvian.physiology.lung import DISEASES, SIGNS, Courses, airway_courses, daily_signs, numbers

PEOPLE, DAYS, SETTLED = 800, 425, 60


@cache
def copd() -> tuple[Courses, np.ndarray]:
    courses = airway_courses(PEOPLE, DAYS, seed=3)
    return courses, daily_signs(courses, seed=3)


def onsets(courses: Courses) -> tuple[np.ndarray, np.ndarray]:
    day, person = np.nonzero(courses.onset)
    inside = (day >= SETTLED) & (day < DAYS - 30)
    return day[inside], person[inside]


def change(name: str, days: range) -> float:
    """Mean of a sign over days around onset, against two weeks that end two weeks before it."""
    courses, values = copd()
    day, person = onsets(courses)
    sign = values[:, :, [one.name for one in SIGNS].index(name)]
    near = np.array([sign[person, day + k] for k in days])
    usual = np.array([sign[person, day + k] for k in range(-28, -14)])
    seen = (~np.isnan(near)).any(axis=0) & (~np.isnan(usual)).any(axis=0)
    return float(np.mean(np.nanmean(near[:, seen], axis=0) - np.nanmean(usual[:, seen], axis=0)))


def test_exacerbations_are_as_frequent_as_published() -> None:
    """Moy 2013: 1.3 ± 1.6 a person-year; Donaldson 2015: median 2.13, quartiles 1.0 and 3.2."""
    courses, _ = copd()
    each = courses.onset[SETTLED:].sum(axis=0) / ((DAYS - SETTLED) / 365)
    assert each.mean() == pytest.approx(1.6, abs=0.3)
    assert each.std() == pytest.approx(1.6, abs=0.3)


def test_the_course_is_as_published() -> None:
    """Seemungal 2000: symptoms over after 7 days (4 to 14); Hurst 2010: signs move most 2 to 3 days after onset."""
    courses, _ = copd()
    day, person = onsets(courses)
    length = [int(np.argmin(courses.ill[d:, p])) for d, p in zip(day, person, strict=True)]
    assert 5 <= np.median(length) <= 11
    around = np.array([courses.burden[day + k, person].mean() for k in range(-14, 15)])
    assert 0 <= int(np.argmax(around)) - 14 <= 3
    assert around[14 - 3] > 1.5 * around[14 - 10]
    assert around[14] > 1.3 * around[14 - 1]


def test_signs_move_as_published() -> None:
    """Alahmari 2014: symptoms +1.9 at onset, steps 3673 from 4154 in its week; Hurst 2010: about one SD; Yañez 2012: up
    to 3.9 breaths where it leads to hospital."""
    assert change("symptoms", range(0, 2)) == pytest.approx(1.9, abs=0.5)
    assert -0.2 < change("steps", range(7)) / 4154 < -0.04
    assert 2.5 < change("resting_heart_rate", range(1, 4)) < 6
    assert -1.5 < change("oxygen_saturation", range(1, 4)) < -0.5
    assert 0.7 < change("respiratory_rate", range(1, 4)) < 3.9
    assert change("sleep", range(1, 4)) < -5
    assert change("hrv_rmssd", range(1, 4)) < -1
    assert change("reliever", range(1, 4)) > 0.7


def test_an_infection_is_cleared() -> None:
    courses, _ = copd()
    day, person = np.nonzero((courses.infection[1:] > 0) & (courses.infection[:-1] == 0))
    inside = day < DAYS - 22
    day, person = day[inside] + 1, person[inside]
    load = np.array([courses.infection[day + k, person].mean() for k in range(20)])
    assert 2 <= int(np.argmax(load)) <= 5
    assert load[15:].max() < 0.1 * load.max()
    assert courses.infection.max() <= 1


def test_asthma_is_more_reversible_and_falls_faster() -> None:
    asthma = airway_courses(300, 365, seed=4, disease="asthma")
    strongest = np.percentile(asthma.obstruction[asthma.ill], 95)
    assert 0.15 < strongest < 0.4
    assert strongest > np.percentile(copd()[0].obstruction[copd()[0].ill], 95)


def test_days_are_missing_in_runs_and_more_when_ill() -> None:
    courses, values = copd()
    missing = np.isnan(values)
    diary = [k for k, one in enumerate(SIGNS) if one.diary]
    unworn = np.delete(missing, diary, axis=2).all(axis=2)
    assert 0.05 < unworn.mean() < 0.2
    assert unworn[:, 1:][unworn[:, :-1]].mean() > 3 * unworn.mean()
    kept = ~missing[:, :, diary[0]].all(axis=1)
    entries = missing[kept][:, :, diary[0]]
    assert entries[courses.ill.T[kept]].mean() > entries[~courses.ill.T[kept]].mean() + 0.05
    for k, one in enumerate(SIGNS):
        seen = values[..., k][~missing[..., k]]
        assert one.low <= seen.min() <= seen.max() <= one.high


def test_the_same_seed_is_the_same_people() -> None:
    one, two, other = (daily_signs(airway_courses(5, 40, seed=k), seed=k) for k in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other, equal_nan=True)


def test_every_number_says_where_it_comes_from() -> None:
    assert all(one.source.citation and one.unit and one.about for one in numbers().values())
    assert {one.source.status for one in numbers().values()} <= {"primary", "unverified", "assumption"}


def test_what_cannot_be_simulated_is_refused() -> None:
    with pytest.raises(InputError, match="needs people and days"):
        airway_courses(0, 10, seed=1)
    with pytest.raises(UnknownNameError, match="no such disease"):
        airway_courses(1, 10, seed=1, disease="flu")  # type: ignore[arg-type]
    assert set(DISEASES) == {"copd", "asthma"}
