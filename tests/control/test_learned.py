"""The learned policy: what it is without weights, its limits, and its training."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from situations import seen, therapy

from vitruvian.control import BasalBolus, GlucosePolicy, Learned, Safe, learned
from vitruvian.control.learned import SIZE

OF = therapy()


def first(policy, **known):
    glucose = known.pop("glucose", 110.0)
    return jax.jit(policy.decide)(policy.initial(OF), seen(glucose, OF, **known))[0]


def test_without_weights_it_is_the_profile_and_the_meal_dose():
    assert isinstance(Learned(), GlucosePolicy)
    given, manual = first(Learned(), meal=50.0), first(BasalBolus(), meal=50.0)
    np.testing.assert_allclose(given.basal, OF.basal)
    np.testing.assert_allclose(given.bolus, manual.bolus)


def test_its_doses_stay_within_its_limits_whatever_the_weights():
    generator = np.random.default_rng(2)
    wild = Learned(tuple(generator.normal(0, 20, SIZE)))
    for glucose in (40.0, 400.0):
        given = first(wild, glucose=glucose, meal=50.0)
        dose = 50.0 / OF.carbohydrate_ratio + np.maximum(glucose - OF.target, 0) / OF.correction
        assert ((given.basal >= 0) & (given.basal <= 4 * OF.basal + 1e-9)).all()
        assert ((given.bolus >= 0) & (given.bolus <= 1.66 * dose)).all()


def test_blind_it_is_profile_basal():
    given = first(learned(), glucose=np.nan, meal=50.0)
    np.testing.assert_allclose(given.basal, OF.basal)
    np.testing.assert_allclose(given.bolus, 50.0 / OF.carbohydrate_ratio)


def test_it_learnt_to_give_more_when_high_and_less_when_low():
    policy = learned()
    assert len(policy.weights) == SIZE
    low, high = (first(policy, glucose=glucose).basal for glucose in (60.0, 220.0))
    assert ((low < 0.1 * OF.basal) & (high > 1.5 * OF.basal)).all()


@pytest.mark.slow
def test_training_lowers_the_risk_and_is_the_same_for_the_same_seed():
    from vitruvian.study.glucose_training import train_learned

    policy, losses = train_learned(people=2, iterations=12)
    again, _ = train_learned(people=2, iterations=12)
    assert policy == again
    assert np.mean(losses[-3:]) < 0.8 * losses[0]


@pytest.mark.slow
def test_people_it_has_not_seen_fare_better_than_by_hand():
    from vitruvian.study import LoopStudy, run_loop_study

    study = LoopStudy(
        {"manual": BasalBolus(), "learned": Safe(learned())}, strata=("adult",), people=20, days=3, seed=7
    )
    table = run_loop_study(study).table()
    ours, theirs = table["adult", "learned"], table["adult", "manual"]
    assert ours["in_range"].mean > theirs["in_range"].mean
