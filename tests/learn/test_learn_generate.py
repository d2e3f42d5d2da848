"""Made-up people: like those whose law is known, calibrated given what went before, and giving nobody away."""

from __future__ import annotations

import numpy as np
import pytest

from vitruvian.core import DataError, InputError
from vitruvian.learn import Feature, Rows
from vitruvian.learn.generate import (
    Courses,
    conditionals,
    discriminator,
    fit_baseline,
    fit_courses,
    membership,
)

BASELINE = (
    Feature("age", "Age", "a"),
    Feature("creatinine", "Creatinine", "mg/dL"),
    Feature("sex", "Sex", kind="category", categories=("f", "m")),
    Feature("albumin", "Albumin", "g/dL"),
)
VISITS = ("month 0", "month 3", "month 6")


def table(n: int, seed: int) -> Rows:
    """Creatinine grows with age and is higher in men; albumin falls with it, and is missing more often in the young."""
    drawn = np.random.default_rng(seed)
    age = np.round(np.clip(drawn.normal(60, 14, n), 20, 95))
    sex = (drawn.random(n) < 0.45).astype(float)
    creatinine = np.round(np.exp(0.01 * (age - 60) + 0.25 * sex + 0.3 * drawn.normal(size=n)), 2)
    albumin = np.round(4.2 - 0.6 * np.log(creatinine) + 0.3 * drawn.normal(size=n), 1)
    albumin[drawn.random(n) < np.where(age < 60, 0.5, 0.1)] = np.nan
    return Rows(BASELINE, np.stack([age, creatinine, sex, albumin], axis=1))


def courses(n: int, seed: int) -> Courses:
    """A marker that follows itself and age; relapse where it is high; people leave, more so after a relapse."""
    drawn = np.random.default_rng(seed + 1000)
    rows = table(n, seed)
    level = 0.02 * (rows.values[:, 0] - 60) + drawn.normal(size=n)
    values, happened, there = np.full((n, 3, 2), np.nan), np.zeros((n, 3, 1), bool), np.zeros((n, 3), bool)
    now, had = np.ones(n, bool), np.zeros(n)
    for k in range(3):
        if k:
            level = 0.8 * level + 0.1 * k + 0.5 * drawn.normal(size=n)
            now = now & (drawn.random(n) > 0.05 + 0.15 * had)
        pulse = 75 + 6 * level + 5 * drawn.normal(size=n)
        values[:, k] = np.where(
            now[:, None], np.stack([np.round(10 * np.exp(0.3 * level), 1), np.round(pulse)], 1), np.nan
        )
        values[drawn.random(n) < 0.1, k, 1] = np.nan
        happened[:, k, 0] = now & (drawn.random(n) < 1 / (1 + np.exp(2.0 - 1.2 * level)))
        there[:, k] = now
        had = np.maximum(had, happened[:, k, 0])
    features = (Feature("marker", "Marker", "ug/L"), Feature("pulse", "Pulse", "/min"))
    return Courses(rows, VISITS, features, values, ("relapse",), happened, there)


def test_a_made_up_table_is_like_the_real_one() -> None:
    real, new = table(1500, 1), table(1500, 2)
    made = fit_baseline(real).drawn(1500, seed=3)
    for k in range(4):
        one, other = made.values[:, k], new.values[:, k]
        assert np.isnan(one).mean() == pytest.approx(np.isnan(other).mean(), abs=0.04)
        assert np.nanmean(one) == pytest.approx(np.nanmean(other), abs=0.12 * np.nanstd(other))
        assert np.nanstd(one) == pytest.approx(np.nanstd(other), rel=0.1)
    young = [np.isnan(rows.values[rows.values[:, 0] < 50, 3]).mean() for rows in (made, new)]
    assert young[0] == pytest.approx(young[1], abs=0.08)
    assert discriminator(new.values, made.values).value < 0.6
    shuffled = np.stack([np.random.default_rng(k).permutation(v) for k, v in enumerate(new.values.T)], axis=1)
    assert discriminator(new.values, shuffled).value > 0.6  # it would see lost correlations
    assert set(np.unique(made.values[:, 2])) == {0.0, 1.0}
    assert np.allclose(made.values[:, 1], np.round(made.values[:, 1], 2))


def test_what_is_given_is_given_and_the_rest_follows() -> None:
    generator = fit_baseline(table(2000, 4))
    old, young = (generator.drawn(800, seed=5, given={"age": age, "sex": 1}) for age in (80, 40))
    assert set(old.values[:, 2]) == {1.0}
    assert np.allclose(old.values[:, 0], 80, atol=1.0)
    ratio = np.log(old.values[:, 1]).mean() - np.log(young.values[:, 1]).mean()
    assert ratio == pytest.approx(0.4, abs=0.08)
    with pytest.raises(InputError, match="no such feature"):
        generator.drawn(5, 1, given={"weight": 80})
    with pytest.raises(InputError, match="no real person is near"):
        generator.drawn(5, 1, given={"age": 130})


def test_courses_are_calibrated_visit_by_visit_and_people_are_not_told_apart() -> None:
    real, held_out = courses(1200, 6), courses(800, 7)
    generator = fit_courses(real)
    found = conditionals(generator, held_out)
    assert len(found) == 9
    assert sum(one.calibrated for one in found) >= 7  # 95 % intervals of nine
    made = generator.drawn(800, seed=8)
    assert discriminator(held_out.flat(), made.flat()).value < 0.65
    assert made.there.mean(0) == pytest.approx(held_out.there.mean(0), abs=0.05)
    stays = [one.there[one.happened[:, 1, 0], 2].mean() for one in (made, held_out)]
    assert stays[0] == pytest.approx(stays[1], abs=0.12)
    wrong = courses(800, 7)
    wrong.values[:, :, 0] *= 1.5
    assert sum(one.calibrated for one in conditionals(generator, wrong) if one.name == "marker") == 0
    assert np.array_equal(made.values, generator.drawn(800, seed=8).values, equal_nan=True)


def test_a_generator_that_remembers_people_is_caught() -> None:
    real, others = courses(300, 9), courses(300, 10)
    honest = membership(fit_courses(real).drawn(600, seed=11).flat(), real.flat(), others.flat())
    assert honest.auroc.low < 0.5 < honest.auroc.high
    assert honest.copies == 0
    assert honest.sentence.startswith("Nobody was recognised")
    parrot = np.nan_to_num(real.flat()[:200])
    caught = membership(parrot + 0.001, np.nan_to_num(real.flat()), np.nan_to_num(others.flat()))
    assert caught.auroc.low > 0.7
    assert membership(parrot, np.nan_to_num(real.flat()), np.nan_to_num(others.flat())).copies == 200
    assert "Do not release" in caught.sentence


def test_broken_courses_are_refused_with_how_many() -> None:
    good = courses(60, 12)
    there = good.there.copy()
    there[0] = [True, False, True]
    with pytest.raises(DataError, match=r"come back.*1 of 60"):
        Courses(good.baseline, VISITS, good.features, good.values, good.events, good.happened, there)
    gone = np.zeros_like(good.there)
    with pytest.raises(DataError, match=r"they missed.*60 of 60"):
        Courses(good.baseline, VISITS, good.features, good.values, good.events, good.happened, gone)
    with pytest.raises(DataError, match="too few people"):
        fit_baseline(table(20, 1))
    with pytest.raises(DataError, match="too few people at month 0"):
        fit_courses(
            Courses(
                good.baseline,
                VISITS,
                good.features,
                np.full_like(good.values, np.nan),
                good.events,
                np.zeros_like(good.happened),
                gone,
            )
        )
    with pytest.raises(DataError, match="another baseline"):
        fit_courses(good).continued(Rows(BASELINE[:1], good.baseline.values[:, :1]), 1)
