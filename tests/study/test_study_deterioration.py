"""Deterioration of simulated people: what is asked when, whose people, simple scores, judgement; never of patients."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from vitruvian.core import InputError
from vitruvian.learn.sequence import Shape, Training
from vitruvian.physiology.lung import airway_courses
from vitruvian.study.deterioration import (
    BURN_IN,
    HORIZON,
    QUIET,
    Asked,
    Deterioration,
    composite,
    judge,
    train_deterioration,
    window_features,
)

STUDY = Deterioration(people=120, days=200, every=3, seed=5)


@cache
def asked() -> Asked:
    return STUDY.asked


def test_moments_are_quiet_and_labels_are_of_the_days_after() -> None:
    """Recomputed from the courses, person by person."""
    courses = airway_courses(STUDY.people, STUDY.days, STUDY.seed, STUDY.disease)
    found, k = asked(), 0
    days = np.arange(BURN_IN, STUDY.days - HORIZON)
    start = np.random.default_rng([STUDY.seed, 3]).integers(STUDY.every, size=STUDY.people)
    for day in days:
        for person in range(STUDY.people):
            if (day - start[person]) % STUDY.every or courses.ill[day - QUIET : day + 1, person].any():
                continue
            assert found.person[k] == person
            assert found.came[k] == courses.onset[day + 1 : day + 1 + HORIZON, person].any()
            k += 1
    assert k == len(found.came)
    assert 0.005 < found.came.mean() < 0.06


def test_a_person_belongs_to_one_part() -> None:
    found = asked()
    parts = found.parts
    assert sum(part.astype(int) for part in parts.values()).tolist() == [1] * len(found.came)
    whose = [set(found.person[part].tolist()) for part in parts.values()]
    assert sum(map(len, whose)) == len(set().union(*whose)) == STUDY.people


def test_the_composite_is_worsening_in_own_standard_deviations() -> None:
    some = asked().windows.take(np.arange(4))
    values = np.full(some.values.shape, np.nan)
    names = [one.name for one in some.channels]
    values[0, -1, names.index("resting_heart_rate")] = 2.0
    values[1, -1, names.index("oxygen_saturation")] = 2.0
    values[2, -5, names.index("respiratory_rate")] = 9.0
    values[3, -2, names.index("steps")] = 9.0
    score = composite(replace(some, values=values))
    assert score[0] == pytest.approx(1 / (1 + np.exp(-2.0)))
    assert score[1] == pytest.approx(1 / (1 + np.exp(2.0)))
    np.testing.assert_array_equal(score[2:], 0.5)


def test_features_of_windows_are_means_of_the_last_days() -> None:
    some = asked().windows.take(np.arange(50))
    rows = window_features(some)
    names = [one.name for one in rows.features]
    steps = some.values[:, :, [one.name for one in some.channels].index("steps")]
    seen = ~np.isnan(steps[:, -3:]).all(axis=1)
    np.testing.assert_allclose(rows.values[seen, names.index("steps_3")], np.nanmean(steps[seen, -3:], axis=1))
    np.testing.assert_array_equal(rows.values[:, names.index("steps_n")], (~np.isnan(steps[:, -7:])).sum(axis=1))


def test_judgement_is_on_other_people_than_the_threshold() -> None:
    found = asked()
    random = np.random.default_rng(1)
    perfect = np.where(found.came, 0.9, 0.1) + 0.05 * random.random(len(found.came))
    good, nothing = judge(found, {"perfect": perfect, "nothing": random.random(len(found.came))}, draws=40)
    assert good.auroc.value == good.sensitivity.value == 1
    assert good.specificity.value == pytest.approx(0.84, abs=0.05)
    assert nothing.auroc.low < 0.5 < nothing.auroc.high
    assert nothing.sensitivity.high - nothing.sensitivity.low > 0.1


def test_a_study_too_small_is_refused() -> None:
    with pytest.raises(InputError, match="a study of deterioration"):
        Deterioration(people=5)


@pytest.mark.slow
def test_a_network_of_daily_signs_is_better_than_chance() -> None:
    study = Deterioration(people=300, days=365, every=6, seed=2)
    how = Training(epochs=4, batch=256, rate=5e-3, noise=0.4, seed=1)
    model = train_deterioration(study, Shape("gru_d", 16), how)
    (found,) = judge(study.asked, {"gru_d": model.predict(study.asked.windows).probability[:, 1]}, draws=100)
    assert found.auroc.low > 0.5
    assert "simulated" in model.title
    assert model.manifest.settings["data"] == "simulated people only"
